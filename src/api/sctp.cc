#include "api/sctp.h"

#include <arpa/inet.h>
#include <linux/sctp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "api/listen.h"
#include "api/problem.h"
#include "diameter/message.h"

namespace farthing::api {

namespace {

constexpr std::uint32_t kDiameterInClear = 46;  // RFC 6733, 11.5: payload protocol identifier

}  // namespace

Result<int> open_sctp_socket(int family, const std::string& place) {
    const int handle = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_SCTP);
    if (handle >= 0) return handle;
    if (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT || errno == EINVAL)
        return fail(ApiReason::sctp_missing, std::strerror(errno), place);
    return fail(ApiReason::address_taken, std::strerror(errno), place);
}

void prepare_sctp(int socket) {
    const int one = 1;
    (void)::setsockopt(socket, IPPROTO_SCTP, SCTP_NODELAY, &one, sizeof one);
    sctp_sndinfo info{};
    info.snd_ppid = htonl(kDiameterInClear);
    (void)::setsockopt(socket, IPPROTO_SCTP, SCTP_DEFAULT_SNDINFO, &info, sizeof info);
}

Result<void> open_sctp_port(boost::asio::ip::tcp::acceptor& acceptor, const Address& address) {
    namespace asio = boost::asio;
    boost::system::error_code failed;
    const auto host = asio::ip::make_address(address.host, failed);
    if (failed) return not_listened(address, failed);
    const asio::ip::tcp::endpoint endpoint(host, address.port);
    FARTHING_TRY(const int handle,
                 open_sctp_socket(endpoint.protocol().family(),
                                  address.host + ":" + std::to_string(address.port)));
    (void)acceptor.assign(endpoint.protocol(), handle, failed);
    if (failed) {
        ::close(handle);
        return not_listened(address, failed);
    }
    return bind_port(acceptor, endpoint, address);
}

std::size_t first_message(std::string_view bytes) {
    if (bytes.size() < diameter::kHeaderSize) return bytes.size();
    return std::min<std::size_t>(bytes.size(), diameter::read_header(bytes).length);
}

}  // namespace farthing::api
