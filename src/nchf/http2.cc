#include "nchf/http2.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "nchf/http2_header.h"

namespace farthing::nchf {

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0";
constexpr std::string_view kOtherProtocol =
    "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\n"
    "Content-Length: 50\r\nConnection: close\r\n\r\n"
    "This port speaks HTTP/2 only, with prior knowledge";
constexpr std::int32_t kWindow = 1 << 20;  // bytes that a connection may send before we read

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
    return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

struct Http2Session::Callbacks {
    static Http2Session& of(void* session) { return *static_cast<Http2Session*>(session); }
    static Stream* stream_of(void* session, std::int32_t id) {
        const auto found = of(session).streams_.find(id);
        return found == of(session).streams_.end() ? nullptr : &found->second;
    }

    static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* self) {
        if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
            return 0;
        of(self).streams_[frame->hd.stream_id].request.stream = frame->hd.stream_id;
        return 0;
    }
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* self) {
        Stream* const stream = stream_of(self, frame->hd.stream_id);
        if (stream == nullptr) return 0;
        Http2Request& request = stream->request;
        request.header_bytes += name_size + value_size;
        if (request.header_bytes > of(self).limits_.header_bytes) return 0;
        const std::string_view named = text_of(name, name_size);
        const std::string_view text = text_of(value, value_size);
        if (named == ":method") {
            request.method = text;
            stream->head = text == "HEAD";
        }
        if (named == ":scheme") request.scheme = text;
        if (named == ":path") request.path = text;
        if (named == ":authority" || (named == "host" && request.authority.empty()))
            request.authority = text;
        return 0;
    }
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                       std::size_t size, void* self) {
        Stream* const stream = stream_of(self, id);
        if (stream == nullptr) return 0;
        Http2Request& request = stream->request;
        request.body_bytes += size;
        if (request.body_bytes <= of(self).limits_.body_bytes) {
            request.body += text_of(bytes, size);
        } else {
            request.body.clear();
            of(self).complete(*stream);
        }
        return 0;
    }
    // Whoever is answered before he came to an end need not go on (RFC 9113, 8.1).
    static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* self) {
        const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (!carries || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
        const Stream* const stream = stream_of(self, frame->hd.stream_id);
        if (stream == nullptr || stream->ended) return 0;
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id,
                                         NGHTTP2_NO_ERROR);
    }
    static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* self) {
        const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
        if (!carries || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
        if (Stream* const stream = stream_of(self, frame->hd.stream_id)) {
            stream->ended = true;
            of(self).complete(*stream);
        }
        return 0;
    }
    static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* self) {
        of(self).streams_.erase(id);
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most,
                             std::uint32_t* flags, nghttp2_data_source*, void* self) {
        Stream* const stream = stream_of(self, id);
        if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const std::string& body = stream->answer.body;
        const std::size_t size = std::min(most, body.size() - stream->sent);
        std::memcpy(out, body.data() + stream->sent, size);
        stream->sent += size;
        if (stream->sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(size);
    }
};

Http2Session::Http2Session(const Http2Limits& limits, Handle handle, TooLarge too_large)
    : limits_(limits), handle_(std::move(handle)), too_large_(std::move(too_large)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    FARTHING_ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Callbacks::begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Callbacks::on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
    const int made = nghttp2_session_server_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    FARTHING_ASSERT(made == 0);
    const std::array<nghttp2_settings_entry, 2> settings = {{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(limits.streams)},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.header_bytes)},
    }};
    (void)nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
    (void)nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kWindow);
}

Http2Session::~Http2Session() {
    nghttp2_session_del(session_);
}

bool Http2Session::receive(std::string_view bytes) {
    if (!greeted_ && !bytes.empty()) {
        greeted_ = true;
        const std::size_t size = std::min(bytes.size(), kPreface.size());
        if (bytes.substr(0, size) != kPreface.substr(0, size)) {
            refusal_ = kOtherProtocol;
            return false;
        }
    }
    const auto taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size());
}

void Http2Session::complete(Stream& stream) {
    Http2Request& request = stream.request;
    if (request.complete) return;
    request.complete = true;
    if (request.header_bytes > limits_.header_bytes) return answer(request.stream, too_large_(431));
    if (request.body_bytes > limits_.body_bytes) return answer(request.stream, too_large_(413));
    handle_(std::move(request));
    request.complete = true;
}

void Http2Session::answer(std::int32_t id, Http2Answer answer) {
    const auto found = streams_.find(id);
    if (found == streams_.end() || found->second.answered) return;
    found->second.answered = true;
    found->second.answer = std::move(answer);
    const Http2Answer& told = found->second.answer;
    const std::string status = std::to_string(told.status);
    const std::string size = std::to_string(told.body.size());
    const std::string retry = std::to_string(told.retry_after);
    std::vector<nghttp2_nv> headers = {http2_header(":status", status)};
    if (!told.body.empty()) {
        headers.push_back(http2_header("content-type", told.content_type));
        headers.push_back(http2_header("content-length", size));
    }
    if (!told.location.empty()) headers.push_back(http2_header("location", told.location));
    if (!told.allow.empty()) headers.push_back(http2_header("allow", told.allow));
    if (told.retry_after > 0) headers.push_back(http2_header("retry-after", retry));
    nghttp2_data_provider body{};
    body.read_callback = Callbacks::read_body;
    (void)nghttp2_submit_response(session_, id, headers.data(), headers.size(),
                                  told.body.empty() || found->second.head ? nullptr : &body);
}

bool Http2Session::produce(std::string& out, std::size_t most) {
    if (!refusal_.empty()) {
        out += std::exchange(refusal_, {});
        return false;
    }
    while (out.size() < most) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &bytes);
        if (size < 0) return false;
        if (size == 0) break;
        out += text_of(bytes, static_cast<std::size_t>(size));
    }
    return true;
}

bool Http2Session::ended() const {
    return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Http2Session::leave() {
    (void)nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR,
                                nullptr, 0);
}

void Http2Session::tick() {
    for (auto& [id, stream] : streams_) {
        if (stream.request.complete || ++stream.request.age <= limits_.ticks) continue;
        (void)nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    }
}

void Http2Session::ping() {
    (void)nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

}  // namespace farthing::nchf
