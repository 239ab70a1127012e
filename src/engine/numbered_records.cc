#include "engine/numbered_records.h"

#include <fmt/format.h>

#include "base/decimal.h"
#include "engine/reasons.h"
#include "engine/suspense_groups.h"
#include "mediation/number_gaps.h"
#include "mediation/slot_gaps.h"

namespace farthing::engine {

namespace {

constexpr std::size_t kShown = 20;

std::string text_of(const Engine::State& state, const mediation::NumberGaps::Found& found) {
    std::string text =
        fmt::format("{} records of {} owners", grouped(found.came), grouped(found.owners));
    if (found.missing == 0) return text + ", none missing";
    text += fmt::format(", {} missing: ", grouped(found.missing));
    for (std::size_t i = 0; i < found.gaps.size(); ++i) {
        if (i == kShown) return text + " …";
        const auto& [owner, numbers] = found.gaps[i];
        text += fmt::format("{}{} {}", i == 0 ? "" : ", ",
                            state.directory.subscription(owner).fact.name, numbers.first);
        if (numbers.length > 1) text += fmt::format("-{}", numbers.end() - 1);
    }
    return text;
}

std::string counted(std::int64_t count, std::string_view what) {
    return fmt::format("{} {}{}", grouped(count), what, count == 1 ? "" : "s");
}

std::string text_of(const mediation::SlotGaps::Found& found) {
    std::string text =
        counted(found.came, "slot") + " of " + counted(found.subscriptions, "subscription");
    if (found.missing == 0) return text + ", none missing";
    text += fmt::format(", {} missing in {}", grouped(found.missing), counted(found.gaps, "gap"));
    if (found.gaps > static_cast<std::int64_t>(found.longest.size()))
        text += fmt::format(", of which the longest {} are told", found.longest.size());
    return text;
}

// Slots are told by when they begin.
Finding finding_of(const Engine::State& state, const mediation::Feed& feed,
                   const mediation::SlotGaps::Gap& gap) {
    const auto start_of = [&](std::int64_t slot) { return Instant{slot * feed.slots.micros}; };
    Finding finding;
    finding.kind = "slots_missing";
    finding.subject = state.directory.subscription(gap.subscription).fact.name;
    finding.feed = feed.name;
    finding.since = start_of(gap.first);
    finding.until = start_of(gap.first + gap.length);
    finding.records = gap.length;
    finding.text = fmt::format("{}: {}, {}", finding.subject, counted(gap.length, "slot"),
                               to_rfc3339(finding.since));
    if (gap.length > 1)
        finding.text += fmt::format(" to {}", to_rfc3339(start_of(gap.first + gap.length - 1)));
    return finding;
}

std::vector<mediation::StoredKeys> keys_of(Engine::State& state, const OpenFeed& feed) {
    const auto segments = state.store->dedup_segments();
    if (!segments) throw StoreFailure{segments.error()};
    std::vector<mediation::StoredKeys> stored;
    for (const auto& [id, segment] : *segments) {
        if (id == feed.id) stored.push_back({segment.path, segment.first_day, segment.last_day});
    }
    return stored;
}

Result<void> tell_numbers(Engine::State& state, const OpenFeed& feed, CheckLine& line) {
    std::vector<std::string> paths;
    for (const auto& keys : keys_of(state, feed)) paths.push_back(keys.path);
    FARTHING_TRY(const auto found, mediation::number_gaps(feed.feed, paths, state.key_reader()));
    line.ok = found.missing == 0;
    line.text = text_of(state, found);
    return {};
}

Result<void> tell_slots(Engine::State& state, const OpenFeed& feed, CheckLine& line) {
    FARTHING_TRY(const auto found,
                 mediation::slot_gaps(feed.feed, keys_of(state, feed), state.key_reader()));
    line.text = text_of(found);
    for (const auto& gap : found.longest)
        line.findings.push_back(finding_of(state, feed.feed, gap));
    return {};
}

Result<void> tell_waiting(Engine::State& state, const OpenFeed& feed, CheckLine& line) {
    if (line.ok && line.findings.empty()) return {};
    SuspenseFilter filter;
    filter.feed = feed.feed.name;
    FARTHING_TRY(const auto groups, open_groups(state, filter));
    std::int64_t waiting = 0;
    for (const OpenGroup& group : groups) waiting += group.open();
    if (waiting > 0)
        line.text += fmt::format("; {} records wait, some of them may be those", grouped(waiting));
    return {};
}

Result<void> tell_all(Engine::State& state, const OpenFeed& feed, CheckLine& line) try {
    FARTHING_CHECK(feed.feed.sequence > 0 ? tell_numbers(state, feed, line)
                                          : tell_slots(state, feed, line));
    return tell_waiting(state, feed, line);
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace

std::vector<CheckLine> numbered_records(Engine::State& state, const OpenFeed& feed) {
    const bool numbers = feed.feed.sequence > 0;
    if (!numbers && feed.feed.slots.micros < kMicrosPerSecond) return {};
    CheckLine line;
    line.name = (numbers ? "numbers " : "slots ") + feed.feed.name;
    if (const auto told = tell_all(state, feed, line); !told) {
        line.ok = false;  // the other feeds are told all the same
        line.text = told.error().to_string();
    }
    return {std::move(line)};
}

Result<std::vector<CheckLine>> Engine::feed_numbers(const std::string& name) {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    return numbered_records(*state_, feed->second);
}

}  // namespace farthing::engine
