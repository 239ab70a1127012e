// The only file that sees Boost.Beast, whose headers are heavy.
#include "api/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "api/listen.h"
#include "api/problem.h"
#include "api/tls.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t kBodyMax = std::size_t{64} * 1024;
constexpr std::size_t kHeaderMax = std::size_t{16} * 1024;
constexpr auto kIdle = std::chrono::seconds(60);
constexpr auto kGreet = std::chrono::seconds(5);

using Response = http::response<http::string_body>;

HttpRequest request_of(http::request<http::string_body>&& message) {
    HttpRequest request;
    request.method = std::string(message.method_string());
    const std::string_view target(message.target().data(), message.target().size());
    request.path = std::string(target.substr(0, target.find('?')));
    const auto header = [&](http::field name) {
        const auto value = message[name];
        return std::string(value.data(), value.size());
    };
    request.authorization = header(http::field::authorization);
    const auto key = message["Idempotency-Key"];
    request.idempotency_key = std::string(key.data(), key.size());
    request.body = std::move(message.body());
    return request;
}

Response response_of(HttpAnswer&& answer, unsigned version, bool keep_alive) {
    Response response;
    response.version(version);
    response.result(static_cast<unsigned>(answer.status));
    response.set(http::field::content_type, answer.content_type);
    if (answer.replayed) response.set("Idempotency-Replayed", "true");
    if (answer.retry_after > 0)
        response.set(http::field::retry_after, std::to_string(answer.retry_after));
    if (answer.asks_for_key) response.set(http::field::www_authenticate, "Bearer");
    response.keep_alive(keep_alive);
    response.body() = std::move(answer.body);
    response.prepare_payload();
    return response;
}

// Hands the request on and waits for its answer, which may come from another thread.
asio::awaitable<HttpAnswer> ask(const Server::Handler& handler, HttpRequest request) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(HttpAnswer)>(
        [&handler](auto done, HttpRequest asked) {
            auto executor = asio::get_associated_executor(done);
            auto shared = std::make_shared<decltype(done)>(std::move(done));
            handler(std::move(asked), [executor, shared](HttpAnswer answer) {
                asio::post(executor, [shared, answer = std::move(answer)]() mutable {
                    std::move (*shared)(std::move(answer));
                });
            });
        },
        asio::use_awaitable, std::move(request));
}

// A connection, with TLS or without.
template <class Stream>
asio::awaitable<void> serve(Stream& stream, const Server::Handler& handler) {
    beast::tcp_stream& socket = beast::get_lowest_layer(stream);
    beast::flat_buffer buffer;
    while (true) {
        http::request_parser<http::string_body> parser;
        parser.body_limit(kBodyMax);
        parser.header_limit(kHeaderMax);
        socket.expires_after(kIdle);
        const auto [failed, size] = co_await http::async_read(stream, buffer, parser, kAsTuple);
        HttpAnswer answer;
        bool keep_alive = false;
        unsigned version = 11;
        if (failed == http::error::body_limit) {
            answer = problem(ApiReason::body_too_large);
        } else if (failed &&
                   failed.category() == http::make_error_code(http::error::bad_method).category() &&
                   failed != http::error::end_of_stream && failed != http::error::partial_message) {
            answer = problem(ApiReason::body_malformed, "no HTTP request: " + failed.message());
        } else if (failed) {
            break;
        } else {
            socket.expires_never();
            keep_alive = parser.get().keep_alive();
            version = parser.get().version();
            answer = co_await ask(handler, request_of(parser.release()));
        }
        const Response response = response_of(std::move(answer), version, keep_alive);
        socket.expires_after(kIdle);
        const auto [unwritten, sent] = co_await http::async_write(stream, response, kAsTuple);
        if (unwritten || !keep_alive) break;
    }
}

asio::awaitable<void> connect(tcp::socket accepted, asio::ssl::context* tls,
                              const Server::Handler& handler) {
    beast::error_code ignored;
    if (tls == nullptr) {
        beast::tcp_stream stream(std::move(accepted));
        co_await serve(stream, handler);
        (void)stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
        co_return;
    }
    beast::ssl_stream<beast::tcp_stream> stream(std::move(accepted), *tls);
    beast::tcp_stream& socket = beast::get_lowest_layer(stream);
    socket.expires_after(kGreet);
    const auto [refused] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, kAsTuple);
    if (refused) co_return;
    co_await serve(stream, handler);
    socket.expires_after(kGreet);
    (void)co_await stream.async_shutdown(kAsTuple);
}

}  // namespace

struct Server::State {
    asio::io_context context{1};
    Handler handler;
    TlsContext tls;
    tcp::acceptor acceptor{context};
    asio::signal_set signals{context, SIGINT, SIGTERM};
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::listen(const Address& address, Handler handler) {
    auto state = std::make_unique<State>();
    state->handler = std::move(handler);
    FARTHING_TRY(state->tls, open_tls(address, "http/1.1"));
    FARTHING_CHECK(open_port(state->acceptor, address));
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const {
    beast::error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}

void Server::run() {
    State& state = *state_;
    state.signals.async_wait([&state](const beast::error_code& failed, int) {
        if (!failed) state.context.stop();
    });
    const auto take = [&state](tcp::socket socket) {
        asio::co_spawn(state.context, connect(std::move(socket), state.tls.get(), state.handler),
                       asio::detached);
    };
    asio::co_spawn(state.context, accept_all(state.acceptor, take), asio::detached);
    state.context.run();
}

void Server::stop() {
    state_->context.stop();
}

}  // namespace farthing::api
