#include "mediation/decode_json_lines.h"

#include <simdjson.h>

#include <string>

namespace farthing::mediation {

namespace ondemand = simdjson::ondemand;

namespace {

// The mapped paths as a tree: "data.energy" is the child "energy" of the child "data".
struct PathNode {
    std::string key;
    Slot slot = kNoSlot;
    std::vector<PathNode> children;

    PathNode& child(std::string_view name) {
        for (PathNode& node : children) {
            if (node.key == name) return node;
        }
        return children.emplace_back(PathNode{std::string(name), kNoSlot, {}});
    }
};

void add_path(PathNode& root, std::string_view path, Slot slot) {
    PathNode* node = &root;
    while (true) {
        const std::size_t dot = path.find('.');
        node = &node->child(path.substr(0, dot));
        if (dot == std::string_view::npos) break;
        path.remove_prefix(dot + 1);
    }
    node->slot = slot;
}

}  // namespace

struct JsonLinesReader::Walker {
    explicit Walker(Arena& text) : arena(text) {}

    PathNode root;
    Arena& arena;
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
            for (const PathNode& child : node.children) {
                if (child.key != key) continue;
                if (!walk_value(field.value(), child, fields)) return false;
                break;
            }
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
        if (node.slot == kNoSlot) return type == ondemand::json_type::null;
        // A field that is absent has no address; null has one, so that a second mention is noticed.
        if (fields[node.slot].data() != nullptr) return false;
        return read_scalar(value, type, fields[node.slot]);
    }

    bool read_scalar(ondemand::value& value, ondemand::json_type type, std::string_view& text) {
        switch (type) {
            case ondemand::json_type::array:
            case ondemand::json_type::object: return false;
            case ondemand::json_type::string: return read_string(value, text);
            case ondemand::json_type::number: text = trimmed(value.raw_json_token()); return true;
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
            return true;
        }
        std::string_view unescaped;
        if (value.get_string().get(unescaped) != simdjson::SUCCESS) return false;
        text = arena.copy(unescaped);
        return true;
    }
};

JsonLinesReader::JsonLinesReader(const FieldMap& map, std::string_view bytes, Arena& arena)
    : walker_(std::make_unique<Walker>(arena)), slots_(map.slots()) {
    bytes = without_mark(bytes);
    cursor_ = bytes.data();
    end_ = cursor_ + bytes.size();
    for (Slot slot = 1; slot < map.refs.size(); ++slot)
        add_path(walker_->root, map.refs[slot].name, slot);
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
    const auto left = static_cast<std::size_t>(end_ - cursor_);
    std::string_view line = take_line(cursor_, end_);
    record.line = line_;
    record.raw = line;
    std::size_t readable = left;
    // The parser may read a little beyond the line: in the middle of the file those are the next
    // lines, at its end the line is copied.
    if (left < line.size() + simdjson::SIMDJSON_PADDING) {
        char* const copy = walker_->arena.take(line.size() + simdjson::SIMDJSON_PADDING);
        std::memcpy(copy, line.data(), line.size());
        std::memset(copy + line.size(), ' ', simdjson::SIMDJSON_PADDING);
        line = {copy, line.size()};
        readable = line.size() + simdjson::SIMDJSON_PADDING;
    }
    std::fill_n(fields, slots_, std::string_view{});
    record.fault =
        walker_->walk(line, readable, fields) ? SuspenseReason::none : SuspenseReason::unparseable;
    line_ += 1;
    return true;
}

bool JsonLinesReader::skip() {
    if (!begin_record()) return false;
    take_line(cursor_, end_);
    line_ += 1;
    return true;
}

}  // namespace farthing::mediation
