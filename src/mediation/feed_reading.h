// Reading a feed description: what its parts share. Every mistake is told with its place.
#pragma once

#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/yaml_reader.h"
#include "mediation/feed.h"

namespace farthing::mediation {

// The feed that is being read, the mistakes so far, and how single values are read.
struct FeedReading {
    using Node = catalog::Node;

    Feed& feed;
    Errors errors;

    void add(FeedReason why, const catalog::Place& place, std::string message,
             std::string mend = {});
    void bad(const Node& node, std::string message, std::string mend = {}) {
        add(FeedReason::feed_bad_value, node.place, std::move(message), std::move(mend));
    }
    bool check_keys(const Node& map, std::string_view what,
                    std::initializer_list<std::string_view> known);
    const Node* required(const Node& map, std::string_view key, std::string_view what);
    static const Node* optional(const Node& map, std::string_view key) {
        const catalog::Field* field = map.field(key);
        return field == nullptr ? nullptr : &field->value;
    }
    std::string text_of(const Node& node, std::string_view what);
    bool flag_of(const Node& node);
    char character_of(const Node& node, std::string_view what);  // or "tab"
    std::vector<std::string> texts_of(const Node& node, std::string_view what);
    std::int64_t duration_of(const Node& node);  // microseconds
    void read_map(const Node& node, std::map<std::string, std::string, std::less<>>& map);
    FieldRef range_ref(const Node& node);  // "11-18"
    // {field: NAME}, {column: N}, {at: 1-20}, or a name alone. REQUIRES: the format was read.
    FieldRef read_ref(const Node& node, std::initializer_list<std::string_view> also = {});
    // A list of what names something: `ours`, the names of mapped values, and fields of the source.
    void read_key(const Node& node, std::span<const std::string_view> ours,
                  std::vector<std::string>& names, std::vector<FieldRef>& fields);
    std::int64_t count_of(const Node& node, std::int64_t least, std::int64_t most);

  private:
    void check_names(const Node& map, std::string_view what,
                     const std::vector<std::string_view>& known);
    FieldRef named_ref(const Node& node, const std::string& name);
    FieldRef column_ref(const Node& node);
};

// The parts of a description, each from its node.
void read_format(FeedReading& in, const catalog::Node& node);
void read_record(FeedReading& in, const catalog::Node& node);
void read_inventory(FeedReading& in, const catalog::Node& node);
// REQUIRES: the record was read.
void read_watches(FeedReading& in, const catalog::Node& node);
// REQUIRES: record, ratings and partials were read.
void read_aggregate(FeedReading& in, const catalog::Node& node);
void read_aggregated(FeedReading& in, const catalog::Node& node);
void read_edge_policy(FeedReading& in, const catalog::Node& node);

}  // namespace farthing::mediation
