#include <fmt/format.h>

#include "base/utf8.h"
#include "render/documents.h"
#include "render/text_table.h"
#include "render/wording.h"

namespace farthing::render {

namespace {

// Names come from outside: nothing of them may reach the terminal as a control sequence.
std::string shown(std::string_view text) {
    return printable(text, 200);
}

constexpr std::size_t kDetailsShown = 20;  // of one line; the CSV has all of them

std::string head(const Invoice& invoice) {
    std::string text;
    const std::string_view mark = state_mark(invoice.state);
    if (!mark.empty()) text += fmt::format("*** {}: not sent, figures may change ***\n\n", mark);
    text += fmt::format("{} {}\n", document_title(invoice), shown(invoice_reference(invoice)));
    if (invoice.kind == DocumentKind::note) {
        text += fmt::format("Of       invoice {}, {}\n", shown(invoice.corrects_number),
                            date_text(invoice.corrects_issued));
    }
    text += fmt::format("From     {}\n", shown(invoice.seller_title));
    text += fmt::format("To       {}\n", shown(invoice.payer_title.empty() ? invoice.payer_name
                                                                           : invoice.payer_title));
    text += fmt::format("Period   {}\n", period_text(invoice.period));
    if (invoice.state == InvoiceState::sent) {
        text +=
            fmt::format("Issued   {}, due {}\n", date_text(invoice.issued), date_text(invoice.due));
    }
    for (const auto& [name, value] : invoice.fields)
        text += fmt::format("{}: {}\n", shown(name), shown(value));
    return text + "\n";
}

void add_line(TextTable& table, const Invoice& invoice, const InvoiceLine& line) {
    table.add({std::to_string(line.number), line.service, line.text, service_period_text(line),
               quantity_text(line), line.unit_price,
               amount_text(line.amount, invoice.line_digits)});
    std::size_t shown = 0;
    for (const LineDetail& detail : line.details) {
        if (shown == kDetailsShown) {
            table.add({"", "",
                       fmt::format("  … and {} more, in the CSV", line.details.size() - shown), "",
                       "", "", ""});
            break;
        }
        shown += 1;
        const std::string note = detail.note.empty() ? "" : ", " + detail.note;
        table.add({"", "", "  " + detail.subject + note, "", detail.quantity, "",
                   "(" + amount_text(detail.attributed, invoice.line_digits) + ")"});
    }
}

std::string adjustments(const Invoice& invoice) {
    std::string text;
    for (const Adjustment& adjustment : adjustments_apart(invoice)) {
        const std::string where =
            adjustment.line ? fmt::format(" on line {}", *adjustment.line) : "";
        text += fmt::format("Adjustment{}: {} ({})  {}\n", where, shown(adjustment.text),
                            shown(adjustment.reason),
                            amount_text(adjustment.amount, invoice.payable_digits));
    }
    return text;
}

}  // namespace

std::string invoice_text(const Invoice& invoice) {
    TextTable lines({{"#", Align::right},
                     {"Service", Align::left},
                     {"For", Align::left},
                     {"Period", Align::left},
                     {"Quantity", Align::right},
                     {"Price", Align::left},
                     {"Amount", Align::right}});
    for (const InvoiceLine& line : invoice.lines) add_line(lines, invoice, line);
    TextTable totals({{"", Align::left}, {"", Align::right}});
    totals.add({"Lines", amount_with_currency(invoice.lines_total, invoice.line_digits)});
    totals.add({"Net", amount_with_currency(invoice.net, invoice.payable_digits)});
    for (const TaxLine& tax : invoice.taxes) {
        totals.add({tax_text(tax) + " on " + amount_text(tax.net, invoice.payable_digits),
                    amount_with_currency(tax.tax, invoice.payable_digits)});
        if (!tax.text.empty()) totals.add({shown(tax.text), ""});
    }
    totals.add({"Payable", amount_with_currency(invoice.payable, invoice.payable_digits)});
    return head(invoice) + lines.text() + "\n" + adjustments(invoice) + totals.text().substr(1);
}

}  // namespace farthing::render
