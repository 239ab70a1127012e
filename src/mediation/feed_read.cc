#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "base/hash.h"
#include "base/utf8.h"
#include "mediation/feed_reading.h"

namespace farthing::mediation {

using catalog::Field;
using catalog::Node;

namespace {

constexpr std::string_view kKeyNames[] = {"id",       "identity", "service", "start",  "end",
                                          "quantity", "network",  "called",  "calling"};

// {by: destination, from: called}: who owns what was called pays, before any rule about the caller.
void read_destinations(FeedReading& in, const Node& guide, const Node& rule) {
    in.check_keys(rule, "the rule for destinations", {"by", "from"});
    const Node* from = in.required(rule, "from", "the rule for destinations");
    if (from == nullptr) return;
    if (from->text != "called")
        in.bad(*from, "destinations are what was called",
               "Write `{by: destination, from: called}`.");
    if (!in.feed.called.given()) in.bad(*from, "the record maps no `called`");
    if (&rule != &guide.items.front())
        in.bad(rule, "the rule for destinations goes before those for callers", "Put it first.");
    if (guide.items.size() == 1)
        in.bad(rule, "nobody is named for usage to other destinations",
               "Add a rule for the caller: `{by: msisdn, from: calling}`.");
    in.feed.by_destination = true;
}

void read_guide(FeedReading& in, const Node& node) {
    if (node.kind != Node::Kind::list || node.items.empty()) {
        return in.bad(node, "`guide` must be a list of rules",
                      "Write `guide: [{by: device, field: lamp}]`.");
    }
    for (const Node& item : node.items) {
        Feed::GuideRule rule;
        const Node* by =
            item.kind == Node::Kind::map ? in.required(item, "by", "a rule of `guide`") : nullptr;
        if (by == nullptr) {
            if (item.kind != Node::Kind::map) in.bad(item, "a rule of `guide` must be a map");
            continue;
        }
        if (by->text == name_of(IdentityKind::destination)) {
            read_destinations(in, node, item);
            continue;
        }
        const auto kind = std::ranges::find(kIdentityKindNames, by->text);
        if (kind == kIdentityKindNames.end()) {
            in.bad(*by, fmt::format("there is no identity \"{}\"", printable(by->text)),
                   "Write device, iccid, imsi, msisdn, did, subscription or destination.");
        } else {
            rule.by = static_cast<IdentityKind>(kind - kIdentityKindNames.begin());
        }
        if (const Node* from = in.optional(item, "from")) {
            in.check_keys(item, "a rule of `guide`", {"by", "from"});
            const bool called = from->text == "called";
            if (!called && from->text != "calling")
                in.bad(*from, "`from` must be called or calling");
            rule.from = called ? Feed::GuideRule::From::called : Feed::GuideRule::From::calling;
            if (!(called ? in.feed.called : in.feed.calling).given())
                in.bad(*from, fmt::format("the record maps no `{}`", printable(from->text)));
        } else {
            rule.field = in.read_ref(item, {"by"});
        }
        in.feed.guide.push_back(std::move(rule));
    }
}

// REQUIRES: record, filter and ratings were read.
void read_sequence(FeedReading& in, const Node& node, const Node& name) {
    const auto kept = std::ranges::find(in.feed.keep_names, name.text);
    if (node.field("slot") != nullptr)
        return in.bad(node, "`same_record` names both a slot and a sequence", "Write one of them.");
    if (name.text.empty() || kept == in.feed.keep_names.end())
        return in.bad(name, fmt::format("`keep` names no \"{}\"", printable(name.text)),
                      "Keep the number: `keep: {seq: {field: seq}}`, then write `sequence: seq`.");
    in.feed.sequence = static_cast<std::size_t>(kept - in.feed.keep_names.begin()) + 1;
    if (!in.feed.filters.empty())
        in.add(FeedReason::feed_not_supported, name.place,
               "numbered records with `filter` are not supported in this release",
               "The numbers of what it leaves out would be missing: take `filter` out.");
    if (in.feed.rates_cost())
        in.add(FeedReason::feed_not_supported, name.place,
               "numbered records with the rating `cost` are not supported in this release",
               "Tell equal records by fields: `same_record: [id]`.");
}

void read_same_record(FeedReading& in, const Node& node) {
    if (node.kind == Node::Kind::map) {
        in.check_keys(node, "`same_record`", {"slot", "sequence"});
        if (const Node* sequence = in.optional(node, "sequence"))
            return read_sequence(in, node, *sequence);
        if (const Node* slot = in.required(node, "slot", "`same_record`")) {
            in.feed.slots.micros = in.duration_of(*slot);
            if (in.feed.slots.micros <= 0 || kMicrosPerDay % in.feed.slots.micros != 0) {
                in.bad(*slot, "a slot must divide the day into equal parts",
                       "Write it as `60 s` or `15 minutes`.");
            }
        }
        return;
    }
    if (node.kind != Node::Kind::list || node.items.empty()) {
        return in.bad(node, "`same_record` must be a list of fields, a slot or a sequence",
                      "Write `[id]`, `[identity, start]`, `{slot: 60 s}` or `{sequence: seq}`.");
    }
    in.read_key(node, kKeyNames, in.feed.same_record, in.feed.same_record_fields);
}

bool all_within(const auto& part, const auto& whole) {
    return std::ranges::all_of(
        part, [&](const auto& item) { return std::ranges::find(whole, item) != whole.end(); });
}

void read_last_part(FeedReading& in, const Node& node) {
    const Node* last = in.optional(node, "last");
    if (last == nullptr) return;
    Feed::Partials& partials = in.feed.partials;
    partials.last = in.read_ref(*last, {"equals"});
    const Node* equals = in.required(*last, "equals", "`last`");
    if (equals == nullptr) return;
    if (equals->kind == Node::Kind::list) {
        partials.last_equals = in.texts_of(*equals, "`equals`");
    } else {
        partials.last_equals = {in.text_of(*equals, "`equals`")};
    }
}

// REQUIRES: `same_record` was read.
void read_partials(FeedReading& in, const Node& node) {
    constexpr std::string_view kOurs[] = {"id", "identity"};
    if (!in.check_keys(node, "`partials`", {"by", "last"})) return;
    Feed::Partials& partials = in.feed.partials;
    if (const Node* by = in.required(node, "by", "`partials`")) {
        Node list = *by;
        if (by->kind != Node::Kind::list) {
            list = Node(Node::Kind::list, by->place);
            list.items.push_back(*by);
        }
        in.read_key(list, kOurs, partials.by, partials.by_fields);
        if (partials.by_fields.empty() && std::ranges::find(partials.by, "id") == partials.by.end())
            in.bad(*by, "`by` needs a field that names the session");
        const bool one_record = in.feed.slots.micros == 0 && in.feed.sequence == 0 &&
                                all_within(in.feed.same_record, partials.by) &&
                                all_within(in.feed.same_record_fields, partials.by_fields);
        if (one_record) {
            in.bad(*by, "the parts of a session would be one and the same record",
                   "Add to `same_record` what tells parts apart, such as `start`.");
        }
    }
    read_last_part(in, node);
}

// Sessions that are charged while they happen: what their records tell is counted with it.
void read_charged_online(FeedReading& in, const Node& root, const Node& node) {
    if (!in.check_keys(node, "`charged_online`", {"charging_id", "rating_group", "last"})) return;
    Feed::Partials& partials = in.feed.partials;
    if (in.optional(root, "partials") != nullptr)
        in.bad(node, "`partials` and `charged_online` both say what a session is",
               "Leave one of them out.");
    if (const Node* id = in.required(node, "charging_id", "`charged_online`"))
        partials.charging_id = in.read_ref(*id);
    if (const Node* group = in.optional(node, "rating_group"))
        partials.rating_group = in.read_ref(*group);
    if (in.feed.rates_cost())
        in.add(FeedReason::feed_not_supported, node.place,
               "`charged_online` with the rating `cost` is not supported in this release",
               "Rate the cost from a feed of its own.");
    read_last_part(in, node);
}

void read_late(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "`late`", {"accept", "ahead"})) return;
    if (const Node* accept = in.optional(node, "accept"))
        in.feed.accept_late_micros = in.duration_of(*accept);
    if (const Node* ahead = in.optional(node, "ahead"))
        in.feed.accept_early_micros = in.duration_of(*ahead);
}

