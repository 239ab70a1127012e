#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <span>

#include "base/hash.h"
#include "base/utf8.h"
#include "catalog/yaml_reader.h"
#include "mediation/decode_number.h"
#include "mediation/feed.h"

namespace farthing::mediation {

namespace {

using catalog::Field;
using catalog::Node;
using catalog::Place;

constexpr std::string_view kKeyNames[] = {"id",       "identity", "service", "start",  "end",
                                          "quantity", "network",  "called",  "calling"};

// Shorter stretches are no proof, longer ones do not fit in what the check looks back over.
constexpr std::int64_t kStuckMicrosMin = 3'600 * kMicrosPerSecond;
constexpr std::int64_t kStuckMicrosMax = 14 * kMicrosPerDay;

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

class FeedReader {
  public:
    explicit FeedReader(Feed& feed) : feed_(feed) {}

    void read(const Node& root);
    Errors take_errors() { return std::move(errors_); }

  private:
    void add(FeedReason why, const Place& place, std::string message, std::string mend = {}) {
        Error error = error_of(why, std::move(message), place.to_string());
        if (!mend.empty()) error.mend = std::move(mend);
        errors_.push_back(std::move(error));
    }
    void bad(const Node& node, std::string message, std::string mend = {}) {
        add(FeedReason::feed_bad_value, node.place, std::move(message), std::move(mend));
    }
    bool check_keys(const Node& map, std::string_view what,
                    std::initializer_list<std::string_view> known);
    const Node* required(const Node& map, std::string_view key, std::string_view what);
    static const Node* optional(const Node& map, std::string_view key) {
        const Field* field = map.field(key);
        return field == nullptr ? nullptr : &field->value;
    }
    std::string text_of(const Node& node, std::string_view what);
    bool flag_of(const Node& node);
    char character_of(const Node& node, std::string_view what);
    std::vector<std::string> texts_of(const Node& node, std::string_view what);
    std::int64_t duration_of(const Node& node);

    void read_format(const Node& node);
    void read_delimited(const Node& node);
    void read_fixed_width(const Node& node);
    void read_line(const Node& node, Feed::Line& line);
    void read_record(const Node& node);
    void read_inventory(const Node& node);
    FieldRef read_ref(const Node& node, std::initializer_list<std::string_view> also = {});
    FieldRef named_ref(const Node& node, const std::string& name);
    FieldRef range_ref(const Node& node);
    void read_service(const Node& node);
    TimeRules read_time_rules(const Node& node);
    void read_times(const Node& record);
    void read_quantity(const Node& node);
    Feed::QuantityRules read_quantity_rules(const Node& node);
    void read_network(const Node& node);
    void read_number(const Node& node, FieldRef& ref, NumberRules& rules);
    void read_keep(const Node& node);
    void read_guide(const Node& node);
    void read_same_record(const Node& node);
    void read_late(const Node& node);
    void read_filters(const Node& node);
    void read_map(const Node& node, std::map<std::string, std::string, std::less<>>& map);
    void read_watches(const Node& node);
    void read_watched_reading(const Node& node);
    std::int64_t count_of(const Node& node);

