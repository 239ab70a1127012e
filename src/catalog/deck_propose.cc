#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/csv.h"
#include "catalog/deck_import.h"
#include "catalog/fields.h"
#include "catalog/values.h"
#include "catalog/vendor_cells.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kSampleRows = 500;

// How vendors call their columns, the likeliest first. A name is taken by the first role that knows
// it, and a role by the first column.
struct Known {
    VendorColumn column;
    std::string_view names;  // between bars
};
constexpr Known kKnown[] = {
    {VendorColumn::country, "|country code|cc|country prefix|intl code|"},
    {VendorColumn::prefix,
     "|prefix|prefixes|code|codes|dial code|dial codes|dialcode|dialing code|dialling code|"
     "destination code|destination prefix|area code|area codes|city code|city codes|number prefix|"
     "ndc|breakout code|b number prefix|digits|"},
    {VendorColumn::destination,
     "|destination|destination name|name|description|country|zone|location|route|breakout|"
     "country/destination|area|region|term destination|"},
    {VendorColumn::price,
     "|price|rate|new rate|new price|rate per minute|rate/min|price per minute|price/min|"
     "per minute|tariff|cost|current rate|rate (eur)|rate (usd)|rate eur/min|rate usd/min|"
     "rate (eur/min)|rate (usd/min)|price (eur)|price (usd)|preis|tarif|"},
    {VendorColumn::per, "|per|unit|price unit|rate unit|"},
    {VendorColumn::first,
     "|first increment|initial increment|initial|min duration|minimum duration|first interval|"
     "interval 1|min|minimum|first|initial interval|min increment|billing min|"},
    {VendorColumn::next,
     "|next increment|subsequent increment|additional increment|sub increment|interval n|"
     "next interval|subsequent|next|second increment|billing inc|inc|"},
    {VendorColumn::increments,
     "|increments|increment|billing increment|billing increments|billing|billing terms|rounding|"
     "min/inc|interval|intervals|min/incr|"},
    {VendorColumn::connection_fee,
     "|connection fee|connect fee|connection charge|setup fee|setup|call setup|set-up fee|"
     "connect charge|"},
    {VendorColumn::valid_from,
     "|effective date|effective|valid from|start date|from|date from|effective from|"
     "activation date|eff date|start|gueltig ab|"},
    {VendorColumn::valid_until,
     "|end date|valid until|valid to|expiry date|expiry|until|to|date to|expires|end|"},
    {VendorColumn::origin, "|origin|origin set|origin group|origination|origin zone|"},
    {VendorColumn::status, "|status|blocked|availability|state|"},
};
constexpr std::string_view kBlockedWords[] = {"blocked",       "closed",      "barred",
                                              "not available", "unavailable", "yes"};
constexpr std::string_view kDateFormats[] = {
    "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%b %d, %Y"};

class Proposing {
  public:
    explicit Proposing(const CatalogFile& file) : file_(file) {}

    std::expected<LayoutProposal, Error> run() {
        if (!choose_header()) {
            return std::unexpected(
                error_of(DeckReason::layout_not_found,
                         "none of the first lines names a column of prefixes and one of prices",
                         file_.path));
        }
        layout().name = "vendor";
        layout().header = header_.number;
        layout().separator = header_.separator;
        sample();
        guess_decimal();
        guess_increments();
        guess_dates();
        guess_words();
        guess_per();
        return std::move(proposal_);
    }

  private:
    using Places = std::array<std::size_t, kVendorColumns.size()>;
    static constexpr std::size_t kNowhere = SIZE_MAX;

    DeckLayout& layout() { return proposal_.layout; }
    void note(std::string text) { proposal_.notes.push_back(std::move(text)); }

    static Places places_of(const std::vector<std::string>& names) {
        Places places;
        places.fill(kNowhere);
        std::vector<bool> taken(names.size(), false);
        for (const Known& known : kKnown) {
            for (std::size_t i = 0; i < names.size(); ++i) {
                const bool fits = !names[i].empty() && !taken[i] &&
                                  known.names.find("|" + names[i] + "|") != known.names.npos;
                if (!fits) continue;
                taken[i] = true;
                places[static_cast<std::size_t>(known.column)] = i;
                break;
            }
        }
        return places;
    }

    // The line that names most.
    bool choose_header() {
        std::size_t most = 0;
        for (HeaderLine& line : header_lines(file_.text, 0)) {
            const Places places = places_of(line.names);
            const bool usable =
                places[static_cast<std::size_t>(VendorColumn::prefix)] != kNowhere &&
                places[static_cast<std::size_t>(VendorColumn::price)] != kNowhere;
            const auto count = static_cast<std::size_t>(
                std::ranges::count_if(places, [](std::size_t at) { return at != kNowhere; }));
            if (!usable || count <= most) continue;
            most = count;
            places_ = places;
            header_ = std::move(line);
        }
        if (most == 0) return false;
        drop_half_pair();
        for (std::size_t i = 0; i < header_.names.size(); ++i) name_column(i);
        return true;
    }

