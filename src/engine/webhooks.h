// Webhooks, in words: who is told what, and how it went.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/instant.h"

namespace farthing::engine {

struct EventType {
    std::string_view name;
    std::string_view when;
};
std::span<const EventType> event_types();

struct WebhookChange {
    std::string name;
    std::string url;
    std::string events;  // types, separated by blanks; empty: all
    bool private_network = false;
    std::string secret;    // "whsec_" and base64
    std::string key = {};  // of the request: asked again under it, the same is told again
};
struct AddedWebhook {
    std::string secret;  // that of the change, unless the request has a key
    bool repeated = false;
};

// What one attempt came to.
struct WebhookOutcome {
    int status = 0;     // of HTTP; 0: no answer
    std::string error;  // empty where it was taken
    std::int64_t micros = 0;
};

// Each wait is four times the one before it, at most a day.
struct RetryPolicy {
    std::int64_t first_seconds = 5;
    std::int64_t attempts = 12;  // about four days
};

std::string event_id(std::int64_t event);  // "evt-12"

}  // namespace farthing::engine
