// Signatures of webhooks, as Standard Webhooks writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farthing::api {

std::string new_webhook_secret();  // "whsec_" and base64
// "v1," and base64 of HMAC-SHA256 over "ID.TIMESTAMP.BODY".
std::string webhook_signature(std::string_view secret, std::string_view id, std::int64_t timestamp,
                              std::string_view body);

}  // namespace farthing::api
