// Fixed-width records: one to a line, fields at fixed bytes, perhaps between a header and a trailer
// line.
#pragma once

#include <string_view>

#include "mediation/decode_record.h"

namespace farthing::mediation {

class FixedWidthReader {
  public:
    // `header` given: the bytes are records alone, without the lines around them (out of suspense).
    FixedWidthReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                     std::string_view header);

    bool next(RecordView& record, std::string_view* fields);
    bool skip();

    // The lines around the records; empty when the feed has none or the bytes lack them.
    std::string_view first() const { return first_; }
    std::string_view last() const { return last_; }

  private:
    void take_frame(const Feed& feed, std::string_view& bytes);
    bool begin_record();

    const FieldMap& map_;
    std::string_view first_;
    std::string_view last_;
    std::size_t width_min_ = 0;
    const char* cursor_;
    const char* end_;
    std::int64_t line_ = 1;
};

// The text of a field of a line; empty where the line is too short for it.
std::string_view cut(std::string_view line, const FieldRef& ref);

}  // namespace farthing::mediation
