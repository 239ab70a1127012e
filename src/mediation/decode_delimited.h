// Delimited records: one to a line, fields between delimiters, quotes around fields that hold one
// (RFC 4180).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mediation/decode_record.h"

namespace farthing::mediation {

class DelimitedReader {
  public:
    // `header`: the names line of the source where `bytes` do not start with it.
    DelimitedReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                    std::string_view header, Arena& arena);

    // The next record with its mapped fields by slot; false at the end.
    bool next(RecordView& record, std::string_view* fields);
    // Passes over one record; the same records as `next` finds.
    bool skip();
    // Passes over all that are left; returns how many.
    std::int64_t count();

    std::string_view header() const { return header_; }
    // Mapped names that the header lacks, or has twice.
    const std::vector<std::string>& unknown() const { return unknown_; }
    // "it has 5 fields, not 4": of the last record that has another number of them; else empty.
    std::string miscount() const;

  private:
    void read_header(const Feed& feed, const FieldMap& map, std::string_view bytes,
                     std::string_view header);
    void place_columns(const Feed& feed, const FieldMap& map,
                       const std::vector<std::string_view>& names);
    void skip_line();
    bool begin_record();
    void go_to(const char* at);
    const char* plain_fields(std::string_view* fields, std::size_t& column);
    const char* next_special();
    bool next_block();
    bool has_quote_before(const char* at);
    std::int64_t skip_plain();
    void store(std::size_t column, std::string_view text, std::string_view* fields) const {
        fields[column < slot_of_column_.size() ? slot_of_column_[column] : unwanted_] = text;
    }
    std::string_view unquoted(const char* begin, const char* end, bool escapes);
    bool close_quote(const char* at, const char*& end, bool& escapes);
    void finish(RecordView& record, const char* newline, std::size_t columns);
    void give_up(RecordView& record, const char* begin, SuspenseReason why);

    Arena& arena_;
    char delimiter_;
    char quote_;  // '\n' when the feed has none
    char comment_;
    bool quotes_;
    std::size_t columns_ = 0;  // how many a record has; 0: at least columns_min_
    std::size_t columns_min_ = 0;
    std::size_t miscounted_ = 0;  // how many the last record had that has not that many
    std::vector<Slot> slot_of_column_;
    Slot unwanted_;
    std::string header_;
    std::vector<std::string> unknown_;

    const char* end_;
    const char* cursor_;     // where the next record starts
    std::int64_t line_ = 1;  // of cursor_
    const char* quote_at_ =
        nullptr;  // a quote at or after which none was looked for; end_: no more

    const char* block_ = nullptr;  // up to 64 bytes whose special characters are the bits of mask_
    std::uint64_t mask_ = 0;       // those not yet seen
    const char* next_block_ = nullptr;
    std::vector<std::string_view> scratch_;
};

}  // namespace farthing::mediation
