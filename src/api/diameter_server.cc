// Sees Boost.Asio, whose headers are heavy.
#include "api/diameter_server.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "api/listen.h"
#include "api/sctp.h"
#include "api/tls.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using diameter::Peer;

constexpr auto kWatch = std::chrono::milliseconds(500);
constexpr int kLastWatches = 10;  // that the last word to a peer may take
constexpr std::size_t kUnreadMax = std::size_t{16} * 1024 * 1024;  // answers nobody reads
constexpr std::size_t kWaysMax = 4'096;                            // clients behind relays

Instant steady_now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

// As an Address AVP holds it: the family, then the bytes.
std::string address_bytes(const asio::ip::address& address) {
    std::string bytes(1, '\0');
    if (address.is_v4()) {
        bytes += '\1';
        for (const unsigned char byte : address.to_v4().to_bytes())
            bytes += static_cast<char>(byte);
    } else {
        bytes += '\2';
        for (const unsigned char byte : address.to_v6().to_bytes())
            bytes += static_cast<char>(byte);
    }
    return bytes;
}

// A request and the bytes that it points into, until it is answered.
struct Asked {
    std::string bytes;
    diameter::CreditControlRequest request;
};

}  // namespace

struct DiameterServer::State {
    // One connection. Its peer belongs to the server's thread; answers come from any.
    class Connection : public std::enable_shared_from_this<Connection> {
      public:
        Connection(State& state, tcp::socket socket, bool by_message)
            : state_(state),
              wire_(std::move(socket), by_message ? nullptr : state.tls.get()),
              peer_(state.policy.node, state.policy.peers, state.open, own_address(), steady_now()),
              timer_(state.context),
              by_message_(by_message) {}

        asio::awaitable<void> read();
        asio::awaitable<void> watch();
        void send(std::string_view bytes);
        void disconnect();
        void tell(const std::string& session, const std::string& host, const std::string& realm,
                  bool abort);

      private:
        std::string own_address() const {
            error_code ignored;
            return address_bytes(wire_.socket().local_endpoint(ignored).address());
        }
        // Whole messages are taken from the front; gives how many bytes.
        std::size_t take(std::string_view bytes, std::string& out);
        void charge(std::string_view message, std::string& out);
        // Nothing more is taken. What was is answered, and then this is sent.
        void end(std::string last_word);
        void append(std::string_view bytes, bool answers);
        void flush();
        bool fill();
        void close();
        void close(ApiReason why);

        State& state_;
        Wire wire_;
        Peer peer_;
        asio::steady_timer timer_;
        std::string sending_;   // under way
        std::size_t sent_ = 0;  // of it
        bool by_message_;       // each is written alone: SCTP keeps them apart
        bool writes_ = false;
        bool ends_ = false;  // after what is to be sent
        std::string last_word_;
        std::mutex mutex_;  // of what follows
        std::string outbox_;
        std::size_t charges_ = 0;  // that were handed on and are not answered
    };

    State(GyPolicy with, Charge to, Say tell)
        : policy(std::move(with)), charge(std::move(to)), say(std::move(tell)) {}
    void take(tcp::socket socket, bool by_message);

    GyPolicy policy;
    TlsContext tls;
    Charge charge;
    Say say;
    diameter::OpenPeers open;
    std::atomic<bool> refuses = false;
    asio::io_context context{1};
    tcp::acceptor acceptor{context};
    tcp::acceptor sctp_acceptor{context};
    std::set<std::shared_ptr<Connection>> connections;
    std::thread thread;

    // The way to a client: who leads to it, perhaps a relay. Its host begins its Session-Ids.
    struct Way {
        std::weak_ptr<Connection> connection;
        std::string realm;
    };
    std::mutex ways_mutex;  // of what follows
    std::map<std::string, Way, std::less<>> ways;
    void learn(const diameter::CreditControlRequest& request,
               const std::shared_ptr<Connection>& from);
};

asio::awaitable<void> DiameterServer::State::Connection::read() {
    const auto self = shared_from_this();
    std::string buffer(kReadSize, '\0');
    std::size_t filled = 0;
    if (!co_await wire_.greet()) close();
    while (!ends_) {
        if (buffer.size() - filled < kReadSize / 2) buffer.resize(buffer.size() * 2);
        const auto [failed, count] =
            co_await wire_.read_some(asio::buffer(buffer.data() + filled, buffer.size() - filled));
        if (failed) break;  // perhaps it only says no more, and still reads
        filled += count;
        std::string out;
        const std::size_t taken = take(std::string_view(buffer).substr(0, filled), out);
        buffer.erase(0, taken);
        buffer.resize(std::max(buffer.size(), kReadSize));
        filled -= taken;
        send(out);
    }
    if (!ends_) end({});
    flush();
}

