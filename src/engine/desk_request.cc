// What a question asks of the charging room: whose session it is, in which units, of which meters.
#include <algorithm>

#include "base/utf8.h"
#include "engine/desk.h"
#include "engine/network_units.h"
#include "engine/reasons.h"
#include "model/quantity.h"

namespace farthing::engine {

namespace {

constexpr std::size_t kSessionIdMax = 256;
constexpr std::size_t kServicesMax = 1024;
constexpr std::size_t kContainersMax = 1024;  // of a service in one request

charging::Action action_of(ChargeAction action) {
    switch (action) {
        case ChargeAction::start: return charging::Action::start;
        case ChargeAction::update: return charging::Action::update;
        case ChargeAction::end: return charging::Action::end;
        case ChargeAction::debit: return charging::Action::debit;
        case ChargeAction::refund: return charging::Action::refund;
        case ChargeAction::enquire: return charging::Action::debit;
    }
    return charging::Action::start;
}

std::unexpected<Error> malformed(std::string what) {
    return fail(EngineReason::charge_malformed, std::move(what));
}

Result<std::int64_t> units_of(const std::string& text, const catalog::Meter& meter) {
    const auto units = parse_quantity(text, *meter.unit);
    if (!units || *units < 0 || *units > kQuantityMax)
        return malformed("\"" + printable(text) + "\" is no quantity of " + meter.name);
    return *units;
}

// One container; of what the meter does not count there is none in it. Protocols tell theirs in
// counts, which may be of other kinds alone.
Result<charging::UsedUnits> used_of(const ChargeQuestion::Used& used,
                                    const charging::Service* known, const catalog::Meter& meter,
                                    Instant now, bool apart) {
    if (used.quantity.empty() && is_empty(used.counts) && !apart)
        return malformed("what was used of " + meter.name + " is no quantity");
    std::optional<std::int64_t> counted;
    if (used.quantity.empty()) {
        FARTHING_TRY(counted, units_of(used.counts, meter));
    } else {
        FARTHING_TRY(counted, units_of(used.quantity, meter));
    }
    if (used.start && *used.start > now)
        return malformed("usage of the future: " + to_rfc3339(*used.start));
    charging::UsedUnits units;
    units.start = used.start;
    if (used.micros_ago) {
        const Instant since = known == nullptr ? now : known->since;
        units.start = std::clamp(now.plus_micros(-*used.micros_ago), since, std::max(since, now));
    }
    const std::int64_t before = used.total && known != nullptr ? known->told : 0;
    units.units = std::max<std::int64_t>(0, counted.value_or(0) - before);
    units.of_counter = used.total;
    units.after_change = used.after_change;
    return units;
}

}  // namespace

namespace {

constexpr std::int64_t kUnsureMicros = 2 * kMicrosPerSecond;  // networks tell whole seconds

// A session that began after the one with its id was counted last is another one. An unsure clock
// of the client can only say that it is the same.
void tell_apart(const ChargeQuestion::Counted& counted, const charging::Session* session,
                charging::Request& request) {
    const Instant at = request.at.plus_micros(-counted.seconds_ago * kMicrosPerSecond);
    request.counted_at = at;
    if (session == nullptr || !session->counts_on() || !counted.seconds) return;
    const Instant began =
        std::min(at, counted.at.value_or(at)).plus_micros(-*counted.seconds * kMicrosPerSecond);
    if (began > session->counted_at.plus_micros(kUnsureMicros)) {
        request.whose = charging::Whose::newer;
        if (request.charging_id.empty())
            request.charging_id =
                request.session + "@" + std::to_string(began.micros / kMicrosPerSecond);
    } else if (!session->earlier.empty() && began <= session->earlier.front().ended) {
        request.whose = charging::Whose::earlier;
    }
}

}  // namespace

// Whose identity it is now; of a session, whose it was when it was heard of last.
Result<SubscriptionId> Desk::subscription_of(const ChargeQuestion& question,
                                             const charging::Session* session, Instant now) const {
    if (!question.subscription.empty()) {
        if (const auto named = state_.directory.subscription_named(question.subscription))
            return named;
        return fail(DirectoryReason::unknown_subscription,
                    "no subscription is named \"" + printable(question.subscription) + "\"");
    }
    SubscriptionId owner;
    for (const auto& [kind, value] : question.identities) {
        if (session != nullptr &&
            state_.directory.find(kind, value, session->last) == session->subscription)
            return session->subscription;
        if (!owner) owner = state_.directory.find(kind, value, now);
    }
    if (owner) return owner;
    // Whose it is was said when it began: an identity that nobody has changes nothing of it.
    if (session != nullptr) return session->subscription;
    if (!question.identities.empty()) {
        return fail(
            DirectoryReason::unknown_subscription,
            "nobody has the identity \"" + printable(question.identities.front().second) + "\"");
    }
    if (question.action != ChargeAction::update && question.action != ChargeAction::end &&
        question.action != ChargeAction::refund)
        return malformed("who uses is told by `subscription`");
    return SubscriptionId();
}

Result<const charging::Session*> Desk::session_of(const ChargeQuestion& question, Instant now) {
    const charging::Session* const known = charger_.find(question.session);
    if (known != nullptr || !question.joins) return known;
    std::optional<std::string> bytes = charger_.fell_asleep(question.session);
    if (!bytes) {
        FARTHING_TRY(bytes, state_.store->asleep(question.session));
    }
    if (!bytes) return nullptr;
    FARTHING_TRY(charging::Session session, charging::unpack_session(*bytes));
    charger_.wake(std::move(session), now);
    return charger_.find(question.session);
}

Result<Desk::Asked> Desk::request_of(const ChargeQuestion& question, Instant now) {
    Asked all;
    charging::Request& request = all.request;
    const bool enquires = question.action == ChargeAction::enquire;
    if (question.session.empty() != enquires || question.session.size() > kSessionIdMax)
        return malformed("a session's id has 1 to 256 bytes");
    if (question.services.size() > kServicesMax)
        return malformed("a request asks for at most 1024 services");
    request.session = question.session;
    request.number = question.number;
    if (question.charging_id.size() > kSessionIdMax)
        return malformed("a charging id has up to 256 bytes");
    request.charging_id = question.charging_id;
    if (const auto& print = question.fingerprint)
        request.fingerprint = charging::Fingerprint{print->content, print->stamp, print->again};
    request.only = question.only;
    request.whole = question.whole;
    request.client = question.client;
    request.network = NetworkKey::parse(question.network);
    request.at = now;
    FARTHING_TRY(const charging::Session* session, session_of(question, now));
    if (question.counted) {
        tell_apart(*question.counted, session, request);
        if (request.whose == charging::Whose::newer) session = nullptr;
    }
    request.action = action_of(question.action);
    if (question.joins && question.action != ChargeAction::enquire) {
        const bool ends = question.action == ChargeAction::end;
        request.only = ends && session == nullptr;
        if (session == nullptr) {
            request.action = charging::Action::start;
        } else if (!ends) {
            request.action = charging::Action::update;
        }
    }
    FARTHING_TRY(request.subscription, subscription_of(question, session, now));
    const catalog::Version* version = state_.catalog.at(now);
    if (version == nullptr) return fail(EngineReason::catalog_none);
    std::set<std::uint32_t> groups;
    const bool lost = session == nullptr && (request.action == charging::Action::update ||
                                             request.action == charging::Action::end);
    for (const auto& service : question.services) {
        if (lost && service.meter.empty() && !meter_counting(*version, service)) continue;
        if (!groups.insert(service.group).second)
            return malformed("group " + std::to_string(service.group) + " stands twice");
        auto asked = service_of(service, session, *version, question, request);
        if (asked) {
            request.services.push_back(*std::move(asked));
        } else if (question.apart) {
            ChargeAnswer::Service refused;
            refused.group = service.group;
            refused.why = std::string(name_of(ChargeReason::not_chargeable));
            refused.what = std::move(asked).error().message;
            refused.charged = refused.overrun = {0, currency()};
            all.refused.push_back(std::move(refused));
        } else {
            return fail(std::move(asked).error());
        }
    }
    FARTHING_CHECK(find_filed(request, session));
    return all;
}

bool Desk::files_tell() const {
    return std::ranges::any_of(state_.feeds, [](const auto& feed) {
        return feed.second.feed.partials.counted_online() != CountedOnline::no;
    });
}

// A session may be in a file before it begins here, and its charging id of a session before it.
Result<void> Desk::find_filed(charging::Request& request, const charging::Session* session) const {
    if (!files_tell()) return {};
    const std::string_view named = session != nullptr            ? session->known_as()
                                   : request.charging_id.empty() ? request.session
                                                                 : request.charging_id;
    for (charging::ServiceRequest& asked : request.services) {
        if (session != nullptr && session->services.contains(asked.group)) continue;
        const Hash128 key = rating::session_key(charged_session(named, asked.group), asked.meter,
                                                request.subscription);
        FARTHING_TRY(const auto known, state_.store->open_sessions({}, std::span(&key, 1)));
        if (!known.empty()) asked.filed = known.front();
    }
    return {};
}

Result<charging::ServiceRequest> Desk::service_of(const ChargeQuestion::Service& service,
                                                  const charging::Session* session,
                                                  const catalog::Version& version,
                                                  const ChargeQuestion& question,
                                                  const charging::Request& request) const {
    const Instant now = request.at;
    const bool earlier = request.whose == charging::Whose::earlier;
    charging::ServiceRequest asked;
    asked.group = service.group;
    const catalog::Meter* meter = version.meter_named(service.meter);
    const charging::Service* known = nullptr;
    if (session != nullptr) {
        const auto found = session->services.find(service.group);
        if (found != session->services.end()) known = &found->second;
    }
    if (meter == nullptr && service.meter.empty()) {
        if (known != nullptr) {
            meter = version.meter(known->meter);
        } else {
            FARTHING_TRY(meter, meter_counting(version, service));
        }
    }
    if (meter == nullptr)
        return malformed("no meter is named \"" + printable(service.meter) + "\"");
    if (known != nullptr && known->meter != meter->id)
        return malformed("group " + std::to_string(service.group) + " counts another meter");
    asked.meter = meter->id;
    asked.network = NetworkKey::parse(service.network);
    if (!asked.network && !service.network.empty() && !question.apart)
        return malformed("\"" + printable(service.network) + "\" is no network");
    asked.called = service.called;
    asked.calling = service.calling;
    charging::Service before;
    const charging::Service* counted = known;
    if (earlier) {
        before.told = session->earlier.front().told;
        counted = &before;
    }
    if (service.used.size() > kContainersMax)
        return malformed("a service reports at most 1024 containers at once");
    for (const auto& used : service.used) {
        FARTHING_TRY(charging::UsedUnits units,
                     used_of(used, counted, *meter, now, question.apart));
        asked.used.push_back(units);
    }
    asked.asks = service.asks;
    asked.releases = service.releases;
    if (!service.quantity.empty()) {
        FARTHING_TRY(asked.units, units_of(service.quantity, *meter));
    } else {
        FARTHING_TRY(asked.units, units_of(service.counts, *meter));
        // A session asked in another way is granted what is usual; what happens at once is not.
        const ChargeAction action = question.action;
        const bool at_once = action == ChargeAction::debit || action == ChargeAction::refund ||
                             action == ChargeAction::enquire;
        if (at_once && !asked.units && !is_empty(service.counts))
            return malformed("what was counted is no quantity of " + meter->name);
    }
    return asked;
}

}  // namespace farthing::engine
