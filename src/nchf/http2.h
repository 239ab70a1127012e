// HTTP/2 as bytes: what a server reads and writes on one connection. Knows no sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace farthing::nchf {

struct Http2Request {
    std::int32_t stream = 0;
    std::string method;
    std::string scheme;
    std::string authority;
    std::string path;
    std::string body;
    std::size_t header_bytes = 0;
    std::size_t body_bytes = 0;  // that came; of too many, none are kept
    bool complete = false;       // or refused before
    int age = 0;                 // in `tick`s, until it is complete
};

struct Http2Answer {
    int status = 200;
    std::string content_type = "application/json";
    std::string location;
    std::string allow;
    int retry_after = 0;  // seconds; 0: not said
    std::string body;
};

struct Http2Limits {
    std::size_t streams = 256;  // at once
    std::size_t header_bytes = std::size_t{16} * 1024;
    std::size_t body_bytes = std::size_t{256} * 1024;
    int ticks = 6;  // until a request must be complete
};

class Http2Session {
  public:
    // `handle` is told of each request within the limits, once it is complete. Too large ones are
    // answered here, by `too_large` for 431 and 413, and not read to their end.
    using Handle = std::function<void(Http2Request)>;
    using TooLarge = std::function<Http2Answer(int status)>;
    Http2Session(const Http2Limits& limits, Handle handle, TooLarge too_large);
    ~Http2Session();
    Http2Session(const Http2Session&) = delete;
    Http2Session& operator=(const Http2Session&) = delete;

    // False: no HTTP/2, or against its rules. What is left to write is the last.
    bool receive(std::string_view bytes);
    // Nothing happens where the client took its request back.
    void answer(std::int32_t stream, Http2Answer answer);
    // Appends what is to be sent, up to about `most`; false when the connection has to end.
    bool produce(std::string& out, std::size_t most);
    bool ended() const;
    // No request is begun from here on; those that were get their answers.
    void leave();
    // Now and then: requests that do not come to their end are refused.
    void tick();
    void ping();

  private:
    struct Callbacks;
    struct Stream {
        Http2Request request;
        Http2Answer answer;
        std::size_t sent = 0;  // of its body
        bool answered = false;
        bool head = false;   // answers to HEAD have no body
        bool ended = false;  // the client's side
    };
    void complete(Stream& stream);

    Http2Limits limits_;
    Handle handle_;
    TooLarge too_large_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Stream> streams_;
    std::string refusal_;  // to those who speak another protocol
    bool greeted_ = false;
};

}  // namespace farthing::nchf
