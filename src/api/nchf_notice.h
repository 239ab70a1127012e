// One notification to a client of Nchf: over HTTP/2, in clear text or with TLS. Sees Boost.Asio.
// Private to this room.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <string>

#include "api/tls_client.h"
#include "nchf/http2_post.h"

namespace farthing::api {

struct NoticeWay {
    std::function<bool(const boost::asio::ip::address&)> may_reach;
    TlsTrust trust;  // of whom notices go to by https
};

// Gives why it was not taken; empty: it was.
boost::asio::awaitable<std::string> post_notice(nchf::HttpUrl url, std::string body,
                                                const NoticeWay& way);

}  // namespace farthing::api
