// Ids of charges, and the archive's rows that they mean. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/state.h"
#include "store/archive.h"

namespace farthing::engine {

// Which rated rows a charge id means: (batch, row), or (batch, counter).
struct ChargeId {
    BatchId batch;
    store::RatedFilter filter;
    std::optional<std::int64_t> row;  // then of this perspective
    Perspective side = Perspective::retail;
    OwnerKind owner_kind = OwnerKind::subscription;
    std::uint64_t item = 0;
};

// "chg-BATCH-s7-c2-20260601": the counter that a row moved, in the batch that wrote it.
std::string charge_id(const store::RatedRow& row);
std::optional<ChargeId> parse_charge_id(std::string_view id);
// All of it a number of digits.
std::optional<std::int64_t> number_in(std::string_view text);

struct ChargedRows {
    std::vector<store::RatedRow> rows;  // by where they stand in their counters
    BatchId corrected_by;               // a record that was rated again; none: it was not
    std::int64_t atoms_before = 0;      // then what it was charged at first
};
// A record that was rated again is what the last rating made of it; one whose charge was taken back
// is refused as charge_taken_back.
Result<ChargedRows> charged_rows(const Engine::State& state, const ChargeId& id);

}  // namespace farthing::engine
