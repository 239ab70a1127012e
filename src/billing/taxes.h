// Which rule taxes a line, and net, tax and payable of a document (EC57, EC58, EC73). Private to
// this room.
#pragma once

#include <span>

#include "billing/lines.h"

namespace farthing::billing {

// The rule for a line of that category: by the country of the payer (or of the department, where
// the catalog says so) and the last day of its service.
Result<LineTax> tax_of(const Context& context, std::string_view category, AccountId department,
                       DatePeriod service);
// Gives fee and usage lines their tax. A note keeps what its invoice said of the same line.
Result<void> tax_lines(const Context& context, std::span<Draft> lines);
// Fills net, taxes, tax and payable from the lines and `lines_total`.
Result<void> add_taxes(const Context& context, Invoice& invoice);

}  // namespace farthing::billing
