// Time bands and holidays.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/reading.h"
#include "catalog/values.h"

namespace farthing::catalog {

namespace {

constexpr std::array<std::string_view, 7> kWeekdays = {"mon", "tue", "wed", "thu",
                                                       "fri", "sat", "sun"};
constexpr std::size_t kTimeBandsMax = 64;
constexpr std::int32_t kMinutesPerDay = 24 * 60;

// "mon-fri, sun" → its parts without blanks around them.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t comma = text.find(',');
        parts.push_back(trimmed(text.substr(0, comma)));
        if (comma == text.npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

std::optional<std::size_t> weekday_named(std::string_view text) {
    const auto* const found = std::find(kWeekdays.begin(), kWeekdays.end(), text);
    if (found == kWeekdays.end()) return std::nullopt;
    return static_cast<std::size_t>(found - kWeekdays.begin());
}

// "fri-mon" goes over the end of the week.
std::optional<std::array<bool, 7>> read_days(std::string_view text) {
    std::array<bool, 7> days{};
    for (const std::string_view part : parts_of(text)) {
        const std::size_t dash = part.find('-');
        const auto first = weekday_named(part.substr(0, dash));
        const auto last = dash == part.npos ? first : weekday_named(part.substr(dash + 1));
        if (!first || !last) return std::nullopt;
        for (std::size_t day = *first;; day = (day + 1) % 7) {
            days[day] = true;
            if (day == *last) break;
        }
    }
    return days;
}

// "08:30"; 24:00 is the end of the day.
std::optional<std::int32_t> minute_of(std::string_view text) {
    const auto digit = [&](std::size_t at) { return text[at] - '0'; };
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    for (const std::size_t at : {0, 1, 3, 4}) {
        if (digit(at) < 0 || digit(at) > 9) return std::nullopt;
    }
    const std::int32_t minutes = digit(3) * 10 + digit(4);
    const std::int32_t minute = (digit(0) * 10 + digit(1)) * 60 + minutes;
    if (minutes > 59 || minute > kMinutesPerDay) return std::nullopt;
    return minute;
}

// Sorted and joined where they touch. "22:00-06:00" is the evening and the morning of the same day.
std::optional<std::vector<TimeBand::Hours>> read_hours(std::string_view text) {
    std::vector<TimeBand::Hours> hours;
    for (const std::string_view part : parts_of(text)) {
        const std::size_t dash = part.find('-');
        if (dash == part.npos) return std::nullopt;
        const auto from = minute_of(trimmed(part.substr(0, dash)));
        const auto to = minute_of(trimmed(part.substr(dash + 1)));
        if (!from || !to || *from == *to || *from == kMinutesPerDay) return std::nullopt;
        if (*from < *to) {
            hours.push_back({*from, *to});
        } else {
            hours.push_back({*from, kMinutesPerDay});
            if (*to > 0) hours.push_back({0, *to});
        }
    }
    std::sort(hours.begin(), hours.end(),
              [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<TimeBand::Hours> joined;
    for (const TimeBand::Hours& one : hours) {
        if (!joined.empty() && one.from <= joined.back().to) {
            joined.back().to = std::max(joined.back().to, one.to);
        } else {
            joined.push_back(one);
        }
    }
    return joined;
}

TimeZone read_zone_of(Reading& reading, const Fields& fields) {
    const std::string name = fields.text("time_zone");
    if (name.empty()) return reading.version.zone;
    const auto zone = TimeZone::named(name);
    if (!zone) {
        reading.mistakes.add(CatalogReason::time_zone_unknown, fields.place_of("time_zone"),
                             fmt::format("no time zone is called {}", shown(name)));
    }
    return zone.value_or(reading.version.zone);
}

void read_time_band(Reading& reading, const Field& field) {
    const Fields fields(field.value, table("time_band"), reading.mistakes);
    const std::string days_text = fields.text("days");
    const std::string hours_text = fields.text("hours");
    const auto days = read_days(days_text.empty() ? "mon-sun" : days_text);
    const auto hours = read_hours(hours_text.empty() ? "00:00-24:00" : hours_text);
    if (!days) {
        reading.mistakes.add(CatalogReason::bad_value, fields.place_of("days"),
                             fmt::format("{} are no days of the week", shown(days_text)),
                             "Write for example mon-fri, or mon, wed, sun.");
    }
    if (!hours) {
        reading.mistakes.add(CatalogReason::bad_value, fields.place_of("hours"),
                             fmt::format("{} are no hours of the day", shown(hours_text)),
                             "Write for example 08:00-20:00; the end of the day is 24:00.");
    }
    if (days_text.empty() && hours_text.empty() && field.value.kind == Node::Kind::map) {
        reading.mistakes.add(CatalogReason::missing_key, field.place,
                             "the time band says neither `days` nor `hours`",
                             "Write for example {days: mon-fri, hours: 08:00-20:00}.");
    }
    TimeBand band;
    band.name = field.name;
    band.text = days_text + (days_text.empty() || hours_text.empty() ? "" : " ") + hours_text;
    band.place = field.place.line_only();
    band.zone = read_zone_of(reading, fields);
    for (std::size_t day = 0; days && hours && day < band.days.size(); ++day) {
        if ((*days)[day]) band.days[day] = *hours;
    }
    reading.version.time_bands.push_back(std::move(band));
}

void read_holidays(Reading& reading, const Fields& catalog) {
    const Node* node = catalog.find("holidays");
    if (node == nullptr) return;
    const Fields fields(*node, table("holidays"), reading.mistakes);
    const std::string as = fields.text("as");
    const auto weekday = weekday_named(as);
    if (!weekday && !as.empty()) {
        reading.mistakes.add(CatalogReason::bad_value, fields.place_of("as"),
                             fmt::format("{} is no day of the week", shown(as)),
                             "Write mon, tue, wed, thu, fri, sat or sun.");
    }
    for (const Node& item : fields.list("days")) {
        const auto text = one_line(item, "a holiday", reading.mistakes);
        if (!text) continue;
        const auto day = parse_date(*text);
        if (!day) {
            reading.mistakes.add(CatalogReason::bad_value, item.place,
                                 fmt::format("{} is no day", shown(*text)),
                                 "Write it as 2026-12-25.");
            continue;
        }
        reading.version.holidays[*day] = static_cast<unsigned>(weekday.value_or(0));
    }
}

}  // namespace

void read_times(Reading& reading, const Fields& catalog) {
    for_each_named(catalog, "time_bands", "a time band",
                   [&](const Field& field) { read_time_band(reading, field); });
    auto& bands = reading.version.time_bands;
    if (bands.size() > kTimeBandsMax) {
        reading.mistakes.add(CatalogReason::too_large, catalog.place_of("time_bands"),
                             fmt::format("more than {} time bands", kTimeBandsMax),
                             "Use fewer; one band may name several days and hours.");
        bands.resize(kTimeBandsMax);
    }
    std::sort(bands.begin(), bands.end(),
              [](const TimeBand& a, const TimeBand& b) { return a.name < b.name; });
    read_holidays(reading, catalog);
}

}  // namespace farthing::catalog
