// What zones say of local days, those asked for lately from memory: a batch's records lie on few
// days, and a zone's rules take a search each time. REQUIRES: zones stay where they are.
#pragma once

#include <array>
#include <chrono>

#include "base/instant.h"
#include "base/time_zone.h"

namespace farthing::rating {

// By a clock that is so far ahead of UTC.
inline Date local_day(Instant when, std::int64_t offset_micros) {
    const std::chrono::microseconds local{when.micros + offset_micros};
    return {static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(local).count())};
}

class RecentDays {
  public:
    // The ends of time stand for the days at the ends of the calendar.
    Instant start_of(const TimeZone& zone, Date day) {
        if (day <= Date::min()) return Instant::min();
        if (day >= Date::max()) return Instant::max();
        Day& known = days_[static_cast<std::size_t>(day.days) % days_.size()];
        if (known.zone != &zone || known.day != day) known = {&zone, day, zone.start_of(day)};
        return known.start;
    }
    Period period_of(const TimeZone& zone, DatePeriod days) {
        return {start_of(zone, days.first), start_of(zone, days.end)};
    }
    // Of the local clock, with the stretch around the instant for which it is constant.
    struct Offset {
        std::int64_t micros = 0;
        Period span;
    };
    const Offset& offset_at(const TimeZone& zone, Instant when) {
        if (zone_ != &zone || !offset_.span.contains(when)) {
            zone_ = &zone;
            offset_ = {zone.offset_seconds(when) * kMicrosPerSecond, zone.offset_span(when)};
        }
        return offset_;
    }
    Date date_of(const TimeZone& zone, Instant when) {
        return local_day(when, offset_at(zone, when).micros);
    }

  private:
    struct Day {
        const TimeZone* zone = nullptr;
        Date day;
        Instant start;
    };
    std::array<Day, 64> days_{};
    const TimeZone* zone_ = nullptr;
    Offset offset_;
};

}  // namespace farthing::rating
