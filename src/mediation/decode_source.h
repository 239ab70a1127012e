// The reader of a feed's format, chosen once per source.
#pragma once

#include <string_view>
#include <variant>

#include "mediation/decode_delimited.h"
#include "mediation/decode_fixed_width.h"
#include "mediation/decode_json_lines.h"
#include "mediation/decode_xml.h"

namespace farthing::mediation {

using RecordReader = std::variant<DelimitedReader, FixedWidthReader, JsonLinesReader, XmlReader>;

// REQUIRES: map and arena outlive the reader.
inline RecordReader reader_of(const Feed& feed, const FieldMap& map, std::string_view bytes,
                              std::string_view header, Arena& arena) {
    switch (feed.format) {
        case FormatKind::delimited: break;
        case FormatKind::fixed_width:
            return RecordReader(std::in_place_type<FixedWidthReader>, feed, map, bytes, header);
        case FormatKind::json_lines:
            return RecordReader(std::in_place_type<JsonLinesReader>, feed, map, bytes, arena);
        case FormatKind::xml:
            return RecordReader(std::in_place_type<XmlReader>, feed, map, bytes, header, arena);
    }
    return RecordReader(std::in_place_type<DelimitedReader>, feed, map, bytes, header, arena);
}

}  // namespace farthing::mediation
