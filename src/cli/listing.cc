#include "cli/listing.h"

#include <algorithm>
#include <ostream>

#include "base/assert.h"
#include "base/csv.h"
#include "render/text_table.h"

namespace farthing::cli {

namespace {

std::string text_of(const Listing::Cell& cell) {
    if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
    return std::get<std::string>(cell);
}

}  // namespace

void Listing::add(std::vector<Cell> cells) {
    FARTHING_ASSERT(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

void Listing::write_json(JsonWriter& json) const {
    json.begin_array();
    for (const auto& row : rows_) {
        json.begin_object();
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::string name = columns_[i];
            std::ranges::replace(name, ' ', '_');
            json.key(name);
            std::visit([&](const auto& content) { json.value(content); }, row[i]);
        }
        json.end_object();
    }
    json.end_array();
}

std::string Listing::csv() const {
    std::string text;
    const auto line = [&](const auto& cells, auto&& to_text) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i > 0) text += ',';
            text += csv_text(to_text(cells[i]));
        }
        text += '\n';
    };
    line(columns_, [](const std::string& name) { return name; });
    for (const auto& row : rows_) line(row, text_of);
    return text;
}

std::string Listing::table() const {
    std::vector<render::TextTable::Column> columns;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool number =
            !rows_.empty() && std::holds_alternative<std::int64_t>(rows_.front()[i]);
        columns.push_back({columns_[i], number ? render::Align::right : render::Align::left});
    }
    render::TextTable table(std::move(columns));
    for (const auto& row : rows_) {
        std::vector<std::string> cells;
        for (const Cell& cell : row) {
            const auto* number = std::get_if<std::int64_t>(&cell);
            cells.push_back(number ? grouped(*number) : std::get<std::string>(cell));
        }
        table.add(std::move(cells));
    }
    return table.text();
}

void Listing::print(Context& context) const {
    switch (context.format) {
        case Format::table:
            if (rows_.empty()) {
                say(context, "nothing to list");
            } else {
                context.out << table();
            }
            break;
        case Format::json: {
            JsonWriter json;
            write_json(json);
            context.out << json.text() << '\n';
            break;
        }
        case Format::csv: context.out << csv(); break;
    }
}

void say(Context& context, const std::string& text) {
    if (!context.quiet) context.err << text << '\n';
}

}  // namespace farthing::cli
