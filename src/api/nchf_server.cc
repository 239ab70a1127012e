// Sees Boost.Asio, whose headers are heavy.
#include "api/nchf_server.h"

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "api/listen.h"
#include "api/nchf_notice.h"
#include "api/tls.h"
#include "nchf/charging_answer.h"
#include "nchf/http2.h"
#include "nchf/http2_post.h"

namespace farthing::api {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using nchf::Http2Answer;
using nchf::Http2Request;
using nchf::HttpUrl;

constexpr auto kTick = std::chrono::seconds(5);
constexpr int kSilentTicks = 12;  // then a client is asked whether it is there
constexpr int kStuckTicks = 6;    // that a client may leave its answers unread
constexpr std::size_t kWriteSize = std::size_t{64} * 1024;
constexpr std::size_t kConnectionsMax = 1'024;
constexpr std::size_t kChargesMax = 512;  // of a connection, with those it took back

// Whose hosts may ask.
class Networks {
  public:
    Result<void> add(const std::string& text) {
        error_code failed;
        const std::string prefix = text.find(':') == std::string::npos ? "/32" : "/128";
        const std::string whole = text.find('/') == std::string::npos ? text + prefix : text;
        const auto v4 = asio::ip::make_network_v4(whole, failed);
        if (!failed) {
            v4_.push_back(v4.canonical());
            return {};
        }
        const auto v6 = asio::ip::make_network_v6(whole, failed);
        if (failed) return fail(ApiReason::network_malformed, "\"" + text + "\" is no network");
        v6_.push_back(v6.canonical());
        return {};
    }
    bool have(asio::ip::address address) const {
        if (v4_.empty() && v6_.empty()) return true;
        if (address.is_v6() && address.to_v6().is_v4_mapped())
            address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
        const auto holds = [&](const auto& network, const auto& host) {
            using Network = std::remove_cvref_t<decltype(network)>;
            return network == Network(host, network.prefix_length()).canonical();
        };
        if (address.is_v4())
            return std::ranges::any_of(
                v4_, [&](const auto& one) { return holds(one, address.to_v4()); });
        return std::ranges::any_of(v6_,
                                   [&](const auto& one) { return holds(one, address.to_v6()); });
    }

  private:
    std::vector<asio::ip::network_v4> v4_;
    std::vector<asio::ip::network_v6> v6_;
};

Http2Answer http_of(NchfAnswer&& answer, const Http2Request& request) {
    Http2Answer told;
    told.status = answer.status;
    told.body = std::move(answer.body);
    if (answer.problem) told.content_type = "application/problem+json";
    if (answer.busy) told.retry_after = 1;
    if (answer.status == 405) told.allow = "POST";
    if (answer.reference.empty()) return told;
    if (!request.authority.empty()) told.location = request.scheme + "://" + request.authority;
    told.location += std::string(nchf::kResource) + "/" + answer.reference;
    return told;
}

Http2Answer too_large(int status) {
    return http_of(refused({status, {}, "more than is taken at once"}), {});
}

}  // namespace

struct NchfServer::State {
    // One connection. Its session belongs to the server's thread; answers come from any.
    class Connection : public std::enable_shared_from_this<Connection> {
      public:
        Connection(State& state, tcp::socket socket)
            : state_(state),
              wire_(std::move(socket), state.tls.get()),
              session_(
                  nchf::Http2Limits(), [this](Http2Request request) { handle(std::move(request)); },
                  too_large) {}
        asio::awaitable<void> read();
        void watch();
        void leave();

      private:
        void handle(Http2Request request);
        void reply(std::int32_t stream, Http2Answer answer);
        void deliver();
        void flush();
        void close();

        State& state_;
        Wire wire_;
        nchf::Http2Session session_;
        std::string sending_;  // under way
        bool writes_ = false;
        bool ends_ = false;  // after what is to be sent
        bool closed_ = false;
        int ending_ = 0;  // ticks since then
        int silent_ = 0;  // ticks since something came
        int stuck_ = 0;   // ticks since something was taken
        std::size_t charges_ = 0;
        std::mutex mutex_;  // of what follows
        std::vector<std::pair<std::int32_t, Http2Answer>> replies_;
    };

    State(Settings with, Charge to) : settings(std::move(with)), charge(std::move(to)) {}
    void take(tcp::socket socket);
    asio::awaitable<void> watch();
    asio::awaitable<void> tell(HttpUrl url, std::string body);

    Settings settings;
    Charge charge;
    Networks clients;
    NoticeWay notices;
    TlsContext tls;
    std::atomic<bool> refuses = false;
    asio::io_context context{1};
    tcp::acceptor acceptor{context};
    asio::steady_timer timer{context};
    std::set<std::shared_ptr<Connection>> connections;
    std::thread thread;
};

asio::awaitable<void> NchfServer::State::Connection::read() {
    const auto self = shared_from_this();
    std::string buffer(kReadSize, '\0');
    if (!co_await wire_.greet()) close();
    while (!ends_) {
        const auto [failed, count] = co_await wire_.read_some(asio::buffer(buffer));
        if (failed) break;  // perhaps it only says no more, and still reads
        silent_ = 0;
        if (!session_.receive(std::string_view(buffer).substr(0, count))) ends_ = true;
        flush();
    }
    ends_ = true;
    flush();
}

