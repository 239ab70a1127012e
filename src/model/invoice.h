// A document for a payer: numbers with the arithmetic that made them. Canonical form: JSON
// (render/invoice_json).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "base/exact.h"
#include "base/instant.h"
#include "model/ids.h"
#include "model/money.h"

namespace farthing {

enum class InvoiceState : std::uint8_t { draft, prepared, sent };
constexpr std::array<std::string_view, 3> kInvoiceStateNames = {"draft", "prepared", "sent"};
constexpr std::string_view name_of(InvoiceState state) {
    return kInvoiceStateNames[static_cast<std::size_t>(state)];
}

// A note corrects one sent invoice: it credits what is negative and debits the rest.
enum class DocumentKind : std::uint8_t { invoice, note };
constexpr std::array<std::string_view, 2> kDocumentKindNames = {"invoice", "note"};
constexpr std::string_view name_of(DocumentKind kind) {
    return kDocumentKindNames[static_cast<std::size_t>(kind)];
}

enum class LineKind : std::uint8_t { fee, usage, discount, adjustment };
constexpr std::array<std::string_view, 4> kLineKindNames = {"fee", "usage", "discount",
                                                            "adjustment"};
constexpr std::string_view name_of(LineKind kind) {
    return kLineKindNames[static_cast<std::size_t>(kind)];
}

// Part of a line without rounding of its own: one department, one SIM, one destination.
struct LineDetail {
    std::string subject;   // account or subscription name, destination …
    std::string note;      // "1,200 MB of the pool", may be empty
    std::string quantity;  // with its unit, as printed
    Exact exact;           // its part of the line
    Money attributed;      // largest remainder: the details of a line sum to the line
    bool operator==(const LineDetail&) const = default;
};

// What taxes a line; without a name, nothing does.
struct LineTax {
    std::string name;  // "VAT 20 %"
    std::string rule;  // where the catalog says it: "catalog.yaml:9"
    Exact percent;
    bool included = false;  // in the amount of the line
    std::string text;       // printed with the tax: "Reverse charge, …"
    bool operator==(const LineTax&) const = default;
};

// A line in the currency of its price, before it was converted; without a currency, it was not.
struct Conversion {
    Money amount;  // rounded in its own currency
    Exact rate;    // units of the document's currency for one
    Date day;      // from which the rate holds
    bool operator==(const Conversion&) const = default;
};

struct InvoiceLine {
    std::uint32_t number = 0;  // 1 … in the document
    LineKind kind = LineKind::fee;
    ComponentId component;  // none for adjustments
    VersionNo version;      // the catalog version whose price it shows (the last where several)
    AccountId department;   // the account it stands under when lines are grouped per account; else
                            // the payer
    std::string department_title;
    std::string service;        // section of the document: the meter's or the fee's heading
    std::string text;           // "Number, monthly"
    DatePeriod period;          // the service period, [first, end)
    DatePeriod cycle;           // the cycle it lies in
    Exact fraction = Exact(1);  // of the cycle: 16/31
    Exact quantity;             // in `unit`
    std::string unit;           // "number", "MB"; empty where it has none
    std::string
        unit_price;  // as the catalog says it: "5.00 per number and month"; empty where it has none
    std::string arithmetic;    // "10 × 5.00 × 16/31"
    Exact exact;               // clean total, minus what was billed before (EC72)
    Money already_billed;      // of the same service period on earlier documents
    Money amount;              // rounded once, by the line rule
    std::string rounding;      // "toward_zero, 4 digits"
    std::string tax_category;  // of the tax summary
    LineTax tax;
    Conversion converted;
    std::vector<LineDetail> details;
    std::vector<std::int64_t> usage_by_day;  // base units per day of the period; empty for fees
    std::string usage_unit;  // of these, the allowance and `used`: the meter's base unit, "byte"
    std::int64_t allowance = 0;  // base units included in the period; 0 for none
    std::int64_t used = 0;       // base units used in the period
    bool operator==(const InvoiceLine&) const = default;
};

struct TaxLine {
    std::string category;  // "standard"
    std::string name;      // "VAT 20 %"
    std::string rule;      // which rule taxed it
    Exact percent;
    Money net;  // to the payable scale
    Money tax;
    bool included = false;  // the lines hold it already
    std::string text;       // why, where a law wants it said
    bool operator==(const TaxLine&) const = default;
};

struct Adjustment {  // made by a person while Prepared
    std::string text;
    std::string reason;
    std::optional<std::uint32_t> line;  // of which line; none: of the document
    Money amount;                       // debit positive, credit negative
    bool operator==(const Adjustment&) const = default;
};

struct Invoice {
    InvoiceId id;
    DocumentKind kind = DocumentKind::invoice;
    bool by_hand = false;  // a note of amounts that a person gave, not of what changed
    InvoiceId corrects;    // a note's invoice; else none
    std::string corrects_number;
    Date corrects_issued;
    InvoiceState state = InvoiceState::draft;
    std::string number;  // of the series, once sent
    AccountId payer;
    std::string payer_name;  // the account's name
    std::string payer_title;
    std::vector<std::string> payer_address;
    std::string payer_tax_number;
    std::string payer_country;  // "GB", "US-CA"; may be empty
    std::string seller_title;   // from the catalog's `seller:`
    std::vector<std::string> seller_address;
    std::string seller_tax_number;
    std::string payment_text;  // terms and account to pay to
    std::string logo;          // path inside the catalog; empty for none
    DatePeriod period;         // the billing cycle
    Date issued;               // the day it was sent; the period's end before
    Date due;
    Currency currency;
    int line_digits = 2;  // decimals of line amounts
    int payable_digits = 2;
    std::vector<InvoiceLine> lines;
    std::vector<Adjustment> adjustments;
    std::vector<std::pair<std::string, std::string>> fields;  // custom: purchase order …
    Money lines_total;  // sum of rounded lines, line scale (EC01)
    Money net;          // to the payable scale (EC73)
    std::vector<TaxLine> taxes;
    Money tax;
    Money payable;        // net + tax
    std::string catalog;  // name and version
    bool operator==(const Invoice&) const = default;
};

// What a document billed for one component and service period: later documents bill only the
// difference (EC72).
struct BilledAmount {
    InvoiceId invoice;
    ComponentId component;
    AccountId department;  // none unless lines are grouped per account
    DatePeriod period;     // of the line's cycle, not of its running days
    Money amount;
};

// Partner's part of what was charged in a period.
struct StatementLine {
    std::string text;  // invoice line it comes from
    std::uint32_t invoice_line = 0;
    std::string invoice;  // number or draft reference
    Money charged;
    Exact percent;  // 0 for fixed shares
    Money share;
};
struct Statement {
    PartnerId partner;
    std::string partner_name;
    DatePeriod period;
    Currency currency;
    std::vector<StatementLine> lines;
    Money charged;
    Money share;
    Money kept;  // charged minus every partner's share: the operator's own part
};

}  // namespace farthing
