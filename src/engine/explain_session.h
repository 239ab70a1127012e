// How a record's raw quantity became billable, in words: the first stage of rating.
#pragma once

#include "catalog/snapshot.h"
#include "engine/engine.h"
#include "store/archive.h"

namespace farthing::engine {

void add_session_words(const catalog::Snapshot& catalog, const store::RatedRow& row,
                       const store::UsageRow& usage, Explanation& e);

}  // namespace farthing::engine