void NchfServer::State::Connection::handle(Http2Request request) {
    const std::int32_t stream = request.stream;
    auto read = read_nchf(request.method, request.path, request.body);
    if (!read) return session_.answer(stream, http_of(refused(read.error()), request));
    if (const auto fault = refusal_of(*read, state_.settings.policy))
        return session_.answer(stream, http_of(refused(*fault), request));
    if (state_.refuses || charges_ >= kChargesMax) {
        const nchf::Problem busy{503, "NF_CONGESTION", "more waits than can be charged in time"};
        return session_.answer(stream, http_of(refused(busy), request));
    }
    charges_ += 1;
    request.body.clear();
    auto question = question_of(*read, state_.settings.policy);
    state_.charge(std::move(question),
                  [self = shared_from_this(), asked = std::move(request),
                   what = *std::move(read)](const Result<engine::ChargeAnswer>& told) {
                      auto answer = answer_of(what, told, self->state_.settings.policy);
                      self->reply(asked.stream, http_of(std::move(answer), asked));
                  });
}

void NchfServer::State::Connection::reply(std::int32_t stream, Http2Answer answer) {
    bool first = false;
    {
        const std::scoped_lock lock(mutex_);
        first = replies_.empty();
        replies_.emplace_back(stream, std::move(answer));
    }
    if (first) asio::post(state_.context, [self = shared_from_this()] { self->deliver(); });
}

void NchfServer::State::Connection::deliver() {
    std::vector<std::pair<std::int32_t, Http2Answer>> replies;
    {
        const std::scoped_lock lock(mutex_);
        replies.swap(replies_);
    }
    charges_ -= replies.size();
    for (auto& [stream, answer] : replies) session_.answer(stream, std::move(answer));
    flush();
}

void NchfServer::State::Connection::flush() {
    if (writes_ || closed_ || !wire_.greeted()) return;
    sending_.clear();
    if (!session_.produce(sending_, kWriteSize)) ends_ = true;
    if (sending_.empty()) {
        if ((ends_ && charges_ == 0) || session_.ended()) close();
        return;
    }
    writes_ = true;
    wire_.write(asio::buffer(sending_),
                [self = shared_from_this()](const error_code& failed, std::size_t) {
                    self->writes_ = false;
                    self->stuck_ = 0;
                    if (failed) return self->close();
                    self->flush();
                });
}

void NchfServer::State::Connection::close() {
    ends_ = closed_ = true;
    wire_.close();
    state_.connections.erase(shared_from_this());
}

void NchfServer::State::Connection::watch() {
    if (writes_ && ++stuck_ > kStuckTicks) return close();  // it asks and does not read
    if (ends_ && ++ending_ > kStuckTicks) return close();
    silent_ += 1;
    if (silent_ > 2 * kSilentTicks) return close();
    if (silent_ == kSilentTicks) session_.ping();
    session_.tick();
    flush();
}

void NchfServer::State::Connection::leave() {
    if (!wire_.greeted()) return close();
    session_.leave();
    flush();
}

void NchfServer::State::take(tcp::socket socket) {
    error_code failed;
    const auto from = socket.remote_endpoint(failed).address();
    if (failed || !clients.have(from) || connections.size() >= kConnectionsMax) return;
    const auto connection = std::make_shared<Connection>(*this, std::move(socket));
    connections.insert(connection);
    asio::co_spawn(context, connection->read(), asio::detached);
}

asio::awaitable<void> NchfServer::State::watch() {
    while (true) {
        timer.expires_after(kTick);
        const auto [failed] = co_await timer.async_wait(kAsTuple);
        if (failed) break;
        const auto all = connections;
        for (const auto& connection : all) connection->watch();
    }
}

asio::awaitable<void> NchfServer::State::tell(HttpUrl url, std::string body) {
    const std::string place = url.scheme + "://" + url.authority + url.path;
    const std::string why = co_await post_notice(std::move(url), std::move(body), notices);
    if (!why.empty() && settings.say)
        settings.say(error_of(ApiReason::client_not_told, why, place));
}

NchfServer::NchfServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
NchfServer::~NchfServer() {
    stop();
}

Result<std::unique_ptr<NchfServer>> NchfServer::listen(Settings settings, Charge charge) {
    auto state = std::make_unique<State>(std::move(settings), std::move(charge));
    for (const std::string& network : state->settings.clients)
        FARTHING_CHECK(state->clients.add(network));
    FARTHING_TRY(state->tls, open_tls(state->settings.address, "h2"));
    FARTHING_TRY(state->notices.trust, TlsTrust::open(state->settings.authorities, "h2"));
    state->notices.may_reach = [&state = *state](const asio::ip::address& host) {
        return state.clients.have(host);
    };
    FARTHING_CHECK(open_port(state->acceptor, state->settings.address));
    const auto take = [&state = *state](tcp::socket socket) { state.take(std::move(socket)); };
    asio::co_spawn(state->context, accept_all(state->acceptor, take), asio::detached);
    asio::co_spawn(state->context, state->watch(), asio::detached);
    state->thread = std::thread([&context = state->context] { context.run(); });
    return std::unique_ptr<NchfServer>(new NchfServer(std::move(state)));
}

std::uint16_t NchfServer::port() const {
    error_code ignored;
    return state_->acceptor.local_endpoint(ignored).port();
}

bool NchfServer::tell(const std::string& client, bool abort) {
    auto url = nchf::parse_url(client);
    if (!url) return false;
    State& state = *state_;
    asio::post(state.context, [&state, url = *std::move(url), abort]() mutable {
        asio::co_spawn(state.context, state.tell(std::move(url), nchf::write_notification(abort)),
                       asio::detached);
    });
    return true;
}

void NchfServer::refuse() {
    state_->refuses = true;
    catch_up(state_->context);  // what its thread is about to hand on is handed on
}

void NchfServer::stop() {
    State& state = *state_;
    if (!state.thread.joinable()) return;
    state.refuses = true;
    asio::post(state.context, [&state] {
        error_code ignored;
        (void)state.acceptor.close(ignored);
        const auto all = state.connections;
        for (const auto& connection : all) connection->leave();
    });
    end_thread(state.context, state.thread, state.connections, kLeave);
}

}  // namespace farthing::api
