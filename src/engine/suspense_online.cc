#include "engine/suspense_online.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/desk.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "model/quantity.h"

namespace farthing::engine {

namespace {

constexpr std::string_view kOnlineFeed = "online";
constexpr std::string_view kOnlineId = "online-";

std::string online_id(UsePlace place) {
    return fmt::format("{}{}-{}", kOnlineId, place.batch.value, place.position);
}

Result<UsePlace> parse_online_id(std::string_view id) {
    UsePlace place;
    const char* const end = id.data() + id.size();
    const auto batch = std::from_chars(id.data() + kOnlineId.size(), end, place.batch.value);
    if (batch.ec == std::errc{} && batch.ptr != end && *batch.ptr == '-') {
        const auto position = std::from_chars(batch.ptr + 1, end, place.position);
        if (position.ec == std::errc{} && position.ptr == end) return place;
    }
    return fail(EngineReason::suspense_id_malformed,
                "\"" + std::string(id) + "\" is no id of a waiting record");
}

// "40 MB of data"; a catalog that no longer has the meter leaves its base units.
std::string quantity_of(const Engine::State& state, const OnlineUse& use) {
    const auto* const meter =
        state.catalog.empty() ? nullptr : state.catalog.newest().meter(use.meter);
    if (meter == nullptr) return std::to_string(use.quantity);
    return quantity_to_string(use.quantity, *meter->unit) + " of " + meter->name;
}

const std::string& who_used(const Engine::State& state, const OnlineUse& use) {
    return state.directory.subscription(use.subscription).fact.name;
}

std::string text_of(const Engine::State& state, const OnlineUse& use) {
    return fmt::format("session {}, request {}, group {}: {}", use.session, use.number, use.group,
                       quantity_of(state, use));
}

}  // namespace

bool names_online(std::string_view record) {
    return record.starts_with(kOnlineId);
}

Result<std::vector<WaitingUse>> waiting_online(Engine::State& state, const SuspenseFilter& filter) {
    if (filter.side || (!filter.feed.empty() && filter.feed != kOnlineFeed)) return {};
    std::optional<UsePlace> only;
    if (!filter.record.empty()) {
        if (!names_online(filter.record)) return {};
        FARTHING_TRY(only, parse_online_id(filter.record));
    }
    FARTHING_TRY(std::vector<WaitingUse> waiting, state.store->waiting_uses());
    std::erase_if(waiting, [&](const WaitingUse& waits) {
        return (only && waits.place != *only) ||
               (!filter.reason.empty() && filter.reason != name_of(waits.use.reason)) ||
               (!filter.identity.empty() && filter.identity != who_used(state, waits.use));
    });
    return waiting;
}

Result<void> add_online_lines(Engine::State& state, SuspenseBy by, const SuspenseFilter& filter,
                              SuspenseLines& lines) {
    FARTHING_TRY(const auto waiting, waiting_online(state, filter));
    for (const auto& [place, use] : waiting) {
        const bool all = by == SuspenseBy::everything;
        SuspenseLine empty;
        if (all || by == SuspenseBy::feed) empty.feed = kOnlineFeed;
        if (all || by == SuspenseBy::cause) empty.reason = use.reason;
        if (all || by == SuspenseBy::identity) empty.identity = who_used(state, use);
        empty.first = empty.last = empty.since = use.start;
        empty.sample = text_of(state, use);
        SuspenseLine& line =
            lines.try_emplace({empty.feed, empty.reason, empty.identity}, empty).first->second;
        line.records += 1;
        line.first = std::min(line.first, use.start);
        line.last = std::max(line.last, use.start);
        line.since = std::min(line.since, use.start);
    }
    return {};
}

SuspendedRecord online_record(const Engine::State& state, const WaitingUse& waits) {
    SuspendedRecord record;
    record.id = online_id(waits.place);
    record.feed = kOnlineFeed;
    record.line = waits.use.number;
    record.text = text_of(state, waits.use) + ", used from " + to_rfc3339(waits.use.start);
    record.reason = waits.use.reason;
    record.identity = who_used(state, waits.use);
    record.what = sentence_of(waits.use.reason);
    record.mend = mend_of(waits.use.reason);
    return record;
}

std::vector<charging::Again> Desk::charge_again(std::span<const WaitingUse> waiting) {
    const Instant now = state_.clock.now();
    charger_.pass(now);
    std::map<Hash128, OpenSession> came_to;  // by what is charged here, of sessions that ended
    std::vector<charging::Again> done;
    for (const WaitingUse& waits : waiting) {
        const OnlineUse& use = waits.use;
        const Hash128 key = rating::session_key(use.key, use.meter, use.subscription);
        if (!came_to.contains(key)) {
            const auto stored = state_.store->open_sessions({}, std::span(&key, 1));
            if (!stored) throw StoreFailure{stored.error()};
            if (!stored->empty()) came_to[key] = stored->front();
        }
        const auto known = came_to.find(key);
        done.push_back(charger_.charge_again(
            waits, known == came_to.end() ? std::nullopt : std::optional(known->second), now));
        if (done.back().sum) came_to[key] = *done.back().sum;
    }
    return done;
}

Result<void> retry_online(Engine::State& state, const SuspenseFilter& filter, bool preview,
                          Report& report) try {
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
    FARTHING_TRY(const auto waiting, waiting_online(state, filter));
    if (waiting.empty()) return {};
    FARTHING_TRY(Desk* const desk, state.open_desk());
    for (const charging::Again& one : desk->charge_again(waiting)) {
        report.received += 1;
        report.outcomes[static_cast<std::size_t>(one.outcome)] += 1;
        report.charged.atoms += narrow64(one.atoms).value_or(0);
        if (one.outcome == Outcome::suspended)
            report.count_suspended(std::string(name_of(one.why)), 1);
    }
    report.batches += 1;
    report.charged.currency = desk->currency();
    const Result<void> done = preview ? Result<void>() : desk->commit();
    if (preview || !done) {  // the store has what is true
        state.forget_counters();
        state.followed = false;
        return done;
    }
    return let_money_come(state);
} catch (const StoreFailure& failure) {
    state.forget_counters();
    return fail(failure.error);
}

Result<std::int64_t> drop_online(Engine::State& state, const SuspenseFilter& filter,
                                 const std::string& because, bool preview) {
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
    FARTHING_TRY(const auto waiting, waiting_online(state, filter));
    std::vector<UsePlace> places;
    for (const WaitingUse& waits : waiting) places.push_back(waits.place);
    if (!preview && !places.empty())
        FARTHING_CHECK(state.store->drop_uses(places, because, state.clock.now()));
    return static_cast<std::int64_t>(places.size());
}

}  // namespace farthing::engine
