// Documents for the tests of this room.
#pragma once

#include <string>

#include "base/decimal.h"
#include "model/invoice.h"

namespace farthing::render {

inline Currency euro() {
    return *Currency::named("EUR");
}
inline Money eur(std::string_view text) {
    return *Money::parse(text, euro());
}

inline InvoiceLine sample_line(std::uint32_t number, std::string service, std::string text,
                               std::string_view amount) {
    InvoiceLine line;
    line.number = number;
    line.kind = LineKind::fee;
    line.component = {number};
    line.version = {3};
    line.department = {2};
    line.department_title = "Sales";
    line.service = std::move(service);
    line.text = std::move(text);
    line.period = {Date::of(2026, 1, 1), Date::of(2026, 2, 1)};
    line.cycle = line.period;
    line.already_billed = eur("0");
    line.amount = eur(amount);
    line.exact = line.amount.exact();
    line.rounding = "toward_zero, 4 digits";
    line.tax_category = "standard";
    return line;
}

inline InvoiceLine sample_usage_line(std::uint32_t number) {
    InvoiceLine line = sample_line(number, "Data", "Data in the EU, shared by 60 SIMs", "12.5000");
    line.kind = LineKind::usage;
    line.quantity = Exact(250);
    line.unit = "MB";
    line.unit_price = "0.05 per MB over 3 GB included";
    line.arithmetic = "(3 250 MB − 3 000 MB) × 0.05";
    line.usage_unit = "byte";
    line.allowance = 3'000'000'000;
    for (int day = 0; day < 31; ++day) {
        line.usage_by_day.push_back(60'000'000 + (day * 37 % 11) * 9'000'000 +
                                    (day == 17 ? 153'225'806 : 0));
    }
    for (const std::int64_t used : line.usage_by_day) line.used += used;
    line.details = {
        {"SIM 8937204016150000017", "1 200 MB of the pool", "1 250 MB", Exact(25, 4), eur("6.25")},
        {"SIM 8937204016150000025", "", "1 100 MB", Exact(15, 4), eur("3.75")},
        {"SIM 8937204016150000033", "", "900 MB", Exact(5, 2), eur("2.50")}};
    return line;
}

// January of the number story, with a data pool, a discount and names in several scripts.
inline Invoice sample_invoice() {
    Invoice invoice;
    invoice.id = {17};
    invoice.state = InvoiceState::sent;
    invoice.number = "INV-2026-0001";
    invoice.payer = {2};
    invoice.payer_name = "osaühing-põhja";
    invoice.payer_title = "Osaühing Põhja Sõnumid";
    invoice.payer_address = {"Õismäe tee 12-3", "13511 Tallinn", "Eesti"};
    invoice.payer_tax_number = "EE101234567";
    invoice.seller_title = "Northlight Telecom OÜ";
    invoice.seller_address = {"Pärnu mnt 10", "10148 Tallinn", "Estonia"};
    invoice.seller_tax_number = "EE100000001";
    invoice.payment_text =
        "Please pay within 14 days to\nEE38 2200 2210 2014 5685 · HABAEE2X\nΕυχαριστούμε · 谢谢 · "
        "🙂";
    invoice.period = {Date::of(2026, 1, 1), Date::of(2026, 2, 1)};
    invoice.issued = Date::of(2026, 2, 3);
    invoice.due = Date::of(2026, 2, 17);
    invoice.currency = euro();
    invoice.line_digits = 4;
    invoice.fields = {{"Purchase order", "PO-4711"}, {"Cost centre", "K-12 Ελλάδα"}};
    InvoiceLine base = sample_line(1, "Numbers", "Number, monthly", "250.0000");
    base.quantity = Exact(50);
    base.unit = "number";
    base.unit_price = "5.00 per number and month";
    base.arithmetic = "50 × 5.00";
    InvoiceLine added =
        sample_line(2, "Numbers", "Number, monthly, added on 16 January", "25.8064");
    added.period.first = Date::of(2026, 1, 16);
    added.fraction = Exact(16, 31);
    added.quantity = Exact(10);
    added.unit = "number";
    added.unit_price = "5.00 per number and month";
    added.arithmetic = "10 × 5.00 × 16/31";
    added.exact = Exact(800, 31);
    InvoiceLine discount =
        sample_line(4, "Discounts", "Loyalty, 10 % of data in the EU", "-1.2500");
    discount.kind = LineKind::discount;
    discount.arithmetic = "10 % of 12.5000";
    invoice.lines = {base, added, sample_usage_line(3), discount};
    InvoiceLine other = sample_line(5, "Numbers", "Number, monthly", "5.0000");
    other.department = {5};
    other.department_title = "Τμήμα Αθηνών";
    other.quantity = Exact(1);
    other.unit = "number";
    invoice.lines.push_back(other);
    invoice.adjustments = {
        {"Goodwill for the outage of 9 January", "ticket 8812", 3, eur("-2.00")}};
    invoice.lines_total = eur("292.0564");
    invoice.net = eur("290.06");
    invoice.taxes = {{"standard", "VAT 24 %", "Estonia, supply to a business in the same country",
                      Exact(24), eur("290.06"), eur("69.61"), false, ""}};
    invoice.tax = eur("69.61");
    invoice.payable = eur("359.67");
    invoice.catalog = "northlight-eu 3";
    return invoice;
}

// A document with that many lines and details, to see pages break.
inline Invoice long_invoice(std::uint32_t lines, std::size_t details) {
    Invoice invoice = sample_invoice();
    invoice.lines.clear();
    for (std::uint32_t i = 1; i <= lines; ++i) {
        InvoiceLine line = sample_line(i, i % 2 == 1 ? "Numbers" : "Data",
                                       "Position " + std::to_string(i), "1.0000");
        line.department_title = "Department " + std::to_string(i % 7);
        invoice.lines.push_back(line);
    }
    for (std::size_t i = 0; i < details; ++i) {
        invoice.lines[0].details.push_back(
            {"SIM " + std::to_string(i), "", "1 MB", Exact(1, 20), eur("0.05")});
    }
    return invoice;
}

}  // namespace farthing::render
