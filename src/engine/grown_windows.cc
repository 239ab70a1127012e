#include "engine/grown_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/reasons.h"

namespace farthing::engine {

namespace {

// Windows further apart than this are read by themselves.
constexpr std::int64_t kApartMicros = kMicrosPerDay;

// Calls `each(chunk, index, row)` with the rows as chunks.
template <class Each>
void each_in_chunks(const std::vector<const store::UsageRow*>& rows, Each each) {
    for (std::size_t first = 0; first < rows.size(); first += kChunkRecordsMax) {
        const std::size_t end = std::min(rows.size(), first + kChunkRecordsMax);
        const std::vector<const store::UsageRow*> some(
            rows.begin() + static_cast<std::ptrdiff_t>(first),
            rows.begin() + static_cast<std::ptrdiff_t>(end));
        const UsageChunk chunk = chunk_of(some);
        for (std::size_t i = 0; i < some.size(); ++i) each(chunk, i, *some[i]);
    }
}

bool is_made_of_parts(const store::UsageRow& row) {
    return row.parts > 0 && row.outcome != Outcome::aggregated && row.outcome != Outcome::duplicate;
}

}  // namespace

GrownWindows::GrownWindows(Engine::State& state, const OpenFeed& feed, SourceId without)
    : state_(state), feed_(feed), without_(without), growth_(feed.feed, state.catalog.newest()) {}

Result<void> GrownWindows::meet(const UsageChunk& chunk) {
    std::vector<Met> met;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row) || !growth_.grows(chunk.meter[row])) continue;
        const std::size_t before = growth_.all().size();
        const mediation::Window& window = growth_.of(chunk, row);
        if (growth_.all().size() > before) met.push_back({window.start, window.owner});
    }
    if (met.empty()) return {};
    if (!sources_) FARTHING_CHECK(learn_sources());
    std::ranges::sort(met);
    for (std::size_t first = 0; first < met.size();) {
        std::size_t end = first + 1;
        while (end < met.size() && met[end].start <= met[end - 1].start.plus_micros(kApartMicros))
            end += 1;
        FARTHING_CHECK(read_back(std::span(met).subspan(first, end - first)));
        first = end;
    }
    known_ = growth_.all().size();
    return {};
}

// The batch has the turn: nothing is added beside it.
Result<void> GrownWindows::learn_sources() {
    FARTHING_TRY(const auto sources, state_.store->sources());
    sources_.emplace();
    for (const auto& row : sources) {
        if (row.source.feed == feed_.id && !row.taken_back_by && row.source.id != without_)
            sources_->insert(row.source.id);
    }
    FARTHING_TRY(files_, state_.store->files("usage"));
    return {};
}

Result<void> GrownWindows::read_back(std::span<const Met> met) {
    if (sources_->empty()) return {};
    std::vector<SubscriptionId> owners;
    for (const Met& one : met) owners.push_back(one.owner);
    std::ranges::sort(owners);
    owners.erase(std::ranges::unique(owners).begin(), owners.end());
    store::UsageFilter filter;
    filter.subscriptions = &owners;
    filter.start = Period{met.front().start,
                          met.back().start.plus_micros(feed_.feed.aggregation.window_micros)};
    const mediation::Feed::Aggregation& rules = feed_.feed.aggregation;
    using Quantity = mediation::Feed::Aggregation::Quantity;
    const auto tells_all = [](Quantity one) {
        return one == Quantity::max || one == Quantity::last;
    };
    if (rules.any(tells_all)) {
        filter.made_of_parts = true;
        FARTHING_CHECK(read_rows(filter));
        filter.made_of_parts = false;
    }
    if (rules.any(mediation::Feed::Aggregation::is_distinct)) {
        filter.outcome = Outcome::aggregated;
        FARTHING_CHECK(read_rows(filter));
    }
    return {};
}

Result<void> GrownWindows::read_rows(const store::UsageFilter& filter) {
    for (const auto& file : files_) {
        if (!file.may_hold_events(*filter.start)) continue;
        FARTHING_TRY(const auto rows,
                     store::read_usage(state_.store->archive_folder() / file.path, filter));
        std::vector<const store::UsageRow*> some;
        for (const store::UsageRow& row : rows) {
            if (sources_->contains(row.source)) some.push_back(&row);
        }
        learn(some);
    }
    return {};
}

