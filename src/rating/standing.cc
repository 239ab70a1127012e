#include "rating/standing.h"

#include <algorithm>

#include "rating/mover.h"
#include "rating/resolver.h"
#include "rating/session.h"

namespace farthing::rating {

namespace {

// For how long the end of a price is looked for.
constexpr std::int64_t kLookMicros = 8 * kMicrosPerDay;

}  // namespace

std::optional<std::int64_t> highest_atoms(const Level& level, std::int64_t billable) {
    const Curve& usage = level.pricing->usage();
    const catalog::UsageCharge& charge = level.pricing->charge();
    const auto before = usage.atoms(level.total, level.allowance);
    if (!before) return std::nullopt;
    i128 highest = 0;
    const auto reach = [&](std::int64_t further) {
        const auto to = narrow64(i128{level.total} + level.counted(further));
        const auto atoms = to ? usage.atoms(*to, level.allowance) : std::nullopt;
        if (!atoms) return false;
        highest = std::max(highest, i128{*atoms} - *before);
        return true;
    };
    if (!reach(billable)) return std::nullopt;
    if (charge.mode != catalog::BandMode::volume) return narrow64(highest);
    for (const catalog::Band& band : charge.bands) {
        // The last further unit that is still paid at this band's price.
        std::int64_t low = 0;
        std::int64_t high = billable;
        const auto inside = [&](std::int64_t further) {
            return paid_of(charge, level.total + further, level.allowance) <= band.to;
        };
        if (!inside(low)) continue;
        while (low < high) {
            const std::int64_t middle = low + (high - low) / 2 + (high - low) % 2;
            if (inside(middle)) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        if (!reach(low)) return std::nullopt;
    }
    return narrow64(highest);
}

SuspenseReason Stander::stand(const UsageChunk& chunk, std::size_t row, Standings& found) {
    found.clear();
    SuspenseReason why = SuspenseReason::none;
    const auto lanes = resolver_.lanes(chunk, row, Perspective::retail, {}, why);
    if (lanes.empty()) return why;
    found.holds_until = resolver_.holds_until();
    lanes_.assign(lanes.begin(), lanes.end());
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        why = stand_one(chunk, row, i, *lanes_[i], found);
        if (why != SuspenseReason::none) return why;
    }
    return SuspenseReason::none;
}

bool Stander::one_price(UsageChunk& chunk, std::size_t row, Perspective perspective,
                        Instant other) {
    const Instant own = chunk.start[row];
    const auto [first, last] = std::minmax(own, other);
    chunk.start[row] = first;
    SuspenseReason why = SuspenseReason::none;
    const auto lanes = resolver_.lanes(chunk, row, perspective, {}, why);
    lanes_.assign(lanes.begin(), lanes.end());
    Instant until = lanes_.empty() ? Instant::max() : resolver_.holds_until();
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        Lane& base = *lanes_[i];
        if (unit_micros(*base.terms->version, *base.terms->charge) != 0) {
            until = Instant::max();
            break;
        }
        const std::uint32_t ruling =
            price_at(*base.terms->version, *base.terms->charge, first, clock_);
        const Lane* lane = ruling == 0 ? &base : resolver_.in_band(i, ruling - 1, chunk, row, why);
        until = std::min(until, lane == nullptr ? first : lane->terms->natural.end);
        if (!base.terms->charge->in_bands.empty())
            until = std::min(until, band_ends(base, ruling, first));
    }
    chunk.start[row] = own;
    return last < until;
}

SuspenseReason Stander::stand_one(const UsageChunk& chunk, std::size_t row, std::size_t which,
                                  Lane& base, Standings& found) {
    const Instant when = chunk.start[row];
    const std::uint32_t ruling = price_at(*base.terms->version, *base.terms->charge, when, clock_);
    SuspenseReason why = SuspenseReason::none;
    Lane* lane = ruling == 0 ? &base : resolver_.in_band(which, ruling - 1, chunk, row, why);
    if (lane == nullptr) return why;
    mover_.follow(*lane, when);
    Move none;
    mover_.plan(*lane, when, resolver_.day_of(base, when), {}, none);
    found.holds_until = std::min(found.holds_until, lane->terms->natural.end);
    if (base.terms->charge->limit) {  // no price, but nothing beyond it is sold
        const std::int64_t left = narrow64(mover_.left_after(none)).value_or(0);
        found.limits.push_back({lane->key(), left});
        return SuspenseReason::none;
    }
    const std::uint32_t day = resolver_.day_of(base, when);
    const Beyond at = mover_.position(*lane, none.from, when, day);
    found.prices.push_back({{lane->pricing, at.from, at.free, at.covered},
                            lane->key(),
                            lane->payer,
                            lane->terms->row,
                            lane->terms->version->capped_plan(lane->terms->charge->id)});
    if (const auto change = mover_.buckets_change(*lane, day))
        found.holds_until =
            std::min(found.holds_until, lane->terms->version->zone.start_of(*change));
    const Instant band_end =
        base.terms->charge->in_bands.empty() ? Instant::max() : band_ends(base, ruling, when);
    found.holds_until = std::min(found.holds_until, band_end);
    found.most =
        std::min(found.most, units_of_this_price(base, lane->pricing->rule(), when, band_end));
    return SuspenseReason::none;
}

// Base units before a session over the edge of a time band, or over a change of price, has another
// price than that of its start.
std::int64_t Stander::units_of_this_price(const Lane& base, const catalog::SessionRule& rule,
                                          Instant when, Instant band_end) const {
    const std::int64_t unit = unit_micros(*base.terms->version, *base.terms->charge);
    if (unit == 0) return kQuantityMax;
    Instant edge = Instant::max();
    if (rule.at_price_change != catalog::AtEdge::start)
        edge = resolver_.price_holds_until(base, when);
    if (rule.at_band != catalog::AtEdge::start) edge = std::min(edge, band_end);
    if (edge == Instant::max()) return kQuantityMax;
    const auto at =
        rule.at_price_change != catalog::AtEdge::start ? rule.at_price_change : rule.at_band;
    return units_before(edge, when, unit, at, rule.increments);
}

Instant Stander::band_ends(const Lane& base, std::uint32_t ruling, Instant when) {
    Instant edge = when;
    while (edge.micros - when.micros < kLookMicros) {
        edge = clock_.at(*base.terms->version, edge).span.end;
        if (price_at(*base.terms->version, *base.terms->charge, edge, clock_) != ruling)
            return edge;
    }
    return Instant::max();
}

}  // namespace farthing::rating
