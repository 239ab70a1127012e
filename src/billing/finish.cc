// Sending: the number of the series, the dates, and what becomes receivable.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "billing/bill.h"

namespace farthing::billing {
namespace {

constexpr std::string_view kNumber = "{number";

std::string with_date(std::string text, Date day) {
    const auto civil = day.civil();
    const std::array<std::pair<std::string_view, std::string>, 2> values{
        {{"{year}", fmt::format("{:04}", static_cast<int>(civil.year()))},
         {"{month}", fmt::format("{:02}", static_cast<unsigned>(civil.month()))}}};
    for (const auto& [name, value] : values) {
        for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
            text.replace(at, name.size(), value);
        }
    }
    return text;
}

// "{number:4}" is padded to four digits.
int width_of(std::string_view placeholder) {
    int width = 1;
    if (const std::size_t colon = placeholder.find(':'); colon != std::string_view::npos) {
        std::from_chars(placeholder.data() + colon + 1, placeholder.data() + placeholder.size(),
                        width);
    }
    return std::min(width, 18);
}

Entry header_of(const Invoice& invoice, EntryKind kind) {
    Entry header;
    header.kind = kind;
    header.invoice = invoice.id;
    header.payer = invoice.payer;
    header.period = invoice.period;
    header.currency = invoice.currency;
    return header;
}

Money included_tax(const Invoice& invoice) {
    Money sum{0, invoice.currency};
    for (const TaxLine& tax : invoice.taxes) {
        if (tax.included) sum.atoms += tax.tax.atoms;  // within the lines' 64 bits
    }
    return sum;
}

LedgerAccount earned_on(const Invoice& invoice, const InvoiceLine& line) {
    switch (line.kind) {
        case LineKind::discount: return {LedgerKind::discount, line.component.value};
        case LineKind::adjustment: return {LedgerKind::adjustment, invoice.payer.value};
        case LineKind::fee:
        case LineKind::usage: break;
    }
    return {LedgerKind::revenue, line.component.value};
}

// Lines with tax in their price earned the tax too: it goes from what they earned to the tax, each
// line's part to the atom and the rest of the rounding with the last.
Result<Entry> included_entry(const Invoice& invoice) {
    ledger::EntryBuilder entry(header_of(invoice, EntryKind::tax));
    i128 left = included_tax(invoice).atoms;
    i128 last_part = 0;
    const InvoiceLine* last = nullptr;
    const auto move = [&](const InvoiceLine& line, i128 atoms) -> Result<void> {
        const auto narrow = narrow64(atoms);
        if (!narrow || !entry.move(earned_on(invoice, line), {LedgerKind::tax, 0}, *narrow))
            return fail(BillingReason::amount_out_of_range);
        return {};
    };
    for (const InvoiceLine& line : invoice.lines) {
        if (!line.tax.included) continue;
        const auto part =
            money_of(line.amount.exact() * line.tax.percent / (Exact(100) + line.tax.percent),
                     invoice.currency);
        if (!part) return fail(BillingReason::amount_out_of_range);
        if (last != nullptr) FARTHING_CHECK(move(*last, last_part));
        last = &line;
        last_part = part->atoms;
        left -= part->atoms;
    }
    if (last != nullptr) FARTHING_CHECK(move(*last, last_part + left));
    return std::move(entry).finish();
}

Result<Entry> invoice_entry(const Invoice& invoice) {
    const Money included = included_tax(invoice);
    ledger::EntryBuilder entry(header_of(invoice, EntryKind::invoice));
    const LedgerAccount receivable{LedgerKind::receivable, invoice.payer.value};
    const std::array<std::pair<LedgerAccount, i128>, 3> sources{
        {{{LedgerKind::unbilled, invoice.payer.value}, invoice.lines_total.atoms},
         {{LedgerKind::tax, 0}, invoice.tax.atoms - included.atoms},
         {{LedgerKind::rounding, 0},
          invoice.net.atoms + included.atoms - invoice.lines_total.atoms}}};
    for (const auto& [account, atoms] : sources) {
        const auto narrow = narrow64(atoms);
        if (!narrow || !entry.move(receivable, account, *narrow)) {
            return fail(BillingReason::amount_out_of_range);
        }
    }
    return std::move(entry).finish();
}

}  // namespace

const std::string& series_of(const catalog::Version& version, const Invoice& invoice) {
    return invoice.kind == DocumentKind::note ? version.documents.note_series
                                              : version.documents.series;
}

std::string series_prefix(std::string_view series, Date today) {
    return with_date(std::string(series.substr(0, series.find(kNumber))), today);
}

std::string series_number(std::string_view series, Date today, std::int64_t number) {
    const std::size_t at = series.find(kNumber);
    if (at == std::string::npos)
        return with_date(std::string(series), today) + std::to_string(number);
    const std::size_t end = std::min(series.find('}', at), series.size() - 1);
    const int width = width_of(series.substr(at, end - at));
    return series_prefix(series, today) + fmt::format("{:0{}}", number, width) +
           with_date(std::string(series.substr(end + 1)), today);
}

Result<Sent> finish(const catalog::Version& version, Invoice prepared, std::int64_t number,
                    Date today) {
    if (prepared.state == InvoiceState::sent) {
        return fail(BillingReason::already_sent, fmt::format("{} was sent", prepared.number));
    }
    Sent sent{std::move(prepared), {}};
    sent.invoice.state = InvoiceState::sent;
    sent.invoice.number = series_number(series_of(version, sent.invoice), today, number);
    sent.invoice.issued = today;
    sent.invoice.due = today.plus_days(version.documents.due_days);
    FARTHING_TRY(Entry entry, invoice_entry(sent.invoice));
    if (!entry.postings.empty()) sent.entries.push_back(std::move(entry));
    if (included_tax(sent.invoice).atoms != 0) {
        FARTHING_TRY(Entry tax, included_entry(sent.invoice));
        sent.entries.push_back(std::move(tax));
    }
    return sent;
}

}  // namespace farthing::billing
