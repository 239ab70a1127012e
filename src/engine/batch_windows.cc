// Aggregation: a batch makes one chargeable record of the records of a window that one source
// brought. Windows are never held back: what comes later, in another file or batch, becomes a
// further record of the same window. Since a charge is the difference of a cumulated price, the
// totals are those of one record, and of all the parts by themselves (R12 keeps apart what a price
// tells apart). Of windows that are no sum, a record carries what its parts add to what the window
// came to before: less than nothing where its last part is smaller, which gives units back.
#include <algorithm>
#include <bit>

#include "base/assert.h"
#include "engine/batch.h"

namespace farthing::engine {

namespace {

// The sum up to which a window's price is tried at once: few questions, and none beyond what
// counters count.
std::int64_t tried_up_to(std::int64_t quantity) {
    const auto next =
        static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(quantity)));
    return std::min(std::max(next, quantity), std::max(quantity, kQuantityMax));
}

}  // namespace

Result<void> Batch::add_parts(UsageChunk& chunk, const Source& source) {
    if (windows_source_ != source.id) FARTHING_CHECK(close_windows());
    windows_source_ = source.id;
    if (!windows_) windows_.emplace(feed_.feed, state_.catalog.newest());
    std::vector<std::uint32_t> fell_out;
    const Timed timed(Stage::window);
    if (feed_.feed.aggregation.any_grows()) {
        if (!grown_) grown_.emplace(state_, feed_, left_out_);
        FARTHING_CHECK(grown_->meet(chunk));
    }
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        if (!add_part(chunk, row)) fell_out.push_back(static_cast<std::uint32_t>(row));
        if (alone_) FARTHING_CHECK(close_windows());
    }
    // Or their retry would be a duplicate of itself.
    if (!fell_out.empty()) dedup_->withdraw(chunk, fell_out);
    return add_settled(chunk, source);
}

// Makes the record a part of its window, or suspends it: its parts share what a price tells apart,
// so what can't be charged of one can't be charged of any.
bool Batch::add_part(UsageChunk& chunk, std::size_t row) {
    mediation::Window& window = windows_->of(chunk, row);
    const bool grows = windows_->grows(window.meter);
    if (chunk.quantity[row] > windows_->sum_max(window.meter) - window.sum) {
        chunk.suspend(row, SuspenseReason::charge_out_of_range);
        return false;
    }
    const std::optional<std::int64_t> growth = grows ? grown_->growth(chunk, row) : 0;
    if (!growth) {
        chunk.suspend(row, SuspenseReason::too_many_values);
        return false;
    }
    const std::int64_t quantity = windows_->quantity(
        window.meter, window.parts + 1, window.sum + chunk.quantity[row], window.growth + *growth);
    const SuspenseReason why = refusal_of(window, chunk, row, quantity);
    if (why != SuspenseReason::none) {
        chunk.suspend(row, why);
        return false;
    }
    mediation::Windows::add(window, chunk, row,
                            mediation::part_hash(chunk.content[row], chunk.line[row]));
    // A later part of `last` counts from then on, also where it adds nothing.
    const bool tells = *growth != 0 || windows_->function(window.meter) == WindowFunction::last;
    if (tells) grown_->add(chunk, row);
    window.growth += *growth;
    chunk.outcome[row] = Outcome::aggregated;
    return true;
}

// Why the record's window can't be charged if it comes to that quantity. What does not go by the
// quantity is asked once for all its parts.
SuspenseReason Batch::refusal_of(mediation::Window& window, UsageChunk& chunk, std::size_t row,
                                 std::int64_t quantity) {
    const bool tried = quantity >= 0 && quantity <= window.priced_up_to;
    if (tried || window.refused != SuspenseReason::none) return window.refused;
    const Instant own = chunk.start[row];
    chunk.start[row] = windows_->charged_at(window.meter, own);
    std::int64_t up_to = quantity < 0 ? quantity : tried_up_to(quantity);
    SuspenseReason why = state_.rater->refusal(chunk, row, up_to);
    if (why == SuspenseReason::charge_out_of_range)
        why = state_.rater->refusal(chunk, row, up_to = quantity);
    chunk.start[row] = own;
    if (why == SuspenseReason::none) window.priced_up_to = std::max(window.priced_up_to, up_to);
    const bool by_quantity =
        why == SuspenseReason::charge_out_of_range || why == SuspenseReason::counter_holds_less;
    if (!by_quantity) window.refused = why;
    return why;
}

Result<void> Batch::close_windows() {
    if (!windows_ || windows_->empty()) return {};
    const Timed timed(Stage::window);
    const std::span<const mediation::Window> all = windows_->all();
    for (std::size_t first = 0; first < all.size(); first += kChunkRecordsMax)
        FARTHING_CHECK(
            charge_windows(all.subspan(first, std::min(kChunkRecordsMax, all.size() - first))));
    windows_->clear();
    return {};
}

Result<void> Batch::charge_windows(std::span<const mediation::Window> windows) {
    UsageChunk chunk;
    chunk.source = windows_source_;
    chunk.tells_parts = true;
    std::vector<const mediation::Window*> charged;
    for (const mediation::Window& window : windows) {
        if (window.parts > 0) charged.push_back(&window);  // else none of it can be charged
    }
    chunk.resize(charged.size());
    for (std::size_t row = 0; row < charged.size(); ++row) {
        const mediation::Window& window = *charged[row];
        chunk.subscription[row] = window.owner;
        chunk.meter[row] = window.meter;
        chunk.network[row] = window.network;
        chunk.called[row] = window.called;
        chunk.calling[row] = window.calling;
        const Period span = windows_->span(window);
        chunk.start[row] = span.start;
        chunk.end[row] = span.end;
        chunk.line[row] = window.line;
        chunk.quantity[row] = windows_->quantity(window);
        for (std::size_t i = 0; i < chunk.reading.size(); ++i)
            chunk.reading[i][row] = window.reading[i];
        chunk.parts[row] = window.parts;
        chunk.digest[row] = window.digest;
    }
    FARTHING_CHECK(rate(chunk, Perspective::retail));
    for (std::size_t row = 0; row < charged.size(); ++row) {
        const mediation::Window& window = *charged[row];
        if (chunk.outcome[row] == Outcome::suspended) {
            FARTHING_ASSERT(!alone_);  // it was tried just before
            throw WindowRefused{};
        }
        WindowTotals& totals = window_totals_[{windows_source_, window.meter}];
        totals.source = windows_source_;
        totals.meter = window.meter;
        totals.function = windows_->function(window.meter);
        totals.parts += window.parts;
        totals.sum += window.sum;
        totals.quantity += chunk.quantity[row];
        (chunk.outcome[row] == Outcome::rated ? totals.rated : totals.zero_rated) += 1;
    }
    return archive(chunk);
}

}  // namespace farthing::engine
