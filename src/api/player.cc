#include "api/player.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <vector>

#include "api/sctp.h"
#include "api/speaker.h"
#include "api/tls_client.h"

namespace farthing::api {

namespace {

constexpr std::int64_t kSecond = 1'000'000;  // microseconds
constexpr std::int64_t kPause = 200;         // requests due within go together
constexpr std::int64_t kSilence = 30 * kSecond;
constexpr std::size_t kReceiveSize = std::size_t{64} * 1024;

std::int64_t steady_micros() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}
std::int64_t cpu_micros() {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used);
    const auto micros = [](const timeval& time) { return time.tv_sec * kSecond + time.tv_usec; };
    return micros(used.ru_utime) + micros(used.ru_stime);
}

class Handle {
  public:
    explicit Handle(int handle) : handle_(handle) {}
    ~Handle() {
        if (handle_ >= 0) ::close(handle_);
    }
    Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
    Handle& operator=(Handle&&) = delete;
    int get() const { return handle_; }

  private:
    int handle_;
};

std::string_view protocol_name(PlayProtocol protocol) {
    switch (protocol) {
        case PlayProtocol::http: return "http/1.1";
        case PlayProtocol::nchf: return "h2";
        case PlayProtocol::diameter: break;
    }
    return {};
}

struct Connection {
    Handle socket;
    std::unique_ptr<Speaker> speaker;
    std::optional<TlsClient> tls;
    std::string in;     // of an answer that is not whole yet
    std::string plain;  // to go by TLS
    std::string out;    // not sent yet
    bool asks = false;  // has something to send
    bool full = false;  // waits until the server reads
};

class Player {
  public:
    Player(const Play& play, const std::function<void(const Latencies&)>& each_second)
        : play_(play), each_second_(each_second), poll_(::epoll_create1(EPOLL_CLOEXEC)) {}

    Result<Played> run();

  private:
    std::string place() const { return play_.to.host + ":" + std::to_string(play_.to.port); }
    std::unexpected<Error> unreachable(std::string why = {}) const {
        return fail(PlayerReason::server_unreachable, std::move(why), place());
    }
    Result<void> connect_all();
    Result<void> connect(const addrinfo& to, const PlayedUnits& units);
    Result<Handle> open_socket(const addrinfo& to) const;
    Result<void> greet();
    void ask_what_is_due(std::int64_t now);
    Result<void> send(Connection& connection);
    Result<void> wait(std::int64_t micros);
    Result<void> receive(Connection& connection);
    void answered(std::size_t lane, Told told);
    void watch(std::size_t index, bool writes);

    const Play& play_;
    const std::function<void(const Latencies&)>& each_second_;
    Handle poll_;
    std::optional<TlsTrust> trust_;
    std::vector<Connection> connections_;
    std::vector<Lane> lanes_;
    std::deque<std::size_t> free_;     // lanes without a request
    std::vector<std::size_t> asking_;  // connections
    std::int64_t began_ = 0;
    std::int64_t requests_ = 0;
    std::int64_t asked_ = 0;
    std::int64_t answers_ = 0;
    std::int64_t heard_ = 0;
    std::int64_t next_session_ = 0;
    LatencyCount all_;
    LatencyCount second_;
};

Result<Played> Player::run() {
    FARTHING_CHECK(connect_all());
    FARTHING_CHECK(greet());
    requests_ = play_.rate * play_.seconds;
    began_ = heard_ = steady_micros();
    std::int64_t second = began_;
    const std::int64_t cpu = cpu_micros();
    while (answers_ < requests_) {
        const std::int64_t now = steady_micros();
        ask_what_is_due(now);
        for (const std::size_t index : std::exchange(asking_, {}))
            FARTHING_CHECK(send(connections_[index]));
        const std::int64_t next = asked_ < requests_ && !free_.empty()
                                      ? began_ + asked_ * kSecond / play_.rate - now
                                      : kSecond;
        FARTHING_CHECK(wait(std::clamp(next, kPause, kSecond)));
        if (now - heard_ > kSilence) return unreachable("no answer for 30 s");
        if (now - second < kSecond) continue;
        second = now;
        each_second_(second_.told());
        second_.clear();
    }
    return Played{all_.told(), steady_micros() - began_, cpu_micros() - cpu};
}

