#include "engine/explain_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/batch.h"
#include "mediation/windows.h"

namespace farthing::engine {

namespace {

// Parts lie in their batch, between the first and the last that the record names.
Result<std::vector<store::UsageRow>> rows_of(Engine::State& state, const store::UsageRow& whole,
                                             const mediation::Feed& feed) {
    store::UsageFilter filter;
    filter.batch = whole.batch;
    filter.subscription = whole.subscription;
    filter.source = whole.source;
    filter.outcome = Outcome::aggregated;
    filter.start = Period{whole.start, Instant::max()};
    mediation::Windows windows(feed, state.catalog.newest());
    const Instant start = windows.window_of(whole.start);
    std::vector<store::UsageRow> found;
    FARTHING_TRY(const auto files, state.store->files("usage"));
    for (const auto& file : files) {
        if (!file.may_hold(whole.batch)) continue;
        FARTHING_TRY(auto rows,
                     store::read_usage(state.store->archive_folder() / file.path, filter));
        for (store::UsageRow& row : rows) {
            const auto& rules = feed.aggregation;
            const bool part = row.meter == whole.meter && windows.window_of(row.start) == start &&
                              (!rules.by_network || row.network == whole.network) &&
                              (!rules.by_called || row.called == whole.called) &&
                              (!rules.by_calling || row.calling == whole.calling);
            if (part) found.push_back(std::move(row));
        }
    }
    std::ranges::sort(found, {}, [](const auto& row) { return std::pair(row.start, row.line); });
    return found;
}

}  // namespace

Result<Parts> parts_of(Engine::State& state, const store::UsageRow& whole) {
    Parts parts;
    FARTHING_TRY(const auto source, state.store->source(whole.source));
    const auto feed = std::ranges::find_if(state.feeds, [&](const auto& named) {
        return source && named.second.id == source->source.feed;
    });
    if (feed == state.feeds.end() || !feed->second.feed.makes_windows()) {
        parts.words =
            fmt::format("stands for {} records, digest {:016x}", whole.parts, whole.digest);
        return parts;
    }
    FARTHING_TRY(parts.rows, rows_of(state, whole, feed->second.feed));
    const mediation::Windows windows(feed->second.feed, state.catalog.newest());
    std::string growth;  // in words
    std::int64_t sum = 0;
    std::int64_t greatest = 0;
    std::uint64_t digest = 0;
    for (const store::UsageRow& row : parts.rows) {
        sum += row.quantity;
        greatest = std::max(greatest, row.quantity);
        digest += mediation::part_hash(archived_content(row), row.line);
    }
    const auto count = static_cast<std::int64_t>(parts.rows.size());
    parts.whole = count == whole.parts && digest == whole.digest;
    switch (windows.function(whole.meter)) {
        case WindowFunction::max:
            parts.whole = parts.whole && whole.quantity <= greatest;
            growth =
                fmt::format("; the greatest is {}, of which it adds {}", greatest, whole.quantity);
            break;
        case WindowFunction::distinct:
            parts.whole = parts.whole && whole.quantity <= count;
            growth = fmt::format("; {} of their values are new to the window", whole.quantity);
            break;
        case WindowFunction::sum:
        case WindowFunction::count:
            parts.whole =
                parts.whole && windows.quantity(whole.meter, count, sum, 0) == whole.quantity;
    }
    parts.words = fmt::format(
        "{} records of a window, {} to {}, digest {:016x}: {}", whole.parts,
        to_rfc3339(whole.start),
        to_rfc3339(parts.rows.empty() ? whole.start : parts.rows.back().start), whole.digest,
        parts.whole ? "the archive holds them all" : "the archive does not hold them as they were");
    parts.words += growth;
    return parts;
}

}  // namespace farthing::engine
