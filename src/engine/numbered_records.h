// Which records did not come: of feeds whose owners number them, the numbers; of those that tell
// them by slots, the slots.
#pragma once

#include <vector>

#include "engine/state.h"

namespace farthing::engine {

// One line of a feed that tells duplicates by numbers, not ok where one is missing, or by slots of
// a second or more: those are told as findings, since a device may have been off. Of others none. A
// feed whose keys can't be read says so in its line.
std::vector<CheckLine> numbered_records(Engine::State& state, const OpenFeed& feed);

}  // namespace farthing::engine
