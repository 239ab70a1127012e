// IANA time zones: from local clocks to instants and back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/civil.h"
#include "base/instant.h"

namespace farthing {

// What a local date and time means (EC22): one instant, two (the repeated hour), or none (the
// skipped one).
struct LocalReading {
    enum class Kind { unique, ambiguous, nonexistent } kind = Kind::unique;
    Instant first;   // unique and ambiguous
    Instant second;  // ambiguous: the later reading
};

// Immutable, cheap to copy, safe to share between threads.
class TimeZone {
  public:
    static TimeZone utc();
    // "Europe/Tallinn"; nullopt when the database has no such zone.
    static std::optional<TimeZone> named(std::string_view name);

    const std::string& name() const;
    // Seconds east of UTC at `instant`.
    std::int64_t offset_seconds(Instant instant) const;
    // `local_micros`: microseconds from 1970-01-01T00:00:00 on the local clock.
    LocalReading read_local(std::int64_t local_micros) const;
    Date date_of(Instant instant) const;
    // Hour, minute and second of the local day as microseconds.
    std::int64_t local_micros(Instant instant) const;
    // The first instant of a local day.
    Instant start_of(Date date) const;
    Period period_of(DatePeriod days) const { return {start_of(days.first), start_of(days.end)}; }
    // The stretch around `instant` within which the offset is constant; lets a caller cache it.
    Period offset_span(Instant instant) const;

    struct Rules;

  private:
    explicit TimeZone(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
    std::shared_ptr<const Rules> rules_;
};

}  // namespace farthing
