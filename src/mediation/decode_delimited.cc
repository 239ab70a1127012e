#include "mediation/decode_delimited.h"

#include <fmt/format.h>

#include <bit>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace farthing::mediation {

namespace {

// Bit i is set where byte i is one of the characters. REQUIRES: 64 bytes are readable.
template <class... Char>
std::uint64_t where_any(const char* at, Char... wanted) {
    std::uint64_t mask = 0;
#if defined(__AVX2__)
    for (int part = 0; part < 2; ++part) {
        const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + part * 32));
        __m256i hits = _mm256_setzero_si256();
        ((hits = _mm256_or_si256(hits, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted)))), ...);
        mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(hits)))
                << (part * 32);
    }
#elif defined(__SSE2__)
    for (int part = 0; part < 4; ++part) {
        const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + part * 16));
        __m128i hits = _mm_setzero_si128();
        ((hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted)))), ...);
        mask |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(hits)))
                << (part * 16);
    }
#else
    for (int i = 0; i < 64; ++i) {
        const bool hit = ((at[i] == wanted) || ...);
        mask |= std::uint64_t{hit} << i;
    }
#endif
    return mask;
}

const char* find(const char* begin, const char* end, char wanted) {
    if (begin == end) return end;
    const void* found = std::memchr(begin, wanted, static_cast<std::size_t>(end - begin));
    return found == nullptr ? end : static_cast<const char*>(found);
}

// The names of a header line; quotes around a name are undone, a name that holds a quote is
// nobody's.
std::vector<std::string_view> names_of(std::string_view line, char delimiter, char quote) {
    std::vector<std::string_view> names;
    while (true) {
        const std::size_t end = line.find(delimiter);
        std::string_view name = trimmed(line.substr(0, end));
        if (quote != 0 && name.size() >= 2 && name.front() == quote && name.back() == quote) {
            name = name.substr(1, name.size() - 2);
        }
        names.push_back(name);
        if (end == std::string_view::npos) return names;
        line.remove_prefix(end + 1);
    }
}

}  // namespace

DelimitedReader::DelimitedReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                                 std::string_view header, Arena& arena)
    : arena_(arena),
      delimiter_(feed.delimiter),
      quote_(feed.quote == 0 ? '\n' : feed.quote),
      comment_(feed.comment),
      quotes_(feed.quote != 0),
      unwanted_(map.unwanted()),
      scratch_(map.slots()) {
    bytes = without_mark(bytes);
    cursor_ = bytes.data();
    end_ = cursor_ + bytes.size();
    go_to(cursor_);
    read_header(feed, map, bytes, header);
}

void DelimitedReader::read_header(const Feed& feed, const FieldMap& map, std::string_view bytes,
                                  std::string_view header) {
    if (header.empty()) {
        for (int i = 0; i < feed.skip_lines; ++i) skip_line();
    }
    if (!feed.header) {
        std::vector<std::string_view> names(feed.columns.begin(), feed.columns.end());
        place_columns(feed, map, names);
        return;
    }
    header_ = std::string(without_return(without_mark(header.substr(0, header.find('\n')))));
    if (header_.empty() && begin_record()) {
        const char* newline = find(cursor_, bytes.data() + bytes.size(), '\n');
        header_ = std::string(without_return({cursor_, newline}));
        for (int i = 0; i < feed.header_lines; ++i) skip_line();
    }
    place_columns(feed, map, names_of(header_, feed.delimiter, feed.quote));
}

void DelimitedReader::place_columns(const Feed& feed, const FieldMap& map,
                                    const std::vector<std::string_view>& names) {
    if (feed.header || !names.empty()) columns_ = names.size();
    slot_of_column_.assign(columns_, unwanted_);
    for (Slot slot = 1; slot < map.refs.size(); ++slot) {
        const FieldRef& ref = map.refs[slot];
        std::size_t column = static_cast<std::size_t>(ref.column);
        if (!ref.name.empty()) {
            const auto found = std::ranges::find(names, ref.name);
            if (found == names.end() || std::ranges::count(names, ref.name) != 1) {
                unknown_.push_back(ref.name);
                columns_min_ = SIZE_MAX;  // no record can have that field
                continue;
            }
            column = static_cast<std::size_t>(found - names.begin());
        }
        if (column >= slot_of_column_.size()) slot_of_column_.resize(column + 1, unwanted_);
        slot_of_column_[column] = slot;
    }
    columns_min_ = std::max({columns_min_, columns_, slot_of_column_.size()});
}

