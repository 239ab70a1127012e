#include "api/player.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>

#include "base/json.h"

namespace farthing::api {

namespace {

std::int64_t now_micros() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

class Socket {
  public:
    explicit Socket(int handle) : handle_(handle) {}
    ~Socket() { ::close(handle_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int handle() const { return handle_; }

  private:
    int handle_;
};

struct Connection {
    std::unique_ptr<Socket> socket;
    std::string in;
    std::int64_t due = 0;  // of the request that it waits for; 0: it is free
};

// One session after the other, each by its own device.
struct Script {
    std::int64_t session = 0;
    std::int64_t number = 0;
};

Latencies summary(std::vector<std::int64_t>& micros, std::int64_t refused) {
    Latencies found;
    found.requests = std::ssize(micros);
    found.refused = refused;
    if (micros.empty()) return found;
    std::ranges::sort(micros);
    const auto at = [&](std::int64_t part, std::int64_t whole) {
        const std::size_t place =
            micros.size() * static_cast<std::size_t>(part) / static_cast<std::size_t>(whole);
        return micros[std::min(place, micros.size() - 1)];
    };
    found.p50 = at(50, 100);
    found.p99 = at(99, 100);
    found.p999 = at(999, 1000);
    found.max = micros.back();
    return found;
}

class Player {
  public:
    Player(const Play& play, const std::function<void(const Latencies&)>& each_second)
        : play_(play), each_second_(each_second) {}

    Result<Played> run() {
        FARTHING_CHECK(connect_all());
        const std::int64_t began = now_micros();
        const std::int64_t requests = play_.rate * play_.seconds;
        std::int64_t second = began;
        while (answered_ < requests) {
            const std::int64_t now = now_micros();
            while (due_ < requests && began + due_ * 1'000'000 / play_.rate <= now) {
                waiting_.push_back(began + due_ * 1'000'000 / play_.rate);
                due_ += 1;
            }
            FARTHING_CHECK(send_waiting());
            FARTHING_CHECK(receive());
            if (now - second >= 1'000'000) {
                second = now;
                each_second_(summary(of_second_, refused_of_second_));
                of_second_.clear();
                refused_of_second_ = 0;
            }
        }
        Played played;
        played.all = summary(micros_, refused_);
        played.micros = now_micros() - began;
        return played;
    }

  private:
    std::unexpected<Error> unreachable(std::string why = {}) const {
        return fail(PlayerReason::server_unreachable, std::move(why),
                    play_.to.host + ":" + std::to_string(play_.to.port));
    }

    Result<void> connect_all() {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(play_.to.port);
        if (inet_pton(AF_INET, play_.to.host.c_str(), &to.sin_addr) != 1)
            return unreachable("no IPv4 address: " + play_.to.host);
        for (std::int64_t i = 0; i < play_.connections; ++i) {
            Connection connection;
            connection.socket = std::make_unique<Socket>(::socket(AF_INET, SOCK_STREAM, 0));
            const int handle = connection.socket->handle();
            const int one = 1;
            (void)::setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): as sockets ask
            if (::connect(handle, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
                return unreachable();
            connections_.push_back(std::move(connection));
            scripts_.push_back({i, 0});
        }
        next_session_ = play_.connections;
        return {};
    }

    // Each connection plays a session of its own to its end, then another.
    std::string next_request(std::size_t which) {
        Script& script = scripts_[which];
        const bool ends = script.number > play_.updates;
        JsonWriter json(false);
        json.begin_object()
            .field("session", play_.run + "-" + std::to_string(script.session))
            .field("number", script.number);
        if (ends) json.field("action", "end");
        if (script.number == 0) {
            json.field("subscription",
                       play_.subscriptions + std::to_string(script.session % play_.count + 1));
        }
        json.key("services").begin_array().begin_object().field("group", 1);
        json.field("meter", play_.meter);
        if (!ends) json.field("quantity", play_.quantity);
        if (script.number > 0) {
            json.key("used").begin_array().begin_object();
            json.field("quantity", play_.quantity).end_object().end_array();
        }
        const std::string body = json.end_object().end_array().end_object().text();
        if (ends) {
            script = {next_session_++, 0};
        } else {
            script.number += 1;
        }
        return "POST /v1/charges HTTP/1.1\r\nHost: " + play_.to.host +
               "\r\nAuthorization: Bearer " + play_.key +
               "\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    Result<void> send_waiting() {
        for (std::size_t tried = 0; tried < connections_.size() && !waiting_.empty(); ++tried) {
            const std::size_t which = turn_++ % connections_.size();
            Connection& connection = connections_[which];
            if (connection.due != 0) continue;
            connection.due = waiting_.front();
            waiting_.pop_front();
            const std::string text = next_request(which);
            const auto sent =
                ::send(connection.socket->handle(), text.data(), text.size(), MSG_NOSIGNAL);
            if (sent != std::ssize(text)) return unreachable();
        }
        return {};
    }

    Result<void> receive() {
        polls_.clear();
        for (const Connection& connection : connections_)
            polls_.push_back({connection.socket->handle(), POLLIN, 0});
        const int wait = waiting_.empty() ? 1 : 0;
        if (::poll(polls_.data(), polls_.size(), wait) <= 0) return {};
        for (std::size_t i = 0; i < polls_.size(); ++i) {
            if (polls_[i].revents == 0) continue;
            char bytes[16'384];
            const auto size = ::recv(polls_[i].fd, bytes, sizeof bytes, 0);
            if (size <= 0) return unreachable("it hung up");
            connections_[i].in.append(bytes, static_cast<std::size_t>(size));
            FARTHING_CHECK(take_answer(connections_[i]));
        }
        return {};
    }

    Result<void> take_answer(Connection& connection) {
        const std::string& in = connection.in;
        const std::size_t head = in.find("\r\n\r\n");
        if (head == std::string::npos) return {};
        constexpr std::string_view kLength = "Content-Length: ";
        const std::size_t length = in.find(kLength);
        if (length == std::string::npos || length > head)
            return unreachable("no HTTP: " + in.substr(0, 80));
        std::size_t size = 0;
        for (std::size_t at = length + kLength.size(); in[at] >= '0' && in[at] <= '9'; ++at)
            size = size * 10 + static_cast<std::size_t>(in[at] - '0');
        if (in.size() < head + 4 + size) return {};
        const std::int64_t latency = now_micros() - connection.due;
        micros_.push_back(latency);
        of_second_.push_back(latency);
        answered_ += 1;
        const bool good = in.starts_with("HTTP/1.1 200");
        const bool busy = in.starts_with("HTTP/1.1 503");
        if (!good && !busy) return fail(PlayerReason::server_refuses, in.substr(head + 4, size));
        refused_ += good ? 0 : 1;
        refused_of_second_ += good ? 0 : 1;
        connection.in.clear();
        connection.due = 0;
        return {};
    }

    const Play& play_;
    const std::function<void(const Latencies&)>& each_second_;
    std::vector<Connection> connections_;
    std::vector<Script> scripts_;  // by connection
    std::vector<pollfd> polls_;
    std::deque<std::int64_t> waiting_;  // when each was due
    std::size_t turn_ = 0;
    std::int64_t next_session_ = 0;
    std::int64_t due_ = 0;
    std::int64_t answered_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t refused_of_second_ = 0;
    std::vector<std::int64_t> micros_;
    std::vector<std::int64_t> of_second_;
};

}  // namespace

Result<Played> play(const Play& play, const std::function<void(const Latencies&)>& each_second) {
    return Player(play, each_second).run();
}

}  // namespace farthing::api
