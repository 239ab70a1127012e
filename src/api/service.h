// The routes, and the one thread that charges: requests wait in a bounded queue, are charged in
// groups, committed, and only then answered.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>

#include "api/http.h"
#include "engine/engine.h"

namespace farthing::api {

class Service {
  public:
    // The engine belongs to the service's thread from here on.
    explicit Service(std::unique_ptr<engine::Engine> engine);
    ~Service();  // charges what waits, then ends

    // From any thread; `reply` is called from any thread.
    void handle(HttpRequest request, HttpReply reply);

  private:
    struct Charge {
        engine::ChargeQuestion question;
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
    using What = std::variant<Charge, Balance, TopUpOf, Limits>;
    struct Work {
        What what;
        HttpReply reply;
    };

    Result<What> route(const HttpRequest& request) const;
    Result<What> route_account(const HttpRequest& request, std::string_view rest) const;
    Result<void> authorise(const HttpRequest& request, std::string_view scope) const;
    void enqueue(Work work);
    void run();
    void charge(std::span<Work> works);
    HttpAnswer answer(const Work& work);
    void load_keys();

    std::unique_ptr<engine::Engine> engine_;
    mutable std::mutex mutex_;
    std::condition_variable waits_;
    std::deque<Work> queue_;
    std::map<std::string, std::string> keys_;  // hash of the secret → scopes
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace farthing::api
