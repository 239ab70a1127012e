// Partner shares: split the lines of documents so that the parts sum to the whole (EC06).
#pragma once

#include <span>
#include <vector>

#include "catalog/snapshot.h"
#include "model/invoice.h"

namespace farthing::settlement {

// The statements of all partners who share in the lines of `invoice`: each line is split by largest
// remainder into the operator's part first and the partners' in catalog order, at the payable
// scale.
std::vector<Statement> statements_of(const catalog::Snapshot& catalog, const Invoice& invoice);
// Several documents of a period together, one statement a partner.
std::vector<Statement> merge(std::span<const Statement> statements);

}  // namespace farthing::settlement
