// The `format` of a feed: how its bytes fall into records.
#include <fmt/format.h>

#include "base/utf8.h"
#include "mediation/feed_reading.h"

namespace farthing::mediation {

using catalog::Node;

namespace {

void read_line(FeedReading& in, const Node& node, Feed::Line& line) {
    line.present = true;
    if (node.kind == Node::Kind::scalar && node.text == "true") return;
    if (!in.check_keys(node, "a header or trailer", {"starts_with", "count", "sum"})) return;
    if (const Node* text = in.optional(node, "starts_with"))
        line.starts_with = in.text_of(*text, "`starts_with`");
    if (const Node* count = in.optional(node, "count")) line.count = in.range_ref(*count);
    if (const Node* sum = in.optional(node, "sum")) line.sum = in.range_ref(*sum);
}

void read_fixed_width(FeedReading& in, const Node& node) {
    in.feed.format = FormatKind::fixed_width;
    in.check_keys(node, "the format", {"fixed_width", "header", "trailer", "decimal_point"});
    in.flag_of(*in.optional(node, "fixed_width"));
    if (const Node* header = in.optional(node, "header")) read_line(in, *header, in.feed.first);
    if (const Node* trailer = in.optional(node, "trailer")) read_line(in, *trailer, in.feed.last);
    if (const Node* point = in.optional(node, "decimal_point"))
        in.feed.decimal_point = in.character_of(*point, "the decimal point");
}

void read_delimited(FeedReading& in, const Node& node) {
    in.feed.format = FormatKind::delimited;
    in.check_keys(node, "the format",
                  {"delimited", "header", "header_lines", "skip_lines", "columns", "quote",
                   "comment", "decimal_point"});
    in.feed.delimiter = in.character_of(*in.optional(node, "delimited"), "the delimiter");
    if (const Node* header = in.optional(node, "header")) in.feed.header = in.flag_of(*header);
    constexpr int kLinesMax = 1000;
    if (const Node* lines = in.optional(node, "skip_lines"))
        in.feed.skip_lines = static_cast<int>(in.count_of(*lines, 0, kLinesMax));
    if (const Node* lines = in.optional(node, "header_lines")) {
        in.feed.header_lines = static_cast<int>(in.count_of(*lines, 1, kLinesMax));
        if (!in.feed.header)
            in.bad(*lines, "the format has no header", "Say `header: true`, or `skip_lines`.");
    }
    if (in.feed.kind == Feed::Kind::inventory &&
        (in.feed.skip_lines > 0 || in.feed.header_lines > 1)) {
        in.add(FeedReason::feed_not_supported, node.place,
               "lines besides the names are not supported for an inventory");
    }
    if (const Node* columns = in.optional(node, "columns")) {
        in.feed.columns = in.texts_of(*columns, "`columns`");
        if (in.feed.header)
            in.bad(*columns, "the header names the columns already",
                   "Keep one of `header` and `columns`.");
    }
    if (const Node* quote = in.optional(node, "quote")) {
        in.feed.quote = quote->text == "none" ? '\0' : in.character_of(*quote, "the quote");
    }
    if (const Node* comment = in.optional(node, "comment"))
        in.feed.comment = in.character_of(*comment, "the comment mark");
    if (const Node* point = in.optional(node, "decimal_point"))
        in.feed.decimal_point = in.character_of(*point, "the decimal point");
    if (in.feed.quote == in.feed.delimiter)
        in.bad(node, "the quote and the delimiter are the same character");
}

void read_json_lines(FeedReading& in, const Node& node) {
    in.feed.format = FormatKind::json_lines;
    in.check_keys(node, "the format", {"json_lines", "percent_encoded"});
    in.flag_of(*in.optional(node, "json_lines"));
    if (const Node* percent = in.optional(node, "percent_encoded"))
        in.feed.percent_encoded = in.flag_of(*percent);
}

void read_xml(FeedReading& in, const Node& node) {
    in.feed.format = FormatKind::xml;
    in.check_keys(node, "the format", {"xml", "decimal_point"});
    if (const Node* point = in.optional(node, "decimal_point"))
        in.feed.decimal_point = in.character_of(*point, "the decimal point");
    const Node& xml = *in.optional(node, "xml");
    if (!in.check_keys(xml, "`xml`", {"record"})) return;
    const Node* record = in.required(xml, "record", "`xml`");
    if (record == nullptr) return;
    in.feed.xml_record = in.text_of(*record, "`record`");
    const std::string path = "/" + in.feed.xml_record + "/";
    if (path.find("//") != std::string::npos || path.find(' ') != std::string::npos) {
        in.bad(*record, fmt::format("\"{}\" is no path of elements", printable(in.feed.xml_record)),
               "Write the names from the outermost element to the record: `cdrs/cdr`.");
    }
}

}  // namespace

void read_format(FeedReading& in, const Node& node) {
    if (node.kind != Node::Kind::map) {
        return in.bad(node, "the format must be a map",
                      "Write `{delimited: \",\", header: true}`, `{fixed_width: true}` or "
                      "`{json_lines: true}`.");
    }
    using Read = void (*)(FeedReading&, const Node&);
    constexpr std::pair<std::string_view, Read> kFormats[] = {{"delimited", &read_delimited},
                                                              {"fixed_width", &read_fixed_width},
                                                              {"json_lines", &read_json_lines},
                                                              {"xml", &read_xml}};
    Read read = nullptr;
    int given = 0;
    for (const auto& [name, of_format] : kFormats) {
        if (node.field(name) == nullptr) continue;
        read = of_format;
        given += 1;
    }
    if (given != 1) {
        return in.bad(
            node, "a format is exactly one of `delimited`, `fixed_width`, `json_lines` and `xml`");
    }
    read(in, node);
}

}  // namespace farthing::mediation
