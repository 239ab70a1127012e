// A session of which parts came, and not yet its last: what later parts are counted on from.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/instant.h"

namespace farthing {

struct OpenSession {
    Hash128 key;           // unique in its feed, for one subscription and meter
    Instant start;         // of the first part that was rated: the session's event time
    std::int64_t raw = 0;  // base units of all parts so far
    bool answered = false;
    bool operator==(const OpenSession&) const = default;
};

}  // namespace farthing
