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
    TimeReader(TimeRules rules, TimeZone zone);

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
    // A pattern whose parts all have a fixed width and end with the clock's: a text that differs
    // from the one before in nothing but its clock is on the same day.
    struct Shape {
        std::size_t size = 0;  // 0: the pattern has no such shape
        std::size_t hour = 0, minute = 0, second = 0;
        bool spaced = false;                  // as in "23:59:59"
        std::array<std::uint64_t, 4> same{};  // bytes that must be those of the text before
        std::array<std::uint64_t, 4> words{};
        std::int64_t day_micros = 0;
    };
    static constexpr std::size_t kShapeMin = 8, kShapeMax = 32;
    static Shape shape_of(const TimeRules& rules);
    static std::array<std::uint64_t, 4> words_of(const char* text, std::size_t size);
    std::int64_t on_same_day(std::string_view text) const;
    std::int64_t clock_of(const char* text) const;
    void remember_day(std::string_view text, std::int64_t day_micros);
    bool read_rfc3339(std::string_view text, Instant& instant);
    bool read_unix(std::string_view text, Instant& instant) const;
    bool read_pattern(std::string_view text, Civil& civil) const;
    std::optional<std::int64_t> micros_of(const Civil& civil);
    SuspenseReason resolve(std::int64_t local_micros, LocalReading& reading);

    TimeRules rules_;
    TimeZone zone_;
    Shape shape_;
    int civil_key_ = 0;  // year, month and day of civil_day_micros_
    std::int64_t civil_day_micros_ = 0;

    // Local clock readings in [local_first_, local_end_) mean exactly one instant, offset_micros_
    // east of UTC.
    std::int64_t local_first_ = 0;
    std::int64_t local_end_ = 0;
    std::int64_t offset_micros_ = 0;
};

}  // namespace farthing::mediation