void DiameterServer::State::Connection::end(std::string last_word) {
    ends_ = true;
    last_word_ = std::move(last_word);
    peer_.leave();
}

std::size_t DiameterServer::State::Connection::take(std::string_view bytes, std::string& out) {
    std::size_t taken = 0;
    while (!ends_ && bytes.size() - taken >= diameter::kHeaderSize) {
        const std::string_view rest = bytes.substr(taken);
        std::string answer;
        if (peer_.look(rest, answer) == Peer::Next::close) {
            end(std::move(answer));
            break;
        }
        const std::size_t length = diameter::read_header(rest).length;
        if (rest.size() < length) break;
        const std::string_view message = rest.substr(0, length);
        taken += length;
        switch (peer_.take(message, steady_now(), answer)) {
            case Peer::Next::credit_control: charge(message, out); break;
            case Peer::Next::close: end(std::move(answer)); break;
            case Peer::Next::go_on: out += answer; break;
        }
    }
    return taken;
}

void DiameterServer::State::Connection::charge(std::string_view message, std::string& out) {
    const auto asked = std::make_shared<Asked>();
    asked->bytes = message;
    auto fault = diameter::read_credit_control(asked->bytes, asked->request);
    if (!fault) fault = refusal_of(asked->request, state_.policy);
    if (!fault && state_.refuses)
        fault = diameter::Fault{diameter::Code::too_busy, "the server is about to end"};
    if (fault) {
        diameter::write_answer(state_.policy.node, asked->request, refused(*std::move(fault)), out);
        return;
    }
    state_.learn(asked->request, shared_from_this());
    {
        const std::scoped_lock lock(mutex_);
        charges_ += 1;
    }
    state_.charge(question_of(asked->request, state_.policy),
                  [asked, self = shared_from_this()](const Result<engine::ChargeAnswer>& told) {
                      const GyPolicy& policy = self->state_.policy;
                      std::string bytes;
                      diameter::write_answer(policy.node, asked->request,
                                             answer_of(asked->request, told, policy), bytes);
                      self->append(bytes, true);
                  });
}

void DiameterServer::State::Connection::send(std::string_view bytes) {
    if (!bytes.empty()) append(bytes, false);
}

// `answers`: a request that was handed on.
void DiameterServer::State::Connection::append(std::string_view bytes, bool answers) {
    bool first = false;
    bool full = false;
    {
        const std::scoped_lock lock(mutex_);
        if (answers) charges_ -= 1;
        first = outbox_.empty();
        full = outbox_.size() >= kUnreadMax;
        if (!full) outbox_ += bytes;
    }
    // The peer asks and does not read: it learns what became of it on another connection.
    if (full)
        return asio::post(state_.context,
                          [self = shared_from_this()] { self->close(ApiReason::peer_unread); });
    if (first) asio::post(state_.context, [self = shared_from_this()] { self->flush(); });
}

// What is to be sent next. True: there is nothing after it.
bool DiameterServer::State::Connection::fill() {
    sending_.clear();
    sent_ = 0;
    const std::scoped_lock lock(mutex_);
    sending_.swap(outbox_);
    if (!ends_ || charges_ > 0) return false;
    sending_ += std::exchange(last_word_, {});
    return true;
}

void DiameterServer::State::Connection::flush() {
    if (writes_) return;
    const bool last = sent_ == sending_.size() && fill();
    if (sending_.empty()) {
        if (last) close();
        return;
    }
    writes_ = true;
    const std::string_view rest = std::string_view(sending_).substr(sent_);
    const std::size_t size = by_message_ ? first_message(rest) : rest.size();
    wire_.write(asio::buffer(rest.data(), size),
                [self = shared_from_this(), size](const error_code& failed, std::size_t) {
                    self->writes_ = false;
                    self->sent_ += size;
                    if (failed) return self->close();
                    self->flush();
                });
}

void DiameterServer::State::Connection::close() {
    ends_ = true;
    peer_.leave();
    timer_.cancel();
    wire_.close();
}

void DiameterServer::State::Connection::close(ApiReason why) {
    if (!ends_ && peer_.open()) state_.say(error_of(why, "", peer_.host()));
    close();
}

void DiameterServer::State::Connection::disconnect() {
    std::string out;
    if (peer_.open() && !ends_) {
        peer_.disconnect(out);
    } else {
        ends_ = true;
    }
    send(out);
    flush();
}

