// The records that one chargeable record was made of, met again in the archive.
#pragma once

#include <vector>

#include "engine/state.h"
#include "store/archive.h"

namespace farthing::engine {

struct Parts {
    std::vector<store::UsageRow> rows;  // by event time
    bool whole = false;                 // their number, sum and digest are those that it names
    std::string words;
};
// REQUIRES: whole.parts > 0.
Result<Parts> parts_of(Engine::State& state, const store::UsageRow& whole);

}  // namespace farthing::engine
