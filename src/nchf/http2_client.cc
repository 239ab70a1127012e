#include "nchf/http2_client.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "nchf/http2_header.h"

namespace farthing::nchf {

struct Http2Client::Callbacks {
    static Stream* stream_of(void* self, std::int32_t id) {
        auto& streams = static_cast<Http2Client*>(self)->streams_;
        const auto found = streams.find(id);
        return found == streams.end() ? nullptr : &found->second;
    }
    static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* self) {
        Stream* const stream = stream_of(self, frame->hd.stream_id);
        if (stream == nullptr) return 0;
        const std::string_view named(reinterpret_cast<const char*>(name), name_size);
        const std::string_view text(reinterpret_cast<const char*>(value), value_size);
        if (named == "location") stream->answer.location = text;
        if (named != ":status") return 0;
        stream->answer.status = 0;
        for (const char digit : text.substr(0, 3))
            stream->answer.status = stream->answer.status * 10 + (digit - '0');
        return 0;
    }
    static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                       std::size_t size, void* self) {
        if (Stream* const stream = stream_of(self, id))
            stream->answer.body.append(reinterpret_cast<const char*>(bytes), size);
        return 0;
    }
    static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* self) {
        auto closed = static_cast<Http2Client*>(self)->streams_.extract(id);
        if (!closed.empty()) closed.mapped().done(std::move(closed.mapped().answer));
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* out, std::size_t most,
                             std::uint32_t* flags, nghttp2_data_source*, void* self) {
        Stream* const stream = stream_of(self, id);
        if (stream == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const std::size_t size = std::min(most, stream->body.size() - stream->sent);
        std::memcpy(out, stream->body.data() + stream->sent, size);
        stream->sent += size;
        if (stream->sent == stream->body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(size);
    }
};

Http2Client::Http2Client(std::string scheme, std::string authority)
    : scheme_(std::move(scheme)), authority_(std::move(authority)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    FARTHING_ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
    const int made = nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    FARTHING_ASSERT(made == 0);
    (void)nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
}

Http2Client::~Http2Client() {
    nghttp2_session_del(session_);
}

bool Http2Client::post(std::string_view path, std::string body, Done done) {
    const std::string size = std::to_string(body.size());
    std::array<nghttp2_nv, 6> headers = {http2_header(":method", "POST"),
                                         http2_header(":scheme", scheme_),
                                         http2_header(":authority", authority_),
                                         http2_header(":path", path),
                                         http2_header("content-type", "application/json"),
                                         http2_header("content-length", size)};
    nghttp2_data_provider data{};
    data.read_callback = Callbacks::read_body;
    const std::int32_t stream =
        nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &data, nullptr);
    if (stream < 0) return false;
    streams_.emplace(stream, Stream{std::move(body), 0, {}, std::move(done)});
    return true;
}

bool Http2Client::receive(std::string_view bytes) {
    const auto taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size());
}

void Http2Client::produce(std::string& out) {
    while (true) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &bytes);
        if (size <= 0) return;
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
}

}  // namespace farthing::nchf
