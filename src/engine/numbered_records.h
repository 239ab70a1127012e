// Of feeds whose owners number their records: which numbers did not come.
#pragma once

#include <vector>

#include "engine/state.h"

namespace farthing::engine {

// One line of a feed that tells duplicates by numbers, none of others; not ok where one is missing.
Result<std::vector<CheckLine>> numbered_records(Engine::State& state, const OpenFeed& feed);

}  // namespace farthing::engine
