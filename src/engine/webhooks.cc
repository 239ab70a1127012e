// Receivers of webhooks, what they are told, and what each attempt came to.
#include "engine/webhooks.h"

#include <algorithm>

#include "base/hash.h"
#include "base/utf8.h"
#include "engine/find.h"
#include "engine/notices.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kDaySeconds = 86'400;
constexpr int kGone = 410;
constexpr std::string_view kEventPrefix = "evt-";

// The words of a list, each a type of event.
Result<void> require_types(const std::string& events) {
    for (std::size_t at = 0; at < events.size();) {
        const std::size_t end = std::min(events.find(' ', at), events.size());
        const std::string type = events.substr(at, end - at);
        if (!is_event_type(type))
            return fail(EngineReason::webhook_event_unknown,
                        "there is no event \"" + printable(type) + "\"");
        at = end + 1;
    }
    return {};
}

bool is_url(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!url.starts_with(scheme)) continue;
        const std::string_view rest = url.substr(scheme.size());
        return !rest.empty() && rest[0] != '/' && rest[0] != ':' &&
               std::ranges::all_of(url, [](char c) { return c > ' ' && c < 127; }) &&
               rest.find('@') == std::string_view::npos;
    }
    return false;
}

// A request that has a key is known by its secret, which follows from the key and from what the
// tenant tells nobody: so it is told again, and no key is kept.
Result<std::string> secret_of(store::Store& store, const WebhookChange& change) {
    if (change.key.empty()) return change.secret;
    FARTHING_TRY(const std::string hidden, store.voucher_key(change.secret));
    return "whsec_" + hmac_sha256_hex(hidden, "webhook\n" + change.key);
}

Instant next_attempt(Instant now, std::int64_t attempts, const RetryPolicy& policy) {
    std::int64_t seconds = policy.first_seconds;
    for (std::int64_t i = 0; i < attempts && seconds < kDaySeconds; ++i) seconds *= 4;
    return now.plus_micros(std::min(seconds, kDaySeconds) * kMicrosPerSecond);
}

}  // namespace

Result<AddedWebhook> Engine::add_webhook(const WebhookChange& change) {
    if (change.name.empty()) return fail(EngineReason::webhook_malformed, "a webhook needs a name");
    if (!is_url(change.url)) {
        return fail(EngineReason::webhook_malformed,
                    "\"" + printable(change.url) + "\" is no address of HTTP");
    }
    FARTHING_CHECK(require_types(change.events));
    Webhook hook;
    hook.name = change.name;
    hook.url = change.url;
    FARTHING_TRY(hook.secret, secret_of(*state_->store, change));
    hook.events = change.events;
    hook.private_network = change.private_network;
    hook.at = state_->clock.now();
    FARTHING_TRY(const auto hooks, webhooks());
    const auto known = std::ranges::find(hooks, hook.secret, &Webhook::secret);
    if (!change.key.empty() && known != hooks.end()) {
        const bool same = known->name == hook.name && known->url == hook.url &&
                          known->events == hook.events &&
                          known->private_network == hook.private_network;
        if (same) return AddedWebhook{hook.secret, true};
        return fail(StoreReason::reference_taken,
                    "another webhook was added under the key \"" + printable(change.key) + "\"");
    }
    FARTHING_CHECK(state_->quietly([&] { return state_->store->add_webhook(hook); }));
    return AddedWebhook{hook.secret};
}

Result<Webhook> Engine::webhook(const std::string& name) {
    FARTHING_TRY(const auto hooks, state_->store->webhooks());
    const auto found = std::ranges::find(hooks, name, &Webhook::name);
    if (found != hooks.end()) return *found;
    return fail(EngineReason::webhook_unknown, "no webhook is named \"" + printable(name) + "\"");
}

Result<void> Engine::remove_webhook(const std::string& name) {
    FARTHING_TRY(const Webhook hook, webhook(name));
    return state_->quietly([&]() -> Result<void> {
        FARTHING_TRY(const bool removed,
                     state_->store->remove_webhook(hook.name, state_->clock.now()));
        return removed ? Result<void>() : fail(EngineReason::webhook_unknown);
    });
}

