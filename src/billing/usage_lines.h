// Usage: one line per price, department and window, from the exact sum of its counters (R3), less
// what was billed before (EC72). Private to this room.
#pragma once

#include <vector>

#include "billing/lines.h"

namespace farthing::billing {

struct UsageLines {
    std::vector<Draft> lines;        // what the document shows
    std::vector<InvoiceLine> clean;  // each price and window in all, earlier documents included
    Totals totals;
};
Result<UsageLines> usage_lines(const Context& context);

}  // namespace farthing::billing
