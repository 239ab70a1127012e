#include "directory/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "base/csv.h"
#include "base/utf8.h"

namespace farthing::directory {
namespace {

struct Column {
    std::string_view name;
    bool required = false;
};
constexpr std::array<Column, 9> kAccountColumns = {{{"account", true},
                                                    {"parent"},
                                                    {"title"},
                                                    {"address"},
                                                    {"tax_number"},
                                                    {"country"},
                                                    {"bill_day"},
                                                    {"pays"},
                                                    {"from"}}};
// One column per kind of identity follows these.
constexpr std::array<Column, 7> kSubscriptionColumns = {{{"subscription", true},
                                                         {"account", true},
                                                         {"plan", true},
                                                         {"quantity"},
                                                         {"from", true},
                                                         {"until"},
                                                         {"group"}}};
constexpr std::array kImportedIdentities = {IdentityKind::device, IdentityKind::iccid,
                                            IdentityKind::imsi,   IdentityKind::msisdn,
                                            IdentityKind::did,    IdentityKind::destination};

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

// A CSV whose header names some of the known columns, in any order. Collects what is wrong with
// place and text.
class Table {
  public:
    Table(std::string_view file_name, std::string_view csv, std::span<const Column> columns)
        : file_name_(file_name), reader_(csv), columns_(columns) {
        read_header();
    }

    // The next row that has as many fields as the header, all of them text; false at the end.
    bool next() {
        if (!header_read_) return false;
        while (reader_.next(row_)) {
            row_is_good_ = true;
            if (!row_.problem.empty()) {
                complain(DirectoryReason::bad_row, row_.problem, row_.fields.back());
            } else if (row_.fields.size() != header_fields_) {
                const std::string counts = fmt::format("{} fields under a header of {}",
                                                       row_.fields.size(), header_fields_);
                complain(DirectoryReason::bad_row, counts, row_.fields.front());
            } else {
                check_text();
            }
            if (row_is_good_) return true;
        }
        return false;
    }

    std::int64_t line() const { return row_.line; }
    bool row_is_good() const { return row_is_good_; }
    Errors take_errors() { return std::move(errors_); }

    // Empty where the file has no such column.
    const std::string& text(std::string_view column) const {
        static const std::string kNone;
        const CsvField* field = find(column);
        return field == nullptr ? kNone : field->text;
    }
    const std::string& required(std::string_view column) {
        const CsvField& field = *find(column);
        if (field.text.empty())
            complain(DirectoryReason::bad_row, fmt::format("{} is empty", column), field);
        return field.text;
    }
    std::optional<Date> date(std::string_view column) {
        const CsvField* field = find(column);
        if (field == nullptr || field->text.empty()) return std::nullopt;
        const std::optional<Date> date = parse_date(field->text);
        if (!date) wrong(DirectoryReason::bad_date, column, "is not a date");
        return date;
    }
    // A whole number of `from`..`to`; `absent` where nothing stands.
    std::int64_t number(std::string_view column, std::int64_t from, std::int64_t to,
                        std::int64_t absent, DirectoryReason reason) {
        const std::string& digits = text(column);
        if (digits.empty()) return absent;
        std::int64_t value = 0;
        const char* end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, value);
        if (error != std::errc{} || stop != end || value < from || value > to) {
            wrong(reason, column,
                  to == INT64_MAX ? fmt::format("is not a whole number of at least {}", from)
                                  : fmt::format("is not a whole number from {} to {}", from, to));
        }
        return value;
    }
    bool yes_or_no(std::string_view column, bool absent) {
        const std::string word = lower(text(column));
        if (word.empty()) return absent;
        if (word == "yes" || word == "true" || word == "1") return true;
        if (word != "no" && word != "false" && word != "0")
            wrong(DirectoryReason::bad_row, column, "is not yes or no");
        return false;
    }
    // REQUIRES: the file has that column.
    void wrong(DirectoryReason reason, std::string_view column, std::string_view what) {
        const CsvField& field = *find(column);
        complain(reason, fmt::format("{} \"{}\" {}", column, printable(field.text), what), field);
    }

  private:
    void read_header() {
        if (!reader_.next(row_)) {
            row_.fields.assign(1, {.text = {}, .line = 1, .column = 1});
            complain(DirectoryReason::bad_column,
                     "the file is empty: its first line names the columns", row_.fields[0]);
            return;
        }
        if (!row_.problem.empty())
            complain(DirectoryReason::bad_column, row_.problem, row_.fields.back());
        place_.assign(columns_.size(), -1);
        for (std::size_t i = 0; i < row_.fields.size(); ++i) take_column(static_cast<int>(i));
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (columns_[i].required && place_[i] < 0) {
                complain(DirectoryReason::bad_column,
                         fmt::format("column \"{}\" is missing", columns_[i].name), row_.fields[0]);
            }
        }
        header_fields_ = row_.fields.size();
        header_read_ = errors_.empty();
    }

