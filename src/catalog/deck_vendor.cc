#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/csv.h"
#include "base/utf8.h"
#include "catalog/deck_import.h"
#include "catalog/fields.h"
#include "catalog/values.h"
#include "catalog/vendor_cells.h"
#include "catalog/yaml_reader.h"

namespace farthing::catalog {

namespace {

constexpr std::size_t kNowhere = SIZE_MAX;
constexpr std::size_t kPrefixesMax = 1'000'000;

class VendorReader {
  public:
    VendorReader(const CatalogFile& file, const DeckLayout& layout)
        : file_(file), layout_(layout) {}

    std::expected<std::vector<DeckLine>, Errors> read() {
        if (check_text(file_.path, file_.text, mistakes_) && find_header()) {
            while (lines_.size() <= kPrefixesMax && csv_->next(row_)) read_row();
            lines_.size() > kPrefixesMax ? refuse_size() : check_repeated();
            if (lines_.empty() && mistakes_.empty())
                tell(DeckReason::nothing_offered, header_line_, "no row below the column names");
        }
        if (!mistakes_.empty()) return std::unexpected(mistakes_.take());
        return std::move(lines_);
    }

  private:
    void tell(DeckReason reason, std::int64_t line, std::string message, std::string mend = {}) {
        Error error = error_of(reason, std::move(message), fmt::format("{}:{}", file_.path, line));
        if (!mend.empty()) error.mend = std::move(mend);
        mistakes_.add(std::move(error));
    }
    void tell(DeckReason reason, std::string message, std::string mend = {}) {
        tell(reason, line_of_row(), std::move(message), std::move(mend));
    }
    std::int64_t line_of_row() const { return header_line_ + row_.line - 1; }

    void refuse_size() {
        tell(DeckReason::vendor_prefix,
             fmt::format("the file holds more than {} prefixes up to here", kPrefixesMax),
             "Look for a range that is far too wide.");
    }

    // The line whose names hold all that the layout names; rows are read on from there.
    bool find_header() {
        for (const HeaderLine& line : header_lines(file_.text, layout_.separator)) {
            if (layout_.header != 0 && line.number != layout_.header) continue;
            if (!fits(line.names)) continue;
            header_line_ = line.number;
            csv_.emplace(line.text, line.separator);
            csv_->next(row_);
            return place_columns(line.names);
        }
        std::string wanted;
        for (const std::string& name : layout_.columns) {
            if (!name.empty()) wanted += (wanted.empty() ? "" : ", ") + shown(name);
        }
        tell(DeckReason::header_not_found, std::max<std::int64_t>(layout_.header, 1),
             fmt::format("no line names all of {}", wanted));
        return false;
    }

    bool fits(const std::vector<std::string>& names) const {
        return std::ranges::all_of(layout_.columns, [&](const std::string& wanted) {
            return wanted.empty() || std::ranges::find(names, column_word(wanted)) != names.end();
        });
    }

    bool place_columns(const std::vector<std::string>& names) {
        where_.fill(kNowhere);
        width_ = names.size();
        named_.assign(width_, false);
        const std::size_t before = mistakes_.count();
        for (std::size_t i = 0; i < width_; ++i) place_column(names, i);
        return mistakes_.count() == before;
    }

    void place_column(const std::vector<std::string>& names, std::size_t index) {
        const std::string& name = names[index];
        if (name.empty()) return;
        named_[index] = true;
        for (std::size_t i = 0; i < kVendorColumns.size(); ++i) {
            if (layout_.columns[i].empty() || column_word(layout_.columns[i]) != name) continue;
            if (where_[i] != kNowhere) {
                tell(DeckReason::column_repeated, header_line_,
                     fmt::format("two columns are called {}", shown(name)));
            }
            where_[i] = index;
            return;
        }
        const bool ignored = std::ranges::any_of(
            layout_.ignore, [&](const std::string& text) { return column_word(text) == name; });
        if (ignored) return;
        tell(DeckReason::column_undeclared, header_line_,
             fmt::format("the layout says nothing about the column {}", shown(name)));
    }

    bool has(VendorColumn column) const {
        return where_[static_cast<std::size_t>(column)] != kNowhere;
    }
    std::string_view cell(VendorColumn column) const {
        const std::size_t where = where_[static_cast<std::size_t>(column)];
        return where >= row_.fields.size() ? std::string_view() : trimmed(row_.fields[where].text);
    }

    bool check_shape() {
        if (!row_.problem.empty()) {
            tell(DeckReason::vendor_row, row_.problem);
            return false;
        }
        for (std::size_t i = 0; i < row_.fields.size(); ++i) {
            const bool known = i < width_ && named_[i];
            if (known || row_.fields[i].text.empty()) continue;
            tell(DeckReason::vendor_row,
                 fmt::format("{} stands under no column name", shown(row_.fields[i].text)));
            return false;
        }
        return true;
    }

