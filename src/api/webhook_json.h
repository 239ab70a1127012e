// Webhooks as JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/webhooks.h"
#include "model/webhook.h"

namespace farthing::api {

Result<engine::WebhookChange> read_webhook(std::string_view body);
// {"event": "evt-12"} or {"from": "evt-12", "to": "evt-40"}, as a range.
Result<std::string> read_resend(std::string_view body);
// With its secret: the only time.
std::string write_new_webhook(const engine::WebhookChange& added);
std::string write_webhook(const Webhook& hook, const std::vector<Delivery>& deliveries);
std::string write_webhooks(const std::vector<Webhook>& hooks);

}  // namespace farthing::api
