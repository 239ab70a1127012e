#include <fmt/format.h>

#include <algorithm>

#include "catalog/charge_parts.h"
#include "catalog/read_deck.h"
#include "catalog/reading.h"
#include "catalog/values.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kOriginPrefixesMax = 5'000;
constexpr std::size_t kFilesMax = 100;

void declare(Reading& reading, const Fields& catalog, std::string_view key, PricedBy by) {
    for_each_named(catalog, key, "a deck", [&](const Field& field) {
        if (!reading.declared_rates.emplace(field.name, by).second) {
            reading.mistakes.add(
                CatalogReason::duplicate_name, field.place,
                fmt::format("{} is the name of a deck and of a price list", shown(field.name)));
        }
    });
}

std::optional<std::string> read_origin_prefix(const Node& item, Mistakes& mistakes) {
    const auto text = one_line(item, "a prefix", mistakes);
    if (!text) return std::nullopt;
    std::string_view digits = trimmed(*text);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const bool good = !digits.empty() && digits.size() <= kPrefixDigitsMax &&
                      digits.find_first_not_of("0123456789") == digits.npos;
    if (good) return std::string(digits);
    mistakes.add(CatalogReason::bad_value, item.place, fmt::format("{} is no prefix", shown(*text)),
                 "Write 1 to 18 digits, country code first, such as 44 or 4420.");
    return std::nullopt;
}

void read_origin_set(Reading& reading, const Field& field) {
    const Fields fields(field.value, table("origin_set"), reading.mistakes);
    OriginSet set{field.name, {}, field.place.line_only()};
    const auto& items = fields.list("prefixes");
    if (items.empty() || items.size() > kOriginPrefixesMax) {
        reading.mistakes.add(
            CatalogReason::bad_value, field.place,
            items.empty()
                ? "the origin set has no prefixes"
                : fmt::format("an origin set with more than {} prefixes", kOriginPrefixesMax),
            "List the first digits of its calling numbers: `prefixes: [370, 371]`.");
        return;
    }
    for (const Node& item : items) {
        if (auto prefix = read_origin_prefix(item, reading.mistakes))
            set.prefixes.push_back(std::move(*prefix));
    }
    std::ranges::sort(set.prefixes);
    const auto repeated = std::ranges::unique(set.prefixes);
    set.prefixes.erase(repeated.begin(), repeated.end());
    reading.version.origin_sets.emplace(field.name, std::move(set));
}

const CatalogFile* file_named(const CatalogRecord& record, std::string_view path) {
    const auto found = std::find_if(record.files.begin(), record.files.end(),
                                    [&](const CatalogFile& file) { return file.path == path; });
    return found == record.files.end() ? nullptr : &*found;
}

// The meter that a deck's rows count: the one it names, else the one of the charge that uses it.
const Meter* meter_of(Reading& reading, const Field& field, const Fields& fields) {
    if (const std::string name = fields.text("meter"); !name.empty()) {
        const Meter* meter = reading.version.meter_named(name);
        if (meter == nullptr) {
            reading.mistakes.add(CatalogReason::unknown_meter, fields.place_of("meter"),
                                 fmt::format("no meter is called {}", shown(name)));
        }
        return meter;
    }
    const auto use = reading.rate_uses.find(field.name);
    if (use != reading.rate_uses.end()) return use->second.meter;
    reading.mistakes.add(
        CatalogReason::missing_key, field.place,
        fmt::format("no charge uses {}, so nothing says what it counts", shown(field.name)),
        "Add `meter:` to it, use it in a charge, or take it out.");
    return nullptr;
}

// The files of a declaration; none where one is missing.
std::vector<const CatalogFile*> files_of(const Reading& reading, const Fields& fields,
                                         bool is_deck) {
    std::vector<std::pair<std::string, Place>> paths;
    if (fields.has("file")) paths.emplace_back(fields.text("file"), fields.place_of("file"));
    if (is_deck && fields.has("files")) {
        for (const Node& item : fields.list("files")) {
            if (auto path = one_line(item, "a file", reading.mistakes))
                paths.emplace_back(std::move(*path), item.place);
        }
    }
    std::vector<const CatalogFile*> files;
    for (const auto& [path, place] : paths) {
        const CatalogFile* file = file_named(reading.record, path);
        if (file == nullptr || files.size() == kFilesMax) {
            std::vector<std::string> known;
            for (const CatalogFile& each : reading.record.files) known.push_back(each.path);
            reading.mistakes.add(CatalogReason::file_missing, place,
                                 fmt::format("the catalog has no file {}", shown(path)),
                                 suggestion(path, known));
            return {};
        }
        files.push_back(file);
    }
    return files;
}

TimeZone zone_of(const Reading& reading, const Fields& fields) {
    const std::string name = fields.text("time_zone");
    if (name.empty()) return reading.version.zone;
    const auto zone = TimeZone::named(name);
    if (!zone) {
        reading.mistakes.add(CatalogReason::time_zone_unknown, fields.place_of("time_zone"),
                             fmt::format("{} is no time zone", shown(name)));
    }
    return zone.value_or(reading.version.zone);
}

void read_of_sessions(const Fields& fields, const Meter& meter, DeckSource& source) {
    if (fields.has("increments")) {
        source.increments =
            read_increments(fields.text("increments"), meter, value_at(fields, "increments"))
                .value_or(Increments{});
    }
    if (fields.has("connection_fee")) {
        source.connection_fee =
            read_decimal(fields.text("connection_fee"), value_at(fields, "connection_fee"));
    }
}