void DelimitedReader::skip_line() {
    if (cursor_ == end_) return;
    const char* const newline = find(cursor_, end_, '\n');
    go_to(newline == end_ ? end_ : newline + 1);
    line_ += 1;
}

void DelimitedReader::go_to(const char* at) {
    cursor_ = at;
    next_block_ = at;
    mask_ = 0;
}

// Passes blank lines and comments; false at the end.
bool DelimitedReader::begin_record() {
    const char* const started = cursor_;
    while (cursor_ != end_) {
        const char c = *cursor_;
        const bool comment = comment_ != 0 && c == comment_;
        const bool blank = c == '\n' || (c == '\r' && (cursor_ + 1 == end_ || cursor_[1] == '\n'));
        if (!comment && !blank) break;
        const char* newline = find(cursor_, end_, '\n');
        line_ += 1;
        cursor_ = newline == end_ ? end_ : newline + 1;
    }
    if (cursor_ != started) go_to(cursor_);
    return cursor_ != end_;
}

// The next delimiter, newline or quote, or the end.
inline const char* DelimitedReader::next_special() {
    if (mask_ == 0 && !next_block()) return end_;
    const char* at = block_ + std::countr_zero(mask_);
    mask_ &= mask_ - 1;
    return at;
}

// The next block that has a special character; false when there is none.
bool DelimitedReader::next_block() {
    while (mask_ == 0) {
        if (next_block_ == end_) return false;
        block_ = next_block_;
        const auto left = static_cast<std::size_t>(end_ - block_);
        if (left >= 64) {
            mask_ = where_any(block_, delimiter_, '\n', quote_);
            next_block_ += 64;
        } else {
            char tail[64] = {};
            std::memcpy(tail, block_, left);
            mask_ = where_any(tail, delimiter_, '\n', quote_) & ((std::uint64_t{1} << left) - 1);
            next_block_ = end_;
        }
    }
    return true;
}

// Delimiters up to the newline, as nearly every record is: with its state in registers. What else
// it meets (a quote, the end of the bytes) is left to the other way, from the field where it
// stands.
const char* DelimitedReader::plain_fields(std::string_view* fields, std::size_t& column) {
    const char* field = cursor_;
    const char* block = block_;
    std::uint64_t mask = mask_;
    const char delimiter = delimiter_;
    const std::size_t mapped = slot_of_column_.size();
    const Slot* const slots = slot_of_column_.data();
    const Slot unwanted = unwanted_;
    std::size_t count = 0;
    while (true) {
        if (mask == 0) {
            mask_ = 0;
            if (!next_block()) break;
            block = block_;
            mask = mask_;
        }
        const char* const at = block + std::countr_zero(mask);
        if (*at != delimiter) break;
        mask &= mask - 1;
        fields[count < mapped ? slots[count] : unwanted] = {field, at};
        count += 1;
        field = at + 1;
    }
    mask_ = mask;
    column = count;
    return field;
}

bool DelimitedReader::next(RecordView& record, std::string_view* fields) {
    if (!begin_record()) return false;
    const char* const begin = cursor_;
    record.line = line_;
    record.fault = SuspenseReason::none;
    std::size_t column = 0;
    const char* field = plain_fields(fields, column);
    while (true) {
        const char* at = next_special();
        if (at == end_ || *at == '\n') {
            store(column++, without_return({field, at}), fields);
            finish(record, at, column);
            return true;
        }
        if (*at == delimiter_) {
            store(column++, {field, at}, fields);
            field = at + 1;
            continue;
        }
        if (at != field) continue;  // a quote inside a plain field is part of its text
        bool escapes = false;
        const char* closing = at;
        if (!close_quote(at, closing, escapes)) {
            give_up(record, begin, SuspenseReason::unparseable);
            return true;
        }
        store(column++, unquoted(field + 1, closing, escapes), fields);
        at = next_special();
        const bool returned = closing + 1 != end_ && closing[1] == '\r' && at == closing + 2;
        const bool ended = at == end_ ? (closing + 1 == end_ || (returned && closing + 2 == end_))
                                      : (at == closing + 1 || (returned && *at == '\n'));
        if (!ended || (at != end_ && *at == quote_)) {
            give_up(record, begin, SuspenseReason::unparseable);
            return true;
        }
        if (at == end_ || *at == '\n') {
            finish(record, at, column);
            return true;
        }
        field = at + 1;
    }
}

