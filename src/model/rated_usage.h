// Rated usage: one row per record and price that applied to it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

enum class OwnerKind : std::uint8_t { subscription = 1, group, account };  // whose counter it is

// Billable base units on one day of a window.
struct DayPart {
    std::uint32_t day = 0;
    std::int64_t billable = 0;
    bool operator==(const DayPart&) const = default;
};

// A record of an earlier batch, of which a row tells a correction. Row -1: no record.
struct RecordRef {
    BatchId batch;
    std::int64_t row = -1;
    constexpr auto operator<=>(const RecordRef&) const = default;
};

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
    std::vector<Instant> when;       // the event time by which it was counted
    std::vector<std::int32_t> fees;  // sessions with a connection fee that it added
    // Where a row's quantity does not lie on the day of `when`: on which days it does, by row of
    // this chunk.
    std::vector<std::pair<std::uint32_t, DayPart>> days;
    // Whose contribution each row is, where that is no record of the chunk at hand, and whether the
    // row takes it back; else empty.
    std::vector<RecordRef> record;
    std::vector<std::uint8_t> taken_back;

    std::size_t size() const { return row.size(); }
    void clear();
    void reserve(std::size_t rows);
    // Drops the rows from that one on.
    void truncate(std::size_t rows);
};
// Appends the rows of `more` as they are.
void append(RatedChunk& chunk, const RatedChunk& more);
// Likewise, but those of its row 0 as rows of `row`.
void append(RatedChunk& chunk, const RatedChunk& more, std::uint32_t row);

}  // namespace farthing
