// The `record` of a feed: which of its fields is what.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "mediation/feed_reading.h"

namespace farthing::mediation {

using catalog::Field;
using catalog::Node;

namespace {

void read_text(FeedReading& in, const Node& node, TextField& field) {
    if (node.kind == Node::Kind::map && node.field("constant") != nullptr) {
        in.check_keys(node, "a constant", {"constant"});
        field.constant = in.text_of(*in.optional(node, "constant"), "a constant");
        return;
    }
    field.at = in.read_ref(node, {"map"});
    if (const Node* map = in.optional(node, "map")) in.read_map(*map, field.map);
}

// What a carrier asks for a record stands on its invoice alone.
void read_carrier(FeedReading& in, const Node& record) {
    const bool invoice = in.feed.kind == Feed::Kind::carrier_invoice;
    const Node* carrier = invoice ? in.required(record, "carrier", "the record of an invoice")
                                  : in.optional(record, "carrier");
    if (carrier != nullptr) read_text(in, *carrier, in.feed.carrier);
    if (invoice && carrier != nullptr && !in.feed.carrier.constant)
        in.bad(*carrier, "an invoice is of one carrier", "Write `carrier: {constant: NAME}`.");
    const Node* amount = in.optional(record, "amount");
    if (invoice) amount = in.required(record, "amount", "the record of an invoice");
    if (amount == nullptr) return;
    if (!invoice)
        return in.bad(*amount, "usage has no amount: rating finds it",
                      "Write `kind: carrier_invoice`, or take it out.");
    in.feed.amount = in.read_ref(*amount);
}

TimeRules read_time_rules(FeedReading& in, const Node& node) {
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
            in.bad(node,
                   fmt::format("the time pattern \"{}\" has an unknown part", printable(node.text)),
                   "Use %Y %y %m %b %d %H %M %S %f %z.");
            break;
        }
        if (node.text.find('%') == std::string::npos) {
            in.bad(
                node, fmt::format("\"{}\" is no format of times", printable(node.text)),
                "Write rfc3339, unix_seconds, unix_millis or a pattern such as \"%Y%m%d%H%M%S\".");
        }
    }
    return rules;
}

// A time in one field, or its day and its clock in two: `{join: [day, clock], time: ...}`.
void read_time_refs(FeedReading& in, const Node& node, FieldRef& ref, FieldRef& clock) {
    const Node* join = node.kind == Node::Kind::map ? in.optional(node, "join") : nullptr;
    if (join == nullptr) {
        ref = in.read_ref(node, {"time"});
        return;
    }
    in.check_keys(node, "a time of two fields", {"join", "time"});
    if (join->kind != Node::Kind::list || join->items.size() != 2) {
        return in.bad(*join, "`join` must be a list of two fields", "Write `[day, clock]`.");
    }
    ref = in.read_ref(join->items[0]);
    clock = in.read_ref(join->items[1]);
}

void read_times(FeedReading& in, const Node& record) {
    if (const Node* start = in.required(record, "start", "a record")) {
        read_time_refs(in, *start, in.feed.start, in.feed.start_clock);
        if (const Node* time = in.required(*start, "time", "`start`"))
            in.feed.time = read_time_rules(in, *time);
    }
    if (const Node* end = in.optional(record, "end")) {
        read_time_refs(in, *end, in.feed.end, in.feed.end_clock);
        if (const Node* time = in.optional(*end, "time"))
            in.feed.end_time = read_time_rules(in, *time);
    }
    if (const Node* duration = in.optional(record, "duration")) {
        in.feed.duration = in.read_ref(*duration, {"unit"});
        const Node* unit_node = in.optional(*duration, "unit");
        const Unit* unit =
            unit_named(unit_node == nullptr ? "second" : std::string_view(unit_node->text));
        if (unit == nullptr || unit->dimension != Dimension::time) {
            return in.bad(*unit_node,
                          fmt::format("\"{}\" is no unit of time", printable(unit_node->text)));
        }
        in.feed.duration_micros = unit->size * 1'000;
    }
}

// `{from: answered, to: released, time: ..., fraction: up}`: what the time between two fields is.
Feed::QuantityRules read_time_between(FeedReading& in, const Node& node) {
    Feed::QuantityRules rules;
    in.check_keys(node, "a quantity between two times", {"from", "to", "time", "fraction"});
    rules.from = in.read_ref(*in.optional(node, "from"));
    if (const Node* to = in.required(node, "to", "a quantity between two times"))
        rules.to = in.read_ref(*to);
    if (const Node* time = in.required(node, "time", "a quantity between two times"))
        rules.time = read_time_rules(in, *time);
    if (const Node* fraction = in.optional(node, "fraction")) {
        const bool up = fraction->text == "up";
        if (!up && fraction->text != "down") {
            in.bad(*fraction, "`fraction` must be up or down",
                   "Leave it out where times differ by whole units.");
        }
        rules.fraction =
            up ? Feed::QuantityRules::Fraction::up : Feed::QuantityRules::Fraction::down;
    }
    return rules;
}

Feed::QuantityRules read_quantity_rules(FeedReading& in, const Node& node) {
    Feed::QuantityRules rules;
    if (node.kind == Node::Kind::scalar) {
        if (node.text != "1")
            in.bad(node, fmt::format("\"{}\" is no quantity", printable(node.text)),
                   "Write 1, or the field that holds it.");
        return rules;
    }
    if (in.optional(node, "from") != nullptr) return read_time_between(in, node);
    if (const Node* sum = in.optional(node, "sum")) {
        in.check_keys(node, "a quantity", {"sum", "unit"});
        if (sum->kind != Node::Kind::list || sum->items.empty())
            in.bad(*sum, "`sum` must be a list of fields");
        for (const Node& item : sum->items) rules.sum.push_back(in.read_ref(item));
    } else {
        rules.sum.push_back(in.read_ref(node, {"unit"}));
    }
    if (const Node* unit = in.optional(node, "unit")) {
        rules.unit = in.text_of(*unit, "a unit");
        if (unit_named(rules.unit) == nullptr)
            in.bad(*unit, fmt::format("there is no unit \"{}\"", printable(rules.unit)));
    }
    return rules;
}

