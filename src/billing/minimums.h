// Minimum commitments: what a cycle's charges fall short of, as a line (EC63). Private to this
// room.
#pragma once

#include <vector>

#include "billing/lines.h"

namespace farthing::billing {

// Appends the lines to `document`. `fees` and `usage` say what the charges have come to in all; the
// minimums are added to `fees`.
Result<void> append_minimums(const Context& context, const Totals& usage, Totals& fees,
                             std::vector<Draft>& document);

}  // namespace farthing::billing
