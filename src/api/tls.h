// Connections with TLS or without. Sees Boost.Asio and OpenSSL. Private to this room.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "api/server.h"

namespace farthing::api {

using TlsContext = std::unique_ptr<boost::asio::ssl::context>;

// Null where the address has no certificate. `protocol`: what is spoken inside, by its ALPN name;
// empty: nothing that has one.
Result<TlsContext> open_tls(const Address& address, const std::string& protocol);

class Wire {
  public:
    using Socket = boost::asio::ip::tcp::socket;
    using error_code = boost::system::error_code;

    Wire(Socket socket, boost::asio::ssl::context* tls) : socket_(std::move(socket)) {
        error_code ignored;
        (void)socket_.non_blocking(true, ignored);
        if (tls != nullptr) tls_.emplace(socket_, *tls);
    }
    const Socket& socket() const { return socket_; }
    // False: the peer speaks no TLS that we do, or is too slow. Nothing is written before.
    boost::asio::awaitable<bool> greet();
    bool greeted() const { return greeted_; }

    boost::asio::awaitable<std::tuple<error_code, std::size_t>> read_some(
        boost::asio::mutable_buffer buffer) {
        constexpr auto kTuple = boost::asio::as_tuple(boost::asio::use_awaitable);
        if (tls_) co_return co_await tls_->async_read_some(buffer, kTuple);
        co_return co_await socket_.async_read_some(buffer, kTuple);
    }
    // As much of it as goes without waiting; with TLS nothing does. Gives how many bytes.
    std::size_t write_now(std::string_view bytes) {
        if (tls_) return 0;
        error_code ignored;
        return socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), ignored);
    }
    template <class Done>
    void write(boost::asio::const_buffer buffer, Done done) {
        if (tls_) return boost::asio::async_write(*tls_, buffer, std::move(done));
        boost::asio::async_write(socket_, buffer, std::move(done));
    }
    // Nothing more is written.
    void finish() {
        error_code ignored;
        if (tls_) return close();
        (void)socket_.shutdown(Socket::shutdown_send, ignored);
    }
    void close() {
        error_code ignored;
        (void)socket_.shutdown(Socket::shutdown_both, ignored);
        (void)socket_.close(ignored);
    }

  private:
    Socket socket_;
    std::optional<boost::asio::ssl::stream<Socket&>> tls_;
    bool greeted_ = false;
};

}  // namespace farthing::api
