#include "engine/numbered_records.h"

#include <fmt/format.h>

#include "base/decimal.h"
#include "engine/reasons.h"
#include "engine/suspense_groups.h"
#include "mediation/number_gaps.h"

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

}  // namespace

Result<std::vector<CheckLine>> numbered_records(Engine::State& state, const OpenFeed& feed) try {
    std::vector<CheckLine> lines;
    if (feed.feed.sequence == 0) return lines;
    FARTHING_TRY(const auto segments, state.store->dedup_segments());
    std::vector<std::string> stored;
    for (const auto& [id, segment] : segments) {
        if (id == feed.id) stored.push_back(segment.path);
    }
    FARTHING_TRY(const auto found, mediation::number_gaps(feed.feed, stored, state.key_reader()));
    CheckLine line;
    line.name = "numbers " + feed.feed.name;
    line.ok = found.missing == 0;
    line.text = text_of(state, found);
    SuspenseFilter filter;
    filter.feed = feed.feed.name;
    FARTHING_TRY(const auto groups, open_groups(state, filter));
    std::int64_t waiting = 0;
    for (const OpenGroup& group : groups) waiting += group.open();
    if (waiting > 0 && !line.ok)
        line.text += fmt::format("; {} records wait, some of them may be those", grouped(waiting));
    lines.push_back(std::move(line));
    return lines;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::vector<CheckLine>> Engine::feed_numbers(const std::string& name) {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    return numbered_records(*state_, feed->second);
}

}  // namespace farthing::engine
