// What assurance finds in an open engine. Private to this room.
#pragma once

#include "engine/state.h"

namespace farthing::engine {

// The check "anomalies": one line with its findings; it is always ok.
Result<CheckLine> find_anomalies(Engine::State& state);

}  // namespace farthing::engine
