// What others are told as it happens: where to, what, and how each attempt went.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

// Something that happened, written in the transaction that made it true.
struct Notice {
    std::string type;  // "topup.taken"
    Instant at;
    AccountId account;  // none: nobody's
    std::string body;   // JSON, the same bytes at each attempt
};

// A receiver. Its secret signs what is sent, so it is kept as it is.
struct Webhook {
    std::uint32_t id = 0;
    std::string name;
    std::string url;
    std::string secret;            // "whsec_" and base64
    std::string events;            // types, separated by blanks; empty: all
    bool private_network = false;  // whether its address may be one of a private network
    Instant at;
    std::optional<Instant> stopped_at = {};  // it said that it is gone
};

enum class DeliveryState : std::uint8_t { waits = 1, delivered, given_up };
constexpr const char* name_of(DeliveryState state) {
    switch (state) {
        case DeliveryState::waits: return "waits";
        case DeliveryState::delivered: return "delivered";
        case DeliveryState::given_up: return "given up";
    }
    return "";
}

// One notice on its way to one receiver.
struct Delivery {
    Webhook webhook;
    std::int64_t event = 0;
    Notice notice;
    DeliveryState state = DeliveryState::waits;
    std::int64_t attempts = 0;
    Instant due;
    int last_status = 0;     // of HTTP; 0: no answer
    std::string last_error;  // empty: none
};

struct DeliveryAttempt {
    std::uint32_t webhook = 0;
    std::int64_t event = 0;
    Instant at;
    int status = 0;
    std::string error;
    std::int64_t micros = 0;
};

}  // namespace farthing