    void take_column(int at) {
        const CsvField& field = row_.fields[static_cast<std::size_t>(at)];
        const std::string name = lower(field.text);
        const auto known = std::ranges::find(columns_, name, &Column::name);
        if (known == columns_.end()) {
            complain(DirectoryReason::bad_column, unknown_column(field.text), field);
            return;
        }
        int& place = place_[static_cast<std::size_t>(known - columns_.begin())];
        if (place >= 0) {
            complain(DirectoryReason::bad_column, fmt::format("column \"{}\" stands twice", name),
                     field);
        }
        place = at;
    }

    std::string unknown_column(const std::string& text) const {
        std::vector<std::string_view> names;
        for (const Column& column : columns_) names.push_back(column.name);
        const std::string nearest = nearest_name(lower(text), names);
        const std::string hint = nearest.empty()
                                     ? fmt::format("known are {}", fmt::join(names, ", "))
                                     : fmt::format("did you mean \"{}\"?", nearest);
        return fmt::format("column \"{}\" is not known: {}", printable(text), hint);
    }

    void check_text() {
        for (const CsvField& field : row_.fields) {
            if (is_utf8(field.text)) continue;
            complain(DirectoryReason::bad_row,
                     fmt::format("\"{}\" is not UTF-8 text", printable(field.text)), field);
        }
    }

    const CsvField* find(std::string_view column) const {
        const auto known = std::ranges::find(columns_, column, &Column::name);
        const int place = place_[static_cast<std::size_t>(known - columns_.begin())];
        return place < 0 ? nullptr : &row_.fields[static_cast<std::size_t>(place)];
    }

    void complain(DirectoryReason reason, std::string message, const CsvField& field) {
        row_is_good_ = false;
        errors_.push_back(error_of(reason, std::move(message),
                                   fmt::format("{}:{}:{}", file_name_, field.line, field.column)));
    }

    std::string_view file_name_;
    CsvReader reader_;
    std::span<const Column> columns_;
    std::vector<int> place_;  // of each known column among the fields; -1: not in this file
    std::size_t header_fields_ = 0;
    bool header_read_ = false;
    bool row_is_good_ = true;
    CsvRow row_;
    Errors errors_;
};

std::vector<std::string> address_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t bar = text.find('|');
        std::string_view line = text.substr(0, bar);
        while (line.starts_with(' ')) line.remove_prefix(1);
        while (line.ends_with(' ')) line.remove_suffix(1);
        if (!line.empty()) lines.emplace_back(line);
        text.remove_prefix(bar == std::string_view::npos ? text.size() : bar + 1);
    }
    return lines;
}

AccountRow account_row(Table& table) {
    AccountRow row;
    row.line = table.line();
    row.account = table.required("account");
    row.parent = table.text("parent");
    row.title = table.text("title");
    row.address = address_lines(table.text("address"));
    row.tax_number = table.text("tax_number");
    row.country = table.text("country");
    row.bill_day =
        static_cast<unsigned>(table.number("bill_day", 1, 31, 1, DirectoryReason::bad_bill_day));
    row.pays = table.yes_or_no("pays", row.parent.empty());
    row.from = table.date("from").value_or(row.from);
    return row;
}

SubscriptionRow subscription_row(Table& table) {
    SubscriptionRow row;
    row.line = table.line();
    row.subscription = table.required("subscription");
    row.account = table.required("account");
    row.plan = table.required("plan");
    row.quantity = table.number("quantity", 0, INT64_MAX, 1, DirectoryReason::bad_quantity);
    table.required("from");
    row.from = table.date("from").value_or(Date{});
    row.until = table.date("until");
    if (table.row_is_good() && row.until && *row.until < row.from) {
        table.wrong(DirectoryReason::bad_date, "until", "is before from");
    }
    row.group = table.text("group");
    for (const IdentityKind kind : kImportedIdentities) {
        const std::string& value = table.text(name_of(kind));
        if (!value.empty()) row.identities.emplace_back(kind, value);
    }
    return row;
}

template <class Row, class Read>
Imported<Row> parse(Table& table, const Read& read) {
    Imported<Row> imported;
    while (table.next()) {
        Row row = read(table);
        if (table.row_is_good()) imported.rows.push_back(std::move(row));
    }
    imported.errors = table.take_errors();
    return imported;
}

}  // namespace

Imported<AccountRow> parse_accounts(std::string_view file_name, std::string_view csv) {
    Table table(file_name, csv, kAccountColumns);
    return parse<AccountRow>(table, account_row);
}

Imported<SubscriptionRow> parse_subscriptions(std::string_view file_name, std::string_view csv) {
    std::vector<Column> columns(kSubscriptionColumns.begin(), kSubscriptionColumns.end());
    for (const IdentityKind kind : kImportedIdentities) columns.push_back({name_of(kind)});
    Table table(file_name, csv, columns);
    return parse<SubscriptionRow>(table, subscription_row);
}

}  // namespace farthing::directory
