// How each line of a document is shared with partners: the operator's part and theirs sum to the
// line (EC06).
#pragma once

#include <vector>

#include "catalog/snapshot.h"
#include "model/invoice.h"

namespace farthing::settlement {

struct PartnerPart {
    PartnerId partner;
    std::string name;
    Exact percent;  // 0 where the share is fixed, or a discount's lines have different ones
    Money before;   // of what earlier documents billed for the line
    Money share;    // of this line
};
struct SharedLine {
    const InvoiceLine* line = nullptr;
    Money charged;  // the line at the payable scale
    Money kept;     // the operator's part
    std::vector<PartnerPart> parts;
};

// The lines in which partners share. A percent share is of what the plan's discounts leave of a
// line, so a discount's line is shared in the same proportions as the lines it takes from; a fixed
// share is not reduced by discounts. Adjustments made by hand are the operator's own.
std::vector<SharedLine> shared_lines(const catalog::Snapshot& catalog, const Invoice& invoice);

}  // namespace farthing::settlement