void read_rate_file(Reading& reading, const Field& field, PricedBy by) {
    const bool is_deck = by == PricedBy::prefix_deck;
    const Fields fields(field.value, table(is_deck ? "deck" : "price_list"), reading.mistakes);
    if (!is_deck) fields.choice("by");
    if (is_deck && !one_of(fields, "file", "files", "a deck")) return;
    const Meter* meter = meter_of(reading, field, fields);
    if (meter == nullptr) return;
    DeckSource source{.name = field.name,
                      .files = files_of(reading, fields, is_deck),
                      .by = by,
                      .meter = *meter,
                      .place = field.place,
                      .per = fields.text("per"),
                      .increments = {},
                      .connection_fee = {},
                      .point = fields.choice("decimal") == 1 ? ',' : '.',
                      .zone = zone_of(reading, fields),
                      .origin_sets = reading.version.origin_sets};
    if (source.files.empty()) return;
    if (!source.per.empty() && !read_per(source.per, *meter, value_at(fields, "per"))) return;
    if (is_deck) read_of_sessions(fields, *meter, source);
    reading.version.decks.insert_or_assign(field.name, read_deck(source, reading.mistakes));
}

// amount × (100 + percent) / 100 as a decimal; nullopt beyond 18 digits.
std::optional<Decimal> with_margin(const Decimal& amount, const Exact& percent) {
    constexpr int kScaleMax = 18;
    const Exact product = amount.exact() * (Exact(100) + percent) / Exact(100);
    const auto scaled = product.rounded(kScaleMax, Rounding::toward_zero);
    if (!scaled || Exact(*scaled, power_of_ten128(kScaleMax)) != product) return std::nullopt;
    i128 mantissa = *scaled;
    int scale = kScaleMax;
    while (scale > 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        scale -= 1;
    }
    if (mantissa >= power_of_ten128(kScaleMax)) return std::nullopt;
    return Decimal{static_cast<std::int64_t>(mantissa), scale};
}

// Price and fee of a row with the margin on top; told where they leave 18 digits.
void add_margin(RateRow& row, const Reading::Derived& derived, Mistakes& mistakes) {
    const auto amount = with_margin(row.price.amount, derived.margin);
    const auto fee = with_margin(row.connection_fee.value_or(Decimal{}), derived.margin);
    if (!amount || !fee) {
        return mistakes.add(CatalogReason::bad_value, derived.place,
                            fmt::format("the price of {} at {} with its margin has more than 18 "
                                        "digits",
                                        shown(row.prefix), row.place),
                            "Write the price or the margin with fewer digits.");
    }
    const std::size_t per = row.price.text.find(" per ");
    row.price.amount = *amount;
    row.price.text =
        amount->to_string() + row.price.text.substr(std::min(per, row.price.text.size()));
    if (row.connection_fee) row.connection_fee = *fee;
}

class Deriving {
  public:
    Deriving(const std::string& name, const Reading::Derived& derived, Mistakes& mistakes)
        : name_(name), derived_(derived), mistakes_(mistakes) {}

    void add(const Deck& deck) {
        std::vector<std::uint8_t> origins = {0};
        for (const OriginSet& set : deck.origins()) origins.push_back(origin_of(set));
        for (RateRow row : deck.rows()) {
            row.rank = rank_;
            row.origin = origins[row.origin];
            // Several decks: the same prefix in two of them is two prices.
            if (derived_.decks.size() > 1) {
                const auto origin =
                    row.origin == 0 ? std::string_view() : origins_[row.origin - 1U].name;
                row.key = item_key(deck.name(), origin, row.prefix);
            }
            if (!derived_.margin.is_zero() && !row.blocked) add_margin(row, derived_, mistakes_);
            rows_.push_back(std::move(row));
        }
        rank_ = static_cast<std::uint8_t>(rank_ + 1);
    }

    Deck take() {
        Deck deck(name_, std::move(rows_), std::move(origins_));
        check_overlaps(deck, mistakes_);
        return deck;
    }

  private:
    std::uint8_t origin_of(const OriginSet& set) {
        const auto known = std::ranges::find(origins_, set.name, &OriginSet::name);
        const auto index = static_cast<std::size_t>(known - origins_.begin());
        if (known == origins_.end() && origins_.size() == kOriginSetsMax) {
            mistakes_.add(CatalogReason::too_large, derived_.place,
                          fmt::format("decks with more than {} origin sets", kOriginSetsMax),
                          "Name fewer decks in one charge.");
            return 0;
        }
        if (known == origins_.end()) origins_.push_back(set);
        return static_cast<std::uint8_t>(index + 1);
    }

    const std::string& name_;
    const Reading::Derived& derived_;
    Mistakes& mistakes_;
    std::vector<RateRow> rows_;
    std::vector<OriginSet> origins_;
    std::uint8_t rank_ = 0;
};

}  // namespace

void declare_rates(Reading& reading, const Fields& catalog) {
    declare(reading, catalog, "decks", PricedBy::prefix_deck);
    declare(reading, catalog, "price_lists", PricedBy::network_list);
    for_each_named(catalog, "origin_sets", "an origin set",
                   [&](const Field& field) { read_origin_set(reading, field); });
}

void read_rate_files(Reading& reading, const Fields& catalog) {
    for (const auto& [name, by] : reading.declared_rates) {
        const Node* declared = catalog.find(by == PricedBy::prefix_deck ? "decks" : "price_lists");
        read_rate_file(reading, *declared->field(name), by);
    }
}

void derive_rates(Reading& reading) {
    if (!reading.mistakes.empty()) return;  // some deck may be missing or half read
    for (const auto& [name, derived] : reading.derived_rates) {
        Deriving deriving(name, derived, reading.mistakes);
        for (const std::string& deck : derived.decks) deriving.add(reading.version.decks.at(deck));
        reading.version.decks.insert_or_assign(name, deriving.take());
    }
}

}  // namespace farthing::catalog