    Feed& feed_;
    Errors errors_;
};

bool FeedReader::check_keys(const Node& map, std::string_view what,
                            std::initializer_list<std::string_view> known) {
    if (map.kind != Node::Kind::map) {
        bad(map, fmt::format("{} must be a map of keys", what));
        return false;
    }
    for (const Field& field : map.fields) {
        if (std::ranges::find(known, field.name) != known.end()) continue;
        const std::string near = nearest_name(field.name, known);
        add(FeedReason::feed_unknown_key, field.place,
            fmt::format("{} has no key \"{}\"", what, printable(field.name)),
            near.empty() ? std::string() : fmt::format("Did you mean `{}`?", near));
    }
    return true;
}

const Node* FeedReader::required(const Node& map, std::string_view key, std::string_view what) {
    if (const Node* node = optional(map, key)) return node;
    add(FeedReason::feed_missing_key, map.place, fmt::format("{} lacks the key `{}`", what, key));
    return nullptr;
}

std::string FeedReader::text_of(const Node& node, std::string_view what) {
    if (node.kind != Node::Kind::scalar) bad(node, fmt::format("{} must be a text", what));
    return node.text;
}

bool FeedReader::flag_of(const Node& node) {
    if (node.kind == Node::Kind::scalar && (node.text == "true" || node.text == "false"))
        return node.text == "true";
    bad(node, "this must be true or false");
    return false;
}

char FeedReader::character_of(const Node& node, std::string_view what) {
    if (node.text == "tab") return '\t';
    const bool usable = node.kind == Node::Kind::scalar && node.text.size() == 1 &&
                        node.text[0] != '\n' && node.text[0] != '\r';
    if (!usable) {
        bad(node, fmt::format("{} must be one character, or tab", what));
        return ',';
    }
    return node.text[0];
}

std::vector<std::string> FeedReader::texts_of(const Node& node, std::string_view what) {
    if (node.kind != Node::Kind::list) {
        bad(node, fmt::format("{} must be a list", what));
        return {};
    }
    std::vector<std::string> texts;
    for (const Node& item : node.items) texts.push_back(text_of(item, what));
    return texts;
}

std::int64_t FeedReader::duration_of(const Node& node) {
    const auto micros = parse_duration(node.text);
    if (!micros)
        bad(node, fmt::format("\"{}\" is no length of time", printable(node.text)),
            "Write it as `35 days` or `60 s`.");
    return micros.value_or(0);
}

void FeedReader::read(const Node& root) {
    if (root.kind == Node::Kind::null) return;
    for (const std::string_view later : {"files", "partials", "ratings"}) {
        if (const Field* field = root.field(later)) {
            add(FeedReason::feed_not_supported, field->place,
                fmt::format("`{}` is not supported in this release", later));
        }
    }
    const bool is_map = check_keys(
        root, "a feed",
        {"feed", "title", "kind", "format", "time_zone", "record", "guide", "same_record", "late",
         "filter", "watch", "unpacked_max", "files", "partials", "ratings"});
    if (!is_map) return;
    if (const Node* node = required(root, "feed", "a feed"))
        feed_.name = text_of(*node, "the name of a feed");
    if (const Node* node = optional(root, "title")) feed_.title = text_of(*node, "a title");
    if (const Node* node = optional(root, "kind")) {
        if (node->text == "inventory") {
            feed_.kind = Feed::Kind::inventory;
        } else if (node->text != "usage") {
            bad(*node, fmt::format("there is no kind of feed \"{}\"", printable(node->text)),
                "Write `usage` or `inventory`.");
        }
    }
    if (const Node* node = optional(root, "time_zone")) {
        if (auto zone = TimeZone::named(node->text)) {
            feed_.zone = *zone;
        } else {
            bad(*node, fmt::format("there is no time zone \"{}\"", printable(node->text)),
                "Write an IANA name such as Europe/Tallinn, or UTC.");
        }
    }
    if (const Node* node = optional(root, "unpacked_max")) {
        const auto size = parse_quantity(node->text, *unit_named("byte"));
        if (!size || *size <= 0)
            bad(*node, fmt::format("\"{}\" is no size", printable(node->text)),
                "Write it as `16 GB`.");
        feed_.unpacked_max = size.value_or(0);
    }
    if (const Node* node = required(root, "format", "a feed")) read_format(*node);
    const Node* record = required(root, "record", "a feed");
    if (const Node* node = optional(root, "filter")) read_filters(*node);
    if (feed_.kind == Feed::Kind::inventory) {
        if (record != nullptr) read_inventory(*record);
        return;
    }
    if (record != nullptr) read_record(*record);
    if (const Node* node = required(root, "guide", "a feed")) read_guide(*node);
    if (const Node* node = required(root, "same_record", "a feed")) read_same_record(*node);
    if (const Node* node = optional(root, "late")) read_late(*node);
    if (const Node* node = optional(root, "watch")) read_watches(*node);
}

void FeedReader::read_format(const Node& node) {
    if (node.kind != Node::Kind::map) {
        return bad(node, "the format must be a map",
                   "Write `{delimited: \",\", header: true}`, `{fixed_width: true}` or "
                   "`{json_lines: true}`.");
    }
    const bool delimited = node.field("delimited") != nullptr;
    const bool fixed_width = node.field("fixed_width") != nullptr;
    const bool json_lines = node.field("json_lines") != nullptr;
    if (delimited + fixed_width + json_lines != 1) {
        return bad(node, "a format is exactly one of `delimited`, `fixed_width` and `json_lines`");
    }
    if (delimited) return read_delimited(node);
    if (fixed_width) return read_fixed_width(node);
    feed_.format = FormatKind::json_lines;
    check_keys(node, "the format", {"json_lines"});
    flag_of(*optional(node, "json_lines"));
}

void FeedReader::read_delimited(const Node& node) {
    feed_.format = FormatKind::delimited;
    check_keys(node, "the format",
               {"delimited", "header", "columns", "quote", "comment", "decimal_point"});
    feed_.delimiter = character_of(*optional(node, "delimited"), "the delimiter");
    if (const Node* header = optional(node, "header")) feed_.header = flag_of(*header);
    if (const Node* columns = optional(node, "columns")) {
        feed_.columns = texts_of(*columns, "`columns`");
        if (feed_.header)
            bad(*columns, "the header names the columns already",
                "Keep one of `header` and `columns`.");
    }
    if (const Node* quote = optional(node, "quote")) {
        feed_.quote = quote->text == "none" ? '\0' : character_of(*quote, "the quote");
    }
    if (const Node* comment = optional(node, "comment"))
        feed_.comment = character_of(*comment, "the comment mark");
    if (const Node* point = optional(node, "decimal_point"))
        feed_.decimal_point = character_of(*point, "the decimal point");
    if (feed_.quote == feed_.delimiter)
        bad(node, "the quote and the delimiter are the same character");
}

void FeedReader::read_fixed_width(const Node& node) {
    feed_.format = FormatKind::fixed_width;
    check_keys(node, "the format", {"fixed_width", "header", "trailer", "decimal_point"});
    flag_of(*optional(node, "fixed_width"));
    if (const Node* header = optional(node, "header")) read_line(*header, feed_.first);
    if (const Node* trailer = optional(node, "trailer")) read_line(*trailer, feed_.last);
    if (const Node* point = optional(node, "decimal_point"))
        feed_.decimal_point = character_of(*point, "the decimal point");
}

void FeedReader::read_line(const Node& node, Feed::Line& line) {
    line.present = true;
    if (node.kind == Node::Kind::scalar && node.text == "true") return;
    if (!check_keys(node, "a header or trailer", {"starts_with", "count", "sum"})) return;
    if (const Node* text = optional(node, "starts_with"))
        line.starts_with = text_of(*text, "`starts_with`");
    if (const Node* count = optional(node, "count")) line.count = range_ref(*count);
    if (const Node* sum = optional(node, "sum")) line.sum = range_ref(*sum);
}

FieldRef FeedReader::range_ref(const Node& node) {
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

FieldRef FeedReader::named_ref(const Node& node, const std::string& name) {
    FieldRef ref;
    if (feed_.format == FormatKind::fixed_width) {
        bad(node, "fields of fixed-width records have no names",
            "Write where it stands: `{at: 1-20}`.");
    } else if (feed_.format == FormatKind::json_lines || feed_.header) {
        ref.name = name;
    } else {
        const auto found = std::ranges::find(feed_.columns, name);
        const std::string near = nearest_name(name, feed_.columns);
        if (found == feed_.columns.end()) {
            bad(node, fmt::format("no column is named \"{}\"", printable(name)),
                near.empty() ? "Name it in `columns` of the format, or write `{column: 1}`."
                             : fmt::format("Did you mean `{}`?", near));
        }
        ref.column = static_cast<int>(found - feed_.columns.begin());
    }
    return ref;
}

// {field: NAME}, {column: N}, {at: 1-20}, or a name alone.
FieldRef FeedReader::read_ref(const Node& node, std::initializer_list<std::string_view> also) {
    if (node.kind == Node::Kind::scalar) return named_ref(node, node.text);
    if (node.kind != Node::Kind::map) {
        bad(node, "this must say where the value stands",
            "Write `{field: NAME}`, `{column: 3}` or `{at: 1-20}`.");
        return {};
    }
    std::vector<std::string_view> known(also);
    known.insert(known.end(), {"field", "column", "at"});
    int given = 0;
    FieldRef ref;
    for (const Field& field : node.fields) {
        if (std::ranges::find(known, field.name) == known.end()) {
            const std::string near = nearest_name(field.name, known);
            add(FeedReason::feed_unknown_key, field.place,
                fmt::format("a field has no key \"{}\"", printable(field.name)),
                near.empty() ? std::string() : fmt::format("Did you mean `{}`?", near));
        }
        if (field.name == "field")
            ref = named_ref(field.value, text_of(field.value, "the name of a field"));
        if (field.name == "at") {
            ref = range_ref(field.value);
            if (feed_.format != FormatKind::fixed_width)
                bad(field.value, "only fixed-width records have places");
        }
        if (field.name == "column") {
            std::int64_t column = 0;
            const bool read =
                read_integer(field.value.text, column) && column >= 1 && column <= 10'000;
            if (!read)
                bad(field.value, fmt::format("\"{}\" is no column", printable(field.value.text)),
                    "The first column is 1.");
            if (feed_.format != FormatKind::delimited)
                bad(field.value, "only delimited records have columns");
            ref.column = static_cast<int>(column) - 1;
        }
        given += field.name == "field" || field.name == "at" || field.name == "column" ? 1 : 0;
    }
    if (given != 1) bad(node, "a field is exactly one of `field`, `column` and `at`");
    return ref;
}

void FeedReader::read_map(const Node& node, std::map<std::string, std::string, std::less<>>& map) {
    if (node.kind != Node::Kind::map)
        return bad(node, "`map` must be a map from the source's text to ours");
    for (const Field& field : node.fields)
        map[field.name] = text_of(field.value, "the right side of a map");
}

void FeedReader::read_record(const Node& node) {
    const bool is_map = check_keys(node, "a record",
                                   {"id", "service", "start", "end", "duration", "quantity",
                                    "answered", "network", "called", "calling", "keep"});
    if (!is_map) return;
    if (const Node* id = optional(node, "id")) feed_.id = read_ref(*id);
    if (const Node* service = required(node, "service", "a record")) read_service(*service);
    read_times(node);
    if (const Node* quantity = required(node, "quantity", "a record")) read_quantity(*quantity);
    if (const Node* answered = optional(node, "answered")) {
        feed_.answered = read_ref(*answered, {"equals"});
        if (const Node* equals = required(*answered, "equals", "`answered`"))
            feed_.answered_equals = text_of(*equals, "`equals`");
    }
    if (const Node* network = optional(node, "network")) read_network(*network);
    if (const Node* called = optional(node, "called"))
        read_number(*called, feed_.called, feed_.called_rules);
    if (const Node* calling = optional(node, "calling"))
        read_number(*calling, feed_.calling, feed_.calling_rules);
    if (const Node* keep = optional(node, "keep")) read_keep(*keep);
}

void FeedReader::read_service(const Node& node) {
    if (node.kind == Node::Kind::map && node.field("constant") != nullptr) {
        check_keys(node, "a constant", {"constant"});
        feed_.service.constant = text_of(*optional(node, "constant"), "a constant");
        return;
    }
    feed_.service.at = read_ref(node, {"map"});
    if (const Node* map = optional(node, "map")) read_map(*map, feed_.service.map);
}

TimeRules FeedReader::read_time_rules(const Node& node) {
    TimeRules rules;
    if (node.text == "rfc3339") return rules;
    if (node.text == "unix_seconds") {
        rules.kind = TimeRules::Kind::unix_seconds;
    } else if (node.text == "unix_millis") {
        rules.kind = TimeRules::Kind::unix_millis;
    } else {
        rules.kind = TimeRules::Kind::pattern;
        rules.pattern = node.text;
        for (std::size_t at = node.text.find('%'); at != std::string::npos;
             at = node.text.find('%', at + 2)) {
            const char letter = at + 1 < node.text.size() ? node.text[at + 1] : '\0';
            if (letter != '\0' &&
                std::string_view("YmdHMSfbyz%").find(letter) != std::string_view::npos)
                continue;
            bad(node,
                fmt::format("the time pattern \"{}\" has an unknown part", printable(node.text)),
                "Use %Y %y %m %b %d %H %M %S %f %z.");
            break;
        }
        if (node.text.find('%') == std::string::npos) {
            bad(node, fmt::format("\"{}\" is no format of times", printable(node.text)),
                "Write rfc3339, unix_seconds, unix_millis or a pattern such as \"%Y%m%d%H%M%S\".");
        }
    }
    return rules;
}

void FeedReader::read_times(const Node& record) {
    if (const Node* start = required(record, "start", "a record")) {
        feed_.start = read_ref(*start, {"time"});
        if (const Node* time = required(*start, "time", "`start`"))
            feed_.time = read_time_rules(*time);
    }
    if (const Node* end = optional(record, "end")) {
        feed_.end = read_ref(*end, {"time"});
        if (const Node* time = optional(*end, "time")) feed_.end_time = read_time_rules(*time);
    }
    if (const Node* duration = optional(record, "duration")) {
        feed_.duration = read_ref(*duration, {"unit"});
        const Node* unit_node = optional(*duration, "unit");
        const Unit* unit =
            unit_named(unit_node == nullptr ? "second" : std::string_view(unit_node->text));
        if (unit == nullptr || unit->dimension != Dimension::time) {
            return bad(*unit_node,
                       fmt::format("\"{}\" is no unit of time", printable(unit_node->text)));
        }
        feed_.duration_micros = unit->size * 1'000;
    }
}

Feed::QuantityRules FeedReader::read_quantity_rules(const Node& node) {
    Feed::QuantityRules rules;
    if (node.kind == Node::Kind::scalar) {
        if (node.text != "1")
            bad(node, fmt::format("\"{}\" is no quantity", printable(node.text)),
                "Write 1, or the field that holds it.");
        return rules;
    }
    if (const Node* sum = optional(node, "sum")) {
        check_keys(node, "a quantity", {"sum", "unit"});
        if (sum->kind != Node::Kind::list || sum->items.empty())
            bad(*sum, "`sum` must be a list of fields");
        for (const Node& item : sum->items) rules.sum.push_back(read_ref(item));
    } else {
        rules.sum.push_back(read_ref(node, {"unit"}));
    }
    if (const Node* unit = optional(node, "unit")) {
        rules.unit = text_of(*unit, "a unit");
        if (unit_named(rules.unit) == nullptr)
            bad(*unit, fmt::format("there is no unit \"{}\"", printable(rules.unit)));
    }
    return rules;
}

void FeedReader::read_quantity(const Node& node) {
    const bool by_service =
        node.kind == Node::Kind::map && std::ranges::none_of(node.fields, [](const Field& field) {
            return field.name == "field" || field.name == "column" || field.name == "at" ||
                   field.name == "sum" || field.name == "unit";
        });
    if (!by_service) {
        feed_.quantity = read_quantity_rules(node);
        return;
    }
    for (const Field& field : node.fields)
        feed_.quantity_of[field.name] = read_quantity_rules(field.value);
}

void FeedReader::read_network(const Node& node) {
    if (node.kind == Node::Kind::map && node.field("mcc") != nullptr) {
        check_keys(node, "a network", {"mcc", "mnc"});
        feed_.mcc = read_ref(*optional(node, "mcc"));
        if (const Node* mnc = optional(node, "mnc")) feed_.mnc = read_ref(*mnc);
        return;
    }
    feed_.network = read_ref(node);
}

void FeedReader::read_number(const Node& node, FieldRef& ref, NumberRules& rules) {
    ref = read_ref(node, {"number"});
    const Node* number = optional(node, "number");
    if (number == nullptr) return;
    rules.on = true;
    if (!check_keys(*number, "`number`", {"country", "strip", "national", "international"})) return;
    if (const Node* country = optional(*number, "country"))
        rules.country = text_of(*country, "`country`");
    if (const Node* strip = optional(*number, "strip")) rules.strip = texts_of(*strip, "`strip`");
    if (const Node* national = optional(*number, "national"))
        rules.national = text_of(*national, "`national`");
    if (const Node* prefix = optional(*number, "international"))
        rules.international = text_of(*prefix, "`international`");
    if (!std::ranges::all_of(rules.country, [](char c) { return c >= '0' && c <= '9'; })) {
        bad(*number, fmt::format("\"{}\" is no country's calling code", printable(rules.country)),
            "Write its digits, such as 44.");
    }
}

void FeedReader::read_keep(const Node& node) {
    if (node.kind != Node::Kind::map)
        return bad(node, "`keep` must be a map from our name to a field");
    if (node.fields.size() > feed_.keep.size()) {
        bad(node, fmt::format("at most {} fields can be kept", feed_.keep.size()));
        return;
    }
    for (std::size_t i = 0; i < node.fields.size(); ++i) {
        feed_.keep_names[i] = node.fields[i].name;
        feed_.keep[i] = read_ref(node.fields[i].value);
    }
}

void FeedReader::read_guide(const Node& node) {
    if (node.kind != Node::Kind::list || node.items.empty()) {
        return bad(node, "`guide` must be a list of rules",
                   "Write `guide: [{by: device, field: lamp}]`.");
    }
    for (const Node& item : node.items) {
        Feed::GuideRule rule;
        const Node* by =
            item.kind == Node::Kind::map ? required(item, "by", "a rule of `guide`") : nullptr;
        if (by == nullptr) {
            if (item.kind != Node::Kind::map) bad(item, "a rule of `guide` must be a map");
            continue;
        }
        if (const Field* list = item.field("list")) {
            add(FeedReason::feed_not_supported, list->place,
                "lists of numbers are not supported in this release");
            continue;
        }
        const auto kind = std::ranges::find(kIdentityKindNames, by->text);
        if (kind == kIdentityKindNames.end()) {
            bad(*by, fmt::format("there is no identity \"{}\"", printable(by->text)),
                "Write device, iccid, imsi, msisdn, did or subscription.");
        } else {
            rule.by = static_cast<IdentityKind>(kind - kIdentityKindNames.begin());
        }
        if (const Node* from = optional(item, "from")) {
            check_keys(item, "a rule of `guide`", {"by", "from"});
            const bool called = from->text == "called";
            if (!called && from->text != "calling") bad(*from, "`from` must be called or calling");
            rule.from = called ? Feed::GuideRule::From::called : Feed::GuideRule::From::calling;
            if (!(called ? feed_.called : feed_.calling).given())
                bad(*from, fmt::format("the record maps no `{}`", printable(from->text)));
        } else {
            rule.field = read_ref(item, {"by"});
        }
        feed_.guide.push_back(std::move(rule));
    }
}

void FeedReader::read_same_record(const Node& node) {
    if (node.kind == Node::Kind::map) {
        check_keys(node, "`same_record`", {"slot"});
        if (const Node* slot = required(node, "slot", "`same_record`")) {
            feed_.slots.micros = duration_of(*slot);
            if (feed_.slots.micros <= 0 || kMicrosPerDay % feed_.slots.micros != 0) {
                bad(*slot, "a slot must divide the day into equal parts",
                    "Write it as `60 s` or `15 minutes`.");
            }
        }
        return;
    }
    if (node.kind != Node::Kind::list || node.items.empty()) {
        return bad(node, "`same_record` must be a list of fields or a slot",
                   "Write `[id]`, `[identity, start]` or `{slot: 60 s}`.");
    }
    for (const Node& item : node.items) {
        const bool ours = item.kind == Node::Kind::scalar &&
                          std::ranges::find(kKeyNames, item.text) != std::end(kKeyNames);
        if (!ours) {
            feed_.same_record_fields.push_back(read_ref(item));
            continue;
        }
        feed_.same_record.push_back(item.text);
        if (item.text == "id" && !feed_.id.given()) bad(item, "the record maps no `id`");
    }
}

void FeedReader::read_late(const Node& node) {
    if (!check_keys(node, "`late`", {"accept", "ahead"})) return;
    if (const Node* accept = optional(node, "accept"))
        feed_.accept_late_micros = duration_of(*accept);
    if (const Node* ahead = optional(node, "ahead"))
        feed_.accept_early_micros = duration_of(*ahead);
}

void FeedReader::read_filters(const Node& node) {
    if (node.kind != Node::Kind::list)
        return bad(node, "`filter` must be a list",
                   "Write `filter: [{field: disposition, keep: [ANSWERED]}]`.");
    for (const Node& item : node.items) {
        Feed::Filter filter;
        filter.field = read_ref(item, {"keep", "drop"});
        const Node* keep = optional(item, "keep");
        const Node* drop = optional(item, "drop");
        if ((keep == nullptr) == (drop == nullptr)) {
            bad(item, "a filter says exactly one of `keep` and `drop`");
            continue;
        }
        filter.keep_matching = keep != nullptr;
        filter.equals = texts_of(keep != nullptr ? *keep : *drop, "the texts of a filter");
        feed_.filters.push_back(std::move(filter));
    }
}

// [{reading: light, stuck_after: 24 h, records: 100}, {unknown_identity: 50}]
void FeedReader::read_watches(const Node& node) {
    if (node.kind != Node::Kind::list)
        return bad(node, "`watch` must be a list",
                   "Write `watch: [{reading: light, stuck_after: 24 h}]`.");
    for (const Node& item : node.items) {
        if (const Node* unknown = optional(item, "unknown_identity")) {
            check_keys(item, "this watch", {"unknown_identity"});
            feed_.unknown_records = count_of(*unknown);
        } else {
            read_watched_reading(item);
        }
    }
}

void FeedReader::read_watched_reading(const Node& node) {
    if (!check_keys(node, "a watch", {"reading", "stuck_after", "records", "unknown_identity"}))
        return;
    Feed::Watch watch;
    if (const Node* reading = required(node, "reading", "a watch")) {
        const auto kept = std::ranges::find(feed_.keep_names, reading->text);
        if (reading->text.empty() || kept == feed_.keep_names.end())
            bad(*reading, fmt::format("no reading \"{}\" is kept", printable(reading->text)),
                "Name one of `keep` of the record.");
        else
            watch.reading = static_cast<std::size_t>(kept - feed_.keep_names.begin());
    }
    if (const Node* after = required(node, "stuck_after", "a watch")) {
        watch.stuck_micros = duration_of(*after);
        if (watch.stuck_micros < kStuckMicrosMin || watch.stuck_micros > kStuckMicrosMax)
            bad(*after, "a reading is stuck after 1 hour to 14 days", "Write it as `24 h`.");
    }
    if (const Node* records = optional(node, "records")) watch.records = count_of(*records);
    feed_.watches.push_back(watch);
}

std::int64_t FeedReader::count_of(const Node& node) {
    std::int64_t count = 0;
    if (node.kind != Node::Kind::scalar || !read_integer(node.text, count) || count < 2)
        bad(node, fmt::format("\"{}\" is no number of records", printable(node.text)),
            "Write a whole number from 2.");
    return count;
}

void FeedReader::read_inventory(const Node& node) {
    if (!check_keys(node, "an inventory record", {"subscription", "number", "action", "date"}))
        return;
    if (const Node* ref = required(node, "subscription", "an inventory record"))
        feed_.inventory_subscription = read_ref(*ref);
    if (const Node* ref = required(node, "number", "an inventory record")) {
        read_number(*ref, feed_.inventory_number, feed_.called_rules);
    }
    if (const Node* action = optional(node, "action")) {
        feed_.inventory_action = read_ref(*action, {"map"});
        feed_.inventory_actions = {{"add", "add"}, {"remove", "remove"}};
        if (const Node* map = optional(*action, "map")) {
            feed_.inventory_actions.clear();
            read_map(*map, feed_.inventory_actions);
            for (const auto& [source, ours] : feed_.inventory_actions) {
                if (ours != "add" && ours != "remove")
                    bad(*map, fmt::format("\"{}\" is no action", printable(ours)),
                        "Map to add or remove.");
            }
        }
    }
    if (const Node* date = required(node, "date", "an inventory record")) {
        feed_.inventory_date = read_ref(*date, {"time"});
        if (const Node* time = required(*date, "time", "`date`"))
            feed_.time = read_time_rules(*time);
    }
}

}  // namespace

std::expected<Feed, Errors> read_feed(std::string_view path, std::string_view yaml) {
    Feed feed;
    feed.text = std::string(yaml);
    feed.hash = sha256_hex(yaml);
    catalog::Mistakes mistakes;
    const Node root = catalog::read_yaml(path, feed.text, mistakes);
    Errors errors = mistakes.take();
    FeedReader reader(feed);
    if (errors.empty() && root.kind == Node::Kind::null) {
        errors.push_back(
            error_of(FeedReason::feed_missing_key, "the description is empty", std::string(path)));
    }
    reader.read(root);
    for (Error& error : reader.take_errors()) errors.push_back(std::move(error));
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return feed;
}

}  // namespace farthing::mediation
