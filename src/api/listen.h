// What the servers have in common: a port to listen on, connections as they come, and the end of a
// thread. Sees Boost.Asio. Private to this room.
#pragma once

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

#include "api/problem.h"
#include "api/server.h"

namespace farthing::api {

// What an asynchronous step gives: its error as the first value, never an exception.
constexpr auto kAsTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

constexpr auto kLeave = std::chrono::seconds(1);  // that connections have to end
constexpr std::size_t kReadSize = std::size_t{64} * 1024;

inline std::unexpected<Error> not_listened(const Address& address,
                                           const boost::system::error_code& why) {
    return fail(ApiReason::address_taken, why.message(),
                address.host + ":" + std::to_string(address.port));
}

// REQUIRES: the acceptor is open.
inline Result<void> bind_port(boost::asio::ip::tcp::acceptor& acceptor,
                              const boost::asio::ip::tcp::endpoint& endpoint,
                              const Address& address) {
    namespace asio = boost::asio;
    boost::system::error_code failed;
    (void)acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) (void)acceptor.bind(endpoint, failed);
    if (!failed) (void)acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) return not_listened(address, failed);
    return {};
}

inline Result<void> open_port(boost::asio::ip::tcp::acceptor& acceptor, const Address& address) {
    namespace asio = boost::asio;
    boost::system::error_code failed;
    const auto host = asio::ip::make_address(address.host, failed);
    const asio::ip::tcp::endpoint endpoint(host, address.port);
    if (!failed) (void)acceptor.open(endpoint.protocol(), failed);
    if (failed) return not_listened(address, failed);
    return bind_port(acceptor, endpoint, address);
}

// Gives each connection to `take`, until the port is closed.
template <class Take>
boost::asio::awaitable<void> accept_all(boost::asio::ip::tcp::acceptor& acceptor, Take take) {
    namespace asio = boost::asio;
    while (true) {
        auto [failed, socket] = co_await acceptor.async_accept(kAsTuple);
        if (failed == asio::error::operation_aborted) break;
        if (failed) {  // out of sockets: those that are open go on
            asio::steady_timer pause(acceptor.get_executor(), std::chrono::milliseconds(100));
            co_await pause.async_wait(kAsTuple);
            continue;
        }
        boost::system::error_code ignored;
        (void)socket.set_option(asio::ip::tcp::no_delay(true), ignored);
        take(std::move(socket));
    }
}

// Returns when the context's thread has done what it had to do so far.
inline void catch_up(boost::asio::io_context& context) {
    std::promise<void> done;
    boost::asio::post(context, [&done] { done.set_value(); });
    done.get_future().wait();
}

// Lets connections end by themselves for a while, then ends the thread that serves them.
template <class Connections>
void end_thread(boost::asio::io_context& context, std::thread& thread,
                const Connections& connections, std::chrono::milliseconds within) {
    const auto until = std::chrono::steady_clock::now() + within;
    std::atomic<bool> empty = false;
    while (!empty && std::chrono::steady_clock::now() < until) {
        boost::asio::post(context, [&] { empty = connections.empty(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    context.stop();
    thread.join();
}

}  // namespace farthing::api
