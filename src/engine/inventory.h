// Inventory feeds: a daily file that adds and removes numbers. The billed quantity of a
// subscription follows the numbers it holds; the same file twice changes nothing.
#pragma once

#include <string_view>

#include "base/error.h"
#include "engine/state.h"
#include "mediation/feed.h"
#include "model/directory_facts.h"
#include "model/usage.h"

namespace farthing::engine {

struct InventoryChange {
    DirectoryFacts facts;
    UsageChunk rows;  // one row a record: aggregated, duplicate (changes nothing) or suspended
};
// `whole`: all rows of the file are there, not just some that waited; what they don't list may go.
Result<InventoryChange> read_inventory(const Engine::State& state, const mediation::Feed& feed,
                                       std::string_view bytes, bool whole);

}  // namespace farthing::engine
