#include "base/time_zone.h"

#include <date/tz.h>

#include "base/assert.h"

namespace farthing {

struct TimeZone::Rules {
    std::string name;
    const date::time_zone* zone;  // owned by the library's database, lives as long as the process
};

namespace {

date::sys_seconds seconds_of(Instant instant) {
    const std::chrono::microseconds since{instant.micros};
    return date::sys_seconds{std::chrono::floor<std::chrono::seconds>(since)};
}

Instant instant_of(date::sys_seconds at) {
    return Instant::from_seconds(at.time_since_epoch().count());
}

}  // namespace

TimeZone TimeZone::utc() {
    static const TimeZone zone = *named("Etc/UTC");
    return zone;
}

std::optional<TimeZone> TimeZone::named(std::string_view name) {
    try {
        const date::time_zone* zone = date::locate_zone(std::string(name));
        return TimeZone(std::make_shared<Rules>(Rules{std::string(name), zone}));
    } catch (const std::exception&) {  // the library's way to say "no such zone"
        return std::nullopt;
    }
}

const std::string& TimeZone::name() const {
    return rules_->name;
}

std::int64_t TimeZone::offset_seconds(Instant instant) const {
    return rules_->zone->get_info(seconds_of(instant)).offset.count();
}

Period TimeZone::offset_span(Instant instant) const {
    const auto info = rules_->zone->get_info(seconds_of(instant));
    // Far ends would overflow microseconds; a million years is as good as for ever.
    constexpr std::int64_t kFar = std::int64_t{1'000'000} * 365 * 86'400;
    const auto clamp = [](std::int64_t seconds) {
        return std::min(std::max(seconds, -kFar / 4), kFar / 4);
    };
    return {Instant::from_seconds(clamp(info.begin.time_since_epoch().count())),
            Instant::from_seconds(clamp(info.end.time_since_epoch().count()))};
}

LocalReading TimeZone::read_local(std::int64_t local_micros) const {
    const auto whole =
        std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds{local_micros});
    const date::local_seconds local{whole};
    const std::int64_t fraction = local_micros - whole.count() * kMicrosPerSecond;
    const auto info = rules_->zone->get_info(local);
    const auto reading = [&](const date::sys_info& at) {
        return instant_of(date::sys_seconds{local.time_since_epoch() - at.offset})
            .plus_micros(fraction);
    };
    switch (info.result) {
        case date::local_info::ambiguous:
            return {LocalReading::Kind::ambiguous, reading(info.first), reading(info.second)};
        case date::local_info::nonexistent: return {LocalReading::Kind::nonexistent, {}, {}};
        default: return {LocalReading::Kind::unique, reading(info.first), {}};
    }
}

std::int64_t TimeZone::local_micros(Instant instant) const {
    return instant.micros + offset_seconds(instant) * kMicrosPerSecond;
}

Date TimeZone::date_of(Instant instant) const {
    const auto since = std::chrono::microseconds{local_micros(instant)};
    return {static_cast<std::int32_t>(std::chrono::floor<std::chrono::days>(since).count())};
}

Instant TimeZone::start_of(Date day) const {
    const LocalReading reading = read_local(std::int64_t{day.days} * kMicrosPerDay);
    if (reading.kind != LocalReading::Kind::nonexistent) return reading.first;
    // A zone that springs forward at midnight: its day starts at the transition.
    const auto info = rules_->zone->get_info(
        date::local_seconds{std::chrono::seconds{std::int64_t{day.days} * 86'400}});
    return instant_of(info.first.end);
}

}  // namespace farthing
