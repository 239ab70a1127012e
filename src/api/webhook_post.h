// One attempt at a receiver. Sees Boost.Asio. Private to this room.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "engine/webhooks.h"
#include "model/webhook.h"

namespace farthing::api {

// Never throws. `now`: seconds since 1970, for the signature.
boost::asio::awaitable<engine::WebhookOutcome> post_webhook(const Delivery& delivery,
                                                            std::int64_t now);

}  // namespace farthing::api
