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

// What the parts of a window come to.
struct PartSums {
    PartSums(const mediation::Windows& windows, const std::vector<store::UsageRow>& rows)
        : count(static_cast<std::int64_t>(rows.size())) {
        for (const store::UsageRow& row : rows) {
            sum += row.quantity;
            greatest = std::max(greatest, row.quantity);
            last = std::max(last, {windows.when(row.start, row.end), row.quantity});
            digest += mediation::part_hash(archived_content(row), row.line);
        }
    }
    std::int64_t count;
    std::int64_t sum = 0;
    std::int64_t greatest = 0;
    std::pair<Instant, std::int64_t> last{Instant::min(), 0};
    std::uint64_t digest = 0;
};

// What a chargeable record of that quantity adds to its window, in words; none: it is no sum of
// these parts, or can't be of them.
std::optional<std::string> growth_of(const mediation::Windows& windows,
                                     const store::UsageRow& whole, const PartSums& parts) {
    const std::int64_t adds = whole.quantity;
    switch (windows.function(whole.meter)) {
        case WindowFunction::max:
            if (adds > parts.greatest) break;
            return fmt::format("; the greatest is {}, of which it adds {}", parts.greatest, adds);
        case WindowFunction::last:
            if (adds > parts.last.second) break;
            return fmt::format("; the last is {}, which changes what the window came to by {}",
                               parts.last.second, adds);
        case WindowFunction::distinct:
            if (adds > parts.count) break;
            return fmt::format("; {} of their values are new to the window", adds);
        case WindowFunction::sum:
        case WindowFunction::count:
            if (adds != windows.quantity(whole.meter, parts.count, parts.sum, 0)) break;
            return std::string();
    }
    return std::nullopt;
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
    const PartSums sums(windows, parts.rows);
    const auto growth = growth_of(windows, whole, sums);
    parts.whole = growth && sums.count == whole.parts && sums.digest == whole.digest;
    parts.words = fmt::format(
        "{} records of a window, {} to {}, digest {:016x}: {}", whole.parts,
        to_rfc3339(parts.rows.empty() ? whole.start : parts.rows.front().start),
        to_rfc3339(parts.rows.empty() ? whole.start : parts.rows.back().start), whole.digest,
        parts.whole ? "the archive holds them all" : "the archive does not hold them as they were");
    if (growth) parts.words += *growth;
    return parts;
}

}  // namespace farthing::engine
