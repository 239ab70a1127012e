#include "api/nchf_notice.h"

#include <openssl/ssl.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include "api/listen.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using nchf::Http2Post;

constexpr auto kTellWithin = std::chrono::seconds(5);
constexpr std::size_t kReadAtOnce = 4'096;

template <class Stream>
asio::awaitable<std::string> exchange(Stream& stream, Http2Post& post) {
    std::string buffer(kReadAtOnce, '\0');
    while (!post.done()) {
        const std::string bytes = post.produce();
        const auto [unwritten, sent] =
            co_await asio::async_write(stream, asio::buffer(bytes), kAsTuple);
        if (unwritten) co_return unwritten.message();
        if (post.done()) break;
        const auto [unread, count] =
            co_await stream.async_read_some(asio::buffer(buffer), kAsTuple);
        if (unread) co_return unread.message();
        if (!post.receive(std::string_view(buffer).substr(0, count)))
            co_return "it does not speak HTTP/2";
    }
    const bool taken = post.status() >= 200 && post.status() < 300;
    co_return taken ? std::string() : "answered " + std::to_string(post.status());
}

asio::awaitable<std::string> exchange_by_tls(tcp::socket& socket, Http2Post& post,
                                             const TlsTrust& trust, const std::string& host) {
    SSL_CTX_up_ref(trust.context());
    asio::ssl::context context(trust.context());
    asio::ssl::stream<tcp::socket&> stream(socket, context);
    expect_server(stream.native_handle(), host);
    const auto [untrusted] =
        co_await stream.async_handshake(asio::ssl::stream_base::client, kAsTuple);
    if (untrusted) co_return untrusted.message();
    co_return co_await exchange(stream, post);
}

}  // namespace

asio::awaitable<std::string> post_notice(nchf::HttpUrl url, std::string body,
                                         const NoticeWay& way) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto [unknown, places] = co_await resolver.async_resolve(url.host, url.port, kAsTuple);
    if (unknown) co_return unknown.message();
    tcp::socket socket(executor);
    asio::steady_timer within(executor, kTellWithin);
    within.async_wait([&socket](const error_code& ended) {
        error_code ignored;
        if (!ended) (void)socket.close(ignored);
    });
    std::string why = "its address is not one of the clients'";
    error_code failed = asio::error::host_not_found;
    for (const auto& place : places) {
        if (!way.may_reach(place.endpoint().address())) continue;
        std::tie(failed) = co_await socket.async_connect(place.endpoint(), kAsTuple);
        why = failed.message();
        if (!failed) break;
        error_code ignored;
        (void)socket.close(ignored);
    }
    if (!failed) {
        Http2Post post(url, std::move(body));
        if (url.scheme == "https") {
            why = co_await exchange_by_tls(socket, post, way.trust, url.host);
        } else {
            why = co_await exchange(socket, post);
        }
    }
    within.cancel();
    co_await asio::post(executor, asio::use_awaitable);  // the timer's last word comes before
    co_return why;
}

}  // namespace farthing::api
