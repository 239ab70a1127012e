#include "catalog/read_deck.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/csv.h"
#include "catalog/fields.h"
#include "catalog/values.h"

namespace farthing::catalog {

namespace {

enum class Column : unsigned char {
    prefix,
    network,
    destination,
    name,
    price,
    per,
    increments,
    connection_fee,
    valid_from,
    valid_until,
    origin,
    blocked
};
constexpr std::array<std::string_view, 12> kColumnNames = {
    "prefix",     "network",        "destination", "name",        "price",  "per",
    "increments", "connection_fee", "valid_from",  "valid_until", "origin", "blocked"};

struct RefusedColumn {
    std::string_view name;
    std::string_view instead;
};
constexpr RefusedColumn kRefusedColumns[] = {
    {"minimum", "Use increments or a connection fee for now."},
    {"grace", "Use increments for now."},
    {"time_band", "Price the whole day alike for now."},
    {"rank", "Make two decks, and name them in order of trust in the charge: `decks: [a, b]`."},
    {"currency", "A deck is in the catalog's currency."},
};

constexpr std::size_t kColumns = kColumnNames.size();
constexpr std::size_t kPrefixDigitsMax = 18;
constexpr std::string_view kPrefixDeckColumns =
    "prefix, destination, price, per, increments, connection_fee, valid_from, valid_until, origin, "
    "blocked";
constexpr std::string_view kNetworkListColumns =
    "network, name, price, per, valid_from, valid_until";

// Columns of spreadsheets: "Valid From" is valid_from.
std::string column_name(std::string_view text) {
    std::string name(trimmed(text));
    for (char& c : name) {
        if (c == ' ' || c == '-') c = '_';
        if ('A' <= c && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return name;
}

// Prices per minute and per message go without saying; what a price of data or energy is for,
// doesn't.
std::string usual_per(const Meter& meter) {
    switch (meter.unit->dimension) {
        case Dimension::time: return "minute";
        case Dimension::message:
        case Dimension::event:
        case Dimension::number: return std::string(meter.unit->name);
        case Dimension::volume:
        case Dimension::energy:
        case Dimension::money: break;
    }
    return {};
}

class DeckReader {
  public:
    DeckReader(const DeckSource& source, const CatalogFile& file, DeckRows& into,
               Mistakes& mistakes)
        : source_(source), file_(file), into_(into), mistakes_(mistakes), csv_(file.text) {}

    void read() {
        if (!check_text(file_.path, file_.text, mistakes_)) return;
        if (!read_header() || !has_per()) return;
        const std::size_t before = into_.rows.size();
        while (csv_.next(row_)) {
            if (is_empty() || !check_shape()) continue;
            if (auto row = read_row()) into_.rows.push_back(std::move(*row));
        }
        if (into_.rows.size() == before && mistakes_.empty()) {
            mistakes_.add(CatalogReason::deck_row, place(), "the file has no rows",
                          "Add a row below the column names.");
        }
    }

  private:
    bool by_prefix() const { return source_.by == PricedBy::prefix_deck; }
    Place place() const { return {file_.path, static_cast<int>(row_.line), 0}; }
    Place place_of(std::size_t field) const {
        const CsvField& at = row_.fields[field];
        return {file_.path, static_cast<int>(at.line), static_cast<int>(at.column)};
    }
    // Spreadsheets export rows of nothing but separators.
    bool is_empty() const {
        return row_.problem.empty() &&
               std::all_of(row_.fields.begin(), row_.fields.end(),
                           [](const CsvField& field) { return field.text.empty(); });
    }
    ValueAt at(Column column) const {
        const std::size_t where = where_[static_cast<std::size_t>(column)];
        return {where == kNowhere ? place() : place_of(where), mistakes_, CatalogReason::deck_row,
                kColumnNames[static_cast<std::size_t>(column)]};
    }
    void bad_row(std::string message, std::string mend = {}) const {
        mistakes_.add(CatalogReason::deck_row, place(), std::move(message), std::move(mend));
    }

    bool allowed(Column column) const {
        switch (column) {
            case Column::prefix:
            case Column::destination:
            case Column::increments:
            case Column::connection_fee:
            case Column::origin:
            case Column::blocked: return by_prefix();
            case Column::network: return !by_prefix();
            case Column::name:
            case Column::price:
            case Column::per:
            case Column::valid_from:
            case Column::valid_until: return true;
        }
        return false;
    }

    bool read_header() {
        const std::size_t before = mistakes_.count();
        if (!csv_.next(row_) || !row_.problem.empty()) {
            mistakes_.add(CatalogReason::deck_columns, place(), "the file has no column names",
                          columns_mend());
            return false;
        }
        columns_ = row_.fields.size();
        where_.fill(kNowhere);
        for (std::size_t i = 0; i < columns_; ++i) read_column(i);
        for (const Column needed :
             {by_prefix() ? Column::prefix : Column::network, Column::price}) {
            if (where_[static_cast<std::size_t>(needed)] != kNowhere) continue;
            const auto name = kColumnNames[static_cast<std::size_t>(needed)];
            mistakes_.add(CatalogReason::deck_columns, place(),
                          fmt::format("the file has no column {}", shown(name)), columns_mend());
        }
        return mistakes_.count() == before;
    }

    std::string columns_mend() const {
        return fmt::format("The first row names the columns: {}.",
                           by_prefix() ? kPrefixDeckColumns : kNetworkListColumns);
    }

    void read_column(std::size_t index) {
        const std::string name = column_name(row_.fields[index].text);
        const auto* const known = std::find(kColumnNames.begin(), kColumnNames.end(), name);
        if (known == kColumnNames.end() ||
            !allowed(static_cast<Column>(known - kColumnNames.begin()))) {
            return refuse_column(name, index);
        }
        std::size_t& where = where_[static_cast<std::size_t>(known - kColumnNames.begin())];
        if (where != kNowhere) {
            mistakes_.add(CatalogReason::deck_columns, place(),
                          fmt::format("the column {} stands twice", shown(name)),
                          "Keep one of the two.");
        }
        where = index;
    }

    void refuse_column(const std::string& name, std::size_t index) {
        for (const RefusedColumn& refused : kRefusedColumns) {
            if (refused.name != name) continue;
            return mistakes_.add(
                CatalogReason::not_supported, place_of(index),
                fmt::format("the column {} is not priced by this release", shown(name)),
                std::string(refused.instead));
        }
        const bool of_sessions = name == "increments" || name == "connection_fee";
        if ((of_sessions || name == "origin" || name == "blocked") && !by_prefix()) {
            return mistakes_.add(
                CatalogReason::not_supported, place_of(index),
                fmt::format("a price list has no column {}", shown(name)),
                of_sessions ? "Say it on the charge that uses the list." : "Use a deck.");
        }
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < kColumns; ++i) {
            if (allowed(static_cast<Column>(i))) names.push_back(kColumnNames[i]);
        }
        const std::string near = suggestion(name, names);
        mistakes_.add(CatalogReason::unknown_key, place_of(index),
                      fmt::format("no column is called {}", shown(row_.fields[index].text)),
                      near.empty() ? columns_mend() : near);
    }

    bool has_per() {
        default_per_ = source_.per;
        if (!default_per_.empty() || where_[static_cast<std::size_t>(Column::per)] != kNowhere) {
            return true;
        }
        default_per_ = usual_per(source_.meter);
        if (!default_per_.empty()) return true;
        mistakes_.add(
            CatalogReason::missing_key, source_.place,
            fmt::format("neither {} nor its file says what a price is for", shown(source_.name)),
            "Add `per: MB` here, or a column `per` to the file.");
        return false;
    }

    bool check_shape() {
        if (!row_.problem.empty()) {
            mistakes_.add(CatalogReason::deck_row, place_of(row_.fields.size() - 1), row_.problem,
                          "Close the quote, and double the quotes inside a quoted field.");
            return false;
        }
        if (row_.fields.size() == columns_) return true;
        bad_row(fmt::format("{} fields where the first row names {} columns", row_.fields.size(),
                            columns_),
                "Put quotes around text that holds the separator; leave no field out.");
        return false;
    }

    std::string_view cell(Column column) const {
        const std::size_t where = where_[static_cast<std::size_t>(column)];
        return where == kNowhere ? std::string_view() : trimmed(row_.fields[where].text);
    }

    std::optional<RateRow> read_row() {
        const std::size_t before = mistakes_.count();
        RateRow row;
        by_prefix() ? read_prefix(row) : read_list_network(row);
        row.name = cell(by_prefix() ? Column::destination : Column::name);
        if (row.name.empty()) row.name = cell(Column::name);
        row.blocked = read_blocked();
        read_origin(row);
        row.blocked ? refuse_price_of_blocked() : read_price(row);
        row.increments = source_.increments;
        if (const auto text = cell(Column::increments); !text.empty()) {
            row.increments = read_increments(text, source_.meter, at(Column::increments))
                                 .value_or(row.increments);
        }
        if (!row.blocked) row.connection_fee = source_.connection_fee;
        if (const auto text = cell(Column::connection_fee); !text.empty()) {
            row.connection_fee = read_decimal(text, at(Column::connection_fee), source_.point);
        }
        read_validity(row);
        row.place = place().line_only();
        if (mistakes_.count() != before) return std::nullopt;
        return row;
    }

    void read_prefix(RateRow& row) {
        std::string_view digits = cell(Column::prefix);
        if (digits.starts_with('+')) digits.remove_prefix(1);
        const bool good = !digits.empty() && digits.size() <= kPrefixDigitsMax &&
                          digits.find_first_not_of("0123456789") == digits.npos;
        if (!good) {
            return bad_row(fmt::format("prefix {} is no prefix", shown(cell(Column::prefix))),
                           "Write 1 to 18 digits, country code first, such as 44 or 4420.");
        }
        row.prefix = digits;
        row.key = deck_key(digits);
    }

    bool read_blocked() const {
        constexpr std::array<std::string_view, 4> kYes = {"yes", "true", "1", "blocked"};
        constexpr std::array<std::string_view, 4> kNo = {"", "no", "false", "0"};
        const std::string_view text = cell(Column::blocked);
        if (std::find(kYes.begin(), kYes.end(), text) != kYes.end()) return true;
        if (std::find(kNo.begin(), kNo.end(), text) == kNo.end())
            bad_row(fmt::format("blocked is {}", shown(text)), "Write yes or no.");
        return false;
    }

    void refuse_price_of_blocked() const {
        for (const Column column : {Column::price, Column::connection_fee}) {
            if (cell(column).empty()) continue;
            bad_row(fmt::format("the blocked prefix {} has a price", shown(cell(Column::prefix))),
                    "Leave its price empty: calls to it wait in suspense.");
        }
    }

    // Rows that are alike but for their origin have keys of their own.
    void read_origin(RateRow& row) {
        const std::string name(cell(Column::origin));
        if (name.empty()) return;
        const auto known = source_.origin_sets.find(name);
        if (known == source_.origin_sets.end()) {
            std::vector<std::string> names;
            for (const auto& [each, set] : source_.origin_sets) names.push_back(each);
            return mistakes_.add(CatalogReason::unknown_origin,
                                 place_of(where_[static_cast<std::size_t>(Column::origin)]),
                                 fmt::format("no origin set is called {}", shown(name)),
                                 suggestion(name, names));
        }
        auto& origins = into_.origins;
        auto at = std::find_if(origins.begin(), origins.end(),
                               [&](const OriginSet& set) { return set.name == name; });
        if (at == origins.end()) {
            if (origins.size() == kOriginSetsMax) {
                return mistakes_.add(
                    CatalogReason::too_large, place(),
                    fmt::format("a deck with more than {} origin sets", kOriginSetsMax),
                    "Make several decks of it.");
            }
            at = origins.insert(at, known->second);
        }
        row.origin = static_cast<std::uint8_t>(at - origins.begin() + 1);
        row.key = item_key({}, name, row.prefix);
    }

    void read_list_network(RateRow& row) {
        row.prefix = cell(Column::network);
        row.key = read_network(row.prefix, at(Column::network)).value_or(NetworkKey{}).value;
    }

    void read_price(RateRow& row) {
        const std::string_view amount = cell(Column::price);
        const std::string_view per =
            cell(Column::per).empty() ? std::string_view(default_per_) : cell(Column::per);
        if (per.empty())
            return bad_row("the row doesn't say what its price is for", "Fill the column `per`.");
        row.price.amount =
            read_decimal(amount, at(Column::price), source_.point).value_or(Decimal{});
        if (per != last_per_ || last_units_ == 0) {
            last_units_ = read_per(per, source_.meter, at(Column::per)).value_or(0);
            last_per_ = per;
        }
        row.price.per = last_units_;
        std::string written(amount);  // 0.10 stays 0.10 on documents
        std::replace(written.begin(), written.end(), ',', '.');
        row.price.text = fmt::format("{} per {}", written, per);
    }

    void read_validity(RateRow& row) {
        const auto from = read_day(Column::valid_from);
        const auto until = read_day(Column::valid_until);
        if (from) row.valid_from = start_of(*from);
        if (until) row.valid_until = start_of(until->plus_days(1));  // the last day counts whole
        if (from && until && *until < *from) {
            bad_row(fmt::format("valid_until {} is before valid_from {}",
                                shown(cell(Column::valid_until)), shown(cell(Column::valid_from))),
                    "Both days belong to the price.");
        }
    }

    std::optional<Date> read_day(Column column) const {
        const std::string_view text = cell(column);
        if (text.empty()) return std::nullopt;
        const auto day = parse_date(text);
        if (!day) {
            bad_row(fmt::format("{} {} is no day", kColumnNames[static_cast<std::size_t>(column)],
                                shown(text)),
                    "Write it as 2026-01-31.");
        }
        return day;
    }

    // Decks name few days in many rows.
    Instant start_of(Date day) {
        const auto [found, added] = starts_.try_emplace(day.days);
        if (added) found->second = source_.zone.start_of(day);
        return found->second;
    }

    static constexpr std::size_t kNowhere = SIZE_MAX;
    const DeckSource& source_;
    const CatalogFile& file_;
    DeckRows& into_;
    Mistakes& mistakes_;
    CsvReader csv_;
    CsvRow row_;
    std::array<std::size_t, kColumns> where_{};
    std::size_t columns_ = 0;
    std::string default_per_;
    std::string last_per_;
    std::int64_t last_units_ = 0;
    std::unordered_map<std::int32_t, Instant> starts_;
};

}  // namespace

void read_deck_file(const DeckSource& source, const CatalogFile& file, DeckRows& into,
                    Mistakes& mistakes) {
    DeckReader(source, file, into, mistakes).read();
}

Deck read_deck(const DeckSource& source, Mistakes& mistakes) {
    DeckRows read;
    for (const CatalogFile* file : source.files) read_deck_file(source, *file, read, mistakes);
    Deck deck(source.name, std::move(read.rows), std::move(read.origins));
    check_overlaps(deck, mistakes);
    Deck::Home home{{},
                    source.point,
                    source.zone,
                    source.meter.id,
                    source.per.empty() ? usual_per(source.meter) : source.per,
                    source.increments};
    for (const CatalogFile* file : source.files) home.files.push_back(file->path);
    deck.set_home(std::move(home));
    return deck;
}

}  // namespace farthing::catalog
