// Credit and debit notes: what of a composed document belongs to the invoice that it corrects
// (EC55, EC57). Private to this room.
#pragma once

#include <vector>

#include "billing/lines.h"
#include "billing/usage_lines.h"

namespace farthing::billing {

// Says which invoice the note corrects. REQUIRES: `input.corrects`.
void head_note(const Input& input, Invoice& note);
// Keeps what lies in the invoice's own cycle, or belongs to a line of it, and changed its amount.
void keep_corrected(const Context& context, std::vector<Draft>& lines, Totals& fees,
                    UsageLines& usage);
// By hand no line is credited more than it is, all notes together, and nothing of it that other
// documents gave back.
Result<void> check_credits(const Context& context);

}  // namespace farthing::billing
