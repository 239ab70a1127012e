// Packages that were bought: each stands on the document of the cycle in which it was.
#pragma once

#include "billing/lines.h"

namespace farthing::billing {

Result<void> append_packages(const Context& context, std::vector<Draft>& document, Totals& totals);

}  // namespace farthing::billing
