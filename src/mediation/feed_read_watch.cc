// The `watch` of a feed: what assurance looks at.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "mediation/decode_number.h"
#include "mediation/feed_reading.h"

namespace farthing::mediation {

using catalog::Node;

namespace {

// Shorter stretches are no proof, longer ones do not fit in what the check looks back over.
constexpr std::int64_t kStuckMicrosMin = 3'600 * kMicrosPerSecond;
constexpr std::int64_t kStuckMicrosMax = 14 * kMicrosPerDay;

std::int64_t count_of(FeedReading& in, const Node& node) {
    std::int64_t count = 0;
    if (node.kind != Node::Kind::scalar || !read_integer(node.text, count) || count < 2)
        in.bad(node, fmt::format("\"{}\" is no number of records", printable(node.text)),
               "Write a whole number from 2.");
    return count;
}

void read_watched_reading(FeedReading& in, const Node& node) {
    if (!in.check_keys(node, "a watch", {"reading", "stuck_after", "records", "unknown_identity"}))
        return;
    Feed::Watch watch;
    if (const Node* reading = in.required(node, "reading", "a watch")) {
        const auto kept = std::ranges::find(in.feed.keep_names, reading->text);
        if (reading->text.empty() || kept == in.feed.keep_names.end())
            in.bad(*reading, fmt::format("no reading \"{}\" is kept", printable(reading->text)),
                   "Name one of `keep` of the record.");
        else
            watch.reading = static_cast<std::size_t>(kept - in.feed.keep_names.begin());
    }
    if (const Node* after = in.required(node, "stuck_after", "a watch")) {
        watch.stuck_micros = in.duration_of(*after);
        if (watch.stuck_micros < kStuckMicrosMin || watch.stuck_micros > kStuckMicrosMax)
            in.bad(*after, "a reading is stuck after 1 hour to 14 days", "Write it as `24 h`.");
    }
    if (const Node* records = in.optional(node, "records")) watch.records = count_of(in, *records);
    in.feed.watches.push_back(watch);
}

}  // namespace

// [{reading: light, stuck_after: 24 h, records: 100}, {unknown_identity: 50}]
void read_watches(FeedReading& in, const Node& node) {
    if (node.kind != Node::Kind::list)
        return in.bad(node, "`watch` must be a list",
                      "Write `watch: [{reading: light, stuck_after: 24 h}]`.");
    for (const Node& item : node.items) {
        if (const Node* unknown = in.optional(item, "unknown_identity")) {
            in.check_keys(item, "this watch", {"unknown_identity"});
            in.feed.unknown_records = count_of(in, *unknown);
        } else {
            read_watched_reading(in, item);
        }
    }
}

}  // namespace farthing::mediation
