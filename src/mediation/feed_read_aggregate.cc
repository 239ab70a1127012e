// The part of a description that says which records become one: `aggregate`.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "mediation/feed_reading.h"
#include "model/quantity.h"

namespace farthing::mediation {

using catalog::Field;
using catalog::Node;

namespace {

using Quantity = Feed::Aggregation::Quantity;
constexpr std::int64_t kShortestWindow = 60 * kMicrosPerSecond;

void read_window(FeedReading& in, const Node& node) {
    const std::int64_t window = in.duration_of(node);
    if (window < kShortestWindow || window > kMicrosPerDay || kMicrosPerDay % window != 0) {
        return in.bad(node, "a window must divide the day into equal parts of a minute or more",
                      "Write it as `15 minutes`, `1 hour` or `1 day`.");
    }
    in.feed.aggregation.window_micros = window;
}

void read_zone(FeedReading& in, const Node& node) {
    if (auto zone = TimeZone::named(node.text)) {
        in.feed.aggregation.zone = *zone;
    } else {
        in.bad(node, fmt::format("there is no time zone \"{}\"", printable(node.text)),
               "Write the catalog's, such as Europe/Tallinn.");
    }
}

void read_dimensions(FeedReading& in, const Node& node) {
    Feed::Aggregation& rules = in.feed.aggregation;
    for (const std::string& name : in.texts_of(node, "`by`")) {
        if (name == "network") {
            rules.by_network = true;
            if (!in.feed.network.given() && !in.feed.mcc.given())
                in.bad(node, "the record maps no `network`");
        } else if (name == "called" || name == "calling") {
            (name == "called" ? rules.by_called : rules.by_calling) = true;
            if (!(name == "called" ? in.feed.called : in.feed.calling).given())
                in.bad(node, fmt::format("the record maps no `{}`", name));
        } else {
            in.bad(node, fmt::format("windows are not kept apart by \"{}\"", printable(name)),
                   "Write some of network, called and calling; owner and service always do.");
        }
    }
}

constexpr std::string_view kFunctions = "Write sum, count, max, last, or `distinct FIELD`.";

// What has different values, and whether the record maps it.
void read_distinct(FeedReading& in, const Node& node, std::string_view field, Quantity& quantity) {
    const Feed& feed = in.feed;
    struct Known {
        std::string_view name;
        Quantity quantity;
        bool given;
    };
    const Known known[] = {
        {"network", Quantity::distinct_network, feed.network.given() || feed.mcc.given()},
        {"called", Quantity::distinct_called, feed.called.given()},
        {"calling", Quantity::distinct_calling, feed.calling.given()},
        {"identity", Quantity::distinct_identity, !feed.guide.empty()},
        {feed.keep_names[0], Quantity::distinct_reading_1, feed.keep[0].given()},
        {feed.keep_names[1], Quantity::distinct_reading_2, feed.keep[1].given()}};
    const auto found = std::ranges::find(known, field, &Known::name);
    if (field.empty() || found == std::end(known))
        return in.bad(node, fmt::format("values of \"{}\" can't be told apart", printable(field)),
                      "Write `distinct` with network, called, calling, identity, or a name of the "
                      "record's `keep`.");
    if (!found->given) in.bad(node, fmt::format("the record maps no `{}`", field));
    quantity = found->quantity;
}

void read_function(FeedReading& in, const Node& node, Quantity& quantity) {
    constexpr std::string_view kDistinct = "distinct";
    constexpr std::pair<std::string_view, Quantity> kKnown[] = {{"sum", Quantity::sum},
                                                                {"count", Quantity::count},
                                                                {"max", Quantity::max},
                                                                {"last", Quantity::last}};
    const std::string_view text = node.text;
    const auto known = std::ranges::find(kKnown, text, [](const auto& one) { return one.first; });
    if (known != std::end(kKnown)) {
        quantity = known->second;
    } else if (text == kDistinct || text.starts_with("distinct ")) {
        read_distinct(in, node, text == kDistinct ? "" : text.substr(kDistinct.size() + 1),
                      quantity);
    } else {
        in.bad(node, fmt::format("there is no function \"{}\"", printable(text)),
               std::string(kFunctions));
    }
}

void read_policy(FeedReading& in, const Node& node) {
    Feed::Aggregation& rules = in.feed.aggregation;
    rules.zone = in.feed.zone;
    if (const Node* window = in.required(node, "window", "`aggregate`")) read_window(in, *window);
    if (const Node* zone = in.optional(node, "time_zone")) read_zone(in, *zone);
    if (const Node* by = in.optional(node, "by")) read_dimensions(in, *by);
    if (const Node* quantity = in.optional(node, "quantity")) {
        if (quantity->kind == Node::Kind::map) {
            for (const Field& field : quantity->fields)
                read_function(in, field.value, rules.quantity_of[field.name]);
        } else {
            read_function(in, *quantity, rules.quantity);
        }
    }
}

}  // namespace

void read_aggregate(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "`aggregate`", {"window", "time_zone", "by", "quantity", "lateness"}))
        return;
    read_policy(in, node);
    if (const Node* lateness = in.optional(node, "lateness"))
        in.feed.aggregation.lateness_micros = in.duration_of(*lateness);
    if (in.feed.partials.given())
        in.add(FeedReason::feed_not_supported, node.place,
               "windows over the parts of sessions are not supported in this release",
               "Leave out `aggregate` or `partials`.");
    if (in.feed.rates_cost())
        in.add(FeedReason::feed_not_supported, node.place,
               "windows with the rating `cost` are not supported in this release",
               "Leave out `aggregate`, or give carriers' records a feed of their own.");
}

namespace {

void bad_distinct(FeedReading& in, const Node& node) {
    in.add(FeedReason::feed_not_supported, node.place,
           "an edge sends how many values a window has, not which: two of its records can't be "
           "added up",
           "Let these records travel by a feed of their own.");
}

}  // namespace

// `aggregated`: an edge made windows of the records by that policy, and sent them with its control
// totals.
void read_aggregated(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "`aggregated`", {"window", "time_zone", "by", "quantity"})) return;
    Feed& feed = in.feed;
    if (feed.aggregation.given())
        return in.bad(node, "what was aggregated is not aggregated again",
                      "Write `aggregated` for what an edge sent, or `aggregate`.");
    read_policy(in, node);
    feed.aggregation.at_edge = true;
    if (feed.aggregation.any(Feed::Aggregation::is_distinct)) return bad_distinct(in, node);
    const bool plain = feed.format == FormatKind::delimited && feed.header &&
                       feed.delimiter == ',' && feed.comment == '#';
    if (!plain || feed.same_record != std::vector<std::string>{"id"} || feed.rates_cost() ||
        feed.partials.given() || !feed.filters.empty())
        return in.bad(node, "this is not how an edge sends its records",
                      "Take the description that `farthing edge feed` prints.");
    feed.parts.name = "parts";
    feed.digest.name = "digest";
}

// `policy`: what `farthing edge policy` added for an edge, which has no catalog.
void read_edge_policy(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "`policy`", {"meters"})) return;
    const Node* meters = in.required(node, "meters", "`policy`");
    if (meters == nullptr) return;
    in.read_map(*meters, in.feed.policy_meters);
    if (in.feed.aggregation.any(Feed::Aggregation::is_distinct)) bad_distinct(in, node);
    for (const auto& [name, unit] : in.feed.policy_meters) {
        if (unit_named(unit) == nullptr)
            in.bad(*meters, fmt::format("there is no unit \"{}\"", printable(unit)));
    }
}

}  // namespace farthing::mediation
