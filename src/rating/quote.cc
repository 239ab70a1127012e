#include "rating/quote.h"

#include <algorithm>

#include "rating/session.h"

namespace farthing::rating {

namespace {

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
                const i128 total =
                    i128{standing.total} + standing.counted(billable_of(raw, pricing.rule()));
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

UsageChunk chunk_of(const QuoteRequest& request) {
    UsageChunk chunk;
    chunk.resize(1);
    chunk.subscription[0] = request.subscription;
    chunk.start[0] = chunk.end[0] = request.when;
    chunk.quantity[0] = request.raw;
    chunk.network[0] = request.network;
    chunk.called[0] = request.called;
    chunk.calling[0] = request.calling;
    chunk.meter[0] = request.meter;
    return chunk;
}

// The prices in which it begins, and what a balance affords of them.
void describe(const QuoteRequest& request, const Standings& found, Quote& quote) {
    std::int64_t most = found.most;
    for (const LimitStanding& limit : found.limits) most = std::min(most, limit.left);
    std::vector<Standing> own;  // what a sponsor pays takes nothing from the balance
    for (const Standing& standing : found.prices) {
        const Pricing& pricing = *standing.pricing;
        if (pricing.charge().paid_by.empty()) own.push_back(standing);
        const std::int64_t billable =
            pricing.countable(request.raw) ? billable_of(request.raw, pricing.rule()) : 0;
        quote.parts.push_back({&pricing.charge(), standing.row, pricing.rule(), standing.total,
                               standing.allowance, billable});
    }
    if (!request.balance_atoms) return;
    quote.affordable = own.empty() ? Affordable{.units = std::max<std::int64_t>(most, 0)}
                                   : affordable(own, *request.balance_atoms, most);
}

// What the customer pays of it, and what sponsors do.
void sum_up(const catalog::Snapshot& catalog, const RatedChunk& rated, Quote& quote) {
    i128 sum = 0;
    i128 sponsored = 0;
    for (std::size_t i = 0; i < rated.size(); ++i) {
        if (rated.row[i] != 0) continue;
        const catalog::Version* version = catalog.numbered(rated.version[i]);
        const bool own = find_charge(*version, rated.component[i]).charge->paid_by.empty();
        (own ? sum : sponsored) += rated.charge_atoms[i];
    }
    const auto atoms = narrow64(sum);
    const auto sponsored_atoms = narrow64(sponsored);
    if (atoms && sponsored_atoms) {
        quote.atoms = *atoms;
        quote.sponsored_atoms = *sponsored_atoms;
    } else {
        quote.why = SuspenseReason::charge_out_of_range;
    }
}

}  // namespace

std::optional<std::int64_t> session_atoms(const Standing& standing, std::int64_t raw) {
    const Pricing& pricing = *standing.pricing;
    if (!pricing.countable(raw)) return std::nullopt;
    const SessionUse use = pricing.use_of(raw, true);
    const auto to = narrow64(i128{standing.total} + standing.counted(use.billable));
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
    Quote quote;
    UsageChunk chunk = chunk_of(request);
    Rater rater(catalog, directory, counters);
    Standings found;
    quote.why = rater.stand(chunk, 0, found);
    if (quote.why != SuspenseReason::none) return quote;
    describe(request, found, quote);
    RatedChunk rated;
    rater.rate(chunk, rated);
    quote.why = chunk.reason[0];
    sum_up(catalog, rated, quote);
    return quote;
}

}  // namespace farthing::rating
