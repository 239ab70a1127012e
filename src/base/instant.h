// Points and stretches of time. An instant counts microseconds UTC; a period is half-open.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace farthing {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct Instant {
    std::int64_t micros = 0;  // since 1970-01-01T00:00:00Z, leap seconds not counted
    constexpr auto operator<=>(const Instant&) const = default;
    static constexpr Instant from_seconds(std::int64_t seconds) {
        return {seconds * kMicrosPerSecond};
    }
    static constexpr Instant min() { return {std::numeric_limits<std::int64_t>::min()}; }
    static constexpr Instant max() { return {std::numeric_limits<std::int64_t>::max()}; }
    constexpr Instant plus_micros(std::int64_t more) const { return {micros + more}; }
};

// [start, end)
struct Period {
    Instant start;
    Instant end;
    constexpr bool contains(Instant t) const { return start <= t && t < end; }
    constexpr bool empty() const { return end <= start; }
    constexpr bool operator==(const Period&) const = default;
    constexpr auto operator<=>(const Period&) const = default;
};

// RFC 3339 with `Z` or an offset ("2026-01-31T23:00:00.5+02:00"); nullopt when malformed or without
// offset. Digits beyond microseconds are cut, which never moves an event over a boundary (EC64).
std::optional<Instant> parse_rfc3339(std::string_view text);
// "2026-01-31T21:00:00Z", with fraction only where there is one.
std::string to_rfc3339(Instant instant);

}  // namespace farthing
