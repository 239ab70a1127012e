#include "nchf/http2_post.h"

#include <algorithm>
#include <utility>

namespace farthing::nchf {

std::optional<HttpUrl> parse_url(std::string_view text) {
    HttpUrl url;
    const std::size_t colon = text.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    url.scheme = text.substr(0, colon);
    if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
    text.remove_prefix(colon + 3);
    const std::size_t slash = std::min(text.find('/'), text.size());
    url.authority = text.substr(0, slash);
    url.path = slash == text.size() ? "/" : std::string(text.substr(slash));
    std::string_view place = url.authority;
    if (place.find('@') != std::string_view::npos) return std::nullopt;
    const std::size_t bracket = place.starts_with('[') ? place.find(']') : 0;
    if (bracket == std::string_view::npos) return std::nullopt;
    const std::size_t port = place.find(':', bracket);
    const std::string usual = url.scheme == "https" ? "443" : "80";
    url.port = port == std::string_view::npos ? usual : std::string(place.substr(port + 1));
    place = place.substr(0, port);
    url.host = bracket > 0 ? place.substr(1, bracket - 1) : place;
    const bool whole = url.port.find_first_not_of("0123456789") == std::string::npos;
    if (url.host.empty() || url.port.empty() || !whole) return std::nullopt;
    return url;
}

Http2Post::Http2Post(const HttpUrl& url, std::string body) : client_(url.scheme, url.authority) {
    const bool asked = client_.post(url.path, std::move(body), [this](Http2Client::Answer answer) {
        status_ = answer.status;
        done_ = true;
    });
    done_ = !asked;
}

std::string Http2Post::produce() {
    std::string out;
    client_.produce(out);
    return out;
}

}  // namespace farthing::nchf
