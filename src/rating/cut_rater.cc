#include "rating/cut_rater.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::rating {

// A session of one stretch is planned and made as any record is. With several, the totals that a
// later stretch begins from are there only when the earlier ones were made: so all are planned
// first, each as if it were the whole session, which no part of it exceeds.
SuspenseReason CutRater::rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                              Perspective perspective, const EarlierParts& earlier) {
    const Instant start = chunk.start[row];
    bool free = true;
    std::size_t stretches = 0;
    SuspenseReason why = walk(chunk, row, nullptr, perspective, earlier, free, stretches);
    chunk.start[row] = start;
    if (why != SuspenseReason::none) return why;
    if (stretches == 1) {
        make(static_cast<std::uint32_t>(row), rated, free);
    } else {
        why = walk(chunk, row, &rated, perspective, earlier, free, stretches);
        chunk.start[row] = start;
        FARTHING_ASSERT(why == SuspenseReason::none);  // it was planned with more
    }
    if (free) chunk.outcome[row] = Outcome::zero_rated;
    return SuspenseReason::none;
}

SuspenseReason CutRater::refusal(UsageChunk& chunk, std::size_t row, Perspective perspective,
                                 const EarlierParts& earlier) {
    const Instant start = chunk.start[row];
    bool free = true;
    std::size_t stretches = 0;
    const SuspenseReason why = walk(chunk, row, nullptr, perspective, earlier, free, stretches);
    chunk.start[row] = start;
    return why;
}

SuspenseReason CutRater::walk(UsageChunk& chunk, std::size_t row, RatedChunk* rated,
                              Perspective perspective, const EarlierParts& earlier, bool& free,
                              std::size_t& stretches) {
    Stretch stretch;
    stretch.earlier = earlier;
    stretch.raw = chunk.quantity[row];
    stretches = 0;
    do {
        stretches += 1;
        const SuspenseReason why = plan(chunk, row, perspective, rated == nullptr, stretch);
        if (why != SuspenseReason::none) return why;
        if (rated != nullptr) make(static_cast<std::uint32_t>(row), *rated, free);
        chunk.start[row] = stretch.next;
        stretch.rest = stretch.left;
        stretch.first = false;
    } while (stretch.rest.with > 0);
    return SuspenseReason::none;
}

SuspenseReason CutRater::plan(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                              bool whole, Stretch& stretch) {
    SuspenseReason why = SuspenseReason::none;
    const auto found = resolver_.lanes(chunk, row, perspective, {}, why);
    if (found.empty()) return why;
    lanes_.assign(found.begin(), found.end());
    for (Lane* lane : lanes_) mover_.follow(*lane, chunk.start[row]);
    planned_.clear();
    parts_.clear();
    stretch.left = {};
    // Surcharges are not split: they are charged where the session begins.
    const std::size_t charged = stretch.first ? lanes_.size() : 1;
    for (std::size_t i = 0; i < charged && why == SuspenseReason::none; ++i) {
        why = plan_lane(chunk, row, i, *lanes_[i], whole, stretch);
    }
    const bool holds =
        !stretch.earlier.given_back || std::ranges::all_of(planned_, [&](const Planned& planned) {
            return mover_.holds(planned.move);
        });
    return why == SuspenseReason::none && !holds ? SuspenseReason::counter_holds_less : why;
}

Lane* CutRater::lane_of(const UsageChunk& chunk, std::size_t row, std::size_t which, Lane& base,
                        std::uint32_t price, SuspenseReason& why) {
    if (price == 0) return &base;
    Lane* lane = resolver_.in_band(which, price - 1, chunk, row, why);
    if (lane != nullptr) mover_.follow(*lane, chunk.start[row]);
    return lane;
}

// The rule is that of the price at the session's start; its pieces go to the prices of their own
// times.
SuspenseReason CutRater::plan_lane(const UsageChunk& chunk, std::size_t row, std::size_t which,
                                   Lane& base, bool whole, Stretch& stretch) {
    const Instant when = chunk.start[row];
    const std::uint32_t ruling = price_at(*base.terms->version, *base.terms->charge, when, clock_);
    SuspenseReason why = SuspenseReason::none;
    const Lane* const lane = lane_of(chunk, row, which, base, ruling, why);
    if (lane == nullptr) return why;
    const Pricing& pricing = *lane->pricing;
    const EarlierParts& earlier = stretch.earlier;
    if (!pricing.countable(earlier.raw + stretch.raw)) return SuspenseReason::charge_out_of_range;
    SessionUse with{stretch.rest.with, {}};
    SessionUse without{stretch.rest.without, {}};
    catalog::SessionRule rule = pricing.rule();
    if (stretch.first) {
        const bool answered = earlier.answered || chunk.answered(row);
        with = pricing.use_of(earlier.raw + stretch.raw, answered);
        if (earlier.any) without = pricing.use_of(earlier.raw, earlier.answered);
    } else {
        rule.increments = stretch.steps;
    }
    stretch.whole = std::max(stretch.whole, with.billable);
    Both billable{with.billable, without.billable};
    stop_at_change(base, rule, when, which == 0, billable, stretch);
    with.billable = billable.with;
    without.billable = billable.without;
    pieces_.clear();
    earlier_.clear();
    const catalog::UsageCharge& charge = *base.terms->charge;
    const bool cut =
        cut_at_bands(*base.terms->version, charge, rule, when, with.billable, clock_, pieces_) &&
        (!earlier.any || cut_at_bands(*base.terms->version, charge, rule, when, without.billable,
                                      clock_, earlier_));
    if (!cut) return SuspenseReason::charge_out_of_range;
    if (stretch.first && pricing.has_minimum()) {
        with.totals.below = below_minimum(chunk, row, which, base, pricing, pieces_) ? 1 : 0;
        without.totals.below = below_minimum(chunk, row, which, base, pricing, earlier_) ? 1 : 0;
        if (earlier.elsewhere) with.totals.below = without.totals.below = 0;
    }
    const bool several = stretch.left.with > 0 || !stretch.first;
    return plan_prices(chunk, row, which, base, ruling, with, without,
                       whole && several ? stretch.whole : 0);
}

