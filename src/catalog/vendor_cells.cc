#include "catalog/vendor_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/csv.h"
#include "base/decimal.h"
#include "catalog/snapshot.h"
#include "catalog/values.h"
#include "model/quantity.h"

namespace farthing::catalog {

namespace {

constexpr std::int64_t kHeaderLines = 50;
constexpr std::size_t kPrefixesOfRowMax = 10'000;
constexpr std::array<std::string_view, 12> kMonths = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_digit);
}

// 1 to `digits_max` digits at the front of `text`, taken off it.
std::optional<int> take_number(std::string_view& text, std::size_t digits_min,
                               std::size_t digits_max) {
    std::size_t count = 0;
    int number = 0;
    while (count < digits_max && count < text.size() && is_digit(text[count])) {
        number = number * 10 + (text[count] - '0');
        count += 1;
    }
    if (count < digits_min) return std::nullopt;
    text.remove_prefix(count);
    return number;
}

std::optional<int> take_month(std::string_view& text) {
    std::size_t letters = 0;
    while (letters < text.size() &&
           std::string_view("/-. ,").find(text[letters]) == std::string_view::npos &&
           !is_digit(text[letters])) {
        letters += 1;
    }
    const std::string word = column_word(text.substr(0, letters));
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
        if (word != kMonths[i] && word != kMonths[i].substr(0, 3)) continue;
        text.remove_prefix(letters);
        return static_cast<int>(i) + 1;
    }
    return std::nullopt;
}

// Midnight, or nothing.
bool is_start_of_day(std::string_view rest) {
    if (rest.empty()) return true;
    if (rest.front() != ' ' && rest.front() != 'T') return false;
    return rest.size() >= 5 && rest.find_first_not_of("0:.Z", 1) == rest.npos;
}

std::optional<Date> civil_day(int year, int month, int day) {
    const std::chrono::year_month_day civil{std::chrono::year{year},
                                            std::chrono::month{static_cast<unsigned>(month)},
                                            std::chrono::day{static_cast<unsigned>(day)}};
    if (!civil.ok() || year < 1970) return std::nullopt;
    return Date::of(year, static_cast<unsigned>(month), static_cast<unsigned>(day));
}

using Prefixes = std::vector<std::string>;

// "4420-4422" and "4420-22": both ends belong to it.
bool add_range(std::string_view first, std::string_view last, std::string_view before,
               Prefixes& into) {
    if (!all_digits(first) || !all_digits(last) || last.size() > first.size()) return false;
    std::string end(first.substr(0, first.size() - last.size()));
    end += last;
    std::string at(first);
    if (at.size() > kPrefixDigitsMax || end < at) return false;
    while (into.size() < kPrefixesOfRowMax) {
        into.push_back(std::string(before) + at);
        if (at == end) return true;
        std::size_t digit = at.size() - 1;
        while (at[digit] == '9') at[digit--] = '0';  // at < end, so some digit is below 9
        at[digit] = static_cast<char>(at[digit] + 1);
    }
    return false;
}

bool add_token(std::string_view token, std::string_view before, Prefixes& into) {
    if (token.starts_with('+')) token.remove_prefix(1);
    const std::size_t dash = token.find('-');
    if (dash != token.npos)
        return add_range(trimmed(token.substr(0, dash)), trimmed(token.substr(dash + 1)), before,
                         into);
    if (!all_digits(token) || into.size() >= kPrefixesOfRowMax) return false;
    into.push_back(std::string(before) + std::string(token));
    return into.back().size() <= kPrefixDigitsMax;
}

std::string_view seconds_of(std::string_view text) {
    text = trimmed(text);
    for (const std::string_view unit : {"seconds", "second", "secs", "sec", "s"}) {
        if (!text.ends_with(unit)) continue;
        text = trimmed(text.substr(0, text.size() - unit.size()));
        break;
    }
    const bool good =
        all_digits(text) && text.size() <= 6 && text.find_first_not_of('0') != text.npos;
    return good ? text : std::string_view();
}

}  // namespace

