// How documents for people word amounts, days and references.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/invoice.h"

namespace farthing::render {

// "6 001.32": at least `digits` decimals (more where the amount has them), thousands apart by
// narrow spaces.
std::string amount_text(const Money& amount, int digits);
// "EUR 6 001.32"
std::string amount_with_currency(const Money& amount, int digits);
// "31 January 2026"
std::string date_text(Date date);
// Both ends inclusive, no longer than needed: "16–31 Jan 2026", "16 Jan – 14 Feb 2026", "31 Jan
// 2026".
std::string period_text(DatePeriod period);
// "16–31 Jan 2026 · 16 days, 16/31 of the cycle"; the fraction only where it is not the whole.
std::string service_period_text(const InvoiceLine& line);
// "60 numbers", "1 200.5 MB"; empty where the line has no unit and counts nothing.
std::string quantity_text(const InvoiceLine& line);
// A whole number or decimal with thousands apart: "1 234 567.5".
std::string grouped(std::string_view number);
// The number, or "Draft" / "Prepared" with the account while it has none.
std::string invoice_reference(const Invoice& invoice);
// "Invoice", "Credit note" or "Debit note".
std::string_view document_title(const Invoice& invoice);
// Tax that the lines hold already.
Money included_tax(const Invoice& invoice);
// What stands over a document that was not sent: "DRAFT", "PREPARED"; empty when sent.
std::string_view state_mark(InvoiceState state);
// Adjustments that no line shows yet.
std::vector<Adjustment> adjustments_apart(const Invoice& invoice);
// The name of the tax, or category and percent where it has none: "VAT 20 %".
std::string tax_text(const TaxLine& tax);

}  // namespace farthing::render