void read_quantity(FeedReading& in, const Node& node) {
    const bool by_service =
        node.kind == Node::Kind::map && std::ranges::none_of(node.fields, [](const Field& field) {
            return field.name == "field" || field.name == "column" || field.name == "at" ||
                   field.name == "sum" || field.name == "unit" || field.name == "from";
        });
    if (!by_service) {
        in.feed.quantity = read_quantity_rules(in, node);
        return;
    }
    for (const Field& field : node.fields)
        in.feed.quantity_of[field.name] = read_quantity_rules(in, field.value);
}

void read_network(FeedReading& in, const Node& node) {
    if (node.kind == Node::Kind::map && node.field("mcc") != nullptr) {
        in.check_keys(node, "a network", {"mcc", "mnc"});
        in.feed.mcc = in.read_ref(*in.optional(node, "mcc"));
        if (const Node* mnc = in.optional(node, "mnc")) in.feed.mnc = in.read_ref(*mnc);
        return;
    }
    in.feed.network = in.read_ref(node);
}

void read_number(FeedReading& in, const Node& node, FieldRef& ref, NumberRules& rules) {
    ref = in.read_ref(node, {"number"});
    const Node* number = in.optional(node, "number");
    if (number == nullptr) return;
    rules.on = true;
    if (!in.check_keys(*number, "`number`", {"country", "strip", "national", "international"}))
        return;
    if (const Node* country = in.optional(*number, "country"))
        rules.country = in.text_of(*country, "`country`");
    if (const Node* strip = in.optional(*number, "strip"))
        rules.strip = in.texts_of(*strip, "`strip`");
    if (const Node* national = in.optional(*number, "national"))
        rules.national = in.text_of(*national, "`national`");
    if (const Node* prefix = in.optional(*number, "international"))
        rules.international = in.text_of(*prefix, "`international`");
    if (!std::ranges::all_of(rules.country, [](char c) { return c >= '0' && c <= '9'; })) {
        in.bad(*number,
               fmt::format("\"{}\" is no country's calling code", printable(rules.country)),
               "Write its digits, such as 44.");
    }
}

void read_keep(FeedReading& in, const Node& node) {
    if (node.kind != Node::Kind::map)
        return in.bad(node, "`keep` must be a map from our name to a field");
    if (node.fields.size() > in.feed.keep.size()) {
        in.bad(node, fmt::format("at most {} fields can be kept", in.feed.keep.size()));
        return;
    }
    for (std::size_t i = 0; i < node.fields.size(); ++i) {
        in.feed.keep_names[i] = node.fields[i].name;
        in.feed.keep[i] = in.read_ref(node.fields[i].value);
    }
}

}  // namespace

void read_record(FeedReading& in, const Node& node) {
    const bool is_map =
        in.check_keys(node, "a record",
                      {"id", "service", "start", "end", "duration", "quantity", "answered",
                       "network", "called", "calling", "keep", "carrier", "amount"});
    if (!is_map) return;
    if (const Node* id = in.optional(node, "id")) in.feed.id = in.read_ref(*id);
    if (const Node* service = in.required(node, "service", "a record"))
        read_text(in, *service, in.feed.service);
    read_carrier(in, node);
    read_times(in, node);
    if (const Node* quantity = in.required(node, "quantity", "a record"))
        read_quantity(in, *quantity);
    if (const Node* answered = in.optional(node, "answered")) {
        in.feed.answered = in.read_ref(*answered, {"equals"});
        if (const Node* equals = in.required(*answered, "equals", "`answered`"))
            in.feed.answered_equals = in.text_of(*equals, "`equals`");
    }
    if (const Node* network = in.optional(node, "network")) read_network(in, *network);
    if (const Node* called = in.optional(node, "called"))
        read_number(in, *called, in.feed.called, in.feed.called_rules);
    if (const Node* calling = in.optional(node, "calling"))
        read_number(in, *calling, in.feed.calling, in.feed.calling_rules);
    if (const Node* keep = in.optional(node, "keep")) read_keep(in, *keep);
}

void read_inventory(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "an inventory record", {"subscription", "number", "action", "date"}))
        return;
    if (const Node* ref = in.required(node, "subscription", "an inventory record"))
        in.feed.inventory_subscription = in.read_ref(*ref);
    if (const Node* ref = in.required(node, "number", "an inventory record")) {
        read_number(in, *ref, in.feed.inventory_number, in.feed.called_rules);
    }
    if (const Node* action = in.optional(node, "action")) {
        in.feed.inventory_action = in.read_ref(*action, {"map"});
        in.feed.inventory_actions = {{"add", "add"}, {"remove", "remove"}};
        if (const Node* map = in.optional(*action, "map")) {
            in.feed.inventory_actions.clear();
            in.read_map(*map, in.feed.inventory_actions);
            for (const auto& [source, ours] : in.feed.inventory_actions) {
                if (ours != "add" && ours != "remove")
                    in.bad(*map, fmt::format("\"{}\" is no action", printable(ours)),
                           "Map to add or remove.");
            }
        }
    }
    if (const Node* date = in.required(node, "date", "an inventory record")) {
        in.feed.inventory_date = in.read_ref(*date, {"time"});
        if (const Node* time = in.required(*date, "time", "`date`"))
            in.feed.time = read_time_rules(in, *time);
    }
}

}  // namespace farthing::mediation
