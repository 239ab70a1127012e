#include "render/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "model/quantity.h"
#include "model/quantity_text.h"

namespace farthing::render {

namespace {

constexpr std::string_view kNarrowSpace = "\u202F";
constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::string_view month_name(Date date) {
    return kMonths[static_cast<unsigned>(date.civil().month()) - 1];
}
std::string_view month_short(Date date) {
    return month_name(date).substr(0, 3);
}
unsigned day_of(Date date) {
    return static_cast<unsigned>(date.civil().day());
}
int year_of(Date date) {
    return static_cast<int>(date.civil().year());
}

// "number", "minute", "account" and "lamp day" have a plural; "MB" has none, and what a catalog
// calls a unit may be of any language.
bool is_word(std::string_view unit) {
    if (unit == "subscription" || unit == "account" || unit.ends_with(" day")) return true;
    const Unit* const known = unit_named(unit);
    return known != nullptr && known->name == unit && unit.size() > 3 &&
           std::all_of(unit.begin(), unit.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

std::string grouped(std::string_view number) {
    const std::size_t start = number.starts_with('-') ? 1 : 0;
    std::size_t end = start;
    while (end < number.size() && number[end] >= '0' && number[end] <= '9') end += 1;
    std::string text = start == 1 ? "-" : "";
    for (std::size_t i = start; i < end; ++i) {
        if (i > start && (end - i) % 3 == 0) text += kNarrowSpace;
        text.push_back(number[i]);
    }
    return text.append(number.substr(end));
}

std::string amount_text(const Money& amount, int digits) {
    if (amount.currency == Currency{}) return {};
    std::string text = scaled_to_string(amount.atoms, amount.currency.atom_digits());
    const auto surplus = static_cast<std::size_t>(amount.currency.atom_digits() - digits);
    for (std::size_t cut = 0; cut < surplus && text.back() == '0'; ++cut) text.pop_back();
    if (text.back() == '.') text.pop_back();
    return grouped(text);
}

std::string amount_with_currency(const Money& amount, int digits) {
    if (amount.currency == Currency{}) return {};
    return std::string(amount.currency.code()) + "\u00A0" + amount_text(amount, digits);
}

std::string date_text(Date date) {
    return fmt::format("{} {} {}", day_of(date), month_name(date), year_of(date));
}

std::string period_text(DatePeriod period) {
    if (period.empty()) return {};
    const Date last = period.end.plus_days(-1);
    const std::string end = fmt::format("{} {} {}", day_of(last), month_short(last), year_of(last));
    if (last == period.first) return end;
    if (year_of(last) != year_of(period.first)) {
        return fmt::format("{} {} {} – {}", day_of(period.first), month_short(period.first),
                           year_of(period.first), end);
    }
    if (last.civil().month() != period.first.civil().month()) {
        return fmt::format("{} {} – {}", day_of(period.first), month_short(period.first), end);
    }
    return fmt::format("{}–{}", day_of(period.first), end);
}

std::string service_period_text(const InvoiceLine& line) {
    if (line.period.empty()) return {};
    const int days = line.period.days();
    std::string text =
        fmt::format("{} · {} {}", period_text(line.period), days, days == 1 ? "day" : "days");
    if (!(line.fraction == Exact(1))) text += ", " + line.fraction.to_fraction() + " of the cycle";
    return text;
}

std::string quantity_text(const InvoiceLine& line) {
    if (line.unit.empty() && line.quantity.is_zero()) return {};
    const std::string number = grouped(number_text(line.quantity, line.unit, 6));
    if (line.unit.empty()) return number;
    const bool many = is_word(line.unit) && !(line.quantity == Exact(1));
    return number + "\u00A0" + line.unit + (many ? "s" : "");
}

std::string_view document_title(const Invoice& invoice) {
    if (invoice.kind == DocumentKind::invoice) return "Invoice";
    return invoice.payable.atoms < 0 ? "Credit note" : "Debit note";
}

Money included_tax(const Invoice& invoice) {
    Money sum{0, invoice.currency};
    for (const TaxLine& tax : invoice.taxes) {
        if (!tax.included) continue;
        if (const auto next = checked_add(sum, tax.tax)) sum = *next;
    }
    return sum;
}

std::string invoice_reference(const Invoice& invoice) {
    if (!invoice.number.empty()) return invoice.number;
    if (invoice.kind == DocumentKind::note)
        return fmt::format("prepared, of {}", invoice.corrects_number);
    return fmt::format("{} {} {}", invoice.state == InvoiceState::draft ? "Draft" : "Prepared",
                       invoice.payer_name, to_string(invoice.period.first));
}

std::string_view state_mark(InvoiceState state) {
    switch (state) {
        case InvoiceState::draft: return "DRAFT";
        case InvoiceState::prepared: return "PREPARED";
        case InvoiceState::sent: return "";
    }
    return "";
}

std::vector<Adjustment> adjustments_apart(const Invoice& invoice) {
    for (const InvoiceLine& line : invoice.lines) {
        if (line.kind == LineKind::adjustment) return {};
    }
    return invoice.adjustments;
}

std::string tax_text(const TaxLine& tax) {
    if (tax.name.empty()) return fmt::format("{} {} %", tax.category, tax.percent.to_decimal(4));
    return tax.name;
}

}  // namespace farthing::render
