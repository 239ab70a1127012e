#include "rating/window.h"

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::Window;

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;

Instant at(std::string_view text) {
    return *parse_rfc3339(text);
}

TEST(Windows, an_hour_is_one_of_the_local_clock) {
    const TimeZone kolkata = *TimeZone::named("Asia/Kolkata");
    const LocalWindow hour = window_at(kolkata, Window::hour, at("2026-01-05T10:45:00+05:30"));
    EXPECT_EQ(hour.span.start, at("2026-01-05T10:00:00+05:30"));
    EXPECT_EQ(hour.span.end, at("2026-01-05T11:00:00+05:30"));
    EXPECT_EQ(window_start(hour.item), hour.span.start);
    const LocalWindow day = window_at(kolkata, Window::day, at("2026-01-05T23:59:59+05:30"));
    EXPECT_EQ(day.span.start, at("2026-01-05T00:00:00+05:30"));
    EXPECT_EQ(window_start(day.item), day.span.start);
    EXPECT_NE(day.item, window_at(kolkata, Window::hour, day.span.start).item);
}

TEST(Windows, EC22_a_repeated_hour_is_two) {
    const TimeZone tallinn = *TimeZone::named("Europe/Tallinn");
    const LocalWindow first = window_at(tallinn, Window::hour, at("2026-10-25T03:30:00+03:00"));
    const LocalWindow again = window_at(tallinn, Window::hour, at("2026-10-25T03:30:00+02:00"));
    EXPECT_NE(first.item, again.item);
    EXPECT_EQ(first.span.end, again.span.start);
    EXPECT_EQ(again.span.end.micros - again.span.start.micros, 60 * kMinute);
}

TEST(Windows, a_clock_put_back_by_half_an_hour_begins_another_one) {
    const TimeZone island = *TimeZone::named("Australia/Lord_Howe");
    const LocalWindow before = window_at(island, Window::hour, at("2026-04-05T01:50:00+11:00"));
    const LocalWindow after = window_at(island, Window::hour, at("2026-04-05T01:50:00+10:30"));
    EXPECT_EQ(before.span.end.micros - before.span.start.micros, 60 * kMinute);
    EXPECT_EQ(after.span.start, before.span.end);
    EXPECT_EQ(after.span.end.micros - after.span.start.micros, 30 * kMinute);
}

TEST(Windows, times_before_1970_have_theirs) {
    const LocalWindow hour = window_at(TimeZone::utc(), Window::hour, at("1969-12-31T23:30:00Z"));
    EXPECT_EQ(hour.span.start, at("1969-12-31T23:00:00Z"));
    EXPECT_EQ(window_start(hour.item), hour.span.start);
}

catalog::UsageCharge burst() {
    auto made = charge(1, {{10 * kMb, price("0", kMb)}, {INT64_MAX, price("0.02", kMb)}});
    made.window = Window::hour;
    return made;
}

TEST(Windows, counters_of_hours_are_small_and_come_back_from_the_store) {
    World world;
    world.publish(1, "2026-01-01", {burst()});
    const auto payer = world.account();
    const auto sim = world.subscription(payer);
    world.open();
    world.post({{sim, world.local("2026-01-05", 10, 10), 8 * kMb},
                {sim, world.local("2026-01-05", 11, 10), 8 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.00");
    world.reopen();
    world.post({{sim, world.local("2026-01-05", 10, 50), 8 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.12");
    std::size_t counters = 0;
    for (const auto& [key, bytes] : world.stored) {
        const auto unpacked = unpack_counters(key, bytes);
        ASSERT_TRUE(unpacked);
        for (const Counter& counter : *unpacked) {
            counters += 1;
            EXPECT_EQ(counter.by_day.size(), 1U);
        }
    }
    EXPECT_EQ(counters, 2U);
}

// A version that changes from days to hours has counters of its own: none is priced by both.
TEST(Windows, a_midnight_of_days_is_not_one_of_hours) {
    World world;
    auto by_day = burst();
    by_day.window = Window::day;
    world.publish(1, "2026-01-01", {by_day});
    const auto payer = world.account();
    const auto sim = world.subscription(payer);
    world.open();
    world.post({{sim, world.local("2026-01-05", 0, 10), 20 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.20");
    world.publish(2, "2026-01-02", {burst()});
    world.reopen();
    world.post({{sim, world.local("2026-01-05", 0, 20), 12 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.24");
}

}  // namespace
}  // namespace farthing::rating::testing
