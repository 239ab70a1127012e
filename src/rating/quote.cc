#include "rating/quote.h"

#include <algorithm>

#include "rating/mover.h"
#include "rating/resolver.h"
#include "rating/session.h"

namespace farthing::rating {

namespace {

// For how long a quote looks for the end of a price.
constexpr std::int64_t kLookMicros = 8 * kMicrosPerDay;

// The largest number up to `high` for which `holds` says yes. REQUIRES: it does for `low`, and up
// to some number only.
template <class Holds>
std::int64_t last_that(std::int64_t low, std::int64_t high, Holds holds) {
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2 + (high - low) % 2;
        if (holds(middle)) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

std::optional<std::int64_t> sum_atoms(std::span<const Standing> standings, std::int64_t raw) {
    i128 sum = 0;
    for (const Standing& standing : standings) {
        const auto atoms = session_atoms(standing, raw);
        if (!atoms) return std::nullopt;
        sum += *atoms;
    }
    return narrow64(sum);
}

// Up to where, in raw quantities, what all prices together cost only rises: a volume price falls
// where its next band begins.
std::vector<std::int64_t> rises_until(std::span<const Standing> standings, std::int64_t most) {
    std::vector<std::int64_t> ends;
    for (const Standing& standing : standings) {
        const Pricing& pricing = *standing.pricing;
        const catalog::UsageCharge& charge = pricing.charge();
        if (charge.mode != catalog::BandMode::volume) continue;
        for (const catalog::Band& band : charge.bands) {
            const auto inside = [&](std::int64_t raw) {
                const i128 total = i128{standing.total} + billable_of(raw, pricing.rule());
                const auto narrow = narrow64(total);
                return narrow && paid_of(charge, *narrow, standing.allowance) <= band.to;
            };
            if (inside(0)) ends.push_back(last_that(0, most, inside));
        }
    }
    ends.push_back(most);
    std::ranges::sort(ends);
    return ends;
}

class Quoter {
  public:
    Quoter(const catalog::Snapshot& catalog, const directory::Directory& directory,
           CounterTable& counters, const QuoteRequest& request)
        : catalog_(catalog),
          directory_(directory),
          counters_(counters),
          request_(request),
          resolver_(catalog, directory),
          mover_(catalog, directory, counters) {
        chunk_.resize(1);
        chunk_.subscription[0] = request.subscription;
        chunk_.start[0] = chunk_.end[0] = request.when;
        chunk_.quantity[0] = request.raw;
        chunk_.network[0] = request.network;
        chunk_.called[0] = request.called;
        chunk_.calling[0] = request.calling;
        chunk_.meter[0] = request.meter;
    }

    Quote run() {
        const auto found = resolver_.lanes(chunk_, 0, Perspective::retail, {}, quote_.why);
        if (found.empty()) return std::move(quote_);
        quote_.why = SuspenseReason::none;
        const std::vector<Lane*> lanes(found.begin(), found.end());
        for (std::size_t i = 0; i < lanes.size(); ++i) {
            if (!stand(i, *lanes[i])) return std::move(quote_);
        }
        if (request_.balance_atoms) {
            quote_.affordable = standings_.empty()
                                    ? Affordable{.units = std::max<std::int64_t>(most_, 0)}
                                    : affordable(standings_, *request_.balance_atoms, most_);
        }
        rate();
        return std::move(quote_);
    }

  private:
    // Where the price at the session's start stands.
    bool stand(std::size_t which, Lane& base) {
        const Instant when = request_.when;
        const std::uint32_t ruling = price_at(*base.version, *base.charge, when, clock_);
        Lane* lane =
            ruling == 0 ? &base : resolver_.in_band(which, ruling - 1, chunk_, 0, quote_.why);
        if (lane == nullptr) return false;
        quote_.why = SuspenseReason::none;
        if (!lane->span.contains(when)) mover_.bind(*lane, when);
        Move none;
        mover_.plan(*lane, when, resolver_.day_of(base, when), {}, none);
        if (base.charge->limit) {  // no price, but nothing beyond it is sold
            most_ = std::min(most_, narrow64(mover_.left_after(none)).value_or(0));
            return true;
        }
        const Beyond at = mover_.position(*lane, none.from);
        const std::int64_t allowance = at.free;
        const Pricing& pricing = *lane->pricing;
        // What a sponsor pays takes nothing from the balance.
        if (pricing.charge().paid_by.empty())
            standings_.push_back({lane->pricing, at.from, allowance});
        const std::int64_t billable =
            pricing.countable(request_.raw) ? billable_of(request_.raw, pricing.rule()) : 0;
        quote_.parts.push_back(
            {&pricing.charge(), lane->row, pricing.rule(), at.from, allowance, billable});
        most_ = std::min(most_, units_of_this_price(base, pricing.rule(), ruling));
        return true;
    }

    // Base units before a session over the edge of a time band, or over a change of price, has
    // another price than that of its start.
    std::int64_t units_of_this_price(const Lane& base, const catalog::SessionRule& rule,
                                     std::uint32_t ruling) {
        const Instant when = request_.when;
        const std::int64_t unit = unit_micros(*base.version, *base.charge);
        if (unit == 0) return kQuantityMax;
        Instant edge = Instant::max();
        if (rule.at_price_change != catalog::AtEdge::start)
            edge = resolver_.price_holds_until(base, when);
        if (!base.charge->in_bands.empty() && rule.at_band != catalog::AtEdge::start)
            edge = std::min(edge, band_ends(base, ruling));
        if (edge == Instant::max()) return kQuantityMax;
        const auto at =
            rule.at_price_change != catalog::AtEdge::start ? rule.at_price_change : rule.at_band;
        return units_before(edge, when, unit, at, rule.increments);
    }

    Instant band_ends(const Lane& base, std::uint32_t ruling) {
        Instant edge = request_.when;
        while (edge.micros - request_.when.micros < kLookMicros) {
            edge = clock_.at(*base.version, edge).span.end;
            if (price_at(*base.version, *base.charge, edge, clock_) != ruling) return edge;
        }
        return Instant::max();
    }

    void rate() {
        RatedChunk rated;
        Rater rater(catalog_, directory_, counters_);
        rater.rate(chunk_, rated);
        quote_.why = chunk_.reason[0];
        i128 sum = 0;
        i128 sponsored = 0;
        for (std::size_t i = 0; i < rated.size(); ++i) {
            if (rated.row[i] != 0) continue;
            (is_sponsored(rated, i) ? sponsored : sum) += rated.charge_atoms[i];
        }
        const auto atoms = narrow64(sum);
        const auto sponsored_atoms = narrow64(sponsored);
        if (atoms && sponsored_atoms) {
            quote_.atoms = *atoms;
            quote_.sponsored_atoms = *sponsored_atoms;
        } else {
            quote_.why = SuspenseReason::charge_out_of_range;
        }
    }

    bool is_sponsored(const RatedChunk& rated, std::size_t i) const {
        const catalog::Version* version = catalog_.numbered(rated.version[i]);
        return !find_charge(*version, rated.component[i]).charge->paid_by.empty();
    }

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    CounterTable& counters_;
    const QuoteRequest& request_;
    Resolver resolver_;
    Mover mover_;
    BandClock clock_;
    UsageChunk chunk_;
    std::vector<Standing> standings_;
    std::int64_t most_ = kQuantityMax;
    Quote quote_;
};

}  // namespace

std::optional<std::int64_t> session_atoms(const Standing& standing, std::int64_t raw) {
    const Pricing& pricing = *standing.pricing;
    if (!pricing.countable(raw)) return std::nullopt;
    const SessionUse use = pricing.use_of(raw, true);
    const auto to = narrow64(i128{standing.total} + use.billable);
    const auto amounts =
        to ? pricing.atoms(standing.total, *to, use.totals, standing.allowance) : std::nullopt;
    return amounts ? narrow64(i128{amounts->usage} + amounts->fee) : std::nullopt;
}

Affordable affordable(std::span<const Standing> standings, std::int64_t balance_atoms,
                      std::int64_t most) {
    Affordable result;
    std::int64_t grace = INT64_MAX;
    for (const Standing& standing : standings)
        grace = std::min(grace, standing.pricing->rule().grace);
    // A session within the grace is free, but nobody knows that it ends there.
    const std::int64_t first = standings.empty() ? 0 : std::min(grace, kQuantityMax - 1) + 1;
    const auto first_atoms = sum_atoms(standings, first);
    result.first_atoms = first_atoms.value_or(INT64_MAX);
    const auto affords = [&](std::int64_t raw) {
        const auto atoms = sum_atoms(standings, raw);
        return atoms && *atoms <= std::max<std::int64_t>(balance_atoms, 0);
    };
    if (standings.empty() || most < 1 || !first_atoms || !affords(first)) return result;
    for (const std::int64_t end : rises_until(standings, most)) {
        if (end > result.units && affords(end)) {
            result.units = end;
            continue;
        }
        if (end > result.units) {
            result.units = last_that(result.units, end, [&](std::int64_t raw) {
                return raw == result.units || affords(raw);
            });
            break;
        }
    }
    result.atoms = sum_atoms(standings, result.units).value_or(0);
    return result;
}

Quote quote(const catalog::Snapshot& catalog, const directory::Directory& directory,
            CounterTable& counters, const QuoteRequest& request) {
    return Quoter(catalog, directory, counters, request).run();
}

}  // namespace farthing::rating
