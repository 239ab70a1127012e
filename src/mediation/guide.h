// Guiding: which subscription a record belongs to, at event time.
#pragma once

#include "directory/directory.h"
#include "model/usage.h"

namespace farthing::mediation {

// Sets `subscription` of the live rows, then their `content`; unknown identities are suspended.
void guide(const directory::Directory& directory, UsageChunk& chunk);

}  // namespace farthing::mediation
