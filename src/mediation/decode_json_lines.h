// JSON lines: one object to a line. Numbers keep the digits they came with.
#pragma once

#include <memory>
#include <string_view>

#include "mediation/decode_record.h"
#include "mediation/decode_shape.h"

namespace farthing::mediation {

class JsonLinesReader {
  public:
    JsonLinesReader(const Feed& feed, const FieldMap& map, std::string_view bytes, Arena& arena);
    JsonLinesReader(JsonLinesReader&&) noexcept;
    JsonLinesReader& operator=(JsonLinesReader&&) = delete;
    ~JsonLinesReader();

    bool next(RecordView& record, std::string_view* fields);
    bool skip();

  private:
    bool begin_record();
    bool parse(std::string_view line, std::string_view* fields);
    struct Walker;
    std::unique_ptr<Walker> walker_;
    JsonShapes shapes_;
    bool has_shapes_;
    std::size_t slots_;
    const char* cursor_;
    const char* end_;
    std::int64_t line_ = 1;
};

}  // namespace farthing::mediation
