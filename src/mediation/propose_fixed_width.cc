// Where the fields of records of one length begin and end, told from what all lines have in common:
// blank columns, digits against letters, text that is filled up with blanks, days inside digits.
#include <fmt/format.h>

#include <map>

#include "base/decimal.h"
#include "mediation/decode_record.h"
#include "mediation/decode_time.h"
#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

constexpr std::size_t kLinesMax = 200;
using Lines = std::vector<std::string_view>;

bool is_letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
char class_of(char c) {
    return is_digit(c) ? 'd' : is_letter(c) ? 'l' : c;
}

Lines lines_of(std::string_view bytes) {
    Lines lines;
    const char* cursor = bytes.data();
    const char* const end = cursor + bytes.size();
    while (cursor != end && lines.size() < kLinesMax) {
        const std::string_view line = take_line(cursor, end);
        if (!line.empty()) lines.push_back(line);
    }
    return lines;
}

// What the lines hold at one place.
struct Column {
    std::size_t filled = 0;
    bool digits = true;  // of what is filled; or the sign of a telephone number
    bool letters = true;
    bool constant = true;
    char value = 0;  // of the first line
};

Column column_at(const Lines& lines, std::size_t at) {
    Column column;
    column.value = lines.front()[at];
    for (const std::string_view line : lines) {
        const char c = line[at];
        column.constant = column.constant && c == column.value;
        if (is_blank(c)) continue;
        column.filled += 1;
        column.digits = column.digits && (is_digit(c) || c == '+');
        column.letters = column.letters && is_letter(c);
    }
    return column;
}

// A line before or after the records: of another length, many of its characters are of kinds that
// no record has there, or it lacks the code that all of them begin with.
bool is_frame(std::string_view line, const Lines& records) {
    if (line.size() != records.front().size()) return true;
    std::size_t strange = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const bool known = std::ranges::any_of(records, [&](std::string_view record) {
            return class_of(record[at]) == class_of(line[at]);
        });
        strange += known ? 0 : 1;
    }
    constexpr std::size_t kStrangePart = 4;  // a quarter of the line
    if (strange * kStrangePart > line.size()) return true;
    // A code that all records begin with, and this line does not: 20 and 90.
    constexpr std::size_t kCode = 2;
    const std::string_view code = records.front().substr(0, kCode);
    const bool common = records.size() > 1 && std::ranges::all_of(records, [&](std::string_view r) {
                            return r.starts_with(code);
                        });
    return common && strange > 0 && !line.starts_with(code);
}

// The letters, or else the fewest characters, that this line starts with and no record does.
std::string mark_of(std::string_view line, const Lines& records) {
    std::size_t size = 0;
    while (size < line.size() && is_letter(line[size])) size += 1;
    const auto unlike = [&](std::string_view mark) {
        return !mark.empty() && std::ranges::none_of(records, [&](std::string_view record) {
            return record.starts_with(mark);
        });
    };
    if (unlike(line.substr(0, size))) return std::string(line.substr(0, size));
    constexpr std::size_t kMarkMin = 2;
    constexpr std::size_t kMarkMax = 8;
    for (size = std::min(kMarkMin, line.size()); size <= std::min(kMarkMax, line.size()); ++size) {
        if (unlike(line.substr(0, size))) return std::string(line.substr(0, size));
    }
    return {};
}

class Cutter {
  public:
    explicit Cutter(const Lines& lines) : lines_(lines) {
        for (std::size_t at = 0; at < lines.front().size(); ++at)
            columns_.push_back(column_at(lines, at));
    }
    std::vector<FieldRef> cut();

  private:
    struct Piece {
        std::size_t begin;
        std::size_t end;
    };
    std::size_t size() const { return columns_.size(); }
    bool full(std::size_t at) const { return columns_[at].filled == lines_.size(); }
    bool joins_digits(std::size_t at) const;
    bool kinds_differ(std::size_t at) const;
    bool starts_after_padding(std::size_t begin, std::size_t at) const;
    void cut_segment(std::size_t begin, std::size_t end);
    void cut_piece(const Piece& piece);
    void cut_digits(std::size_t begin, std::size_t end);
    bool holds_time(std::size_t begin, std::size_t width, std::string_view format) const;
    bool starts_like_a_number(std::size_t begin, std::size_t at, std::size_t end) const;
    void join_zones();
    void take_padding();

    const Lines& lines_;
    std::vector<Column> columns_;
    std::vector<Piece> pieces_;
};

