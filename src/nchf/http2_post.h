// One request to another's HTTP/2 server, as bytes: what to write, and when it was answered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nchf/http2_client.h"

namespace farthing::nchf {

struct HttpUrl {
    std::string scheme;     // http or https
    std::string authority;  // as it stood
    std::string host;
    std::string port;
    std::string path;
};
std::optional<HttpUrl> parse_url(std::string_view text);

class Http2Post {
  public:
    Http2Post(const HttpUrl& url, std::string body);
    Http2Post(const Http2Post&) = delete;
    Http2Post& operator=(const Http2Post&) = delete;

    bool receive(std::string_view bytes) { return client_.receive(bytes); }
    std::string produce();
    // Answered, or refused by the other side.
    bool done() const { return done_; }
    int status() const { return status_; }

  private:
    Http2Client client_;
    int status_ = 0;
    bool done_ = false;
};

}  // namespace farthing::nchf
