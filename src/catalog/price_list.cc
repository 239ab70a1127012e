#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "catalog/catalog.h"
#include "catalog/deck_diff.h"
#include "catalog/describe.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kRowsShown =
    40;  // a longer deck is summarised: nobody reads 10,000 destinations

// Text in a Markdown table.
std::string cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

std::string row_of(std::string_view what, std::string_view price) {
    return fmt::format("| {} | {} |\n", cell(what), cell(price));
}

std::string fee_row(const Fee& fee) {
    std::string text = fee.text;
    if (fee.timing == FeeTiming::advance) text += ", in advance";
    const bool by_time = fee.every != FeeEvery::once && fee.every != FeeEvery::day;
    if (by_time && fee.prorate == Prorate::none) text += ", always in full";
    if (fee.owed_if_uncovered) text += ", owed where a prepaid balance can't cover it";
    return row_of(fee.title, text);
}

std::string charge_row(const UsageCharge& charge, const Version& version) {
    const Meter& meter = *version.meter(charge.meter);
    std::string text;
    if (charge.allowance) text = "included: " + allowance_text(charge, meter) + "; then ";
    text += price_text(charge, meter);
    if (const std::string steps = increments_text(charge.increments, meter); !steps.empty()) {
        text += "; " + steps;
    }
    if (const std::string rule = session_text(charge, meter); !rule.empty()) text += "; " + rule;
    if (const std::string hours = band_text(charge, version); !hours.empty())
        text = hours + ": " + text;
    if (charge.adds && !charge.limit) text = "in addition: " + text;
    if (!charge.paid_by.empty()) text = "paid by " + charge.paid_by;
    return row_of(charge.title, text);
}

// A customer knows the titles, not the names that the plan gives its parts.
std::string discount_row(const Discount& discount, const Plan& plan) {
    std::string what;
    const auto add = [&](const auto& parts) {
        for (const auto& part : parts) {
            if (std::ranges::find(discount.on, part.id) == discount.on.end()) continue;
            if (what.find(part.title) == std::string::npos)
                what += (what.empty() ? "" : ", ") + part.title;
        }
    };
    add(plan.fees);
    add(plan.charges);
    const std::string less =
        discount.text.substr(0, discount.text.find(discount.amount ? " off " : " on "));
    return row_of(discount.title,
                  fmt::format("{} {} {}", less, discount.amount ? "off" : "on", what));
}

std::string plan_section(const Plan& plan, const Version& version) {
    std::string out =
        fmt::format("## {}\n\n| | {} |\n| --- | --- |\n", plan.title, version.currency.code());
    for (const Fee& fee : plan.fees) out += fee_row(fee);
    for (const UsageCharge& charge : plan.charges) {
        if (!charge.of_customer) out += charge_row(charge, version);
    }
    for (const Discount& discount : plan.discounts) out += discount_row(discount, plan);
    for (const Package& package : plan.packages) {
        const std::string& title = package.fee.title;
        const std::string price = package.fee.text;
        out += row_of(title, title == package.text ? price : price + ": " + package.text);
    }
    if (plan.spending_cap) out += row_of("Spending cap", cap_text(*plan.spending_cap));
    if (!plan.allowed.empty())
        out += row_of("Usage in other networks", "not allowed; only in " + plan.allowed_text);
    return out + "\n";
}

// Rows may be priced per minute and per second; what they are compared by is exact either way.
std::string range_of(const std::vector<RateRow>& rows) {
    const RateRow* low = nullptr;
    const RateRow* high = nullptr;
    for (const RateRow& row : rows) {
        if (row.blocked) continue;
        if (low == nullptr || row.price.exact() < low->price.exact()) low = &row;
        if (high == nullptr || row.price.exact() > high->price.exact()) high = &row;
    }
    if (low == nullptr) return fmt::format("{} rows, all blocked", rows.size());
    return fmt::format("{} rows, from {} ({}) to {} ({})", rows.size(), low->price.text, low->name,
                       high->price.text, high->name);
}

std::string deck_row(const Deck& deck, const RateRow& row, bool by_prefix, const TimeZone& zone) {
    std::string text = row.blocked ? "blocked" : row.price.text;
    if (row.connection_fee) text += fmt::format(", {} per call", row.connection_fee->to_string());
    if (row.origin != 0) text += fmt::format(" from {}", deck.origin_of(row));
    text += validity_text(row.valid_from, row.valid_until, zone);
    const std::string code = by_prefix ? "+" + row.prefix : row.prefix;
    return row_of(row.name.empty() ? code : fmt::format("{} ({})", row.name, code), text);
}

// Shown as the customer looks a destination up: by name.
std::string deck_section(const Deck& deck, const std::string& title, const Version& version) {
    std::string out = fmt::format("## Prices: {}\n\n", title);
    if (deck.rows().empty()) return out;
    if (deck.rows().size() > kRowsShown) return out + range_of(deck.rows()) + "\n\n";
    const RateRow& any = deck.rows().front();
    const bool by_prefix = any.key != NetworkKey::parse(any.prefix).value;
    std::vector<const RateRow*> rows;
    for (const RateRow& row : deck.rows()) rows.push_back(&row);
    std::stable_sort(rows.begin(), rows.end(),
                     [](const RateRow* a, const RateRow* b) { return a->name < b->name; });
    out += fmt::format("| | {} |\n| --- | --- |\n", version.currency.code());
    for (const RateRow* row : rows) out += deck_row(deck, *row, by_prefix, version.zone);
    return out + "\n";
}

}  // namespace

std::string price_list(const Version& version) {
    std::string out =
        fmt::format("# {}\n\nPrices in {} from {}", version.name, version.currency.code(),
                    to_string(version.zone.date_of(version.valid_from)));
    if (version.taxes.empty()) {
        out += "; no tax is added.\n\n";
    } else {
        const bool included = version.taxes.front().included;
        out += included ? ", with tax:" : ", without tax:";
        for (const TaxRule& tax : version.taxes) {
            out += fmt::format(" {} ({} %)", tax.name, tax.percent.to_decimal());
        }
        out += ".\n\n";
    }
    for (const Plan& plan : version.plans) out += plan_section(plan, version);
    // What a carrier is paid is nobody's price where a charge adds a margin to it.
    std::map<std::string, std::string> used;
    for (const Plan& plan : version.plans) {
        for (const UsageCharge& charge : plan.charges) used[charge.rates] = charge.rates_text;
    }
    for (const auto& [name, deck] : version.decks) {
        const auto title = used.find(name);
        if (title != used.end()) out += deck_section(deck, title->second, version);
    }
    out += fmt::format("A line of an invoice is rounded once ({}), the sum to pay {}.\n",
                       rounding_text(version.line_rounding, version.line_digits),
                       rounding_text(version.payable_rounding, version.payable_digits));
    return out;
}

}  // namespace farthing::catalog
