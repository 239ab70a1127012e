// What was charged while it happened goes from the database to the archive (R10). Private to this
// room.
#pragma once

#include <cstdint>

#include "engine/state.h"

namespace farthing::engine {

// Moves all of it; returns how many records. Its rows keep the batches that charged them.
Result<std::int64_t> archive_online(Engine::State& state);
// Where a record that no file told came from, in words: by its session and the request's number.
std::string online_source(const std::string& session, std::int64_t number);

}  // namespace farthing::engine
