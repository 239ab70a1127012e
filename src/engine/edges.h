// What edges received against what came from them.
#pragma once

#include <vector>

#include "engine/state.h"

namespace farthing::engine {

// One line an edge; not ok where a file is missing, or the files hold another sum than the edge
// says.
Result<std::vector<CheckLine>> edges_of(Engine::State& state, const OpenFeed& feed);

}  // namespace farthing::engine
