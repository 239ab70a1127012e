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
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

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
constexpr std::size_t kAheadMax = 2 * (kBodyMax + kHeaderMax);  // of requests that wait their turn
constexpr auto kLook = std::chrono::seconds(5);
constexpr int kSilentLooks = 12;  // that a connection may be idle
constexpr int kLeaveLooks = 1;    // that it may stay open after our last word
constexpr std::size_t kPassedOverMax = std::size_t{1024} * 1024;  // then

using Parser = http::request_parser<http::string_body>;

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

void write(const HttpAnswer& answer, unsigned version, bool keep_alive, std::string& out) {
    const auto reason =
        http::obsolete_reason(http::int_to_status(static_cast<unsigned>(answer.status)));
    out += version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
    out += std::to_string(answer.status);
    out += ' ';
    out.append(reason.data(), reason.size());
    const auto header = [&out](std::string_view name, std::string_view value) {
        out += "\r\n";
        out += name;
        out += ": ";
        out += value;
    };
    if (answer.status != 204) header("Content-Type", answer.content_type);
    if (answer.replayed) header("Idempotency-Replayed", "true");
    if (answer.retry_after > 0) header("Retry-After", std::to_string(answer.retry_after));
    if (answer.asks_for_key) header("WWW-Authenticate", "Bearer");
    if (!keep_alive) header("Connection", "close");
    if (keep_alive && version == 10) header("Connection", "keep-alive");
    if (answer.status != 204) header("Content-Length", std::to_string(answer.body.size()));
    out += "\r\n\r\n";
    out += answer.body;
}

}  // namespace

struct Server::State {
    // One connection, of the server's thread: one request after the other.
    class Connection : public std::enable_shared_from_this<Connection> {
      public:
        Connection(State& state, tcp::socket socket)
            : state_(state), wire_(std::move(socket), state.tls.get()) {}
        asio::awaitable<void> read();
        void answer(const HttpAnswer& answer);
        void flush();
        void watch();
        void close();

      private:
        void take();
        void finish();
        void refuse(const HttpAnswer& answer);

        State& state_;
        Wire wire_;
        std::string in_;
        std::size_t taken_ = 0;  // of it
        std::optional<Parser> parser_;
        std::string out_;      // to be written
        std::string sending_;  // under way
        unsigned version_ = 11;
        bool keep_alive_ = true;
        bool asks_ = false;  // a request of it waits for its answer
        bool reads_ = true;
        bool writes_ = false;
        bool ends_ = false;  // after what is to be written
        bool closed_ = false;
        int silent_ = 0;  // ticks since something moved
    };

    void take(tcp::socket socket);
    void reply(std::shared_ptr<Connection> to, HttpAnswer answer);
    void deliver();
    asio::awaitable<void> watch();

    asio::io_context context{1};
    Handler handler;
    TlsContext tls;
    tcp::acceptor acceptor{context};
    asio::signal_set signals{context, SIGINT, SIGTERM};
    asio::steady_timer timer{context};
    std::set<std::shared_ptr<Connection>> connections;
    std::mutex mutex;  // of what follows
    std::vector<std::pair<std::shared_ptr<Connection>, HttpAnswer>> replies;
};

asio::awaitable<void> Server::State::Connection::read() {
    const auto self = shared_from_this();
    std::string buffer(kReadSize, '\0');
    if (!co_await wire_.greet()) close();
    std::size_t passed_over = 0;
    while (!closed_) {
        const auto [failed, count] = co_await wire_.read_some(asio::buffer(buffer));
        if (failed) break;
        silent_ = 0;
        if (ends_) {  // so that it comes to read our last word
            passed_over += count;
            if (passed_over > kPassedOverMax) break;
            continue;
        }
        in_.append(buffer, 0, count);
        take();
        if (in_.size() > kAheadMax) break;
        flush();
    }
    reads_ = false;
    ends_ = true;
    if (!asks_) flush();  // else with the answer
    state_.connections.erase(self);
}

