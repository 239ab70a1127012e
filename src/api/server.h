// HTTP/1.1 on a port: reads requests, hands them to a handler, writes what it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/http.h"
#include "base/error.h"

namespace farthing::api {

// Files in PEM.
struct TlsFiles {
    std::string certificate;  // with its chain
    std::string key;
};

struct Address {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;         // 0: any that is free
    std::optional<TlsFiles> tls = {};  // none: in clear text
};

class Server {
  public:
    using Handler = std::function<void(HttpRequest, HttpReply)>;
    static Result<std::unique_ptr<Server>> listen(const Address& address, Handler handler);
    ~Server();
    std::uint16_t port() const;
    // Serves until SIGINT or SIGTERM, or `stop` from another thread.
    void run();
    void stop();

  private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::api
