#include "nchf/http2_post.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"
#include "nchf/http2_header.h"

namespace farthing::nchf {

std::optional<HttpUrl> parse_url(std::string_view text) {
    HttpUrl url;
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    url.scheme = text.substr(0, colon);
    if (url.scheme != "http") return std::nullopt;
    text.remove_prefix(colon + 3);
    const std::size_t slash = std::min(text.find('/'), text.size());
    url.authority = text.substr(0, slash);
    url.path = slash == text.size() ? "/" : std::string(text.substr(slash));
    std::string_view place = url.authority;
    if (place.find('@') != std::string_view::npos) return std::nullopt;
    const std::size_t bracket = place.starts_with('[') ? place.find(']') : 0;
    if (bracket == std::string_view::npos) return std::nullopt;
    const std::size_t port = place.find(':', bracket);
    url.port = port == std::string_view::npos ? "80" : std::string(place.substr(port + 1));
    place = place.substr(0, port);
    url.host = bracket > 0 ? place.substr(1, bracket - 1) : place;
    const bool whole = url.port.find_first_not_of("0123456789") == std::string::npos;
    if (url.host.empty() || url.port.empty() || !whole) return std::nullopt;
    return url;
}

struct Http2Post::Callbacks {
    static Http2Post& of(void* self) { return *static_cast<Http2Post*>(self); }
    static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                         std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                         std::uint8_t, void* self) {
        const std::string_view named(reinterpret_cast<const char*>(name), name_size);
        if (named != ":status") return 0;
        of(self).status_ = 0;
        for (std::size_t i = 0; i < std::min<std::size_t>(value_size, 3); ++i)
            of(self).status_ = of(self).status_ * 10 + (value[i] - '0');
        return 0;
    }
    static int on_close(nghttp2_session*, std::int32_t, std::uint32_t, void* self) {
        of(self).done_ = true;
        return 0;
    }
    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t most,
                             std::uint32_t* flags, nghttp2_data_source*, void* self) {
        Http2Post& post = of(self);
        const std::size_t size = std::min(most, post.body_.size() - post.sent_);
        std::memcpy(out, post.body_.data() + post.sent_, size);
        post.sent_ += size;
        if (post.sent_ == post.body_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(size);
    }
};

Http2Post::Http2Post(const HttpUrl& url, std::string body) : body_(std::move(body)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    FARTHING_ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::on_header);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::on_close);
    const int made = nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    FARTHING_ASSERT(made == 0);
    (void)nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    const std::string size = std::to_string(body_.size());
    const std::array<nghttp2_nv, 6> headers = {http2_header(":method", "POST"),
                                               http2_header(":scheme", url.scheme),
                                               http2_header(":authority", url.authority),
                                               http2_header(":path", url.path),
                                               http2_header("content-type", "application/json"),
                                               http2_header("content-length", size)};
    nghttp2_data_provider data{};
    data.read_callback = Callbacks::read_body;
    done_ = nghttp2_submit_request(session_, nullptr, headers.data(), headers.size(), &data,
                                   nullptr) < 0;
}

Http2Post::~Http2Post() {
    nghttp2_session_del(session_);
}

bool Http2Post::receive(std::string_view bytes) {
    const auto taken = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return taken == static_cast<ssize_t>(bytes.size());
}

std::string Http2Post::produce() {
    std::string out;
    while (true) {
        const std::uint8_t* bytes = nullptr;
        const auto size = nghttp2_session_mem_send(session_, &bytes);
        if (size <= 0) return out;
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
}

}  // namespace farthing::nchf
