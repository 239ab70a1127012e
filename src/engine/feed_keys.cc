// What it costs to tell a feed's duplicates, told from the keys that are stored.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/decimal.h"
#include "engine/reasons.h"
#include "engine/state.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kMillion = 1'000'000;

std::string rule_text(const mediation::Feed& feed) {
    if (feed.sequence > 0)
        return fmt::format("by the number in `{}` that each owner gives its records",
                           feed.keep_names[feed.sequence - 1]);
    if (feed.slots.micros >= kMicrosPerSecond)
        return fmt::format("by slots of {} s: one bit each", feed.slots.micros / kMicrosPerSecond);
    return "by keys of 128 bits, with the content that came";
}

// "12.3 MB for each million"
std::string per_million(std::int64_t bytes, std::int64_t keys) {
    const auto tenths =
        static_cast<std::int64_t>(i128{bytes} * 10 / std::max<std::int64_t>(keys, 1));
    return fmt::format("{}.{} MB for each million", tenths / 10, tenths % 10);
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
    lines.push_back(fmt::format("on the disk: {} keys in {} bytes, {}", grouped(keys),
                                grouped(bytes), per_million(bytes, keys)));
    feed->second.dedup.reset();  // the day is opened in one that no batch works with
    FARTHING_TRY(mediation::Dedup * dedup, s.dedup_of(feed->second));
    FARTHING_TRY(const mediation::Dedup::Cost cost, dedup->cost_of(*newest));
    feed->second.dedup.reset();
    lines.push_back(fmt::format("in memory, of {}: {} keys in {} bytes, {}", to_string(*newest),
                                grouped(cost.keys), grouped(cost.bytes),
                                per_million(cost.bytes, cost.keys)));
    return lines;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace farthing::engine
