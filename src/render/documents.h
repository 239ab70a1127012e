// Documents for people and machines. Pure and deterministic: the same invoice gives the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/invoice.h"

namespace farthing::render {

// The canonical form (docs/reference/invoice-json.md); money as decimal strings.
std::string invoice_json(const Invoice& invoice);
Result<Invoice> read_invoice_json(std::string_view json);  // the store keeps documents in this form

// Lines and their details, one row each; text cells that a spreadsheet would run as a formula are
// escaped.
std::string invoice_csv(const Invoice& invoice);

// A4, fonts embedded, byte-identical when made twice. `logo_png`: empty for none.
Result<std::string> invoice_pdf(const Invoice& invoice, std::string_view logo_png);

std::string statement_json(const Statement& statement);
std::string statement_text(const Statement& statement);
// The document as a terminal shows it.
std::string invoice_text(const Invoice& invoice);

}  // namespace farthing::render