Result<std::vector<Webhook>> Engine::webhooks() {
    return state_->store->webhooks();
}

Result<std::vector<Delivery>> Engine::webhook_deliveries(const std::string& name,
                                                         std::int64_t most) {
    FARTHING_TRY(const Webhook hook, webhook(name));
    return state_->store->deliveries(hook.id, most);
}

Result<std::vector<DeliveryAttempt>> Engine::webhook_log(const std::string& name,
                                                         std::int64_t most) {
    FARTHING_TRY(const Webhook hook, webhook(name));
    return state_->store->attempts(hook.id, most);
}

Result<std::string> Engine::test_webhook(const std::string& name) {
    FARTHING_TRY(const Webhook hook, webhook(name));
    std::int64_t event = 0;
    FARTHING_CHECK(state_->quietly([&]() -> Result<void> {
        FARTHING_TRY(event, state_->store->tell_webhook(hook.id, test_notice(state_->clock.now())));
        return {};
    }));
    return event_id(event);
}

// "evt-12", or "evt-12..evt-40"
Result<std::int64_t> Engine::resend_webhook(const std::string& name, const std::string& events) {
    FARTHING_TRY(const Webhook hook, webhook(name));
    const auto number = [](std::string_view text) -> std::optional<std::int64_t> {
        if (!text.starts_with(kEventPrefix)) return std::nullopt;
        text.remove_prefix(kEventPrefix.size());
        std::int64_t value = 0;
        for (const char c : text) {
            if (c < '0' || c > '9' || value > 1'000'000'000'000) return std::nullopt;
            value = value * 10 + (c - '0');
        }
        return text.empty() ? std::nullopt : std::optional(value);
    };
    const std::size_t dots = events.find("..");
    const auto first = number(std::string_view(events).substr(0, dots));
    const auto last =
        dots == std::string::npos ? first : number(std::string_view(events).substr(dots + 2));
    if (!first || !last)
        return fail(EngineReason::webhook_malformed,
                    "\"" + printable(events) + "\" names no events");
    std::int64_t count = 0;
    FARTHING_CHECK(state_->quietly([&]() -> Result<void> {
        FARTHING_TRY(count, state_->store->resend(hook.id, *first, *last, state_->clock.now()));
        return {};
    }));
    return count;
}

std::string event_id(std::int64_t event) {
    return std::string(kEventPrefix) + std::to_string(event);
}

Result<std::vector<Delivery>> Engine::due_webhooks(std::int64_t most) {
    return state_->store->due_deliveries(state_->clock.now(), most);
}

Result<void> Engine::delivered(const Delivery& delivery, const WebhookOutcome& outcome,
                               const RetryPolicy& policy) {
    const Instant now = state_->clock.now();
    const DeliveryAttempt attempt{delivery.webhook.id, delivery.event, now,
                                  outcome.status,      outcome.error,  outcome.micros};
    const bool gone = outcome.status == kGone;
    DeliveryState state = DeliveryState::delivered;
    if (!outcome.error.empty())
        state = gone || delivery.attempts + 1 >= policy.attempts ? DeliveryState::given_up
                                                                 : DeliveryState::waits;
    const Instant due = next_attempt(now, delivery.attempts, policy);
    return state_->quietly(
        [&] { return state_->store->record_attempt(attempt, state, due, gone); });
}

Result<std::int64_t> Engine::forget_webhook_events(std::int64_t days, std::int64_t most) {
    const Instant before = state_->clock.now().plus_micros(-days * kDaySeconds * kMicrosPerSecond);
    std::int64_t count = 0;
    FARTHING_CHECK(state_->quietly([&]() -> Result<void> {
        FARTHING_TRY(count, state_->store->forget_events(before, most));
        return {};
    }));
    return count;
}

// Told when it falls below that, once each time; "none": no more.
Result<void> Engine::watch_balance(const std::string& account, const std::string& below) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    FARTHING_TRY(const AccountId id, payer_named(s, account));
    BalanceWatch watch{id, s.clock.now(), {}};
    if (below != "none") {
        FARTHING_TRY(watch.below, atoms_of(below, s.catalog.newest().currency));
    }
    return s.store->watch_balance(watch);
}

}  // namespace farthing::engine