// 2026-01-05T10:00:00, 12.50: the same mark between digits in all lines.
bool Cutter::joins_digits(std::size_t at) const {
    const Column& mark = columns_[at];
    if (at == 0 || at + 1 == size() || !mark.constant || mark.filled == 0 || mark.digits)
        return false;
    const auto digits = [&](std::size_t i) { return columns_[i].digits && columns_[i].filled > 0; };
    constexpr std::size_t kDayBefore = 3;
    const bool clock_follows = mark.value == 'T' && at >= kDayBefore &&
                               columns_[at - kDayBefore].constant &&
                               columns_[at - kDayBefore].value == '-';
    return digits(at - 1) && digits(at + 1) && (clock_follows || !is_letter(mark.value));
}

// Digits end where letters begin; a sign or letters that never change belong to the digits behind
// them: +4420, UK0001.
bool Cutter::kinds_differ(std::size_t at) const {
    if (joins_digits(at) || joins_digits(at - 1)) return false;
    const Column& before = columns_[at - 1];
    const Column& here = columns_[at];
    if (before.digits == here.digits) return before.letters != here.letters && !before.constant;
    return before.digits || !before.constant;
}

// Text that is filled up with blanks ends where all lines go on; a number that blanks stand before
// begins where the first of them does.
bool Cutter::starts_after_padding(std::size_t begin, std::size_t at) const {
    if (columns_[at].filled <= columns_[at - 1].filled) return false;
    for (std::size_t i = begin + 1; i < at; ++i) {
        if (columns_[i].filled < columns_[i - 1].filled) return true;
    }
    return false;
}

bool Cutter::holds_time(std::size_t begin, std::size_t width, std::string_view format) const {
    TimeReader reader({TimeRules::Kind::pattern, std::string(format)}, TimeZone::utc());
    return std::ranges::all_of(lines_, [&](std::string_view line) {
        LocalReading reading;
        return reader.read(line.substr(begin, width), reading) == SuspenseReason::none &&
               reading.first >= Instant::from_seconds(978'307'200) &&
               reading.first < Instant::from_seconds(4'102'444'800);
    });
}

// 447700900123|00000073: zeros in all lines behind digits that change; or other digits that all
// share, such as the start of telephone numbers, where there are lines enough to say so.
bool Cutter::starts_like_a_number(std::size_t begin, std::size_t at, std::size_t end) const {
    constexpr std::size_t kLinesThatProve = 4;
    if (at <= begin || at + 2 >= end || columns_[at - 1].constant) return false;
    if (!columns_[at].constant || !columns_[at + 1].constant) return false;
    const bool zeros = columns_[at].value == '0' && columns_[at + 1].value == '0';
    return zeros || lines_.size() >= kLinesThatProve;
}

void Cutter::cut_digits(std::size_t begin, std::size_t end) {
    constexpr std::pair<std::size_t, std::string_view> kTimes[] = {
        {14, "%Y%m%d%H%M%S"}, {12, "%Y%m%d%H%M"}, {12, "%y%m%d%H%M%S"}, {8, "%Y%m%d"}};
    for (const auto& [width, format] : kTimes) {
        for (std::size_t at = begin; at + width <= end; ++at) {
            // A year of two digits is no proof, unless it never changes.
            const bool short_year = format.starts_with("%y");
            if (short_year && !(columns_[at].constant && columns_[at + 1].constant)) continue;
            if (!holds_time(at, width, format)) continue;
            if (at > begin) cut_digits(begin, at);
            pieces_.push_back({at, at + width});
            if (at + width < end) cut_digits(at + width, end);
            return;
        }
    }
    std::size_t start = begin;
    for (std::size_t at = begin + 1; at < end; ++at) {
        if (!starts_like_a_number(start, at, end)) continue;
        pieces_.push_back({start, at});
        start = at;
    }
    pieces_.push_back({start, end});
}

// A stretch without blank columns.
void Cutter::cut_segment(std::size_t begin, std::size_t end) {
    std::vector<Piece> pieces;
    std::size_t start = begin;
    for (std::size_t at = begin + 1; at <= end; ++at) {
        if (at < end && !kinds_differ(at) && !starts_after_padding(start, at)) continue;
        pieces.push_back({start, at});
        start = at;
    }
    // Words, or hexadecimal digits.
    const auto mixed = [&](std::size_t at) {
        return !columns_[at].digits && !columns_[at].letters;
    };
    std::size_t mixed_columns = 0;
    for (std::size_t at = begin; at < end; ++at)
        mixed_columns += mixed(at) && !columns_[at].constant ? 1 : 0;
    constexpr std::size_t kPiecesMax = 8;
    constexpr std::size_t kMixedMax = 1;
    if (pieces.size() > kPiecesMax || mixed_columns > kMixedMax) {
        pieces_.push_back({begin, end});
        return;
    }
    for (const Piece& piece : pieces) cut_piece(piece);
}

// Days and padded numbers are looked for where all lines have digits; what only some have belongs
// to the field beside it.
void Cutter::cut_piece(const Piece& piece) {
    std::size_t begin = piece.begin;
    std::size_t end = piece.end;
    while (begin < end && !full(begin)) begin += 1;
    while (end > begin && !full(end - 1)) end -= 1;
    bool digits = begin < end;
    for (std::size_t at = piece.begin; at < piece.end; ++at)
        digits = digits && columns_[at].digits && (at < begin || at >= end || full(at));
    if (!digits) {
        pieces_.push_back(piece);
        return;
    }
    const std::size_t first = pieces_.size();
    cut_digits(begin, end);
    pieces_[first].begin = piece.begin;
    pieces_.back().end = piece.end;
}

// 2026-01-05T10:00:00Z is one field.
void Cutter::join_zones() {
    for (std::size_t i = 1; i < pieces_.size(); ++i) {
        const Piece& zone = pieces_[i];
        const bool alone = zone.end == zone.begin + 1 && columns_[zone.begin].constant &&
                           columns_[zone.begin].value == 'Z';
        if (!alone || pieces_[i - 1].end != zone.begin || !columns_[zone.begin - 1].digits)
            continue;
        pieces_[i - 1].end = zone.end;
        pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(i));
    }
}

