#include "api/webhook_post.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>

#include "api/listen.h"
#include "api/webhook_signature.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr auto kTimeout = std::chrono::seconds(10);
constexpr std::size_t kAnswerHeadMax = std::size_t{16} * 1024;
using Request = http::request<http::string_body>;

struct Target {
    bool tls = false;
    std::string authority;
    std::string host;
    std::string port;
    std::string path;
};

Target target_of(std::string_view url) {
    Target target;
    target.tls = url.starts_with("https://");
    url.remove_prefix(target.tls ? 8 : 7);
    const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
    target.authority = std::string(url.substr(0, end));
    target.path = std::string(url.substr(end, url.find('#') - end));
    if (!target.path.starts_with('/')) target.path.insert(0, "/");
    std::string_view host = target.authority;
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos;
    target.port = has_port ? std::string(host.substr(colon + 1)) : target.tls ? "443" : "80";
    if (has_port) host = host.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    target.host = std::string(host);
    return target;
}

bool is_private(asio::ip::address_v4 address) {
    const std::uint32_t bits = address.to_uint();
    const auto within = [&](std::uint32_t net, int length) {
        return bits >> (32 - length) == net >> (32 - length);
    };
    return within(0x0000'0000, 8) || within(0x0A00'0000, 8) || within(0x6440'0000, 10) ||
           within(0x7F00'0000, 8) || within(0xA9FE'0000, 16) || within(0xAC10'0000, 12) ||
           within(0xC0A8'0000, 16) || within(0xE000'0000, 3);
}

// Where nobody outside may lead us: this machine, private networks, the metadata of clouds.
bool is_private(const asio::ip::address& address) {
    if (address.is_v4()) return is_private(address.to_v4());
    const asio::ip::address_v6 wide = address.to_v6();
    if (wide.is_v4_mapped())
        return is_private(asio::ip::make_address_v4(asio::ip::v4_mapped, wide));
    const unsigned char first = wide.to_bytes()[0];
    return wide.is_loopback() || wide.is_unspecified() || wide.is_link_local() ||
           wide.is_multicast() || (first & 0xFE) == 0xFC;
}

Request request_of(const Delivery& delivery, const Target& target, std::int64_t now) {
    const std::string id = engine::event_id(delivery.event);
    Request request{http::verb::post, target.path, 11};
    request.set(http::field::host, target.authority);
    request.set(http::field::user_agent, "Farthing");
    request.set(http::field::content_type, "application/json");
    request.set("webhook-id", id);
    request.set("webhook-timestamp", std::to_string(now));
    request.set("webhook-signature",
                webhook_signature(delivery.webhook.secret, id, now, delivery.notice.body));
    request.keep_alive(false);
    request.body() = delivery.notice.body;
    request.prepare_payload();
    return request;
}

// What the receiver says is not read beyond its header.
template <class Stream>
asio::awaitable<engine::WebhookOutcome> exchange(Stream& stream, const Request& request) {
    const auto [unwritten, sent] = co_await http::async_write(stream, request, kAsTuple);
    if (unwritten) co_return engine::WebhookOutcome{0, unwritten.message(), 0};
    beast::flat_buffer buffer;
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kAnswerHeadMax);
    const auto [unread, size] = co_await http::async_read_header(stream, buffer, parser, kAsTuple);
    if (unread) co_return engine::WebhookOutcome{0, unread.message(), 0};
    const int status = static_cast<int>(parser.get().result_int());
    const bool taken = status >= 200 && status < 300;
    co_return engine::WebhookOutcome{
        status, taken ? std::string() : "answered " + std::to_string(status), 0};
}

asio::awaitable<engine::WebhookOutcome> attempt(const Delivery& delivery, std::int64_t now) {
    const auto failed = [](std::string why) {
        return engine::WebhookOutcome{0, std::move(why), 0};
    };
    const Target target = target_of(delivery.webhook.url);
    const auto executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto [unknown, found] =
        co_await resolver.async_resolve(target.host, target.port, kAsTuple);
    if (unknown) co_return failed(unknown.message());
    std::vector<tcp::endpoint> endpoints;
    for (const auto& entry : found) {
        if (delivery.webhook.private_network || !is_private(entry.endpoint().address()))
            endpoints.push_back(entry.endpoint());
    }
    if (endpoints.empty()) co_return failed("its address is one of a private network");
    const Request request = request_of(delivery, target, now);
    beast::tcp_stream plain(executor);
    plain.expires_after(kTimeout);
    const auto [unreachable, at] = co_await plain.async_connect(endpoints, kAsTuple);
    if (unreachable) co_return failed(unreachable.message());
    if (!target.tls) co_return co_await exchange(plain, request);
    asio::ssl::context context(asio::ssl::context::tls_client);
    context.set_default_verify_paths();
    context.set_verify_mode(asio::ssl::verify_peer);
    context.set_verify_callback(asio::ssl::host_name_verification(target.host));
    beast::ssl_stream<beast::tcp_stream> stream(std::move(plain), context);
    (void)SSL_set_tlsext_host_name(stream.native_handle(), target.host.c_str());
    const auto [untrusted] =
        co_await stream.async_handshake(asio::ssl::stream_base::client, kAsTuple);
    if (untrusted) co_return failed(untrusted.message());
    co_return co_await exchange(stream, request);
}

}  // namespace

asio::awaitable<engine::WebhookOutcome> post_webhook(const Delivery& delivery, std::int64_t now) {
    const auto began = std::chrono::steady_clock::now();
    engine::WebhookOutcome outcome;
    try {
        outcome = co_await attempt(delivery, now);
    } catch (const std::exception& thrown) {  // of the library, where a value can't be given
        outcome.error = thrown.what();
    }
    outcome.micros = std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::steady_clock::now() - began)
                         .count();
    co_return outcome;
}

}  // namespace farthing::api
