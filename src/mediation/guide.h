// Guiding: which subscription a record belongs to, at event time.
#pragma once

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "model/usage.h"

namespace farthing::mediation {

// Sets `subscription` of the live rows and whether they are `further`, then their `content`;
// unknown identities are suspended, but those of a feed that rates costs: rating says so for the
// side that it matters to. `reverse` given: usage to a destination that somebody owns at event time
// is the owner's, whoever called (reverse billing); it names the services.
void guide(const directory::Directory& directory, UsageChunk& chunk,
           const catalog::Version* reverse = nullptr);
// Suspends live rows whose identity changes its owner between their start and end. Of records that
// stand for others, whose owners an edge does not know.
void suspend_shared(const directory::Directory& directory, UsageChunk& chunk);

}  // namespace farthing::mediation
