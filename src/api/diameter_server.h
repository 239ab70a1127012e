// Diameter on a port: connections of peers, each a coroutine of one thread; what is to be charged
// is handed on, and answered from whatever thread its answer comes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/gy.h"
#include "api/server.h"

namespace farthing::api {

class DiameterServer {
  public:
    using Reply = std::function<void(const Result<engine::ChargeAnswer>&)>;
    using Charge = std::function<void(engine::ChargeQuestion, Reply)>;
    // What became of a connection, from the server's thread.
    using Say = std::function<void(const Error&)>;
    struct Ports {
        std::optional<Address> tcp = {};
        std::optional<Address> sctp = {};
    };
    // Serves from here on, on a thread of its own.
    static Result<std::unique_ptr<DiameterServer>> listen(const Ports& ports, GyPolicy policy,
                                                          Charge charge, Say say);
    ~DiameterServer();  // stops
    std::uint16_t port() const;
    std::uint16_t sctp_port() const;
    // Asks the client of the session, from any thread: to come back for another grant, or to end
    // it. False: no connected peer is known to lead to it.
    bool tell(const std::string& session, bool abort);
    // From here on every request is refused as too busy: those who charge may end.
    void refuse();
    // Tells the peers, waits a little for their leave, and ends.
    void stop();

  private:
    struct State;
    explicit DiameterServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::api
