// Discounts: lines after what they take from, in the order of the plan (EC65). Private to this
// room.
#pragma once

#include <span>
#include <vector>

#include "billing/lines.h"

namespace farthing::billing {

// The discount lines for `charged`, fee and usage lines in document order. One line per discount,
// department and tax category; its details are its part of each line it takes from, in the order of
// `charged`.
Result<std::vector<Draft>> discount_lines(const Context& context, std::span<const Draft> charged);

}  // namespace farthing::billing
