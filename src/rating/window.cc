#include "rating/window.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::rating {

namespace {

constexpr std::int64_t kMicrosPerHour = 3'600 * kMicrosPerSecond;
// Items are the seconds of the window's start, raised so that each is positive and the midnight of
// an hour is another item than that of a day.
constexpr std::int64_t kOfHours = std::int64_t{1} << 40;
constexpr std::int64_t kOfDays = std::int64_t{1} << 41;

std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

Period hour_around(const TimeZone& zone, Instant when) {
    const std::int64_t local = zone.local_micros(when);
    const Instant full =
        when.plus_micros(floor_div(local, kMicrosPerHour) * kMicrosPerHour - local);
    const Period offset = zone.offset_span(when);
    return {std::max(full, offset.start), std::min(full.plus_micros(kMicrosPerHour), offset.end)};
}

}  // namespace

LocalWindow window_at(const TimeZone& zone, catalog::Window window, Instant when) {
    FARTHING_ASSERT(window != catalog::Window::cycle);
    const bool hour = window == catalog::Window::hour;
    const Date day = zone.date_of(when);
    const Period span = hour ? hour_around(zone, when) : zone.period_of({day, day.plus_days(1)});
    const std::int64_t second = floor_div(span.start.micros, kMicrosPerSecond);
    return {static_cast<std::uint64_t>((hour ? kOfHours : kOfDays) + second), span};
}

Instant window_start(std::uint64_t item) {
    const auto raised = static_cast<std::int64_t>(item);
    return {(raised - (raised > kOfHours + kOfHours / 2 ? kOfDays : kOfHours)) * kMicrosPerSecond};
}

}  // namespace farthing::rating