// What parts added before sums up to what the window came to; of values each counts once.
void GrownWindows::learn(const std::vector<const store::UsageRow*>& rows) {
    each_in_chunks(rows, [&](const UsageChunk& chunk, std::size_t i, const store::UsageRow& row) {
        mediation::Window* window = growth_.find(chunk, i);
        if (window == nullptr || growth_.index_of(*window) < known_) return;
        const bool of_values = growth_.function(window->meter) == WindowFunction::distinct;
        if (is_made_of_parts(row)) {
            growth_.add_charged(*window, row.end, row.quantity);
        } else if (of_values) {
            growth_.add(chunk, i);
        }
    });
}

namespace {

using Rows = std::vector<const store::UsageRow*>;

// What other files' parts and chargeable records make of the windows of one.
class OfOthers {
  public:
    OfOthers(Engine::State& state, const OpenFeed& feed)
        : state_(state), feed_(feed), worth_(feed.feed, state.catalog.newest()) {}

    bool grows(const store::UsageRow& row) const { return worth_.grows(row.meter); }

    // The windows of these parts, and where in time they lie.
    Period take(const Rows& parts) {
        Period span{Instant::max(), Instant::min()};
        each_in_chunks(parts, [&](const UsageChunk& chunk, std::size_t i, const auto&) {
            const Instant start = worth_.of(chunk, i).start;
            span.start = std::min(span.start, start);
            span.end = std::max(span.end, start.plus_micros(feed_.feed.aggregation.window_micros));
        });
        return span;
    }

    void add(const Rows& rows) {
        each_in_chunks(rows,
                       [&](const UsageChunk& chunk, std::size_t i, const store::UsageRow& row) {
                           const mediation::Window* window = worth_.find(chunk, i);
                           if (window == nullptr) return;
                           Others& others = by_window_[worth_.index_of(*window)];
                           if (is_made_of_parts(row)) others.charged += row.quantity;
                           if (row.outcome != Outcome::aggregated) return;
                           worth_.add(chunk, i);
                           others.last = row.source;
                       });
    }

    // What they were charged is what their parts are worth.
    Result<void> require_equal() const {
        for (const auto& [index, others] : by_window_) {
            const mediation::Window& window = worth_.all()[index];
            if (window.growth == others.charged) continue;
            FARTHING_TRY(const auto later, state_.store->source(others.last));
            return fail(EngineReason::windows_go_on,
                        fmt::format("its window of {} went on: take back {} first",
                                    to_rfc3339(window.start), later->source.path));
        }
        return {};
    }

  private:
    struct Others {
        std::int64_t charged = 0;
        SourceId last;  // that came
    };
    Engine::State& state_;
    const OpenFeed& feed_;
    mediation::WindowGrowth worth_;
    std::map<std::size_t, Others> by_window_;
};

}  // namespace

Result<void> require_no_growth_since(Engine::State& state, const OpenFeed& feed,
                                     const StandingRecords& archive, SourceId file,
                                     const UsageRows& own) {
    OfOthers others(state, feed);
    Rows parts;
    std::vector<SubscriptionId> owners;
    for (const auto& [position, row] : own) {
        const bool part = row.source == file && row.outcome == Outcome::aggregated;
        if (!part || !others.grows(row)) continue;
        parts.push_back(&row);
        owners.push_back(row.subscription);
    }
    if (parts.empty()) return {};
    std::ranges::sort(owners);
    owners.erase(std::ranges::unique(owners).begin(), owners.end());
    store::UsageFilter filter;
    filter.subscriptions = &owners;
    filter.start = others.take(parts);
    const auto of_feed = archive.batches_of(feed.id);
    FARTHING_TRY(const UsageRows rows, archive.usage(&of_feed, filter));
    Rows of_others;
    for (const auto& [position, row] : rows) {
        if (row.source != file && others.grows(row)) of_others.push_back(&row);
    }
    others.add(of_others);
    return others.require_equal();
}

}  // namespace farthing::engine
