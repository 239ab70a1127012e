// Nchf on a port: HTTP/2 connections of clients, on a thread of their own; what is to be charged is
// handed on, and answered from whatever thread its answer comes.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/nchf.h"
#include "api/server.h"

namespace farthing::api {

class NchfServer {
  public:
    using Reply = std::function<void(const Result<engine::ChargeAnswer>&)>;
    using Charge = std::function<void(engine::ChargeQuestion, Reply)>;
    struct Settings {
        Address address;
        // Networks such as "10.1.0.0/16" whose hosts may ask, and may be told; none: any.
        std::vector<std::string> clients;
        NchfPolicy policy;
        std::string authorities;  // whom to trust where clients are told by https; PEM
        // What became of a notification, from the server's thread.
        std::function<void(const Error&)> say;
    };
    // Serves from here on, on a thread of its own.
    static Result<std::unique_ptr<NchfServer>> listen(Settings settings, Charge charge);
    ~NchfServer();  // stops
    std::uint16_t port() const;
    // Asks a client by a request to the address that it gave, from any thread: to come back for
    // another grant, or to end the session. False: there is no such way.
    bool tell(const std::string& client, bool abort);
    // From here on every request is refused: those who charge may end.
    void refuse();
    // Tells the clients, waits a little for their leave, and ends.
    void stop();

  private:
    struct State;
    explicit NchfServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::api
