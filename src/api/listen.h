// A port to listen on, for each of the servers. Sees Boost.Asio. Private to this room.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "api/problem.h"
#include "api/server.h"

namespace farthing::api {

inline Result<void> open_port(boost::asio::ip::tcp::acceptor& acceptor, const Address& address) {
    namespace asio = boost::asio;
    boost::system::error_code failed;
    const auto host = asio::ip::make_address(address.host, failed);
    const asio::ip::tcp::endpoint endpoint(host, address.port);
    if (!failed) (void)acceptor.open(endpoint.protocol(), failed);
    if (!failed) (void)acceptor.set_option(asio::socket_base::reuse_address(true), failed);
    if (!failed) (void)acceptor.bind(endpoint, failed);
    if (!failed) (void)acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (!failed) return {};
    return fail(ApiReason::address_taken, failed.message(),
                address.host + ":" + std::to_string(address.port));
}

}  // namespace farthing::api
