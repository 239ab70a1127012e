#include "mediation/decode_json_lines.h"

#include <simdjson.h>

#include <charconv>
#include <string>

#include "mediation/decode_path.h"

namespace farthing::mediation {

namespace ondemand = simdjson::ondemand;

struct JsonLinesReader::Walker {
    Walker(Arena& text, bool percent) : arena(text), percent_encoded(percent) {}

    PathNode root;
    Arena& arena;
    bool percent_encoded;
    ondemand::parser parser;

    // False when the line is not one well-formed object, or says a mapped field twice.
    bool walk(std::string_view line, std::size_t readable, std::string_view* fields) {
        ondemand::document document;
        if (parser.iterate(line.data(), line.size(), readable).get(document) != simdjson::SUCCESS)
            return false;
        ondemand::object object;
        if (document.get_object().get(object) != simdjson::SUCCESS) return false;
        if (!walk_object(object, root, fields)) return false;
        return document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing follows
    }

  private:
    // Recursion is as deep as the mapped paths, never as deep as the record.
    bool walk_object(ondemand::object& object, const PathNode& node, std::string_view* fields) {
        for (auto item : object) {
            ondemand::field field;
            if (std::move(item).get(field) != simdjson::SUCCESS) return false;
            std::string_view key;
            if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
            const PathNode* child = node.find(key);
            if (child != nullptr && !walk_value(field.value(), *child, fields)) return false;
        }
        return true;
    }

    bool walk_value(ondemand::value& value, const PathNode& node, std::string_view* fields) {
        ondemand::json_type type;
        if (value.type().get(type) != simdjson::SUCCESS) return false;
        if (type == ondemand::json_type::object) {
            ondemand::object object;
            if (value.get_object().get(object) != simdjson::SUCCESS) return false;
            return node.slot == kNoSlot && walk_object(object, node, fields);
        }
        if (type == ondemand::json_type::array && node.slot == kNoSlot)
            return walk_array(value, node, fields);
        if (node.slot == kNoSlot) return type == ondemand::json_type::null;
        // A field that is absent has no address; null has one, so that a second mention is noticed.
        if (fields[node.slot].data() != nullptr) return false;
        return read_scalar(value, type, fields[node.slot]);
    }

    // The children of a list are named by their places, from 0.
    bool walk_array(ondemand::value& value, const PathNode& node, std::string_view* fields) {
        ondemand::array array;
        if (value.get_array().get(array) != simdjson::SUCCESS) return false;
        std::size_t place = 0;
        for (auto item : array) {
            ondemand::value element;
            if (std::move(item).get(element) != simdjson::SUCCESS) return false;
            std::array<char, 20> text{};
            const char* const end =
                std::to_chars(text.data(), text.data() + text.size(), place++).ptr;
            const PathNode* child = node.find({text.data(), end});
            if (child != nullptr && !walk_value(element, *child, fields)) return false;
        }
        return true;
    }

    bool read_scalar(ondemand::value& value, ondemand::json_type type, std::string_view& text) {
        switch (type) {
            case ondemand::json_type::array:
            case ondemand::json_type::object: return false;
            case ondemand::json_type::string: return read_string(value, text);
            case ondemand::json_type::number: {
                text = value.raw_json_token();  // with the blanks behind it
                while (is_blank(text.back()) || text.back() == '\r') text.remove_suffix(1);
                return true;
            }
            case ondemand::json_type::boolean: {
                bool flag = false;
                if (value.get_bool().get(flag) != simdjson::SUCCESS) return false;
                text = flag ? "true" : "false";
                return true;
            }
            case ondemand::json_type::null: {
                bool null = false;
                text = "";
                return value.is_null().get(null) == simdjson::SUCCESS && null;
            }
        }
        return false;
    }

