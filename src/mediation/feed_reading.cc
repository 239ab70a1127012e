#include "mediation/feed_reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "mediation/decode_number.h"

namespace farthing::mediation {

using catalog::Field;
using catalog::Node;

namespace {

// "35 days", "60 s", "250 ms" as microseconds.
std::optional<std::int64_t> parse_duration(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    const std::string_view name = text.substr(space + 1);
    std::int64_t unit_micros = 0;
    if (name == "day" || name == "days") {
        unit_micros = kMicrosPerDay;
    } else if (const Unit* unit = unit_named(name);
               unit != nullptr && unit->dimension == Dimension::time) {
        unit_micros = unit->size * 1'000;
    }
    std::int64_t count = 0;
    std::int64_t micros = 0;
    if (unit_micros == 0 || !read_integer(text.substr(0, space), count) || count < 0)
        return std::nullopt;
    if (__builtin_mul_overflow(count, unit_micros, &micros)) return std::nullopt;
    return micros;
}

}  // namespace

void FeedReading::add(FeedReason why, const catalog::Place& place, std::string message,
                      std::string mend) {
    Error error = error_of(why, std::move(message), place.to_string());
    if (!mend.empty()) error.mend = std::move(mend);
    errors.push_back(std::move(error));
}

void FeedReading::check_names(const Node& map, std::string_view what,
                              const std::vector<std::string_view>& known) {
    for (const Field& field : map.fields) {
        if (std::ranges::find(known, field.name) != known.end()) continue;
        const std::string near = nearest_name(field.name, known);
        add(FeedReason::feed_unknown_key, field.place,
            fmt::format("{} has no key \"{}\"", what, printable(field.name)),
            near.empty() ? std::string() : fmt::format("Did you mean `{}`?", near));
    }
}

bool FeedReading::check_keys(const Node& map, std::string_view what,
                             std::initializer_list<std::string_view> known) {
    if (map.kind != Node::Kind::map) {
        bad(map, fmt::format("{} must be a map of keys", what));
        return false;
    }
    check_names(map, what, known);
    return true;
}

const Node* FeedReading::required(const Node& map, std::string_view key, std::string_view what) {
    if (const Node* node = optional(map, key)) return node;
    add(FeedReason::feed_missing_key, map.place, fmt::format("{} lacks the key `{}`", what, key));
    return nullptr;
}

std::string FeedReading::text_of(const Node& node, std::string_view what) {
    if (node.kind != Node::Kind::scalar) bad(node, fmt::format("{} must be a text", what));
    return node.text;
}

bool FeedReading::flag_of(const Node& node) {
    if (node.kind == Node::Kind::scalar && (node.text == "true" || node.text == "false"))
        return node.text == "true";
    bad(node, "this must be true or false");
    return false;
}

char FeedReading::character_of(const Node& node, std::string_view what) {
    if (node.text == "tab") return '\t';
    const bool usable = node.kind == Node::Kind::scalar && node.text.size() == 1 &&
                        node.text[0] != '\n' && node.text[0] != '\r';
    if (!usable) {
        bad(node, fmt::format("{} must be one character, or tab", what));
        return ',';
    }
    return node.text[0];
}

std::vector<std::string> FeedReading::texts_of(const Node& node, std::string_view what) {
    if (node.kind != Node::Kind::list) {
        bad(node, fmt::format("{} must be a list", what));
        return {};
    }
    std::vector<std::string> texts;
    for (const Node& item : node.items) texts.push_back(text_of(item, what));
    return texts;
}

std::int64_t FeedReading::duration_of(const Node& node) {
    const auto micros = parse_duration(node.text);
    if (!micros)
        bad(node, fmt::format("\"{}\" is no length of time", printable(node.text)),
            "Write it as `35 days` or `60 s`.");
    return micros.value_or(0);
}

FieldRef FeedReading::range_ref(const Node& node) {
    const std::string_view text = node.text;
    const std::size_t dash = text.find('-');
    std::int64_t from = 0;
    std::int64_t to = 0;
    const bool read =
        read_integer(text.substr(0, dash), from) &&
        read_integer(dash == std::string_view::npos ? text : text.substr(dash + 1), to);
    if (!read || from < 1 || to < from || to > 1'000'000) {
        bad(node, fmt::format("\"{}\" is no stretch of characters", printable(text)),
            "Write the first and last one, from 1: `11-18`.");
        return {};
    }
    FieldRef ref;
    ref.from = static_cast<int>(from);
    ref.to = static_cast<int>(to);
    return ref;
}

FieldRef FeedReading::named_ref(const Node& node, const std::string& name) {
    FieldRef ref;
    if (feed.format == FormatKind::fixed_width) {
        bad(node, "fields of fixed-width records have no names",
            "Write where it stands: `{at: 1-20}`.");
    } else if (feed.format == FormatKind::json_lines || feed.format == FormatKind::xml ||
               feed.header) {
        ref.name = name;
    } else {
        const auto found = std::ranges::find(feed.columns, name);
        const std::string near = nearest_name(name, feed.columns);
        if (found == feed.columns.end()) {
            bad(node, fmt::format("no column is named \"{}\"", printable(name)),
                near.empty() ? "Name it in `columns` of the format, or write `{column: 1}`."
                             : fmt::format("Did you mean `{}`?", near));
        }
        ref.column = static_cast<int>(found - feed.columns.begin());
    }
    return ref;
}

FieldRef FeedReading::column_ref(const Node& node) {
    std::int64_t column = 0;
    if (!read_integer(node.text, column) || column < 1 || column > 10'000) {
        bad(node, fmt::format("\"{}\" is no column", printable(node.text)),
            "The first column is 1.");
    }
    if (feed.format != FormatKind::delimited) bad(node, "only delimited records have columns");
    FieldRef ref;
    ref.column = static_cast<int>(column) - 1;
    return ref;
}

FieldRef FeedReading::read_ref(const Node& node, std::initializer_list<std::string_view> also) {
    if (node.kind == Node::Kind::scalar) return named_ref(node, node.text);
    if (node.kind != Node::Kind::map) {
        bad(node, "this must say where the value stands",
            "Write `{field: NAME}`, `{column: 3}` or `{at: 1-20}`.");
        return {};
    }
    std::vector<std::string_view> known(also);
    known.insert(known.end(), {"field", "column", "at"});
    check_names(node, "a field", known);
    int given = 0;
    FieldRef ref;
    for (const Field& field : node.fields) {
        const Node& value = field.value;
        if (field.name == "field") ref = named_ref(value, text_of(value, "the name of a field"));
        if (field.name == "column") ref = column_ref(value);
        if (field.name == "at") {
            ref = range_ref(value);
            if (feed.format != FormatKind::fixed_width)
                bad(value, "only fixed-width records have places");
        }
        given += field.name == "field" || field.name == "at" || field.name == "column" ? 1 : 0;
    }
    if (given != 1) bad(node, "a field is exactly one of `field`, `column` and `at`");
    return ref;
}

void FeedReading::read_key(const Node& node, std::span<const std::string_view> ours,
                           std::vector<std::string>& names, std::vector<FieldRef>& fields) {
    for (const Node& item : node.items) {
        const bool mapped =
            item.kind == Node::Kind::scalar && std::ranges::find(ours, item.text) != ours.end();
        if (!mapped) {
            fields.push_back(read_ref(item));
            continue;
        }
        names.push_back(item.text);
        if (item.text == "id" && !feed.id.given()) bad(item, "the record maps no `id`");
    }
}

std::int64_t FeedReading::count_of(const Node& node, std::int64_t least, std::int64_t most) {
    std::int64_t count = 0;
    if (!read_integer(node.text, count) || count < least || count > most) {
        bad(node,
            fmt::format("\"{}\" is no number from {} to {}", printable(node.text), least, most));
        return least;
    }
    return count;
}

void FeedReading::read_map(const Node& node, std::map<std::string, std::string, std::less<>>& map) {
    if (node.kind != Node::Kind::map)
        return bad(node, "`map` must be a map from the source's text to ours");
    for (const Field& field : node.fields)
        map[field.name] = text_of(field.value, "the right side of a map");
}

}  // namespace farthing::mediation
