// The client's side of TLS as bytes: what came over the wire goes in, what was said comes out, and
// the other way round. Sees OpenSSL; knows no sockets. Private to this room.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

struct ssl_ctx_st;
struct ssl_st;

namespace farthing::api {

// Whom we trust, and what is spoken inside.
class TlsTrust {
  public:
    // `authorities`: a file in PEM; empty: those of the system. `protocol`: by its ALPN name, or
    // empty.
    static Result<TlsTrust> open(const std::string& authorities, std::string_view protocol);
    ssl_ctx_st* context() const { return context_.get(); }

  private:
    std::shared_ptr<ssl_ctx_st> context_;
};

// The certificate of the other side must be that of this name or address.
void expect_server(ssl_st* ssl, const std::string& server);

class TlsClient {
  public:
    // `server`: the name or the address that its certificate must have.
    TlsClient(const TlsTrust& trust, const std::string& server);

    bool greeted() const;
    // Appends what was said to `plain`. Fails where the certificate is not trusted, or all ends.
    Result<void> take(std::string_view wire, std::string& plain);
    // Says it as soon as the two know each other.
    Result<void> say(std::string_view plain);
    // Appends what is to be sent.
    void produce(std::string& wire);

  private:
    Result<void> go_on();
    std::unexpected<Error> failed() const;

    std::unique_ptr<ssl_st, void (*)(ssl_st*)> ssl_;
    std::string server_;
    std::string waiting_;  // to be said after the greeting
};

}  // namespace farthing::api
