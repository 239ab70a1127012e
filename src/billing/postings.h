// What preparing a document posts. Private to this room.
#pragma once

#include <vector>

#include "billing/lines.h"

namespace farthing::billing {

// Revenue is posted exactly (to the atom), and what the lines round is posted to `rounding`: with
// what rating and earlier documents posted, `unbilled` then stands at exactly what the lines of all
// documents sum to. `usage` are the usage lines before earlier documents were taken off: partners'
// shares of usage are trued up to them.
Result<std::vector<Entry>> entries_of(const Context& context, const Invoice& invoice,
                                      const Totals& fees, const Totals& usage,
                                      const std::vector<InvoiceLine>& usage_lines);

}  // namespace farthing::billing
