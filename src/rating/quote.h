// What a session would cost from where its customer's counters stand, and how much of it a balance
// affords: the seam of online charging.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/outcome.h"
#include "rating/rater.h"
#include "rating/standing.h"

namespace farthing::rating {

// Atoms of a session of `raw` base units at one price: with its increments, fee and minimum.
// nullopt beyond 64 bits.
std::optional<std::int64_t> session_atoms(const Standing& standing, std::int64_t raw);

struct Affordable {
    std::int64_t units = 0;        // base units that the session may use; 0: it is refused
    std::int64_t atoms = 0;        // what they cost
    std::int64_t first_atoms = 0;  // what the first of them costs: a whole block, fee and minimum
};
// The most, up to `most`, that `balance_atoms` affords at all of the prices together: no quantity
// up to it costs more, also where a tier makes everything cheaper (EC45). What the first block
// costs must be there (EC18). REQUIRES: 0 ≤ most ≤ kQuantityMax.
Affordable affordable(std::span<const Standing> standings, std::int64_t balance_atoms,
                      std::int64_t most);

struct QuoteRequest {
    SubscriptionId subscription;
    MeterId meter;
    NetworkKey network;
    std::string_view called = {};
    std::string_view calling = {};
    Instant when;
    std::int64_t raw = 0;  // base units
    std::optional<std::int64_t> balance_atoms = {};
};
struct Quote {
    SuspenseReason why = SuspenseReason::none;  // why it has no price
    struct Part {
        const catalog::UsageCharge* charge = nullptr;
        const catalog::RateRow* row = nullptr;
        catalog::SessionRule rule;
        std::int64_t total = 0;  // where its counter stands
        std::int64_t allowance = 0;
        std::int64_t billable = 0;
    };
    std::vector<Part> parts;           // the prices in which the session begins
    std::int64_t atoms = 0;            // of the whole session, over all the prices that it meets
    std::int64_t sponsored_atoms = 0;  // likewise, of those that a sponsor pays
    // Of what can be used before another price begins.
    std::optional<Affordable> affordable;
};
// REQUIRES: the counters are thrown away afterwards.
Quote quote(const catalog::Snapshot& catalog, const directory::Directory& directory,
            CounterTable& counters, const QuoteRequest& request);

}  // namespace farthing::rating
