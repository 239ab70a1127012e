// Taxes: rules by category, country, customer and day. Of those that apply the narrowest taxes a
// line, so two of one narrowness may not meet.
#include <fmt/format.h>

#include <algorithm>

#include "catalog/charge_parts.h"
#include "catalog/describe.h"

namespace farthing::catalog {

namespace {

bool is_letters(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return 'A' <= c && c <= 'Z'; });
}
bool is_letters_or_digits(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9'); });
}

void add_country(const Fields& fields, const Place& place, const std::string& text, TaxRule& rule) {
    if (!is_country_code(text)) {
        return fields.mistakes().add(CatalogReason::bad_value, place,
                                     fmt::format("{} is no code of a country", shown(text)),
                                     "Write GB, or US-CA for a part of a country.");
    }
    rule.countries.push_back(text);
}

void read_countries(const Fields& fields, TaxRule& rule) {
    if (fields.has("country"))
        add_country(fields, fields.place_of("country"), fields.text("country"), rule);
    for (const Node& item : fields.list("countries")) {
        if (const auto text = one_line(item, "a country", fields.mistakes()))
            add_country(fields, item.place, *text, rule);
    }
}

bool read_flag(const Fields& fields, std::string_view key) {
    const std::string text = fields.text(key);
    if (!text.empty() && text != "true" && text != "false") {
        fields.mistakes().add(CatalogReason::bad_value, fields.place_of(key),
                              fmt::format("{} is neither true nor false", shown(text)));
    }
    return text == "true";
}

void read_names(Reading& reading, const Fields& fields, TaxRule& rule) {
    if (const Node* category = fields.find("category"))
        rule.category = read_name(*category, "a tax category", reading.mistakes).value_or("");
    rule.name = fields.text("name");
    rule.text = fields.long_text("text");
    if (const std::string text = fields.text("percent"); !text.empty()) {
        if (const auto percent = read_percent(text, value_at(fields, "percent")))
            rule.percent = percent->exact();
    }
}

std::optional<TaxRule> read_tax(Reading& reading, const Node& node) {
    const Fields fields(node, table("tax"), reading.mistakes);
    TaxRule rule;
    rule.place = node.place.line_only();
    read_names(reading, fields, rule);
    read_countries(fields, rule);
    if (fields.has("customer")) {
        rule.customer =
            fields.choice("customer") == 0 ? TaxedCustomer::business : TaxedCustomer::consumer;
    }
    rule.days = read_days(fields);
    rule.included = read_flag(fields, "included");
    if (rule.category.empty()) return std::nullopt;
    return rule;
}

bool names(const TaxRule& rule, std::string_view country) {
    return std::ranges::find(rule.countries, country) != rule.countries.end();
}

bool share_a_country(const TaxRule& a, const TaxRule& b) {
    if (a.countries.empty() || b.countries.empty())
        return a.countries.empty() == b.countries.empty();
    return std::ranges::any_of(a.countries,
                               [&](const std::string& country) { return names(b, country); });
}

bool meet(const TaxRule& a, const TaxRule& b) {
    return a.category == b.category && a.customer == b.customer && share_a_country(a, b) &&
           !a.days.intersect(b.days).empty();
}

}  // namespace

bool is_country_code(std::string_view text) {
    if (text.size() < 2 || !is_letters(text.substr(0, 2))) return false;
    if (text.size() == 2) return true;
    return text[2] == '-' && text.size() >= 4 && text.size() <= 6 &&
           is_letters_or_digits(text.substr(3));
}

DatePeriod read_days(const Fields& fields) {
    DatePeriod days{Date::min(), Date::max()};
    const auto read = [&](std::string_view key) -> std::optional<Date> {
        if (!fields.has(key)) return std::nullopt;
        const auto day = parse_date(fields.text(key));
        if (!day) {
            fields.mistakes().add(CatalogReason::bad_value, fields.place_of(key),
                                  fmt::format("{} is no day", shown(fields.text(key))),
                                  "Write it as 2026-01-31.");
        }
        return day;
    };
    if (const auto first = read("from")) days.first = *first;
    if (const auto last = read("until")) days.end = last->plus_days(1);
    if (days.empty()) {
        fields.mistakes().add(CatalogReason::bad_value, fields.place_of("until"),
                              "`until` is before `from`", "Let it end after it begins.");
    }
    return days;
}

void read_taxes(Reading& reading, const Fields& catalog) {
    Version& version = reading.version;
    for (const Node& node : catalog.list("taxes")) {
        auto rule = read_tax(reading, node);
        if (!rule) continue;
        for (const TaxRule& other : version.taxes) {
            if (!meet(other, *rule)) continue;
            reading.mistakes.add(CatalogReason::ambiguous_tax, node.place,
                                 fmt::format("{}{} is taxed here and at {}", shown(rule->category),
                                             tax_scope_text(*rule), other.place));
            break;
        }
        if (version.default_tax_category.empty()) version.default_tax_category = rule->category;
        version.taxes.push_back(std::move(*rule));
    }
}

}  // namespace farthing::catalog
