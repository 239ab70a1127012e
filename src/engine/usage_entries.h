// The ledger entries of what rating moved: one per payer, price and period (R6).
#pragma once

#include <vector>

#include "model/currency.h"
#include "model/ledger_entry.h"
#include "rating/rater.h"

namespace farthing::engine {

// Unbilled against revenue, or what carriers charge; partners' shares beside them.
std::vector<Entry> usage_entries(const std::vector<rating::SegmentDelta>& deltas, Perspective side,
                                 Currency currency, BatchId batch);

}  // namespace farthing::engine