    void read_row() {
        const bool empty =
            row_.problem.empty() && std::ranges::all_of(row_.fields, [](const CsvField& field) {
                return field.text.empty();
            });
        if (empty || !check_shape()) return;
        const std::size_t before = mistakes_.count();
        DeckLine line;
        line.line = line_of_row();
        line.destination = cell(VendorColumn::destination);
        line.origin = cell(VendorColumn::origin);
        line.blocked = is_blocked();
        if (!line.blocked) read_terms(line);
        line.from = read_day(VendorColumn::valid_from);
        line.until = read_day(VendorColumn::valid_until);
        if (line.from && line.until && *line.until < *line.from) {
            tell(DeckReason::vendor_date,
                 fmt::format("the last day {} is before the first, {}",
                             shown(cell(VendorColumn::valid_until)),
                             shown(cell(VendorColumn::valid_from))),
                 "Correct one of the two.");
        }
        const auto prefixes =
            read_prefixes(cell(VendorColumn::country), cell(VendorColumn::prefix));
        if (!prefixes) {
            tell(DeckReason::vendor_prefix,
                 fmt::format("{} {}", shown(prefixes.error().text), prefixes.error().fault));
        }
        if (mistakes_.count() != before) return;
        for (const std::string& prefix : *prefixes) {
            line.prefix = prefix;
            lines_.push_back(line);
        }
    }

    bool is_blocked() {
        const auto among = [](const std::vector<std::string>& words, const std::string& word) {
            return std::ranges::find(words, word) != words.end();
        };
        const std::string price = column_word(cell(VendorColumn::price));
        if (!price.empty() && among(layout_.blocked, price)) return true;
        const std::string status = column_word(cell(VendorColumn::status));
        if (status.empty()) return false;
        if (among(layout_.blocked, status)) return true;
        if (!among(layout_.open, status)) {
            tell(DeckReason::vendor_status, fmt::format("the status {} is neither blocked nor open",
                                                        shown(cell(VendorColumn::status))));
        }
        return false;
    }

    void read_terms(DeckLine& line) {
        line.price = read_amount(VendorColumn::price, "price");
        if (!cell(VendorColumn::connection_fee).empty())
            line.connection_fee = read_amount(VendorColumn::connection_fee, "connection fee");
        line.per = layout_.per;
        if (const auto text = cell(VendorColumn::per); !text.empty()) {
            line.per = per_word(text);
            if (line.per.empty()) {
                tell(DeckReason::vendor_row, fmt::format("a price per {}", shown(text)),
                     "Write minute, second or message.");
            }
        }
        const auto increments = read_increment_cells(
            cell(VendorColumn::increments), cell(VendorColumn::first), cell(VendorColumn::next));
        if (!increments) {
            tell(DeckReason::vendor_increments,
                 fmt::format("{} are no increments", shown(increments.error())));
        }
        line.increments = increments.value_or("");
    }

    std::string read_amount(VendorColumn column, std::string_view what) {
        const std::string_view text = cell(column);
        const bool plain = !text.empty() && '0' <= text.front() && text.front() <= '9';
        if (plain && Decimal::parse(text, layout_.point)) {
            std::string amount(text);
            std::ranges::replace(amount, ',', '.');
            return amount;
        }
        tell(DeckReason::vendor_price, text.empty()
                                           ? fmt::format("the row has no {}", what)
                                           : fmt::format("{} is no {}", shown(text), what));
        return {};
    }

    std::optional<Date> read_day(VendorColumn column) {
        const std::string_view text = cell(column);
        if (text.empty()) return std::nullopt;
        std::optional<Date> day;
        for (const std::string& format : layout_.dates) {
            const auto read = day_of(text, format);
            if (!read) continue;
            if (day && *day != *read) {
                tell(DeckReason::date_ambiguous,
                     fmt::format("{} is {} or {}", shown(text), to_string(*day), to_string(*read)));
            }
            day = read;
        }
        if (!day && layout_.dates.empty()) day = parse_date(text);
        if (!day)
            tell(DeckReason::vendor_date,
                 fmt::format("{} {} is no day", name_of(column), shown(text)));
        return day;
    }

    // EC26, told with the vendor's own lines.
    void check_repeated() {
        std::vector<const DeckLine*> order;
        for (const DeckLine& line : lines_) order.push_back(&line);
        std::ranges::stable_sort(order, [](const DeckLine* a, const DeckLine* b) {
            return std::tie(a->prefix, a->origin, a->from) <
                   std::tie(b->prefix, b->origin, b->from);
        });
        const DeckLine* last = nullptr;
        for (const DeckLine* line : order) {
            const bool same =
                last != nullptr && last->prefix == line->prefix && last->origin == line->origin;
            // What begins later ends what has no end.
            const bool follows = same && last->from != line->from &&
                                 (!last->until || (line->from && *last->until < *line->from));
            if (same && !follows) {
                tell(DeckReason::prefix_repeated, line->line,
                     fmt::format("{} is priced twice, also at {}:{}", shown(line->prefix),
                                 file_.path, last->line));
            }
            last = line;
        }
    }

    const CatalogFile& file_;
    const DeckLayout& layout_;
    Mistakes mistakes_;
    std::optional<CsvReader> csv_;
    CsvRow row_;
    std::array<std::size_t, kVendorColumns.size()> where_{};
    std::vector<bool> named_;
    std::size_t width_ = 0;
    std::int64_t header_line_ = 1;
    std::vector<DeckLine> lines_;
};

}  // namespace

std::expected<std::vector<DeckLine>, Errors> read_vendor_file(const CatalogFile& file,
                                                              const DeckLayout& layout) {
    return VendorReader(file, layout).read();
}

}  // namespace farthing::catalog