void read_filters(FeedReading& in, const Node& node) {
    if (node.kind != Node::Kind::list)
        return in.bad(node, "`filter` must be a list",
                      "Write `filter: [{field: disposition, keep: [ANSWERED]}]`.");
    for (const Node& item : node.items) {
        Feed::Filter filter;
        filter.field = in.read_ref(item, {"keep", "drop"});
        const Node* keep = in.optional(item, "keep");
        const Node* drop = in.optional(item, "drop");
        if ((keep == nullptr) == (drop == nullptr)) {
            in.bad(item, "a filter says exactly one of `keep` and `drop`");
            continue;
        }
        filter.keep_matching = keep != nullptr;
        filter.equals = in.texts_of(keep != nullptr ? *keep : *drop, "the texts of a filter");
        in.feed.filters.push_back(std::move(filter));
    }
}

// What the language knows and this release can't do.
void refuse_later(FeedReading& in, const Node& map, std::initializer_list<std::string_view> keys) {
    for (const std::string_view key : keys) {
        if (const Field* field = map.field(key)) {
            in.add(FeedReason::feed_not_supported, field->place,
                   fmt::format("`{}` is not supported in this release", key));
        }
    }
}

void read_sequence(FeedReading& in, const Node& node) {
    std::string& pattern = in.feed.files.sequence;
    pattern = in.text_of(node, "`sequence`");
    try {
        const std::regex compiled(pattern);
        if (compiled.mark_count() > 0) return;
        in.bad(node, fmt::format("\"{}\" has no part in brackets", printable(pattern)),
               "Put brackets around the number: `UK(\\d{6})`.");
    } catch (const std::regex_error& error) {
        in.bad(node, fmt::format("\"{}\" is no regular expression: {}", printable(pattern),
                                 error.what()));
    }
}

