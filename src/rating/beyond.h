// What of a counter lies beyond what is included. Joining members raise what is included from their
// day on, and take nothing back that was beyond before: so what is beyond is the running maximum,
// over event time, of what was used less what was included, and each segment brings what it adds to
// that. It depends on what was used and when, never on the order of arrival.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rating/counters.h"
#include "rating/included.h"

namespace farthing::rating {

// What a segment's price is asked for: two totals, and how much of them is free. Where what is
// beyond depends on the total alone, they are positions in the counter, else units beyond.
struct Beyond {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t free = 0;
    // Of the segment's units, those that buckets covered; of where usage would begin, those that
    // they would cover before anything of it is free or paid.
    std::int64_t covered = 0;
};

// Usage that a counter does not hold yet.
struct Addition {
    std::size_t segment = 0;  // its place, or where a new one goes
    bool is_new = false;
    Instant start;  // of the segment
    std::uint32_t day = 0;
    SubscriptionId member;
    std::int64_t billable = 0;
    bool capped = false;                 // or at least kept by member, by its own segment's version
    std::span<const DayPart> days = {};  // where it lies on several
};

// How a counter stands at its end: from there usage of that day or later needs no walk.
struct AtEnd {
    std::uint32_t from_day = 0;
    std::int64_t floor = 0;    // what was beyond what is included at the last step
    std::int64_t over = 0;     // what members used over their caps
    std::int64_t covered = 0;  // by buckets
    Buckets buckets = {};      // once all was used
    Buckets on_day = {};       // on the day asked for, and until others are valid
};

// For each segment, with the addition's own where it is new. `day`: asked for, of the window.
void beyond_of(const Counter& counter, const Included& included, const Addition* addition,
               std::vector<Beyond>& result, AtEnd* at_end = nullptr,
               std::uint32_t day = UINT32_MAX);
Buckets buckets_after(const Counter& counter, const Included& included);
Buckets buckets_on_day(const Counter& counter, const Included& included, std::uint32_t day);

// What was used of what is included. REQUIRES: the counter counts over its whole window.
std::int64_t covered(const Counter& counter, const Included& included);

}  // namespace farthing::rating
