// HTTP/2 as bytes: what a client reads and writes on one connection. Knows no sockets.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace farthing::nchf {

class Http2Client {
  public:
    struct Answer {
        int status = 0;  // 0: the other side took the request back
        std::string location;
        std::string body;
    };
    using Done = std::function<void(Answer)>;
    Http2Client(std::string scheme, std::string authority);
    ~Http2Client();
    Http2Client(const Http2Client&) = delete;
    Http2Client& operator=(const Http2Client&) = delete;

    // `done` is told of its answer from within `receive`. False: no more can be asked here.
    bool post(std::string_view path, std::string body, Done done);
    // False: no HTTP/2, or against its rules.
    bool receive(std::string_view bytes);
    // Appends what is to be sent.
    void produce(std::string& out);

  private:
    struct Callbacks;
    struct Stream {
        std::string body;
        std::size_t sent = 0;
        Answer answer;
        Done done;
    };
    std::string scheme_;
    std::string authority_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Stream> streams_;
};

}  // namespace farthing::nchf
