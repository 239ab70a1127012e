// The shape of a file: JSON lines, delimited, or records of one length.
#include <simdjson.h>

#include <algorithm>
#include <set>

#include "base/csv.h"
#include "base/utf8.h"
#include "mediation/decode_number.h"
#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

constexpr std::size_t kRowsMax = 200;

// The leaves of an object as paths and texts.
void flatten(const std::string& prefix, simdjson::dom::object object, int depth,
             std::vector<std::pair<std::string, std::string>>& leaves) {
    for (const auto& [key, value] : object) {
        const std::string path = prefix + std::string(key);
        if (value.is_object() && depth < 4) {
            flatten(path + ".", value.get_object().value_unsafe(), depth + 1, leaves);
        } else if (value.is_string()) {
            leaves.emplace_back(path, std::string(value.get_string().value_unsafe()));
        } else if (value.is_int64() || value.is_uint64()) {
            leaves.emplace_back(path, simdjson::minify(value));
        } else if (value.is_double()) {
            leaves.emplace_back(path, "0.5");  // a fraction: its digits do not matter for a guess
        }
    }
}

Result<Sample> take_json(Sample sample) {
    simdjson::dom::parser parser;
    std::string_view rest = sample.bytes;
    while (!rest.empty() && sample.rows.size() < kRowsMax) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        simdjson::dom::object object;
        if (parser.parse(line.data(), line.size()).get_object().get(object) != simdjson::SUCCESS)
            continue;
        std::vector<std::pair<std::string, std::string>> leaves;
        flatten("", object, 0, leaves);
        std::vector<std::string> row(sample.names.size());
        for (auto& [path, text] : leaves) {
            auto at = static_cast<std::size_t>(std::ranges::find(sample.names, path) -
                                               sample.names.begin());
            if (at == sample.names.size()) {
                sample.names.push_back(path);
                row.emplace_back();
            }
            row[at] = std::move(text);
        }
        sample.rows.push_back(std::move(row));
    }
    if (sample.rows.empty())
        return fail(FeedReason::feed_no_proposal, "no line of the file is a JSON object");
    for (auto& row : sample.rows) row.resize(sample.names.size());
    sample.format = FormatKind::json_lines;
    return sample;
}

// A first line is a header when none of its texts is a number or empty.
bool is_header(const std::vector<std::string>& row) {
    return std::ranges::none_of(
               row, [](const std::string& text) { return text.empty() || is_number(text); }) &&
           std::set<std::string>(row.begin(), row.end()).size() == row.size();
}

// 1,5 is a number where commas do not end fields; the guesses then see 1.5.
void take_decimal_commas(Sample& sample) {
    if (sample.delimiter == ',') return;
    const auto with_point = [](std::string text) {
        if (const std::size_t comma = text.find(','); comma != std::string::npos) text[comma] = '.';
        return text;
    };
    for (std::size_t column = 0; column < sample.names.size(); ++column) {
        bool commas = false;
        const bool numbers = sample.all(column, [&](const std::string& text) {
            commas = commas || text.find(',') != std::string::npos;
            return text.find('.') == std::string::npos && is_number(with_point(text));
        });
        if (!numbers || !commas) continue;
        sample.decimal_comma = true;
        for (auto& row : sample.rows) row[column] = with_point(row[column]);
    }
}

Result<Sample> take_delimited(Sample sample) {
    CsvReader reader(sample.bytes);
    sample.delimiter = reader.delimiter();
    CsvRow row;
    while (sample.rows.size() < kRowsMax && reader.next(row)) {
        if (!row.problem.empty()) continue;
        std::vector<std::string> texts;
        for (CsvField& field : row.fields) texts.push_back(std::move(field.text));
        sample.rows.push_back(std::move(texts));
    }
    sample.header = is_header(sample.rows.front());
    const std::size_t columns = sample.rows.front().size();
    for (std::size_t i = 0; i < columns; ++i) {
        sample.names.push_back(sample.header ? sample.rows.front()[i] : std::to_string(i + 1));
    }
    if (sample.header) sample.rows.erase(sample.rows.begin());
    std::erase_if(sample.rows, [&](const auto& texts) { return texts.size() != columns; });
    if (sample.rows.empty())
        return fail(FeedReason::feed_no_proposal, "the file has no record below its line of names");
    take_decimal_commas(sample);
    return sample;
}

// Most rows have as many fields as the first. Records of one length may hold a comma each, in an
// amount.
bool is_delimited(std::string_view bytes) {
    CsvReader reader(bytes);
    CsvRow row;
    std::size_t columns = 0, rows = 0, alike = 0;
    while (rows < kRowsMax && reader.next(row)) {
        if (!row.problem.empty()) continue;
        if (rows == 0) columns = row.fields.size();
        rows += 1;
        alike += row.fields.size() == columns ? 1 : 0;
    }
    if (columns < 2 || alike * 2 < rows) return false;
    constexpr std::size_t kLongLine = 32;
    const std::size_t length = bytes.find('\n');
    const std::size_t last = bytes.substr(0, bytes.size() - 1).rfind('\n');
    const bool one_length = rows > 2 && last != std::string_view::npos &&
                            length == bytes.size() - 2 - last && length >= kLongLine;
    return columns > 2 || !one_length;
}

}  // namespace

bool Sample::filled(std::size_t column) const {
    return std::ranges::any_of(rows, [&](const auto& row) { return !row[column].empty(); });
}

bool Sample::complete(std::size_t column) const {
    return std::ranges::none_of(rows, [&](const auto& row) { return row[column].empty(); });
}

bool Sample::distinct(std::size_t column) const {
    std::set<std::string_view> seen;
    return std::ranges::all_of(rows, [&](const auto& row) {
        return !row[column].empty() && seen.insert(row[column]).second;
    });
}

bool is_number(std::string_view text) {
    std::int64_t total = 0;
    return add_quantity(text, '.', {1'000'000'000, 1}, total) != SuspenseReason::bad_number;
}

Result<Sample> take_sample(std::string_view first_bytes) {
    Sample sample;
    const std::string_view bytes = without_mark(first_bytes);
    const std::size_t newline = bytes.rfind('\n');
    // The first bytes may end inside a record.
    sample.bytes = newline == std::string_view::npos ? bytes : bytes.substr(0, newline + 1);
    if (sample.bytes.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        return fail(FeedReason::feed_no_proposal, "the file is empty");
    }
    const bool text = is_utf8(sample.bytes) && sample.bytes.find('\0') == std::string_view::npos;
    if (!text) return fail(FeedReason::feed_no_proposal, "the file is not UTF-8 text");
    if (sample.bytes[sample.bytes.find_first_not_of(" \t\r\n")] == '<')
        return fail(FeedReason::feed_no_proposal, "no feed is proposed from XML files yet");
    const bool json = sample.bytes[sample.bytes.find_first_not_of(" \t\r\n")] == '{';
    if (json) return take_json(std::move(sample));
    return is_delimited(sample.bytes) ? take_delimited(std::move(sample))
                                      : take_fixed_width(std::move(sample));
}

}  // namespace farthing::mediation