asio::awaitable<void> DiameterServer::State::Connection::watch() {
    const auto self = shared_from_this();
    int last = 0;
    while (wire_.socket().is_open()) {
        timer_.expires_after(kWatch);
        const auto [failed] = co_await timer_.async_wait(kAsTuple);
        if (failed) break;
        if (ends_) {  // who does not read his last words, or waits too long for them, is left
            if (++last > kLastWatches) close();
            continue;
        }
        std::string out;
        if (peer_.watch(steady_now(), out) == Peer::Next::close) {
            close(peer_.replaced() ? ApiReason::peer_replaced : ApiReason::peer_silent);
            break;
        }
        send(out);
    }
    state_.connections.erase(self);
}

void DiameterServer::State::Connection::tell(const std::string& session, const std::string& host,
                                             const std::string& realm, bool abort) {
    std::string out;
    if (abort) {
        peer_.abort(session, host, realm, out);
    } else {
        peer_.re_authorise(session, host, realm, out);
    }
    send(out);
}

void DiameterServer::State::learn(const diameter::CreditControlRequest& request,
                                  const std::shared_ptr<Connection>& from) {
    const std::string_view host = request.origin_host;
    const std::scoped_lock lock(ways_mutex);
    const auto known = ways.find(host);
    if (known != ways.end() && known->second.connection.lock() == from) return;
    if (known == ways.end() && ways.size() >= kWaysMax)
        std::erase_if(ways, [](const auto& way) { return way.second.connection.expired(); });
    if (known == ways.end() && ways.size() >= kWaysMax) return;
    ways.insert_or_assign(std::string(host), Way{from, std::string(request.origin_realm)});
}

bool DiameterServer::tell(const std::string& session, bool abort) {
    const std::string host = session.substr(0, session.find(';'));
    const std::string named = client_session_of(session);
    State& state = *state_;
    std::shared_ptr<State::Connection> to;
    std::string realm;
    {
        const std::scoped_lock lock(state.ways_mutex);
        const auto way = state.ways.find(host);
        if (way == state.ways.end()) return false;
        to = way->second.connection.lock();
        realm = way->second.realm;
    }
    if (!to) return false;
    asio::post(state.context,
               [to, named, host, realm, abort] { to->tell(named, host, realm, abort); });
    return true;
}

void DiameterServer::State::take(tcp::socket socket, bool by_message) {
    if (by_message) prepare_sctp(socket.native_handle());
    const auto connection = std::make_shared<Connection>(*this, std::move(socket), by_message);
    connections.insert(connection);
    asio::co_spawn(context, connection->read(), asio::detached);
    asio::co_spawn(context, connection->watch(), asio::detached);
}

DiameterServer::DiameterServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
DiameterServer::~DiameterServer() {
    stop();
}

Result<std::unique_ptr<DiameterServer>> DiameterServer::listen(const Ports& ports, GyPolicy policy,
                                                               Charge charge, Say say) {
    auto state = std::make_unique<State>(std::move(policy), std::move(charge), std::move(say));
    const auto accept = [&state = *state](tcp::acceptor& from, bool by_message) {
        const auto take = [&state, by_message](tcp::socket socket) {
            state.take(std::move(socket), by_message);
        };
        asio::co_spawn(state.context, accept_all(from, take), asio::detached);
    };
    if (ports.sctp) {
        FARTHING_CHECK(open_sctp_port(state->sctp_acceptor, *ports.sctp));
        accept(state->sctp_acceptor, true);
    }
    if (ports.tcp) {
        FARTHING_TRY(state->tls, open_tls(*ports.tcp, {}));
        FARTHING_CHECK(open_port(state->acceptor, *ports.tcp));
        accept(state->acceptor, false);
    }
    state->thread = std::thread([&context = state->context] { context.run(); });
    return std::unique_ptr<DiameterServer>(new DiameterServer(std::move(state)));
}

std::uint16_t DiameterServer::port() const {
    error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}
std::uint16_t DiameterServer::sctp_port() const {
    error_code ignored;
    return state_->sctp_acceptor.local_endpoint(ignored).port();
}

void DiameterServer::refuse() {
    state_->refuses = true;
    catch_up(state_->context);  // what its thread is about to hand on is handed on
}

void DiameterServer::stop() {
    State& state = *state_;
    if (!state.thread.joinable()) return;
    state.refuses = true;
    asio::post(state.context, [&state] {
        error_code ignored;
        (void)state.acceptor.close(ignored);
        (void)state.sctp_acceptor.close(ignored);
        for (const auto& connection : state.connections) connection->disconnect();
    });
    end_thread(state.context, state.thread, state.connections, kLeave);
}

}  // namespace farthing::api