Result<void> Player::connect_all() {
    addrinfo wanted_kind{};
    wanted_kind.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int unknown = ::getaddrinfo(play_.to.host.c_str(), std::to_string(play_.to.port).c_str(),
                                      &wanted_kind, &found);
    if (unknown != 0) return unreachable(::gai_strerror(unknown));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> to(found, ::freeaddrinfo);
    if (play_.tls) {
        FARTHING_TRY(trust_, TlsTrust::open(play_.authorities, protocol_name(play_.protocol)));
    }
    FARTHING_TRY(const PlayedUnits units, units_of(play_));
    const std::int64_t wanted =
        play_.protocol == PlayProtocol::http ? play_.sessions : play_.connections;
    const std::int64_t connections = std::min(wanted, play_.sessions);
    rlimit files{};
    (void)::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &files);
    connections_.reserve(static_cast<std::size_t>(connections));
    for (std::int64_t i = 0; i < connections; ++i) FARTHING_CHECK(connect(*to, units));
    lanes_.resize(static_cast<std::size_t>(play_.sessions));
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        lanes_[i].index = i;
        lanes_[i].connection = i % connections_.size();
        lanes_[i].session = next_session_++;
        free_.push_back(i);
    }
    return {};
}

// Of the addresses of the host, the first that answers.
Result<Handle> Player::open_socket(const addrinfo& to) const {
    int why = 0;
    for (const addrinfo* one = &to; one != nullptr; one = one->ai_next) {
        int made = -1;
        if (play_.sctp) {
            FARTHING_TRY(made, open_sctp_socket(one->ai_family, place()));
        } else {
            made = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        }
        Handle socket(made);
        const int yes = 1;
        if (play_.sctp) {
            prepare_sctp(made);
        } else {
            (void)::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        }
        if (::connect(made, one->ai_addr, one->ai_addrlen) == 0) return socket;
        why = errno;
    }
    return unreachable(std::strerror(why));
}

Result<void> Player::connect(const addrinfo& to, const PlayedUnits& units) {
    FARTHING_TRY(Handle socket, open_socket(to));
    std::unique_ptr<Speaker> speaker;
    switch (play_.protocol) {
        case PlayProtocol::http: speaker = speak_http(play_); break;
        case PlayProtocol::diameter:
            speaker = speak_diameter(play_, units, connections_.size());
            break;
        case PlayProtocol::nchf: speaker = speak_nchf(play_, units); break;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size();
    (void)::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, socket.get(), &event);
    Connection& connection = connections_.emplace_back(
        Connection{std::move(socket), std::move(speaker), {}, {}, {}, {}});
    if (trust_) connection.tls.emplace(*trust_, play_.to.host);
    return {};
}

Result<void> Player::greet() {
    const std::int64_t until = steady_micros() + kSilence;
    for (Connection& connection : connections_) FARTHING_CHECK(send(connection));
    const auto ready = [](const Connection& one) {
        return one.speaker->ready() && (!one.tls || one.tls->greeted());
    };
    while (!std::ranges::all_of(connections_, ready)) {
        if (steady_micros() > until) return unreachable("it does not greet");
        FARTHING_CHECK(wait(kSecond));
    }
    return {};
}

void Player::ask_what_is_due(std::int64_t now) {
    while (asked_ < requests_ && !free_.empty()) {
        const std::int64_t due = began_ + asked_ * kSecond / play_.rate;
        if (due > now) break;
        Lane& lane = lanes_[free_.front()];
        free_.pop_front();
        lane.due = due;
        if (lane.asked == Instant()) lane.asked = play_.now();
        Connection& connection = connections_[lane.connection];
        connection.speaker->ask(lane);
        if (!connection.asks) asking_.push_back(lane.connection);
        connection.asks = true;
        asked_ += 1;
    }
}