// Finds the quote that closes the field opened at `at`. A field may span lines, but one that never
// closes is a stray quote: it must not swallow the rest of the file.
bool DelimitedReader::close_quote(const char* at, const char*& closing, bool& escapes) {
    constexpr std::ptrdiff_t kQuotedMax = std::ptrdiff_t{1} << 20;
    const char* const opened = at;
    while (true) {
        at = next_special();
        if (at == end_ || at - opened > kQuotedMax) return false;
        if (*at == '\n') line_ += 1;
        if (*at != quote_) continue;
        if (at + 1 == end_ || at[1] != quote_) break;
        escapes = true;
        next_special();  // the second of a doubled quote
    }
    closing = at;
    return true;
}

std::string_view DelimitedReader::unquoted(const char* begin, const char* end, bool escapes) {
    if (!escapes) return {begin, end};
    char* const text = arena_.take(static_cast<std::size_t>(end - begin));
    char* to = text;
    for (const char* from = begin; from != end; ++from) {
        *to++ = *from;
        if (*from == quote_) ++from;
    }
    arena_.give_back(static_cast<std::size_t>((end - begin) - (to - text)));
    return {text, to};
}

// The record ends at that newline (or at the end of the bytes).
void DelimitedReader::finish(RecordView& record, const char* newline, std::size_t columns) {
    if (columns < columns_min_ || (columns_ != 0 && columns != columns_)) {
        miscounted_ = columns;
        give_up(
            record, cursor_,
            columns < columns_min_ ? SuspenseReason::missing_field : SuspenseReason::unparseable);
        return;
    }
    record.raw = without_return({cursor_, newline});
    cursor_ = newline == end_ ? end_ : newline + 1;  // the block stands there already
    line_ += 1;
}

// The record can't be taken apart: it is its first line alone, and reading goes on with the next.
void DelimitedReader::give_up(RecordView& record, const char* begin, SuspenseReason why) {
    const char* newline = find(begin, end_, '\n');
    record.raw = without_return({begin, newline});
    record.fault = why;
    line_ = record.line + 1;
    go_to(newline == end_ ? end_ : newline + 1);
}

std::string DelimitedReader::miscount() const {
    if (miscounted_ == 0) return {};
    return columns_ != 0 ? fmt::format("it has {} fields, not {}", miscounted_, columns_)
                         : fmt::format("it has {} fields, less than {}", miscounted_, columns_min_);
}

bool DelimitedReader::has_quote_before(const char* at) {
    if (!quotes_) return false;
    if (quote_at_ == nullptr || quote_at_ < cursor_) quote_at_ = find(cursor_, end_, quote_);
    return quote_at_ < at;
}

bool DelimitedReader::skip() {
    if (!begin_record()) return false;
    const char* newline = find(cursor_, end_, '\n');
    if (has_quote_before(newline)) {
        RecordView record;
        return next(record, scratch_.data());
    }
    go_to(newline == end_ ? end_ : newline + 1);
    line_ += 1;
    return true;
}

// Lines that are one record each, as far as each block has nothing else: no quote, and no line that
// is empty or begins with a comment.
std::int64_t DelimitedReader::skip_plain() {
    std::int64_t records = 0;
    const char* line = cursor_;
    std::uint64_t starts = 1;  // where a line does
    for (const char* at = cursor_; end_ - at >= 64; at += 64) {
        const std::uint64_t newlines = where_any(at, '\n');
        starts |= newlines << 1;
        std::uint64_t other = starts & where_any(at, '\n', '\r');
        if (comment_ != 0) other |= starts & where_any(at, comment_);
        if (quotes_) other |= where_any(at, quote_);
        if (other != 0) break;
        records += std::popcount(newlines);
        if (newlines != 0) line = at + std::bit_width(newlines);
        starts = newlines >> 63;
    }
    if (line != cursor_) go_to(line);
    line_ += records;
    return records;
}

std::int64_t DelimitedReader::count() {
    std::int64_t records = skip_plain();
    while (skip()) records += 1 + skip_plain();
    return records;
}

}  // namespace farthing::mediation
