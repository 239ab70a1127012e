// Which fields of a sample read as times, in one field or as a day and a clock in two.
#include "mediation/decode_time.h"
#include "mediation/propose_guess.h"

namespace farthing::mediation {

namespace {

constexpr std::string_view kTimeFormats[] = {
    "rfc3339",           "unix_seconds",      "unix_millis",          "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S",      "%d.%m.%Y %H:%M:%S",    "%d/%m/%Y %H:%M:%S",
    "%Y-%m-%d %H:%M",    "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%d.%m.%Y %H:%M",
    "%d-%m-%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%Y%m%d%H%M",           "%Y%m%d%H%M%S.%f",
    "%y%m%d%H%M%S"};
constexpr std::string_view kDayFormats[] = {"%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y",
                                            "%Y/%m/%d", "%d-%m-%Y", "%Y%m%d",   "%d-%b-%Y",
                                            "%d.%m.%y", "%d/%m/%y", "%y%m%d"};
constexpr std::string_view kClockFormats[] = {"%H:%M:%S", "%H:%M", "%H%M%S", "%H:%M:%S.%f",
                                              "%H.%M.%S"};

TimeRules rules_of(std::string_view format) {
    if (format == "rfc3339") return {TimeRules::Kind::rfc3339, {}};
    if (format == "unix_seconds") return {TimeRules::Kind::unix_seconds, {}};
    if (format == "unix_millis") return {TimeRules::Kind::unix_millis, {}};
    return {TimeRules::Kind::pattern, std::string(format)};
}

// Any small number could be seconds since 1970; events of this century are meant.
bool reads_all(const Sample& sample, std::size_t column, std::string_view format) {
    TimeReader reader(rules_of(format), TimeZone::utc());
    return sample.all(column, [&](std::string_view text) {
        LocalReading reading;
        return reader.read(text, reading) == SuspenseReason::none &&
               reading.first >= Instant::from_seconds(978'307'200) &&
               reading.first < Instant::from_seconds(4'102'444'800);
    });
}

// A clock alone is one of the first of January 1970.
std::string_view clock_format(const Sample& sample, std::size_t column) {
    for (const std::string_view format : kClockFormats) {
        TimeReader reader(rules_of(format), TimeZone::utc());
        const auto reads = [&](std::string_view text) {
            LocalReading reading;
            return reader.read(text, reading) == SuspenseReason::none;
        };
        if (sample.complete(column) && sample.all(column, reads)) return format;
    }
    return {};
}

}  // namespace

std::string_view time_format(const Sample& sample, std::size_t column) {
    for (const std::string_view format : kTimeFormats) {
        if (reads_all(sample, column, format)) return format;
    }
    return {};
}

Guess::Time day_and_clock(const Sample& sample, std::size_t from) {
    const std::size_t columns = sample.names.size();
    for (std::size_t day = from; day < columns; ++day) {
        if (!sample.complete(day)) continue;
        for (const std::string_view format : kDayFormats) {
            if (!reads_all(sample, day, format)) continue;
            // The nearest clock behind the day; a clock before it where there is none.
            for (std::size_t step = 1; step < columns; ++step) {
                const std::size_t clock = (day + step) % columns;
                if (clock < from) continue;
                const std::string_view clock_text = clock_format(sample, clock);
                if (!clock_text.empty())
                    return {day, clock, std::string(format) + " " + std::string(clock_text)};
            }
        }
    }
    return {};
}

}  // namespace farthing::mediation
