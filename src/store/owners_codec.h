// Whose counters a batch changed, as bytes beside it: who has counters in memory reads those again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/batch.h"

namespace farthing::store {

// nullopt: so many that it is quicker to read everything again.
std::optional<std::string> pack_owners(const std::vector<CounterPack>& packs);
// Sorted, each once; nullopt where the bytes are damaged.
std::optional<std::vector<OwnerBlock>> unpack_owners(std::string_view bytes);

}  // namespace farthing::store
