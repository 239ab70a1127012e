// A session of which parts came: what later parts are counted on from. One
// that is charged while it happens is counted here too, by its charging id and rating group: what
// reports and records tell of it is one total, and counts once.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/hash.h"
#include "base/instant.h"

namespace farthing {

struct OpenSession {
    Hash128 key;           // unique in its feed, for one subscription and meter
    Instant start;         // of the first part that was rated: the session's event time
    std::int64_t raw = 0;  // base units of all parts so far
    bool answered = false;
    std::int64_t filed = 0;  // of a session charged while it happens: what records of files told
    // When the part that closes it began: what begins later is of another session. None came yet:
    // max.
    Instant closed = Instant::max();
    std::int64_t reported = 0;  // the same of what was reported while it happened
    std::int64_t refunded = 0;  // of the parts, what was given back
    // Of what was used: a refund gives back, and is no missing usage that a record would tell.
    std::int64_t counted() const { return raw + refunded; }
    // Whether what begins then is a part of it, whenever it comes.
    bool holds(Instant part) const { return part <= closed; }
    bool operator==(const OpenSession&) const = default;
};

// What a session is known by where it is charged while it happens, and in the files of its records.
inline Hash128 charged_session(std::string_view charging_id, std::uint32_t group) {
    const Hash128 id = hash128(charging_id);
    return {mix64(id.high, group) | 1, mix64(id.low, group)};
}

}  // namespace farthing