Result<void> Player::send(Connection& connection) {
    connection.asks = false;
    connection.speaker->produce(connection.tls ? connection.plain : connection.out);
    if (connection.tls) {
        FARTHING_CHECK(connection.tls->say(std::exchange(connection.plain, {})));
        connection.tls->produce(connection.out);
    }
    std::size_t sent = 0;
    while (sent < connection.out.size()) {
        const std::string_view rest = std::string_view(connection.out).substr(sent);
        const auto size =
            ::send(connection.socket.get(), rest.data(),
                   play_.sctp ? first_message(rest) : rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (size < 0) return unreachable("it hung up");
        sent += static_cast<std::size_t>(size);
    }
    connection.out.erase(0, sent);
    const bool full = !connection.out.empty();
    if (full != std::exchange(connection.full, full))
        watch(static_cast<std::size_t>(&connection - connections_.data()), full);
    return {};
}

void Player::watch(std::size_t index, bool writes) {
    epoll_event event{};
    event.events = writes ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = index;
    (void)::epoll_ctl(poll_.get(), EPOLL_CTL_MOD, connections_[index].socket.get(), &event);
}

Result<void> Player::wait(std::int64_t micros) {
    std::array<epoll_event, 256> events;
    const timespec until{micros / kSecond, micros % kSecond * 1'000};
    const int count = ::epoll_pwait2(poll_.get(), events.data(), events.size(), &until, nullptr);
    for (int i = 0; i < count; ++i) {
        Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
        if ((events[static_cast<std::size_t>(i)].events & ~EPOLLOUT) != 0)
            FARTHING_CHECK(receive(connection));
        FARTHING_CHECK(send(connection));
    }
    return {};
}

Result<void> Player::receive(Connection& connection) {
    std::array<char, kReceiveSize> bytes;
    const auto size = ::recv(connection.socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return {};
    if (size <= 0) return unreachable("it hung up");
    const auto each = [this](std::size_t lane, Told told) { answered(lane, told); };
    std::string_view in(bytes.data(), static_cast<std::size_t>(size));
    std::string said;
    if (connection.tls) {
        FARTHING_CHECK(connection.tls->take(in, said));
        in = said;
    }
    if (!connection.in.empty()) in = connection.in.append(in);
    FARTHING_TRY(const std::size_t taken, connection.speaker->take(in, each));
    std::string rest(in.substr(taken));
    connection.in = std::move(rest);
    return {};
}

// What was refused for want of time is asked again, the same; all else goes on.
void Player::answered(std::size_t index, Told told) {
    Lane& lane = lanes_[index];
    heard_ = steady_micros();
    answers_ += 1;
    for (LatencyCount* count : {&all_, &second_}) {
        if (told == Told::busy) {
            count->refuse();
            continue;
        }
        count->add(heard_ - lane.due);
        if (told == Told::denied) count->deny();
    }
    free_.push_back(index);
    if (told == Told::busy) return;
    lane.asked = {};
    const bool ended = play_.leaves_open || !play_.balances.empty() || lane.number > play_.updates;
    lane.number = ended ? 0 : lane.number + 1;
    if (ended) lane.session = next_session_++;
}

}  // namespace

Result<PlayedUnits> units_of(const Play& play) {
    if (!play.balances.empty()) return PlayedUnits();
    if (const auto bytes = parse_quantity(play.quantity, *unit_named("byte")))
        return PlayedUnits{Dimension::volume, *bytes};
    if (const auto seconds = parse_quantity(play.quantity, *unit_named("second")))
        return PlayedUnits{Dimension::time, *seconds};
    if (const auto pieces = parse_quantity(play.quantity, *unit_named("message")))
        return PlayedUnits{Dimension::message, *pieces};
    if (play.protocol == PlayProtocol::http) return PlayedUnits();
    return fail(PlayerReason::server_refuses,
                "\"" + play.quantity + "\" is neither bytes, nor a time, nor messages");
}

bool is_telephone_number(std::string_view name) {
    return name.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<Played> play(const Play& play, const std::function<void(const Latencies&)>& each_second) {
    return Player(play, each_second).run();
}

}  // namespace farthing::api
