// Guessing what a file holds: its shape, and which of its fields is what.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mediation/feed.h"

namespace farthing::mediation {

// The whole records at the start of a file, as a table.
struct Sample {
    std::string_view bytes;  // whole lines
    FormatKind format = FormatKind::delimited;
    char delimiter = ',';
    bool header = false;
    bool decimal_comma = false;      // the rows have points instead
    std::vector<std::string> names;  // of the fields; columns without header are "1", "2" …
    std::vector<FieldRef> places;    // fixed width: where the fields stand; `names` say "1-20"
    std::vector<std::vector<std::string>> rows;
    std::string first_line;  // fixed width: what stands before and after the records
    std::string last_line;
    std::string first_mark;  // how these lines start, and no record does
    std::string last_mark;

    // Whether all filled texts of a column are such, and at least one is there.
    template <class Accepts>
    bool all(std::size_t column, Accepts accepts) const {
        std::size_t filled = 0;
        for (const auto& row : rows) {
            if (row[column].empty()) continue;
            if (!accepts(row[column])) return false;
            filled += 1;
        }
        return filled > 0;
    }
    bool has_names() const { return header || format == FormatKind::json_lines; }
    bool filled(std::size_t column) const;    // in some row
    bool complete(std::size_t column) const;  // in all rows
    bool distinct(std::size_t column) const;  // in all rows, and never the same
};
// Refused when the text is empty, no text, or has one field only.
Result<Sample> take_sample(std::string_view first_bytes);
// Fields of records of one length, cut where the characters of all of them change. Refused when the
// lines have no common length.
Result<Sample> take_fixed_width(Sample sample);

constexpr std::size_t kNoColumn = SIZE_MAX;

// What the columns of a sample seem to be.
struct Guess {
    struct Time {
        std::size_t column = kNoColumn;
        std::size_t clock = kNoColumn;  // of a day whose clock is a field of its own
        std::string format;
        bool given() const { return column != kNoColumn; }
    };
    Time start, end;
    std::size_t id = kNoColumn;
    std::size_t identity = kNoColumn;
    std::size_t called = kNoColumn;
    std::vector<std::size_t> quantities;
    std::string quantity_place;  // fixed width: with room for larger numbers
    std::string kind = "device";
    std::string service = "event";
    std::string unit;
    std::string network;       // as it stands in the description
    std::string filter;        // likewise
    std::string answered;      // likewise
    std::string head_figures;  // of the lines around the records, likewise
    std::string tail_figures;
    std::vector<std::string> other_fields;  // "21-22: 01, 02": seen, and not mapped
};
// Master.csv has no names, but its columns are known.
std::optional<Guess> guess_asterisk(const Sample& sample);
Result<Guess> guess_by_names(std::string_view file_name, const Sample& sample);
Result<Guess> guess_by_content(std::string_view file_name, const Sample& sample);

// The text of a column of call states that stands for an answered call; empty where it holds
// others.
std::string_view answered_state(const Sample& sample, std::size_t column);
// A format that reads all texts of the column as times of this century; empty when there is none.
std::string_view time_format(const Sample& sample, std::size_t column);
// The first column with the day and another with the clock, after `besides`.
Guess::Time day_and_clock(const Sample& sample, std::size_t from);

// "field: \"name\"", "column: 3" or "at: 1-20".
std::string ref_text(const Sample& sample, std::size_t column);
bool is_number(std::string_view text);
inline bool all_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The description, with a comment on each guess; `notes` says what a person should check.
Result<std::string> write_proposal(std::string_view file_name, const Sample& sample,
                                   std::vector<std::string>& notes);

}  // namespace farthing::mediation
