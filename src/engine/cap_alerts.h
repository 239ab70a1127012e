// The caps of accounts that usage reaches: each threshold is told once a cycle, in the commit that
// made it true, whether usage came in files or was charged while it happened. Private to this room.
#pragma once

#include <cstdint>

#include "engine/state.h"
#include "store/store.h"

namespace farthing::engine {

constexpr int kAlertPercents[] = {50, 80, 100};

// Calls `visit` with each part of the cap that is reached.
template <class Visit>
void each_reached(i128 spent, std::int64_t cap, const Visit& visit) {
    for (const int percent : kAlertPercents)
        if (cap != 0 && spent * 100 >= i128{cap} * percent) visit(percent);
}

// What the batch reaches with what is stored already. REQUIRES: it is our turn.
Result<void> tell_caps(Engine::State& state, store::BatchCommit& batch);

}  // namespace farthing::engine
