// What an edge remembers between its commits, and its stored form: one file, replaced as a whole.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mediation/edge_file.h"
#include "mediation/windows.h"

namespace farthing::engine {

struct EdgeState {
    std::string name;
    std::string policy;           // version of what it aggregates by
    std::int64_t commits = 0;     // so far
    std::int64_t files_sent = 0;  // the last one's number
    std::string on_its_way;       // a file that is written and may not have its name yet
    mediation::EdgeTotals totals;
    Instant newest = Instant::min();  // event time seen
    struct Source {
        std::string hash;
        std::int64_t position = 0;
        Instant taken;
    };
    std::vector<Source> sources;
    struct Segment {  // of duplicate keys
        std::int64_t commit = 0;
        Date first_day;
        Date last_day;
    };
    std::vector<Segment> segments;
    using Identity = std::pair<IdentityKind, std::string>;
    std::vector<Identity> identities;  // whose windows these are: numbered from 1
    std::vector<mediation::Window> windows;
    std::vector<std::string> texts;  // that the windows were read with

    std::string encode() const;
    // Refuses bytes that are not whole. `place` is told in errors.
    static Result<EdgeState> decode(std::string_view bytes, const std::string& place);
};

}  // namespace farthing::engine