    // A lone column of "min" or "inc" is what both steps are; beside a pair it is noise.
    void drop_half_pair() {
        auto& both = places_[static_cast<std::size_t>(VendorColumn::increments)];
        const auto first = places_[static_cast<std::size_t>(VendorColumn::first)];
        const auto next = places_[static_cast<std::size_t>(VendorColumn::next)];
        if (both == kNowhere || (first == kNowhere && next == kNowhere)) return;
        if (first != kNowhere && next == kNowhere) {
            places_[static_cast<std::size_t>(VendorColumn::next)] = both;
        }
        both = kNowhere;
    }

    void name_column(std::size_t index) {
        const std::string& name = header_.names[index];
        if (name.empty()) return;
        const auto role = std::ranges::find(places_, index);
        if (role != places_.end()) {
            layout().columns[static_cast<std::size_t>(role - places_.begin())] = name;
            return;
        }
        layout().ignore.push_back(name);
        note(fmt::format("the column {} is read past", shown(name)));
    }

    void sample() {
        CsvReader csv(header_.text, header_.separator);
        CsvRow row;
        csv.next(row);
        while (rows_.size() < kSampleRows && csv.next(row)) {
            if (row.problem.empty()) rows_.push_back(row);
        }
    }

    // The cells of a column that hold something.
    std::vector<std::string> cells(VendorColumn column) const {
        const std::size_t at = places_[static_cast<std::size_t>(column)];
        std::vector<std::string> texts;
        for (const CsvRow& row : rows_) {
            if (at < row.fields.size() && !trimmed(row.fields[at].text).empty())
                texts.emplace_back(trimmed(row.fields[at].text));
        }
        return texts;
    }

    void guess_decimal() {
        std::size_t commas = 0;
        std::size_t points = 0;
        for (const std::string& price : cells(VendorColumn::price)) {
            commas += Decimal::parse(price, ',') && price.find(',') != price.npos ? 1U : 0U;
            points += Decimal::parse(price, '.') && price.find('.') != price.npos ? 1U : 0U;
        }
        layout().point = commas > points ? ',' : '.';
        if (commas > 0 && points > 0) note("some prices have a point and some a comma");
    }

    // "60" under "increments" is one step for all.
    void guess_increments() {
        std::size_t wrong = 0;
        for (const std::string& text : cells(VendorColumn::increments))
            wrong += read_increment_cells(text, {}, {}) ? 0U : 1U;
        if (wrong > 0) note(fmt::format("{} increments of the sample can't be read", wrong));
    }

    void guess_dates() {
        std::vector<std::string> days = cells(VendorColumn::valid_from);
        std::ranges::move(cells(VendorColumn::valid_until), std::back_inserter(days));
        if (days.empty()) return;
        for (const std::string_view format : kDateFormats) {
            if (std::ranges::all_of(days, [&](const std::string& day) {
                    return day_of(day, format).has_value();
                })) {
                layout().dates.emplace_back(format);
            }
        }
        if (layout().dates.empty()) note("no format of days fits " + shown(days.front()));
        if (layout().dates.size() > 1)
            note("days can be read in several ways: keep one of the formats");
    }

    void guess_words() {
        const auto is_blocked = [](const std::string& word) {
            return std::ranges::find(kBlockedWords, word) != std::end(kBlockedWords);
        };
        const auto add = [](std::vector<std::string>& words, const std::string& word) {
            if (std::ranges::find(words, word) == words.end()) words.push_back(word);
        };
        for (const std::string& text : cells(VendorColumn::status)) {
            const std::string word = column_word(text);
            add(is_blocked(word) ? layout().blocked : layout().open, word);
        }
        for (const std::string& text : cells(VendorColumn::price)) {
            const std::string word = column_word(text);
            if (is_blocked(word)) add(layout().blocked, word);
        }
        if (!layout().open.empty()) note("check which words of the status mean blocked");
    }

    void guess_per() {
        if (!layout().column(VendorColumn::per).empty()) return;
        const std::string& name = layout().column(VendorColumn::price);
        const bool by_second = name.find("/sec") != name.npos || name.find("per sec") != name.npos;
        layout().per = by_second ? "second" : "minute";
        if (name.find("min") == name.npos && !by_second)
            note("prices are taken as per minute: no column says it");
    }

    const CatalogFile& file_;
    LayoutProposal proposal_;
    HeaderLine header_;
    Places places_{};
    std::vector<CsvRow> rows_;
};

}  // namespace

std::expected<LayoutProposal, Error> propose_deck_layout(const CatalogFile& file) {
    return Proposing(file).run();
}

}  // namespace farthing::catalog
