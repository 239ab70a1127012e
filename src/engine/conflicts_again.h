// Records that waited because another's content was other. Private to this room.
#pragma once

#include "engine/batch.h"

namespace farthing::engine {

// Presents those of a feed whose key `batch` has freed, but for `gone`'s own, and closes their
// waiting. What a person corrected stays for the person to retry.
Result<void> present_conflicts(Engine::State& state, OpenFeed& feed, SourceId gone, Batch& batch);

}  // namespace farthing::engine
