// Hours and days within a billing cycle: each is a counter of its own, told apart by its item.
#pragma once

#include <cstdint>

#include "base/instant.h"
#include "base/time_zone.h"
#include "catalog/snapshot.h"

namespace farthing::rating {

// A local hour or day. Where the clock is put back or forward within an hour, another one begins:
// the hour that comes twice is two (EC22).
struct LocalWindow {
    std::uint64_t item = 0;
    Period span;
};
LocalWindow window_at(const TimeZone& zone, catalog::Window window, Instant when);
// When the window of such an item began.
Instant window_start(std::uint64_t item);

}  // namespace farthing::rating