// Blank columns between two fields belong to the text before them, which may be longer in other
// files, or to the number behind them.
void Cutter::take_padding() {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        Piece& piece = pieces_[i];
        const std::size_t room = i + 1 < pieces_.size() ? pieces_[i + 1].begin : size();
        if (!full(piece.end - 1)) {
            piece.end = room;
        } else if (!full(piece.begin)) {
            piece.begin = i == 0 ? 0 : pieces_[i - 1].end;
        }
    }
}

std::vector<FieldRef> Cutter::cut() {
    std::size_t begin = 0;
    while (begin < size()) {
        if (columns_[begin].filled == 0) {
            begin += 1;
            continue;
        }
        std::size_t end = begin;
        while (end < size() && columns_[end].filled > 0) end += 1;
        cut_segment(begin, end);
        begin = end;
    }
    join_zones();
    take_padding();
    std::vector<FieldRef> places;
    for (const Piece& piece : pieces_) {
        FieldRef ref;
        ref.from = static_cast<int>(piece.begin) + 1;
        ref.to = static_cast<int>(piece.end);
        places.push_back(ref);
    }
    return places;
}

// Takes the lines around the records away.
void take_frame(Lines& lines, Sample& sample) {
    std::map<std::size_t, std::size_t> counts;
    for (const std::string_view line : lines) counts[line.size()] += 1;
    const std::size_t length =
        std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; })->first;
    Lines records;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool edge = i == 0 || i + 1 == lines.size();
        if (!edge && lines[i].size() == length) records.push_back(lines[i]);
    }
    if (records.empty()) return;
    if (is_frame(lines.front(), records)) {
        sample.first_line = std::string(lines.front());
        sample.first_mark = mark_of(lines.front(), records);
        lines.erase(lines.begin());
    }
    if (is_frame(lines.back(), records)) {
        sample.last_line = std::string(lines.back());
        sample.last_mark = mark_of(lines.back(), records);
        lines.pop_back();
    }
}

}  // namespace

Result<Sample> take_fixed_width(Sample sample) {
    Lines lines = lines_of(sample.bytes);
    if (lines.size() > 2) take_frame(lines, sample);
    const std::size_t length = lines.empty() ? 0 : lines.front().size();
    const bool one_length =
        std::ranges::all_of(lines, [&](std::string_view line) { return line.size() == length; });
    if (lines.size() < 2 || !one_length) {
        return fail(FeedReason::feed_no_proposal,
                    "the file has no delimiter between fields (neither comma, semicolon, tab nor "
                    "bar), and its lines are not of one length");
    }
    sample.format = FormatKind::fixed_width;
    sample.places = Cutter(lines).cut();
    for (const FieldRef& ref : sample.places)
        sample.names.push_back(fmt::format("{}-{}", ref.from, ref.to));
    for (const std::string_view line : lines) {
        std::vector<std::string> row;
        for (const FieldRef& ref : sample.places) {
            row.emplace_back(trimmed(line.substr(static_cast<std::size_t>(ref.from - 1),
                                                 static_cast<std::size_t>(ref.to - ref.from + 1))));
        }
        sample.rows.push_back(std::move(row));
    }
    if (sample.places.size() < 2)
        return fail(FeedReason::feed_no_proposal, "the lines of the file show no fields");
    return sample;
}

}  // namespace farthing::mediation
