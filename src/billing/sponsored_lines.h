// What this payer's accounts used and a sponsor pays for: a line of nothing that says how much, and
// who pays. Private to this room.
#pragma once

#include <vector>

#include "billing/lines.h"

namespace farthing::billing {

Result<std::vector<Draft>> sponsored_lines(const Context& context);

}  // namespace farthing::billing
