// The routes, and the one thread that charges: requests wait in a bounded intake, are charged in
// groups, committed, and only then answered.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <variant>

#include "api/http.h"
#include "api/intake.h"
#include "api/radius.h"
#include "engine/engine.h"

namespace farthing::api {

class Service {
  public:
    // The engine belongs to the service's thread from here on.
    explicit Service(std::unique_ptr<engine::Engine> engine);
    ~Service();  // charges what waits, then ends

    // From any thread; `reply` is called from any thread.
    void handle(HttpRequest request, HttpReply reply);
    // The same for protocols that know their peers: nobody asks for a key.
    using ChargeReply = std::function<void(const Result<engine::ChargeAnswer>&)>;
    void charge(engine::ChargeQuestion question, ChargeReply reply);
    // Waits until the one thread did that with the engine; false: it was refused.
    bool with_engine(const std::function<void(engine::Engine&)>& work);
    // How clients are told about a session of theirs; false: nobody is there who has it. Set before
    // the first request.
    // `client`: what it said of where it is told about the session, if anything.
    using TellClient =
        std::function<bool(const std::string& session, const std::string& client, bool abort)>;
    void tell_clients(TellClient tell) { tell_client_ = std::move(tell); }

  private:
    struct Charge {
        engine::ChargeQuestion question;
        RadiusWhat radius = RadiusWhat::none;  // told as FreeRADIUS is
    };
    struct Balance {
        std::string account;
    };
    struct TopUpOf {
        std::string account;
        std::string amount;
        std::string reference;
    };
    struct Limits {
        engine::LimitChange change;
    };
    struct Tell {
        std::string session;
        bool abort = false;
    };
    struct Call {  // whatever else is asked of the engine
        std::function<Result<HttpAnswer>(engine::Engine&)> run;
    };
    using What = std::variant<Charge, Balance, TopUpOf, Limits, Tell, Call>;
    // What is asked of a route, and who may: a mistake in it is told to those alone.
    struct Asked {
        std::string_view scope;
        Result<What> what;
    };
    struct Work {
        Asked asked;
        std::string key;  // hash of the secret
        HttpReply reply;
        ChargeReply charged;  // in place of `reply`
        bool ours = false;    // nobody asks for a key
        const What& what() const { return *asked.what; }
        void refuse(const Error& error) const;
    };

    static Result<Asked> route(const HttpRequest& request);
    static Result<Asked> route_radius(const HttpRequest& request, std::string_view rest);
    static Result<Asked> route_voucher(const HttpRequest& request, const std::string& account);
    static Result<Asked> route_buckets(const HttpRequest& request, const std::string& account);
    static Result<Asked> route_transfer(const HttpRequest& request, const std::string& account);
    static Result<Asked> route_webhooks(const HttpRequest& request, std::string_view rest);
    static Result<Asked> route_account(const HttpRequest& request, std::string_view rest);
    Result<void> authorise(const Work& work) const;
    void refuse(std::vector<Work>& works) const;
    void enqueue(Work work);
    static Intake<Work>::Kind kind_of(const Work& work);
    void run();
    void charge(std::span<Work> works);
    HttpAnswer answer(const Work& work);
    void load_keys();
    void tell_waiting();

    TellClient tell_client_;
    std::unique_ptr<engine::Engine> engine_;
    std::map<std::string, std::string> keys_;  // hash of the secret → scopes; of the one thread
    Intake<Work> intake_;
    std::thread thread_;
};

}  // namespace farthing::api
