// Fees of a prepaid payer as they fall due, each by itself: what is taken from its balance before
// any document is made. Pure.
#pragma once

#include <vector>

#include "billing/bill.h"
#include "model/prepaid_fee.h"

namespace farthing::billing {

struct DueFee {
    PrepaidFee fee;
    std::int64_t atoms = 0;
    bool owed_if_uncovered = false;
};

// What fell due from `since` to `input.due_by` of the periods that go on and, in arrears, of those
// that ended last. In the order in which it is taken. REQUIRES: `input.due_by` is given.
Result<std::vector<DueFee>> due_fees(const Input& input, Date since);

}  // namespace farthing::billing