std::vector<HeaderLine> header_lines(std::string_view text, char separator) {
    std::vector<HeaderLine> lines;
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (std::int64_t number = 1; number <= kHeaderLines && !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        for (const char candidate : {',', ';', '\t', '|'}) {
            if (separator != 0 && candidate != separator) continue;
            CsvReader csv(text.substr(0, end), candidate);
            CsvRow row;
            if (!csv.next(row) || !row.problem.empty() || row.fields.size() < 2) continue;
            HeaderLine& line = lines.emplace_back(HeaderLine{number, text, candidate, {}});
            for (const CsvField& field : row.fields) line.names.push_back(column_word(field.text));
        }
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
    }
    return lines;
}

std::string column_word(std::string_view text) {
    std::string word;
    for (const char c : trimmed(text)) {
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '_';
        if (blank && (word.empty() || word.back() == ' ')) continue;
        word += blank ? ' ' : 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    while (!word.empty() && word.back() == ' ') word.pop_back();
    return word;
}

std::expected<Prefixes, PrefixFault> read_prefixes(std::string_view country,
                                                   std::string_view cell) {
    const auto fault = [](std::string_view text, std::string_view what) {
        return std::unexpected(PrefixFault{std::string(text), what});
    };
    if (country.starts_with('+')) country.remove_prefix(1);
    if (!country.empty() && !all_digits(country)) return fault(country, "is no country code");
    Prefixes prefixes;
    std::string_view rest = cell;
    while (!rest.empty()) {
        const std::size_t end = rest.find_first_of(",;|/&");
        const std::string_view token = trimmed(rest.substr(0, end));
        rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
        if (!token.empty() && !add_token(token, country, prefixes))
            return fault(token, "is no prefix and no range of prefixes");
    }
    if (prefixes.empty() && !country.empty()) prefixes.emplace_back(country);
    if (prefixes.empty()) return fault(cell, "names no prefix");
    const bool too_long = std::ranges::any_of(
        prefixes, [](const std::string& prefix) { return prefix.size() > kPrefixDigitsMax; });
    if (too_long) return fault(cell, "has more than 18 digits");
    return prefixes;
}

std::optional<Date> day_of(std::string_view text, std::string_view format) {
    int year = 0;
    int month = 0;
    int day = 0;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%' || i + 1 == format.size()) {
            if (text.empty() || text.front() != format[i]) return std::nullopt;
            text.remove_prefix(1);
            continue;
        }
        i += 1;
        std::optional<int> read;
        switch (format[i]) {
            case 'Y':
                read = take_number(text, 4, 4);
                year = read.value_or(0);
                break;
            case 'y':
                read = take_number(text, 2, 2);
                year = 2000 + read.value_or(0);
                break;
            case 'm':
                read = take_number(text, 1, 2);
                month = read.value_or(0);
                break;
            case 'd':
                read = take_number(text, 1, 2);
                day = read.value_or(0);
                break;
            case 'b':
            case 'B':
                read = take_month(text);
                month = read.value_or(0);
                break;
            default: return std::nullopt;
        }
        if (!read) return std::nullopt;
    }
    if (!is_start_of_day(text)) return std::nullopt;
    return civil_day(year, month, day);
}

std::expected<std::string, std::string> read_increment_cells(std::string_view both,
                                                             std::string_view first,
                                                             std::string_view next) {
    const std::string shown =
        !both.empty() ? std::string(both) : fmt::format("{} and {}", first, next);
    if (!both.empty()) {
        const std::size_t cut = both.find_first_of("/+-:");
        first = both.substr(0, cut);
        next = cut == both.npos ? first : both.substr(cut + 1);
    }
    if (first.empty() && next.empty()) return std::string();
    if (first.empty()) first = next;
    if (next.empty()) next = first;
    const std::string_view a = seconds_of(first);
    const std::string_view b = seconds_of(next);
    if (a.empty() || b.empty()) return std::unexpected(shown);
    return fmt::format("{}/{}", a, b);
}

std::string per_word(std::string_view text) {
    std::string word = column_word(text);
    for (const std::string_view before : {"per ", "/"}) {
        if (word.starts_with(before)) word.erase(0, before.size());
    }
    if (word == "min" || word == "minutes" || word == "mins") return "minute";
    if (word == "sec" || word == "s" || word == "seconds" || word == "secs") return "second";
    if (word == "sms" || word == "msg" || word == "messages") return "message";
    return unit_named(word) == nullptr ? std::string() : word;
}

}  // namespace farthing::catalog
