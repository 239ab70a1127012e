#include <fmt/format.h>

#include <algorithm>

#include "catalog/reading.h"
#include "catalog/values.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kMetersMax = 1'000;
constexpr int kDueDaysMax = 3'650;

// The record says when a version is in force, the text when nobody said otherwise.
void read_valid_from(Reading& reading, const Fields& catalog) {
    Version& version = reading.version;
    const bool said =
        reading.record.valid_from != Instant{} && reading.record.valid_from != Instant::min();
    Date day = Date::of(1970, 1, 1);
    if (const std::string text = catalog.text("valid_from"); !text.empty()) {
        const auto read = parse_date(text);
        day = read.value_or(day);
        if (!read) {
            reading.mistakes.add(CatalogReason::bad_value, catalog.place_of("valid_from"),
                                 fmt::format("valid_from {} is no day", shown(text)),
                                 "Write it as 2026-01-31.");
        }
    }
    version.valid_from = said ? reading.record.valid_from : version.zone.start_of(day);
}

void read_rounding_of(const Fields& rounding, std::string_view key, Currency currency,
                      Rounding& how, int& digits) {
    const std::string text = rounding.text(key);
    if (text.empty()) return;
    if (const auto read =
            read_rounding(text, currency, {rounding.place_of(key), rounding.mistakes()})) {
        how = read->first;
        digits = read->second;
    }
}

void read_roundings(Reading& reading, const Fields& catalog) {
    Version& version = reading.version;
    if (version.currency.numeric() != 0) {
        version.line_digits = version.payable_digits = version.currency.minor_digits();
    }
    const Node* node = catalog.find("rounding");
    if (node == nullptr) return;
    const Fields rounding(*node, table("rounding"), reading.mistakes);
    read_rounding_of(rounding, "line", version.currency, version.line_rounding,
                     version.line_digits);
    read_rounding_of(rounding, "payable", version.currency, version.payable_rounding,
                     version.payable_digits);
    version.tax_per_line = rounding.choice("tax") == 1;
}

