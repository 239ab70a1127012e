// Which segment of a counter each day of its window belongs to: the last that began by its end.
// Private to this room.
#pragma once

#include <cstddef>

#include "base/time_zone.h"
#include "rating/counters.h"

namespace farthing::billing {

// Calls `see(day, segment)` with indices into `by_day` and `segments`.
template <class See>
void each_day(const rating::Counter& counter, const TimeZone& zone, See see) {
    std::size_t segment = 0;
    for (std::size_t day = 0; day < counter.by_day.size(); ++day) {
        if (counter.segments.size() > 1) {
            const Instant end =
                zone.start_of(counter.key.window_first.plus_days(static_cast<int>(day) + 1));
            while (segment + 1 < counter.segments.size() &&
                   counter.segments[segment + 1].start < end) {
                segment += 1;
            }
        }
        see(day, segment);
    }
}

}  // namespace farthing::billing