    // Plain text stays where it is; text with escapes is written anew.
    bool read_string(ondemand::value& value, std::string_view& text) {
        std::string_view token = value.raw_json_token();
        token.remove_prefix(1);
        const std::size_t quote = token.find('"');
        if (quote != std::string_view::npos &&
            token.substr(0, quote).find('\\') == std::string_view::npos) {
            text = token.substr(0, quote);
            return !percent_encoded || decode_percents(text);
        }
        std::string_view unescaped;
        if (value.get_string().get(unescaped) != simdjson::SUCCESS) return false;
        text = arena.copy(unescaped);
        return !percent_encoded || decode_percents(text);
    }

    // %2B is a plus. False where what stands behind the sign is no byte, or the bytes no text.
    bool decode_percents(std::string_view& text) {
        if (text.find('%') == std::string_view::npos) return true;
        char* const decoded = arena.take(text.size());
        char* to = decoded;
        for (std::size_t at = 0; at < text.size(); ++at, ++to) {
            *to = text[at];
            if (text[at] != '%') continue;
            unsigned char byte = 0;
            const char* const digits = text.data() + at + 1;
            if (text.size() - at < 3 ||
                std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2)
                return false;
            if (byte == 0) return false;
            *to = static_cast<char>(byte);
            at += 2;
        }
        text = {decoded, to};
        return simdjson::validate_utf8(text.data(), text.size());
    }
};

JsonLinesReader::JsonLinesReader(const Feed& feed, const FieldMap& map, std::string_view bytes,
                                 Arena& arena)
    : walker_(std::make_unique<Walker>(arena, feed.percent_encoded)),
      shapes_(map),
      has_shapes_(!feed.percent_encoded),
      slots_(map.slots()) {
    bytes = without_mark(bytes);
    cursor_ = bytes.data();
    end_ = cursor_ + bytes.size();
    for (Slot slot = 1; slot < map.refs.size(); ++slot)
        walker_->root.add(map.refs[slot].name, '.', slot);
}
JsonLinesReader::JsonLinesReader(JsonLinesReader&&) noexcept = default;
JsonLinesReader::~JsonLinesReader() = default;

bool JsonLinesReader::begin_record() {
    while (cursor_ != end_ && (is_blank(*cursor_) || *cursor_ == '\r' || *cursor_ == '\n')) {
        if (*cursor_ == '\n') line_ += 1;
        cursor_ += 1;
    }
    return cursor_ != end_;
}

bool JsonLinesReader::next(RecordView& record, std::string_view* fields) {
    if (!begin_record()) return false;
    record.line = line_++;
    const char* const begin = cursor_;
    if (has_shapes_) {
        if (const char* const end = shapes_.read(begin, end_, fields)) {
            record.raw = {begin, end};
            record.fault = SuspenseReason::none;
            cursor_ = end + (*end == '\r' ? 2 : 1);
            return true;
        }
    }
    record.raw = take_line(cursor_, end_);
    const bool good = parse(record.raw, fields);
    record.fault = good ? SuspenseReason::none : SuspenseReason::unparseable;
    return true;
}

bool JsonLinesReader::parse(std::string_view line, std::string_view* fields) {
    std::fill_n(fields, slots_, std::string_view{});
    const auto readable = static_cast<std::size_t>(end_ - line.data());
    const std::size_t padded = line.size() + simdjson::SIMDJSON_PADDING;
    // The parser may read a little beyond the line: in the middle of the file those are the next
    // lines, at its end the line is copied.
    if (readable < padded) {
        char* const copy = walker_->arena.take(padded);
        std::memcpy(copy, line.data(), line.size());
        std::memset(copy + line.size(), ' ', simdjson::SIMDJSON_PADDING);
        return walker_->walk({copy, line.size()}, padded, fields);
    }
    if (!walker_->walk(line, readable, fields)) return false;
    if (has_shapes_) shapes_.learn(line, fields);
    return true;
}

bool JsonLinesReader::skip() {
    if (!begin_record()) return false;
    take_line(cursor_, end_);
    line_ += 1;
    return true;
}

}  // namespace farthing::mediation