void read_files(FeedReading& in, const Node& node) {
    refuse_later(in, node, {"path", "order"});
    if (!in.check_keys(node, "`files`", {"sequence", "start", "first", "last", "path", "order"}))
        return;
    constexpr std::int64_t kNumberMax = 1'000'000'000'000'000;
    Feed::Files& files = in.feed.files;
    if (const Node* sequence = in.required(node, "sequence", "`files`"))
        read_sequence(in, *sequence);
    if (const Node* first = in.optional(node, "first"))
        files.first = in.count_of(*first, 0, kNumberMax);
    if (const Node* last = in.optional(node, "last")) {
        files.last = in.count_of(*last, 0, kNumberMax);
        if (*files.last <= files.first)
            in.bad(*last, fmt::format("`last` must be more than `first`, {}", files.first));
    }
    if (const Node* start = in.optional(node, "start"))
        files.start = in.count_of(*start, files.first, files.last.value_or(kNumberMax));
}

// The keys at the top that are one value each.
void read_head(FeedReading& in, const Node& root) {
    if (const Node* node = in.required(root, "feed", "a feed"))
        in.feed.name = in.text_of(*node, "the name of a feed");
    if (const Node* node = in.optional(root, "title")) in.feed.title = in.text_of(*node, "a title");
    if (const Node* node = in.optional(root, "kind")) {
        if (node->text == "inventory") {
            in.feed.kind = Feed::Kind::inventory;
        } else if (node->text == "carrier_invoice") {
            in.feed.kind = Feed::Kind::carrier_invoice;
        } else if (node->text != "usage") {
            in.bad(*node, fmt::format("there is no kind of feed \"{}\"", printable(node->text)),
                   "Write `usage`, `inventory` or `carrier_invoice`.");
        }
    }
    if (const Node* node = in.optional(root, "time_zone")) {
        if (auto zone = TimeZone::named(node->text)) {
            in.feed.zone = *zone;
        } else {
            in.bad(*node, fmt::format("there is no time zone \"{}\"", printable(node->text)),
                   "Write an IANA name such as Europe/Tallinn, or UTC.");
        }
    }
    if (const Node* node = in.optional(root, "unpacked_max")) {
        const auto size = parse_quantity(node->text, *unit_named("byte"));
        if (!size || *size <= 0)
            in.bad(*node, fmt::format("\"{}\" is no size", printable(node->text)),
                   "Write it as `16 GB`.");
        in.feed.unpacked_max = size.value_or(0);
    }
}

// From whose sides records are rated: `[retail, cost]`.
void read_ratings(FeedReading& in, const Node& node) {
    in.feed.ratings.clear();
    for (const std::string& text : in.texts_of(node, "`ratings`")) {
        const auto* const found = std::ranges::find(kPerspectiveNames, text);
        const auto side = static_cast<Perspective>(found - kPerspectiveNames.begin());
        if (text.empty() || found == kPerspectiveNames.end() || in.feed.rates(side)) {
            in.bad(node, fmt::format("\"{}\" is no rating, or stands twice", printable(text)),
                   "Write `ratings: [retail, cost]`.");
            continue;
        }
        in.feed.ratings.push_back(side);
    }
    std::ranges::sort(in.feed.ratings);
    if (!in.feed.ratings.empty()) return;
    in.feed.ratings = {Perspective::retail};
    if (node.kind == Node::Kind::list && node.items.empty())
        in.bad(node, "`ratings` names none", "Write `ratings: [retail, cost]`.");
}

