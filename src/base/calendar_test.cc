// Dates, cycles, instants and time zones.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/civil.h"
#include "base/exact.h"
#include "base/instant.h"
#include "base/time_zone.h"

namespace farthing {
namespace {

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;

TimeZone zone(std::string_view name) {
    return *TimeZone::named(name);
}
// A reading of the local clock, as read_local wants it.
std::int64_t local(int year, unsigned month, unsigned day, int hour, int minute) {
    return std::int64_t{Date::of(year, month, day).days} * kMicrosPerDay +
           (hour * 60 + minute) * kMinute;
}

TEST(Dates, refuse_what_no_calendar_has) {
    EXPECT_EQ(parse_date("2026-02-28"), Date::of(2026, 2, 28));
    EXPECT_EQ(parse_date("2028-02-29"), Date::of(2028, 2, 29));
    for (const std::string_view hostile :
         {"", "2026-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-1",
          "26-01-01", "2026/01/01", "2026-01-01 ", " 2026-01-1", "+026-01-01", "-026-01-01",
          "2026-+1-01", "2026--1-01", "２026-01"}) {
        EXPECT_EQ(parse_date(hostile), std::nullopt) << hostile;
    }
}

RC_GTEST_PROP(Dates, text_comes_back, ()) {
    const Date date{*rc::gen::inRange(-719'162, 2'932'896)};  // years 1 to 9999
    RC_ASSERT(parse_date(to_string(date)) == date);
}

TEST(Dates, periods_print_their_last_day) {
    EXPECT_EQ(to_string(DatePeriod{Date::of(2026, 1, 16), Date::of(2026, 2, 1)}),
              "2026-01-16..2026-01-31");
    EXPECT_EQ((DatePeriod{Date::of(2026, 1, 16), Date::of(2026, 2, 1)}).days(), 16);
}

TEST(Cycles, EC61_an_anchor_of_31_never_drifts) {
    const auto first_after = [](Date date) { return cycle_of(date, 31).end; };
    Date start = Date::of(2026, 1, 31);
    std::vector<Date> starts;
    for (int i = 0; i < 4; ++i) starts.push_back(start = first_after(start));
    EXPECT_EQ(starts, (std::vector{Date::of(2026, 2, 28), Date::of(2026, 3, 31),
                                   Date::of(2026, 4, 30), Date::of(2026, 5, 31)}));
    EXPECT_EQ(cycle_of(Date::of(2028, 2, 29), 31).first, Date::of(2028, 2, 29));
    EXPECT_EQ(cycle_of(Date::of(2026, 2, 27), 31).first, Date::of(2026, 1, 31));
}

TEST(Cycles, of_three_and_twelve_months_count_from_january) {
    EXPECT_EQ(cycle_of(Date::of(2026, 5, 20), 1, 3),
              (DatePeriod{Date::of(2026, 4, 1), Date::of(2026, 7, 1)}));
    EXPECT_EQ(cycle_of(Date::of(2026, 4, 9), 10, 3),
              (DatePeriod{Date::of(2026, 1, 10), Date::of(2026, 4, 10)}));
    EXPECT_EQ(cycle_of(Date::of(2026, 1, 9), 10, 12),
              (DatePeriod{Date::of(2025, 1, 10), Date::of(2026, 1, 10)}));
}

RC_GTEST_PROP(Cycles, cover_every_day_once, ()) {
    const Date date{*rc::gen::inRange(0, 40'000)};
    const auto anchor = static_cast<unsigned>(*rc::gen::inRange(1, 32));
    const int months = *rc::gen::element(1, 2, 3, 6, 12);
    const DatePeriod cycle = cycle_of(date, anchor, months);
    RC_ASSERT(cycle.contains(date));
    RC_ASSERT(cycle_of(cycle.first, anchor, months) == cycle);
    RC_ASSERT(cycle_of(cycle.end.plus_days(-1), anchor, months) == cycle);
    RC_ASSERT(cycle_of(cycle.end, anchor, months).first == cycle.end);
    RC_ASSERT(cycle_of(cycle.first.plus_days(-1), anchor, months).end == cycle.first);
}

TEST(Instants, read_and_write) {
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), Instant{0});
    EXPECT_EQ(parse_rfc3339("2026-01-31T23:00:00.5+02:00"),
              parse_rfc3339("2026-01-31T21:00:00.5Z"));
    EXPECT_EQ(to_rfc3339(*parse_rfc3339("2026-01-31T23:00:00.5+02:00")), "2026-01-31T21:00:00.5Z");
    EXPECT_EQ(to_rfc3339(Instant{-1}), "1969-12-31T23:59:59.999999Z");
    for (const std::string_view hostile :
         {"", "2026-01-31", "2026-01-31T23:00:00", "2026-01-31T23:00:60Z", "2026-01-31T24:00:00Z",
          "2026-01-31T23:60:00Z", "2026-02-30T00:00:00Z", "2026-01-31T23:00:00.Z",
          "2026-01-31T23:00:00+2:00", "2026-01-31T23:00:00+24:00", "2026-01-31T23:00:00+02:60",
          "2026-01-31T23:00:00Zz", "2026-01-31X23:00:00Z", "2026-01-31T23-00-00Z",
          "2026-01-31T23:00:00.5", "2026-01-31T-1:00:00Z"}) {
        EXPECT_EQ(parse_rfc3339(hostile), std::nullopt) << hostile;
    }
}

RC_GTEST_PROP(Instants, text_comes_back, ()) {
    const Instant instant{
        *rc::gen::inRange<std::int64_t>(-62'000'000'000'000'000, 250'000'000'000'000'000)};
    RC_ASSERT(parse_rfc3339(to_rfc3339(instant)) == instant);
}

TEST(Instants, EC64_a_boundary_belongs_to_what_begins) {
    const TimeZone tallinn = zone("Europe/Tallinn");
    const Period january = tallinn.period_of({Date::of(2026, 1, 1), Date::of(2026, 2, 1)});
    const Instant boundary = *parse_rfc3339("2026-02-01T00:00:00.000+02:00");
    EXPECT_FALSE(january.contains(boundary));
    EXPECT_TRUE(january.contains(boundary.plus_micros(-1)));
    EXPECT_EQ(tallinn.date_of(boundary), Date::of(2026, 2, 1));
    // Digits finer than we keep are cut, so they never carry an event over the boundary.
    EXPECT_TRUE(january.contains(*parse_rfc3339("2026-01-31T23:59:59.9999999999+02:00")));
    EXPECT_EQ(zone("America/Denver").date_of(*parse_rfc3339("2023-06-16T05:00:00Z")),
              Date::of(2023, 6, 15));
}

TEST(TimeZones, EC21_forward_the_clock_jumps_but_time_does_not) {
    const TimeZone tallinn = zone("Europe/Tallinn");
    const LocalReading start = tallinn.read_local(local(2026, 3, 29, 2, 50));
    const LocalReading end = tallinn.read_local(local(2026, 3, 29, 4, 10));
    ASSERT_EQ(start.kind, LocalReading::Kind::unique);
    ASSERT_EQ(end.kind, LocalReading::Kind::unique);
    EXPECT_EQ(end.first.micros - start.first.micros, 20 * kMinute);
}

TEST(TimeZones, EC22_back_an_hour_comes_twice_and_another_never) {
    const TimeZone tallinn = zone("Europe/Tallinn");
    const LocalReading twice = tallinn.read_local(local(2026, 10, 25, 3, 50));
    ASSERT_EQ(twice.kind, LocalReading::Kind::ambiguous);
    EXPECT_EQ(to_rfc3339(twice.first), "2026-10-25T00:50:00Z");
    EXPECT_EQ(to_rfc3339(twice.second), "2026-10-25T01:50:00Z");
    const LocalReading ten_past = tallinn.read_local(local(2026, 10, 25, 3, 10));
    EXPECT_EQ(ten_past.second.micros - twice.first.micros, 20 * kMinute);
    EXPECT_EQ(tallinn.read_local(local(2026, 3, 29, 3, 30)).kind, LocalReading::Kind::nonexistent);
    EXPECT_EQ(tallinn.read_local(local(2026, 3, 29, 3, 0)).kind, LocalReading::Kind::nonexistent);
    EXPECT_EQ(tallinn.read_local(local(2026, 3, 29, 4, 0)).kind, LocalReading::Kind::unique);
    EXPECT_EQ(tallinn.read_local(local(2026, 3, 29, 3, 0) - 1).kind, LocalReading::Kind::unique);
    EXPECT_EQ(tallinn.read_local(local(2026, 10, 25, 3, 0)).kind, LocalReading::Kind::ambiguous);
    EXPECT_EQ(tallinn.read_local(local(2026, 10, 25, 4, 0)).kind, LocalReading::Kind::unique);
}

TEST(TimeZones, EC23_months_have_odd_hours_but_whole_days) {
    const TimeZone tallinn = zone("Europe/Tallinn");
    const auto hours = [&](DatePeriod days) {
        const Period period = tallinn.period_of(days);
        return (period.end.micros - period.start.micros) / (60 * kMinute);
    };
    EXPECT_EQ(hours({Date::of(2026, 3, 1), Date::of(2026, 4, 1)}), 743);
    EXPECT_EQ(hours({Date::of(2026, 10, 1), Date::of(2026, 11, 1)}), 745);
    const DatePeriod last_days{Date::of(2026, 3, 29), Date::of(2026, 4, 1)};
    EXPECT_EQ(Exact(31) * Exact(last_days.days(), 31), Exact(3));
}

TEST(TimeZones, a_day_that_starts_at_one_starts_there) {
    const TimeZone beirut = zone("Asia/Beirut");  // springs forward at midnight
    const Instant start = beirut.start_of(Date::of(2026, 3, 29));
    EXPECT_EQ(beirut.date_of(start), Date::of(2026, 3, 29));
    EXPECT_EQ(beirut.date_of(start.plus_micros(-1)), Date::of(2026, 3, 28));
    EXPECT_EQ(beirut.local_micros(start) - std::int64_t{Date::of(2026, 3, 29).days} * kMicrosPerDay,
              60 * kMinute);
}

TEST(TimeZones, unknown_names_are_refused) {
    for (const std::string_view hostile : {"", "Europe/Talinn", "../../etc/passwd", "utc+2"}) {
        EXPECT_FALSE(TimeZone::named(hostile).has_value()) << hostile;
    }
    EXPECT_EQ(TimeZone::utc().offset_seconds(Instant{0}), 0);
}

RC_GTEST_PROP(TimeZones, what_the_clock_shows_reads_back, ()) {
    const TimeZone at = zone(*rc::gen::element<std::string>(
        "Europe/Tallinn", "America/Denver", "Australia/Lord_Howe", "Asia/Kathmandu", "Etc/UTC"));
    const Instant instant{*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000)};
    const LocalReading reading = at.read_local(at.local_micros(instant));
    RC_ASSERT(reading.kind != LocalReading::Kind::nonexistent);
    RC_ASSERT(reading.first == instant || reading.second == instant);
    RC_ASSERT(at.offset_span(instant).contains(instant));
    RC_ASSERT(
        at.period_of({at.date_of(instant), at.date_of(instant).plus_days(1)}).contains(instant));
}

}  // namespace
}  // namespace farthing
