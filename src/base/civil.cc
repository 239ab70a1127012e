#include "base/civil.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace farthing {

namespace {

std::optional<int> digits(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.front() == '-')
        return std::nullopt;
    return value;
}

// `month_index` counts months from year 0.
Date cycle_start(int month_index, unsigned anchor_day) {
    const int year = month_index / 12;
    const auto month = static_cast<unsigned>(month_index % 12) + 1;
    const std::chrono::year_month_day_last last{
        std::chrono::year{year}, std::chrono::month_day_last{std::chrono::month{month}}};
    return Date::of(year, month, std::min(anchor_day, static_cast<unsigned>(last.day())));
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day civil{std::chrono::year{*year},
                                            std::chrono::month{static_cast<unsigned>(*month)},
                                            std::chrono::day{static_cast<unsigned>(*day)}};
    if (!civil.ok()) return std::nullopt;
    return Date::of(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
}

std::string to_string(Date date) {
    const auto civil = date.civil();
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(civil.year()),
                       static_cast<unsigned>(civil.month()), static_cast<unsigned>(civil.day()));
}

std::string to_string(DatePeriod period) {
    return to_string(period.first) + ".." + to_string(period.end.plus_days(-1));
}

DatePeriod cycle_of(Date date, unsigned anchor_day, int months) {
    const auto civil = date.civil();
    int index = static_cast<int>(civil.year()) * 12 +
                static_cast<int>(static_cast<unsigned>(civil.month())) - 1;
    index -= index % months;
    if (cycle_start(index, anchor_day) > date) index -= months;
    if (cycle_start(index + months, anchor_day) <= date) index += months;
    return {cycle_start(index, anchor_day), cycle_start(index + months, anchor_day)};
}

}  // namespace farthing