// REQUIRES: `ratings` and `same_record` were read.
void check_carrier(FeedReading& in, const Node& record) {
    const Node* carrier = in.optional(record, "carrier");
    if (in.feed.rates_cost()) {
        if (carrier == nullptr) in.required(record, "carrier", "a record that is rated by cost");
        if (in.feed.slots.micros != 0)
            in.add(FeedReason::feed_not_supported, record.place,
                   "slots of time with the rating `cost` are not supported in this release",
                   "Tell equal records by fields: `same_record: [id]`.");
    } else if (carrier != nullptr) {
        in.bad(*carrier, "the record says who carried it, but the feed rates no cost",
               "Write `ratings: [retail, cost]`, or take `carrier` out.");
    }
}

// What tells the records of a carrier's invoice apart tells also which of ours each is.
void read_match(FeedReading& in, const Node& root) {
    for (const std::string_view key : {"guide", "ratings", "partials", "late", "watch", "aggregate",
                                       "aggregated", "policy", "charged_online"}) {
        if (const Field* field = root.field(key))
            in.bad(field->value, fmt::format("an invoice has no `{}`", key), "Take it out.");
    }
    const Node* node = in.required(root, "same_record", "a feed");
    if (node == nullptr) return;
    read_same_record(in, *node);
    constexpr std::string_view kMatched[] = {"id", "service", "start", "called", "calling"};
    const bool known = in.feed.slots.micros == 0 && in.feed.sequence == 0 &&
                       in.feed.same_record_fields.empty() &&
                       std::ranges::all_of(in.feed.same_record, [&](const std::string& name) {
                           return std::ranges::find(kMatched, name) != std::end(kMatched);
                       });
    if (!known)
        in.bad(*node, "records of an invoice are found by what our records hold too",
               "Name some of id, service, start, called and calling.");
}

void read_parts(FeedReading& in, const Node& root) {
    const bool is_map = in.check_keys(
        root, "a feed",
        {"feed", "title", "kind", "format", "time_zone", "record", "guide", "same_record", "late",
         "filter", "watch", "unpacked_max", "files", "partials", "ratings", "aggregate",
         "aggregated", "policy", "charged_online"});
    if (!is_map) return;
    read_head(in, root);
    if (const Node* node = in.optional(root, "files")) read_files(in, *node);
    if (const Node* node = in.required(root, "format", "a feed")) read_format(in, *node);
    const Node* record = in.required(root, "record", "a feed");
    if (const Node* node = in.optional(root, "filter")) read_filters(in, *node);
    if (in.feed.kind == Feed::Kind::inventory) {
        for (const std::string_view key : {"aggregate", "aggregated", "policy"}) {
            if (const Field* field = root.field(key))
                in.bad(field->value, fmt::format("an inventory has no `{}`", key), "Take it out.");
        }
        if (record != nullptr) read_inventory(in, *record);
        return;
    }
    if (record != nullptr) read_record(in, *record);
    if (in.feed.kind == Feed::Kind::carrier_invoice) return read_match(in, root);
    if (const Node* node = in.optional(root, "ratings")) read_ratings(in, *node);
    const bool retail = in.feed.rates(Perspective::retail);
    const Node* guide = retail ? in.required(root, "guide", "a feed") : in.optional(root, "guide");
    if (guide != nullptr) read_guide(in, *guide);
    if (const Node* node = in.required(root, "same_record", "a feed")) read_same_record(in, *node);
    if (record != nullptr) check_carrier(in, *record);
    if (const Node* node = in.optional(root, "partials")) read_partials(in, *node);
    if (const Node* node = in.optional(root, "charged_online"))
        read_charged_online(in, root, *node);
    if (const Node* node = in.optional(root, "aggregate")) read_aggregate(in, *node);
    if (const Node* node = in.optional(root, "aggregated")) read_aggregated(in, *node);
    if (const Node* node = in.optional(root, "policy")) read_edge_policy(in, *node);
    if (const Node* node = in.optional(root, "late")) read_late(in, *node);
    if (const Node* node = in.optional(root, "watch")) read_watches(in, *node);
}

}  // namespace

std::expected<Feed, Errors> read_feed(std::string_view path, std::string_view yaml) {
    Feed feed;
    feed.text = std::string(yaml);
    feed.hash = sha256_hex(yaml);
    catalog::Mistakes mistakes;
    const Node root = catalog::read_yaml(path, feed.text, mistakes);
    FeedReading in{feed, mistakes.take()};
    if (in.errors.empty() && root.kind == Node::Kind::null) {
        in.errors.push_back(
            error_of(FeedReason::feed_missing_key, "the description is empty", std::string(path)));
    }
    if (root.kind != Node::Kind::null) read_parts(in, root);
    if (!in.errors.empty()) return std::unexpected(std::move(in.errors));
    return feed;
}

}  // namespace farthing::mediation