std::string suggested_currency(std::string text) {
    for (char& c : text) {
        if ('a' <= c && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return Currency::named(text) ? "Did you mean " + shown(text) + "?" : std::string();
}

std::vector<NetworkKey> read_zone(const Fields& zone) {
    std::vector<NetworkKey> keys;
    const Node* networks = zone.find("networks");
    for (const Node& item : zone.list("networks")) {
        const auto text = one_line(item, "a network", zone.mistakes());
        if (!text) continue;
        if (const auto key = read_network(*text, {item.place, zone.mistakes()}))
            keys.push_back(*key);
    }
    if (networks != nullptr && networks->kind == Node::Kind::list && networks->items.empty()) {
        zone.mistakes().add(CatalogReason::bad_value, networks->place, "no network is named",
                            "Name countries (\"248\") or networks (\"244-05\").");
    }
    return keys;
}

// "INV-{year}-{number:4}": one running number, the year where wanted, nothing else in braces.
bool is_series(std::string_view text) {
    int numbers = 0;
    while (!text.empty()) {
        const std::size_t open = text.find_first_of("{}");
        if (open == text.npos) break;
        const std::size_t close = text.find('}', open);
        if (text[open] == '}' || close == text.npos) return false;
        const std::string_view inside = text.substr(open + 1, close - open - 1);
        const bool padded = inside.size() == 8 && inside.starts_with("number:") &&
                            '1' <= inside[7] && inside[7] <= '9';
        if (inside == "number" || padded) {
            numbers += 1;
        } else if (inside != "year") {
            return false;
        }
        text.remove_prefix(close + 1);
    }
    return numbers == 1;
}

std::optional<int> days_of(std::string_view text) {
    const std::size_t space = text.find(' ');
    const auto number = parse_int128(text.substr(0, space));
    const std::string_view unit = space == text.npos ? std::string_view() : text.substr(space + 1);
    if (!number || *number < 0 || *number > kDueDaysMax || (unit != "days" && unit != "day")) {
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

void read_seller(const Fields& invoices, DocumentRules& documents) {
    const Node* node = invoices.find("seller");
    if (node == nullptr) return;
    const Fields seller(*node, table("seller"), invoices.mistakes());
    documents.seller_title = seller.text("title");
    documents.seller_tax_number = seller.text("tax_number");
    for (const Node& item : seller.list("address")) {
        if (const auto line = one_line(item, "a line of the address", invoices.mistakes())) {
            documents.seller_address.push_back(*line);
        }
    }
}

void read_invoices(Reading& reading, const Fields& catalog) {
    const Node* node = catalog.find("invoices");
    if (node == nullptr) return;
    const Fields invoices(*node, table("invoices"), reading.mistakes);
    DocumentRules& documents = reading.version.documents;
    const auto refuse = [&](std::string_view key, const std::string& text, std::string mend) {
        reading.mistakes.add(CatalogReason::bad_value, invoices.place_of(key),
                             fmt::format("{} is {}", shown(key), shown(text)), std::move(mend));
    };
    const auto read_series = [&](std::string_view key, std::string& series) {
        if (!invoices.has(key)) return;
        series = invoices.text(key);
        if (is_series(series)) return;
        refuse(key, series,
               "Write text with {number} or {number:4} once, and {year} where wanted.");
    };
    read_series("series", documents.series);
    read_series("notes", documents.note_series);
    documents.group_per_account = invoices.choice("lines") == 1;
    documents.taxed_at_service = invoices.choice("taxed_by") == 1;
    if (documents.taxed_at_service && !documents.group_per_account) {
        reading.mistakes.add(CatalogReason::bad_value, invoices.place_of("taxed_by"),
                             "lines of several accounts can't be taxed by the account",
                             "Write `lines: per account` as well.");
    }
    if (invoices.has("due")) {
        const std::string text = invoices.text("due");
        const auto days = days_of(text);
        if (!days) refuse("due", text, "Write a number of days, such as `14 days`.");
        documents.due_days = days.value_or(0);
    }
    documents.payment_text = invoices.long_text("payment");
    documents.logo = invoices.text("logo");
    if (documents.logo.starts_with('/') || documents.logo.find("..") != std::string::npos) {
        refuse("logo", documents.logo, "Name a file inside the catalog's folder.");
    }
    read_seller(invoices, documents);
}

}  // namespace

void read_head(Reading& reading, const Fields& catalog) {
    Version& version = reading.version;
    if (const Node* name = catalog.find("catalog")) {
        version.name = read_name(*name, "a catalog", reading.mistakes).value_or("");
    }
    if (const std::string code = catalog.text("currency"); !code.empty()) {
        const auto currency = Currency::named(code);
        version.currency = currency.value_or(Currency());
        if (!currency) {
            reading.mistakes.add(CatalogReason::currency_unknown, catalog.place_of("currency"),
                                 fmt::format("{} is no currency", shown(code)),
                                 suggested_currency(code));
        }
    }
    if (const std::string name = catalog.text("time_zone"); !name.empty()) {
        const auto zone = TimeZone::named(name);
        if (zone) version.zone = *zone;
        if (!zone) {
            reading.mistakes.add(CatalogReason::time_zone_unknown, catalog.place_of("time_zone"),
                                 fmt::format("{} is no time zone", shown(name)));
        }
    }
    read_valid_from(reading, catalog);
    read_roundings(reading, catalog);
}

void read_meters(Reading& reading, const Fields& catalog) {
    for_each_named(catalog, "meters", "a meter", [&](const Field& field) {
        const Fields fields(field.value, table("meter"), reading.mistakes);
        const std::string unit_name = fields.text("unit");
        Meter meter{.id = {},
                    .name = field.name,
                    .title = fields.text("title"),
                    .unit = unit_named(unit_name)};
        if (meter.title.empty()) meter.title = field.name;
        if (meter.unit == nullptr && !unit_name.empty()) {
            reading.mistakes.add(
                CatalogReason::unknown_unit, fields.place_of("unit"),
                fmt::format("{} is no unit", shown(unit_name)),
                "Write byte, second, millisecond, message, joule, event, number, or a currency "
                "such as EUR.");
        }
        if (meter.unit != nullptr) meter.unit = base_unit(meter.unit);
        if (meter.unit == nullptr)
            meter.unit = unit_named("event");  // so that what uses it is checked too
        const std::uint32_t id = reading.names.id_of(NameTable::Kind::meter, field.name);
        if (id > kMetersMax) {
            return reading.mistakes.add(CatalogReason::too_large, field.place,
                                        fmt::format("more than {} meters", kMetersMax),
                                        "Use fewer meters; ids of meters are never given twice.");
        }
        meter.id = MeterId{static_cast<std::uint16_t>(id)};
        reading.version.meters.push_back(std::move(meter));
    });
    std::sort(reading.version.meters.begin(), reading.version.meters.end(),
              [](const Meter& a, const Meter& b) { return a.name < b.name; });
}

void read_nouns(Reading& reading, const Fields& catalog) {
    for_each_named(catalog, "zones", "a zone", [&](const Field& field) {
        const Fields zone(field.value, table("zone"), reading.mistakes);
        reading.version.zones.emplace(field.name, read_zone(zone));
    });
    for_each_named(catalog, "partners", "a partner", [&](const Field& field) {
        const Fields partner(field.value, table("partner"), reading.mistakes);
        const std::string title = partner.text("title");
        reading.version.partners.emplace(field.name, title.empty() ? field.name : title);
    });
    read_taxes(reading, catalog);
    read_invoices(reading, catalog);
    declare_rates(reading, catalog);
}

}  // namespace farthing::catalog
