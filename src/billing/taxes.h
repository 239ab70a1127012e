// Net, tax and payable of a document (EC58, EC73). Private to this room.
#pragma once

#include "billing/lines.h"

namespace farthing::billing {

// Fills net, taxes, tax and payable from the lines and `lines_total`.
Result<void> add_taxes(const Context& context, Invoice& invoice);

}  // namespace farthing::billing