// Where a new price begins, what is billable stops; the charge that leads says what is left for the
// next stretch.
void CutRater::stop_at_change(const Lane& base, const catalog::SessionRule& rule, Instant when,
                              bool leads, Both& billable, Stretch& stretch) const {
    const std::int64_t unit = unit_micros(*base.terms->version, *base.terms->charge);
    if (rule.at_price_change == catalog::AtEdge::start || unit == 0) return;
    const Instant change = resolver_.price_holds_until(base, when);
    if (change == Instant::max()) return;
    const std::int64_t before =
        units_before(change, when, unit, rule.at_price_change, rule.increments);
    const Both all = billable;
    billable = {std::min(all.with, before), std::min(all.without, before)};
    if (!leads || billable.with == all.with) return;
    stretch.left = {all.with - billable.with, all.without - billable.without};
    stretch.next = when.plus_micros(before * unit);
    stretch.steps = {rule.increments.next, rule.increments.next};
}

// One move for each price that has a piece. The session's own costs go where it begins.
SuspenseReason CutRater::plan_prices(const UsageChunk& chunk, std::size_t row, std::size_t which,
                                     Lane& base, std::uint32_t ruling, const SessionUse& with,
                                     const SessionUse& without, std::int64_t at_least) {
    const auto sum_of = [](const std::vector<SessionPiece>& pieces, std::uint32_t price) {
        std::int64_t sum = 0;
        for (const SessionPiece& piece : pieces) sum += piece.price == price ? piece.billable : 0;
        return sum;
    };
    for (std::uint32_t price = 0; price <= base.terms->charge->in_bands.size(); ++price) {
        const std::int64_t now = sum_of(pieces_, price);
        const std::int64_t before = sum_of(earlier_, price);
        SessionUse use{now - before, {}};
        if (price == ruling) {
            use.totals = with.totals - without.totals;
        }
        use.totals.below_quantity =
            (with.totals.below > 0 ? now : 0) - (without.totals.below > 0 ? before : 0);
        if (price != ruling && use.billable == 0 && use.totals == SessionTotals{}) continue;
        SuspenseReason why = SuspenseReason::none;
        Lane* const lane = lane_of(chunk, row, which, base, price, why);
        if (lane == nullptr) return why;
        // A limit counts once, where the session begins, and what it counts is already known.
        if (at_least > 0 && !lane->terms->charge->limit) use.billable = at_least;
        why = plan_price(base, *lane, chunk.start[row], price, use);
        if (why != SuspenseReason::none) return why;
    }
    return SuspenseReason::none;
}

SuspenseReason CutRater::plan_price(Lane& base, Lane& lane, Instant when, std::uint32_t price,
                                    SessionUse use) {
    Planned planned;
    planned.first_part = parts_.size();
    std::uint32_t last_day = 0;
    const auto days =
        lane.terms->windowed ? 1 : static_cast<std::uint32_t>(lane.terms->window.days());
    const auto add = [&](const std::vector<SessionPiece>& pieces, std::int64_t sign) {
        for (const SessionPiece& piece : pieces) {
            if (piece.price != price) continue;
            const Date date = base.terms->version->zone.date_of(piece.start);
            // What goes on beyond the window stays in it: its event time is the session's start.
            const std::uint32_t day =
                std::min(static_cast<std::uint32_t>(date - lane.terms->window.first), days - 1);
            parts_.push_back({day, sign * piece.billable});
            last_day = std::max(last_day, day);
        }
    };
    add(pieces_, 1);
    add(earlier_, -1);
    planned.parts = parts_.size() - planned.first_part;
    std::int64_t sum = 0;
    const auto parts = std::span(parts_).subspan(planned.first_part, planned.parts);
    for (const DayPart& part : parts) sum += part.billable;
    const bool lies_there = sum == use.billable;  // else it only asks what so much would come to
    if (!mover_.plan(lane, when, last_day, use, planned.move,
                     lies_there ? parts : std::span<const DayPart>())) {
        return SuspenseReason::charge_out_of_range;
    }
    if (!mover_.within_limit(planned.move)) return SuspenseReason::over_limit;
    planned_.push_back(planned);
    return SuspenseReason::none;
}

bool CutRater::below_minimum(const UsageChunk& chunk, std::size_t row, std::size_t which,
                             Lane& base, const Pricing& ruling,
                             const std::vector<SessionPiece>& pieces) {
    Exact sum;
    SuspenseReason ignored = SuspenseReason::none;  // planning tells it
    std::int64_t billable = 0;
    for (const SessionPiece& piece : pieces) {
        billable += piece.billable;
        const Lane* lane = lane_of(chunk, row, which, base, piece.price, ignored);
        if (lane != nullptr) sum += lane->pricing->price_of(piece.billable);
    }
    return billable > 0 && sum < ruling.minimum();
}

void CutRater::make(std::uint32_t row, RatedChunk& rated, bool& free) {
    for (Planned& planned : planned_) {
        planned.move.days = std::span(parts_).subspan(planned.first_part, planned.parts);
        mover_.make(planned.move, row, rated);
        free = free && planned.move.charge == 0;
    }
}

}  // namespace farthing::rating
