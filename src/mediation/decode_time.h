// Reading the times of one field. Records come in order of time, mostly: the day and the zone's
// offset are remembered from record to record, so that a time costs a comparison and six digits.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "mediation/feed.h"
#include "model/outcome.h"

namespace farthing::mediation {

class TimeReader {
  public:
    TimeReader(TimeRules rules, TimeZone zone) : rules_(std::move(rules)), zone_(std::move(zone)) {}

    // none: `reading` holds the instant; ambiguous_time: both; nonexistent_time, bad_time: nothing.
    SuspenseReason read(std::string_view text, LocalReading& reading);
    // The calendar day that the text names, on its own clock or that of the zone.
    std::optional<Date> read_date(std::string_view text);

  private:
    struct Civil {  // what a pattern found
        int year = 1970;
        int month = 1;
        int day = 1;
        int hour = 0;
        int minute = 0;
        int second = 0;
        int micros = 0;
        std::optional<std::int64_t> offset_seconds;
    };
    bool read_rfc3339(std::string_view text, Instant& instant);
    bool read_unix(std::string_view text, Instant& instant) const;
    bool read_pattern(std::string_view text, Civil& civil) const;
    std::optional<std::int64_t> micros_of(const Civil& civil);
    SuspenseReason resolve(std::int64_t local_micros, LocalReading& reading);

    TimeRules rules_;
    TimeZone zone_;
    std::array<char, 10> day_text_{};  // "2026-01-31", whose midnight is day_micros_
    std::int64_t day_micros_ = 0;
    int civil_key_ = 0;  // year, month and day of civil_day_micros_
    std::int64_t civil_day_micros_ = 0;
    // Local clock readings in [local_first_, local_end_) mean exactly one instant, offset_micros_
    // east of UTC.
    std::int64_t local_first_ = 0;
    std::int64_t local_end_ = 0;
    std::int64_t offset_micros_ = 0;
};

}  // namespace farthing::mediation
