// What it costs to tell a feed's duplicates, told from the keys that are stored.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/decimal.h"
#include "engine/reasons.h"
#include "engine/state.h"

namespace farthing::engine {

namespace {

// What fewer keys take is mostly the page that holds them.
constexpr std::int64_t kToldFrom = 10'000;

std::string rule_text(const mediation::Feed& feed) {
    if (feed.sequence > 0)
        return fmt::format("by the number in `{}` that each owner gives its records",
                           feed.keep_names[feed.sequence - 1]);
    if (feed.slots.micros >= kMicrosPerSecond)
        return fmt::format("by slots of {} s: one bit each", feed.slots.micros / kMicrosPerSecond);
    return "by keys of 128 bits, with the content that came";
}

// "12,000 keys in 147,600 bytes, 12.3 MB for each million"
std::string size_of(std::int64_t bytes, std::int64_t keys) {
    std::string text = fmt::format("{} keys in {} bytes", grouped(keys), grouped(bytes));
    if (keys < kToldFrom) return text + "; too few to tell what a million take";
    const auto tenths = static_cast<std::int64_t>(i128{bytes} * 10 / keys);
    return text + fmt::format(", {}.{} MB for each million", tenths / 10, tenths % 10);
}

// Opens the day in one that no batch works with.
Result<mediation::Dedup::Cost> cost_of(Engine::State& state, OpenFeed& feed, Date day) try {
    feed.dedup.reset();
    FARTHING_TRY(mediation::Dedup * dedup, state.dedup_of(feed));
    auto cost = dedup->cost_of(day);
    feed.dedup.reset();
    return cost;
} catch (const StoreFailure& failure) {
    feed.dedup.reset();
    return fail(failure.error);
}

}  // namespace

Result<std::vector<std::string>> Engine::feed_keys(const std::string& name) try {
    State& s = *state_;
    const auto feed = s.feeds.find(name);
    if (feed == s.feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    std::vector<std::string> lines;
    if (feed->second.feed.kind != mediation::Feed::Kind::usage) return lines;
    const mediation::Feed& rules = feed->second.feed;
    lines.push_back(fmt::format("are told {}; records older than {} days wait as too_late",
                                rule_text(rules), rules.accept_late_micros / kMicrosPerDay));
    FARTHING_TRY(const auto segments, s.store->dedup_segments());
    std::int64_t keys = 0;
    std::int64_t bytes = 0;
    std::optional<Date> newest;
    for (const auto& [id, segment] : segments) {
        if (id != feed->second.id) continue;
        keys += segment.keys;
        std::error_code gone;  // `check archive` tells a file that is not there
        const auto size =
            std::filesystem::file_size(s.store->archive_folder() / segment.path, gone);
        if (!gone) bytes += static_cast<std::int64_t>(size);
        if (!newest || segment.last_day > *newest) newest = segment.last_day;
    }
    if (!newest) return lines;
    lines.push_back("on the disk: " + size_of(bytes, keys));
    const auto cost = cost_of(s, feed->second, *newest);
    lines.push_back(cost ? fmt::format("in memory, of {}: {}", to_string(*newest),
                                       size_of(cost->bytes, cost->keys))
                         : "can't be told: " + cost.error().to_string());
    return lines;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace farthing::engine