// Whole requests, one after the other; the next when the one before is answered.
void Server::State::Connection::take() {
    while (!asks_ && !ends_ && taken_ < in_.size()) {
        if (!parser_) {
            parser_.emplace();
            parser_->body_limit(kBodyMax);
            parser_->header_limit(kHeaderMax);
            parser_->eager(true);
        }
        beast::error_code failed;
        taken_ += parser_->put(asio::buffer(in_.data() + taken_, in_.size() - taken_), failed);
        if (failed == http::error::need_more) break;
        if (failed == http::error::body_limit) return refuse(problem(ApiReason::body_too_large));
        if (failed) {
            return refuse(
                problem(ApiReason::body_malformed, "no HTTP request: " + failed.message()));
        }
        if (!parser_->is_done()) continue;
        keep_alive_ = parser_->get().keep_alive();
        version_ = parser_->get().version();
        asks_ = true;
        state_.handler(request_of(parser_->release()),
                       [self = shared_from_this()](HttpAnswer answer) {
                           self->state_.reply(self, std::move(answer));
                       });
        parser_.reset();
    }
    in_.erase(0, std::exchange(taken_, 0));
}

void Server::State::Connection::refuse(const HttpAnswer& answer) {
    write(answer, 11, false, out_);
    ends_ = true;
}

void Server::State::Connection::answer(const HttpAnswer& answer) {
    asks_ = false;
    if (closed_) return;
    write(answer, version_, keep_alive_, out_);
    if (!keep_alive_) ends_ = true;
    take();
}

void Server::State::Connection::flush() {
    if (writes_ || closed_) return;
    if (out_.empty()) return finish();
    sending_.swap(out_);
    out_.clear();
    sending_.erase(0, wire_.write_now(sending_));
    if (sending_.empty()) return finish();
    writes_ = true;
    wire_.write(asio::buffer(sending_),
                [self = shared_from_this()](const beast::error_code& failed, std::size_t) {
                    self->writes_ = false;
                    self->silent_ = 0;
                    if (failed) return self->close();
                    self->flush();
                });
}

// All is written.
void Server::State::Connection::finish() {
    if (!ends_) return;
    if (!reads_) return close();
    wire_.finish();
}

void Server::State::Connection::watch() {
    if (asks_) return;
    silent_ += 1;
    if (silent_ > (ends_ ? kLeaveLooks : kSilentLooks)) close();
}

void Server::State::Connection::close() {
    ends_ = closed_ = true;
    wire_.close();
}

void Server::State::take(tcp::socket socket) {
    const auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections.insert(connection);
    asio::co_spawn(context, connection->read(), asio::detached);
}

void Server::State::reply(std::shared_ptr<Connection> to, HttpAnswer answer) {
    bool first = false;
    {
        const std::scoped_lock lock(mutex);
        first = replies.empty();
        replies.emplace_back(std::move(to), std::move(answer));
    }
    if (first) asio::post(context, [this] { deliver(); });
}

void Server::State::deliver() {
    std::vector<std::pair<std::shared_ptr<Connection>, HttpAnswer>> ready;
    {
        const std::scoped_lock lock(mutex);
        ready.swap(replies);
    }
    for (const auto& [connection, answer] : ready) {
        connection->answer(answer);
        connection->flush();
    }
}

asio::awaitable<void> Server::State::watch() {
    while (true) {
        timer.expires_after(kLook);
        const auto [failed] = co_await timer.async_wait(kAsTuple);
        if (failed) break;
        const auto all = connections;
        for (const auto& connection : all) connection->watch();
    }
}

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
    const auto take = [&state](tcp::socket socket) { state.take(std::move(socket)); };
    asio::co_spawn(state.context, state.watch(), asio::detached);
    asio::co_spawn(state.context, accept_all(state.acceptor, take), asio::detached);
    state.context.run();
}

void Server::stop() {
    state_->context.stop();
}

}  // namespace farthing::api
