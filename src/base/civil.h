// Calendar dates and billing periods. Civil time exists only where the calendar matters.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farthing {

// A calendar day, counted from 1970-01-01.
struct Date {
    std::int32_t days = 0;
    constexpr auto operator<=>(const Date&) const = default;
    constexpr Date plus_days(int more) const { return {days + more}; }
    static constexpr Date of(int year, unsigned month, unsigned day) {
        const std::chrono::sys_days at{std::chrono::year{year} / std::chrono::month{month} /
                                       std::chrono::day{day}};
        return {static_cast<std::int32_t>(at.time_since_epoch().count())};
    }
    constexpr std::chrono::year_month_day civil() const {
        return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days}}};
    }
    static constexpr Date min() { return {-4'000'000}; }
    static constexpr Date max() { return {4'000'000}; }
};
constexpr int operator-(Date a, Date b) {
    return a.days - b.days;
}

// "2026-01-31"; nullopt for anything else, 2026-02-30 included.
std::optional<Date> parse_date(std::string_view text);
std::string to_string(Date date);

// [first, end) in whole days of one time zone.
struct DatePeriod {
    Date first;
    Date end;
    constexpr int days() const { return end.days - first.days; }
    constexpr bool contains(Date d) const { return first <= d && d < end; }
    constexpr bool empty() const { return end <= first; }
    constexpr DatePeriod intersect(DatePeriod other) const {
        return {first < other.first ? other.first : first, end < other.end ? end : other.end};
    }
    constexpr auto operator<=>(const DatePeriod&) const = default;
};
// "2026-01-01..2026-01-31", last day inclusive as on paper.
std::string to_string(DatePeriod period);

// The billing cycle that holds `date`: `months` long, starting on `anchor_day` (1..31) of a month;
// a month without that day starts it on its last day, and later months come back to the anchor
// (EC61). Cycles of 3 or 12 months count from January.
DatePeriod cycle_of(Date date, unsigned anchor_day, int months = 1);

}  // namespace farthing
