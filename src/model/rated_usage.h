// Rated usage: one row per record and price that applied to it.
#pragma once

#include <cstdint>
#include <vector>

#include "base/civil.h"
#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

enum class OwnerKind : std::uint8_t { subscription = 1, group, account };  // whose counter it is

// Columns of equal length. Together with (batch, row) they say how each charge came about (R2: the
// counter's charge is the truth, a record's is its attribution at that moment).
struct RatedChunk {
    std::vector<std::uint32_t> row;  // of the usage chunk
    std::vector<Perspective> perspective;
    std::vector<SubscriptionId> subscription;
    std::vector<AccountId> payer;
    std::vector<ComponentId> component;
    std::vector<VersionNo> version;  // catalog version of its segment
    std::vector<OwnerKind> owner_kind;
    std::vector<std::uint32_t> owner;  // subscription, group or account id
    std::vector<std::uint64_t> item;   // row of a price list or deck; 0 for none
    std::vector<Date> window_first;
    std::vector<Date> window_end;
    std::vector<Instant> segment_start;
    std::vector<std::int64_t> billable;  // after session rounding
    std::vector<std::int64_t> from;      // the counter before (sum over segments up to its own)
    std::vector<std::int64_t> to;
    std::vector<std::int64_t> charge_atoms;  // usage charge and connection fee
    std::vector<std::int64_t> fee_atoms;     // of which connection fee and what a minimum adds
    // Sessions that it added to those below the minimum, and their quantity.
    std::vector<std::int32_t> below;
    std::vector<std::int64_t> below_quantity;

    std::size_t size() const { return row.size(); }
    void clear();
    void reserve(std::size_t rows);
};

}  // namespace farthing
