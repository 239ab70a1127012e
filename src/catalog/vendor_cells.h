// The cells of vendors' price files: names of columns, prefixes, days, increments.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"

namespace farthing::catalog {

// A line that may name the columns.
struct HeaderLine {
    std::int64_t number = 1;  // of the file, from 1
    std::string_view text;    // the file from that line on
    char separator = ',';
    std::vector<std::string> names;  // as column_word
};
// The first lines of a file, each with every separator it may have; only `separator` unless 0.
std::vector<HeaderLine> header_lines(std::string_view text, char separator);

// Names of columns and words are compared without case and doubled blanks.
std::string column_word(std::string_view text);

struct PrefixFault {
    std::string text;
    std::string_view fault;
};
// "44", "+44 20", "44, 4420-4422; 447": every prefix, each after the digits of `country`.
std::expected<std::vector<std::string>, PrefixFault> read_prefixes(std::string_view country,
                                                                   std::string_view cell);

// A day by a format of %Y %y %m %d %b %B and other characters; midnight may follow it.
std::optional<Date> day_of(std::string_view text, std::string_view format);

// "60/1", or one or two of seconds; empty where all cells are. The error is the text.
std::expected<std::string, std::string> read_increment_cells(std::string_view both,
                                                             std::string_view first,
                                                             std::string_view next);
// "min", "per minute" → "minute"; empty when it is no unit of a price.
std::string per_word(std::string_view text);

}  // namespace farthing::catalog
