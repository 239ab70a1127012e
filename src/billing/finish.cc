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

Result<Entry> invoice_entry(const Invoice& invoice) {
    Entry header;
    header.kind = EntryKind::invoice;
    header.invoice = invoice.id;
    header.payer = invoice.payer;
    header.period = invoice.period;
    header.currency = invoice.currency;
    ledger::EntryBuilder entry(header);
    const LedgerAccount receivable{LedgerKind::receivable, invoice.payer.value};
    const std::array<std::pair<LedgerAccount, i128>, 3> sources{
        {{{LedgerKind::unbilled, invoice.payer.value}, invoice.lines_total.atoms},
         {{LedgerKind::tax, 0}, invoice.tax.atoms},
         {{LedgerKind::rounding, 0}, invoice.net.atoms - invoice.lines_total.atoms}}};
    for (const auto& [account, atoms] : sources) {
        const auto narrow = narrow64(atoms);
        if (!narrow || !entry.move(receivable, account, *narrow)) {
            return fail(BillingReason::amount_out_of_range);
        }
    }
    return std::move(entry).finish();
}

}  // namespace

std::string series_prefix(const catalog::Version& version, Date today) {
    const std::string& series = version.documents.series;
    return with_date(series.substr(0, series.find(kNumber)), today);
}

std::string series_number(const catalog::Version& version, Date today, std::int64_t number) {
    const std::string& series = version.documents.series;
    const std::size_t at = series.find(kNumber);
    if (at == std::string::npos) return with_date(series, today) + std::to_string(number);
    const std::size_t end = std::min(series.find('}', at), series.size() - 1);
    const int width = width_of(std::string_view(series).substr(at, end - at));
    return series_prefix(version, today) + fmt::format("{:0{}}", number, width) +
           with_date(series.substr(end + 1), today);
}

Result<Sent> finish(const catalog::Version& version, Invoice prepared, std::int64_t number,
                    Date today) {
    if (prepared.state == InvoiceState::sent) {
        return fail(BillingReason::already_sent, fmt::format("{} was sent", prepared.number));
    }
    Sent sent{std::move(prepared), {}};
    sent.invoice.state = InvoiceState::sent;
    sent.invoice.number = series_number(version, today, number);
    sent.invoice.issued = today;
    sent.invoice.due = today.plus_days(version.documents.due_days);
    FARTHING_TRY(Entry entry, invoice_entry(sent.invoice));
    if (!entry.postings.empty()) sent.entries.push_back(std::move(entry));
    return sent;
}

}  // namespace farthing::billing
