// Fees: the quantities that a payer pays for, day by day, cut into lines (EC69), split between
// payers (EC59), less what was billed before (EC72). Private to this room.
#pragma once

#include <vector>

#include "billing/fee_quantities.h"
#include "billing/lines.h"

namespace farthing::billing {

// Appends the lines to `document`, and to `totals` what each fee and cycle has come to, earlier
// documents included.
Result<void> append_fees(const Context& context, std::vector<Draft>& document, Totals& totals);

// What one fee comes to in a cycle, in the currency of the document and before it is rounded to a
// line.
Result<Exact> fee_amount(const Context& context, DatePeriod cycle, const FeeKey& key,
                         const FeeQuantity& quantity);
// Whether any version has fees of so many months.
bool any_fee_of(const catalog::Snapshot& catalog, int months);

// Days as a fee counts them, in cycles that begin on `bill_day`: of months that have no such day
// the last one stands for it. The counts of two adjoining periods add up.
int counted_days(catalog::Prorate prorate, DatePeriod days, unsigned bill_day = 1);

}  // namespace farthing::billing
