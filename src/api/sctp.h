// Sockets of SCTP in the one-to-one style of RFC 6458: they read and write as those of TCP do, but
// what is written at once is one message. Private to this room.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <string_view>

#include "api/server.h"

namespace farthing::api {

// `sctp_missing` where the kernel has none. `place` is told with what goes wrong.
Result<int> open_sctp_socket(int family, const std::string& place);
// Small messages go at once, and carry the identifier of Diameter in clear text.
void prepare_sctp(int socket);
Result<void> open_sctp_port(boost::asio::ip::tcp::acceptor& acceptor, const Address& address);
// How much of `bytes`, which are whole messages of Diameter, goes by one write: the first.
std::size_t first_message(std::string_view bytes);

}  // namespace farthing::api
