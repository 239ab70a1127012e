#include <fmt/format.h>

#include <algorithm>

#include "catalog/deck_import.h"
#include "catalog/fields.h"
#include "catalog/vendor_cells.h"
#include "catalog/yaml_reader.h"

namespace farthing::catalog {

namespace {

// clang-format off
constexpr Key kColumnKeys[] = {
    {"country", Shape::text, "", "Country code, written before each prefix of the row."},
    {"prefix", Shape::text, "", "Prefixes: one, a list, ranges.", true},
    {"destination", Shape::text, "", "Name of the destination."},
    {"price", Shape::text, "", "The price.", true},
    {"per", Shape::text, "", "What a price is for."},
    {"increments", Shape::text, "", "First and next step: 60/1."},
    {"first", Shape::text, "", "The first step alone."},
    {"next", Shape::text, "", "The next steps alone."},
    {"connection_fee", Shape::text, "", "Per call."},
    {"valid_from", Shape::text, "", "First day."},
    {"valid_until", Shape::text, "", "Last day."},
    {"origin", Shape::text, "", "Origin set."},
    {"status", Shape::text, "", "Whether the destination is blocked."},
};
constexpr Key kLayoutKeys[] = {
    {"layout", Shape::name, "", "The name of the layout.", true},
    {"columns", Shape::object, "", "What the file calls its columns.", true},
    {"ignore", Shape::texts, "", "Columns to read past."},
    {"header", Shape::text, "", "The line of the column names."},
    {"separator", Shape::choice, "comma|semicolon|tab|bar", "Between fields."},
    {"decimal", Shape::choice, "point|comma", "The decimal mark."},
    {"per", Shape::text, "", "What a price is for where no column says it."},
    {"dates", Shape::texts, "", "Formats of days: \"%d.%m.%Y\"."},
    {"blocked", Shape::texts, "", "Words of the status or price column for blocked destinations."},
    {"open", Shape::texts, "", "Other words of the status column."},
    {"rows", Shape::choice, "all|changes", "Whether the file holds all prices or only changes."},
};
constexpr Table kColumnsTable = {"columns", "`columns`", kColumnKeys};
constexpr Table kLayoutTable = {"layout", "a layout", kLayoutKeys};
// clang-format on

constexpr std::string_view kSeparators = ",;\t|";
constexpr std::string_view kSeparatorNames[] = {"comma", "semicolon", "tab", "bar"};
constexpr std::int64_t kHeaderLineMax = 1'000;

std::vector<std::string> texts_of(const Fields& fields, std::string_view key) {
    std::vector<std::string> texts;
    for (const Node& item : fields.list(key)) {
        if (auto text = one_line(item, key, fields.mistakes())) texts.push_back(std::move(*text));
    }
    return texts;
}

bool is_date_format(std::string_view format) {
    const auto holds = [&](std::string_view part) { return format.find(part) != format.npos; };
    for (std::size_t at = format.find('%'); at != format.npos; at = format.find('%', at + 2)) {
        if (at + 1 == format.size() || !std::string_view("YymdbB").contains(format[at + 1]))
            return false;
    }
    return (holds("%Y") || holds("%y")) && (holds("%m") || holds("%b") || holds("%B")) &&
           holds("%d");
}

void read_columns(const Node& node, DeckLayout& layout, Mistakes& mistakes) {
    const Fields columns(node, kColumnsTable, mistakes);
    if (node.kind != Node::Kind::map) return;
    for (std::size_t i = 0; i < kVendorColumns.size(); ++i)
        layout.columns[i] = columns.text(kVendorColumns[i]);
    const bool both =
        !layout.column(VendorColumn::increments).empty() &&
        !(layout.column(VendorColumn::first).empty() && layout.column(VendorColumn::next).empty());
    if (!both) return;
    mistakes.add(CatalogReason::bad_value, columns.place_of("increments"),
                 "increments stand in one column and in two", "Name either, not both.");
}

void read_header_line(const Fields& fields, DeckLayout& layout) {
    if (!fields.has("header")) return;
    const std::string text = fields.text("header");
    const auto line = parse_int128(text);
    if (line && *line >= 1 && *line <= kHeaderLineMax) {
        layout.header = static_cast<std::int64_t>(*line);
        return;
    }
    fields.mistakes().add(CatalogReason::bad_value, fields.place_of("header"),
                          fmt::format("{} is no line of the file", shown(text)),
                          fmt::format("Write 1 to {}.", kHeaderLineMax));
}

void read_words(const Fields& fields, DeckLayout& layout) {
    layout.ignore = texts_of(fields, "ignore");
    layout.dates = texts_of(fields, "dates");
    for (const std::string& format : layout.dates) {
        if (is_date_format(format)) continue;
        fields.mistakes().add(CatalogReason::bad_value, fields.place_of("dates"),
                              fmt::format("{} is no format of days", shown(format)),
                              "Write it with %Y or %y, %m or %b, and %d, such as \"%d.%m.%Y\".");
    }
    for (const std::string& word : texts_of(fields, "blocked"))
        layout.blocked.push_back(column_word(word));
    for (const std::string& word : texts_of(fields, "open"))
        layout.open.push_back(column_word(word));
    layout.per = fields.text("per");
    if (layout.per.empty() || unit_named(layout.per) != nullptr) return;
    fields.mistakes().add(CatalogReason::unknown_unit, fields.place_of("per"),
                          fmt::format("{} is no unit", shown(layout.per)),
                          "Write minute, second or message.");
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string list_text(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + quoted(text);
    return "[" + out + "]";
}

}  // namespace

std::expected<DeckLayout, Errors> read_deck_layout(const CatalogFile& yaml) {
    Mistakes mistakes;
    const Node root = read_yaml(yaml.path, yaml.text, mistakes);
    if (!mistakes.empty()) return std::unexpected(mistakes.take());
    DeckLayout layout;
    const Fields fields(root, kLayoutTable, mistakes);
    if (root.kind == Node::Kind::map) {
        if (const Node* name = fields.find("layout"))
            layout.name = read_name(*name, "a layout", mistakes).value_or("");
        if (const Node* columns = fields.find("columns")) read_columns(*columns, layout, mistakes);
        read_header_line(fields, layout);
        if (fields.has("separator")) layout.separator = kSeparators[fields.choice("separator")];
        layout.point = fields.choice("decimal") == 1 ? ',' : '.';
        layout.changes_only = fields.choice("rows") == 1;
        read_words(fields, layout);
    }
    if (!mistakes.empty()) return std::unexpected(mistakes.take());
    return layout;
}

std::string layout_text(const DeckLayout& layout) {
    std::string out = fmt::format("layout: {}\n", quoted(layout.name));
    if (layout.header != 0) out += fmt::format("header: {}\n", layout.header);
    if (layout.separator != 0)
        out += fmt::format("separator: {}\n", kSeparatorNames[kSeparators.find(layout.separator)]);
    out += fmt::format("decimal: {}\n", layout.point == ',' ? "comma" : "point");
    if (!layout.per.empty()) out += fmt::format("per: {}\n", quoted(layout.per));
    if (!layout.dates.empty()) out += fmt::format("dates: {}\n", list_text(layout.dates));
    out += fmt::format("rows: {}\n", layout.changes_only ? "changes" : "all");
    if (!layout.blocked.empty()) out += fmt::format("blocked: {}\n", list_text(layout.blocked));
    if (!layout.open.empty()) out += fmt::format("open: {}\n", list_text(layout.open));
    out += "columns:\n";
    for (std::size_t i = 0; i < kVendorColumns.size(); ++i) {
        if (!layout.columns[i].empty())
            out += fmt::format("  {}: {}\n", kVendorColumns[i], quoted(layout.columns[i]));
    }
    if (!layout.ignore.empty()) out += fmt::format("ignore: {}\n", list_text(layout.ignore));
    return out;
}

}  // namespace farthing::catalog
