// How a record's raw quantity became billable, in words: the first stage of rating.
#pragma once

#include "catalog/snapshot.h"
#include "engine/engine.h"
#include "store/archive.h"

namespace farthing::engine {

// "to 10 MB 0 per MB, 0.02 per MB; in the hour from 14:00 of 2026-06-03": the price of a charge
// that is priced by bands, and which hour or day an item of its counters is.
std::string shape_words(const catalog::Version& version, const catalog::UsageCharge& charge,
                        std::uint64_t item);

// "counted in steps of 1 minute, connection fee 0.05": a session's rule; empty when it has none.
std::string rule_words(const catalog::SessionRule& rule, const catalog::Meter& meter);

void add_session_words(const catalog::Snapshot& catalog, const store::RatedRow& row,
                       const store::UsageRow& usage, Explanation& e);

}  // namespace farthing::engine
