#include "mediation/decode_time.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/civil.h"
#include "base/decimal.h"

namespace farthing::mediation {

namespace {

constexpr std::int64_t kNoDay = -1;                    // no text was read yet
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of the year 9999

// Two digits below `limit`, or -1. REQUIRES: two characters are readable.
int two_digits(const char* at, int limit) {
    if (!is_digit(at[0]) || !is_digit(at[1])) return -1;
    const int value = (at[0] - '0') * 10 + (at[1] - '0');
    return value < limit ? value : -1;
}

std::int64_t micros_of_clock(int hour, int minute, int second) {
    return ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond;
}

// "23:59:59" as microseconds, or -1, whatever stands between its numbers. REQUIRES: eight
// characters are readable.
std::int64_t clock_micros(const char* at) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t text = 0;
    std::memcpy(&text, at, 8);
    constexpr std::uint64_t kNumbers = 0xffff'00ff'ff00'ffff;
    const std::uint64_t digits = (text ^ 0x3030'3030'3030'3030) & kNumbers;
    const std::uint64_t over = digits | (digits + (0x0606'0606'0606'0606 & kNumbers));
    const auto pair = [digits](int first) {
        return (digits >> first & 0x0f) * 10 + (digits >> (first + 8) & 0x0f);
    };
    const std::uint64_t hour = pair(0);
    const std::uint64_t minute = pair(24);
    const std::uint64_t second = pair(48);
    if ((over & 0xf0f0'f0f0'f0f0'f0f0) != 0 || hour > 23 || minute > 59 || second > 59) return -1;
    return micros_of_clock(static_cast<int>(hour), static_cast<int>(minute),
                           static_cast<int>(second));
}

// Takes digits of a fraction from the front as microseconds; what is finer is cut, never rounded:
// it must not carry an event over a boundary.
std::optional<int> take_fraction(std::string_view& text) {
    int micros = 0;
    int unit = 100'000;
    std::size_t count = 0;
    for (; count < text.size() && is_digit(text[count]); ++count, unit /= 10)
        micros += unit * (text[count] - '0');
    if (count == 0) return std::nullopt;
    text.remove_prefix(count);
    return micros;
}

std::optional<int> take_number(std::string_view& text, std::size_t width) {
    if (text.size() < width) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        if (!is_digit(text[i])) return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(width);
    return value;
}

// "Z", "+02:00", "+0200" or "+02".
std::optional<std::int64_t> take_offset(std::string_view& text) {
    if (text.empty()) return std::nullopt;
    const char sign = text.front();
    text.remove_prefix(1);
    if (sign == 'Z' || sign == 'z') return 0;
    if (sign != '+' && sign != '-') return std::nullopt;
    const auto hours = take_number(text, 2);
    if (text.starts_with(':')) text.remove_prefix(1);
    const auto minutes =
        text.empty() || !is_digit(text.front()) ? std::optional(0) : take_number(text, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    return (*hours * 3600 + *minutes * 60) * (sign == '-' ? -1 : 1);
}

std::optional<int> take_month_name(std::string_view& text) {
    constexpr std::string_view kNames[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                           "jul", "aug", "sep", "oct", "nov", "dec"};
    if (text.size() < 3) return std::nullopt;
    for (int month = 0; month < 12; ++month) {
        const bool same = std::equal(text.begin(), text.begin() + 3, kNames[month].begin(),
                                     [](char a, char b) { return (a | 0x20) == b; });
        if (!same) continue;
        text.remove_prefix(3);
        return month + 1;
    }
    return std::nullopt;
}

// One %-letter of a pattern into its place.
template <class Civil>
bool take_part(char letter, std::string_view& text, Civil& civil) {
    const auto put = [](std::optional<int> value, int& place) {
        if (value) place = *value;
        return value.has_value();
    };
    switch (letter) {
        case 'Y': return put(take_number(text, 4), civil.year);
        case 'm': return put(take_number(text, 2), civil.month);
        case 'd': return put(take_number(text, 2), civil.day);
        case 'H': return put(take_number(text, 2), civil.hour);
        case 'M': return put(take_number(text, 2), civil.minute);
        case 'S': return put(take_number(text, 2), civil.second);
        case 'f': return put(take_fraction(text), civil.micros);
        case 'b': return put(take_month_name(text), civil.month);
        case 'y':
            if (!put(take_number(text, 2), civil.year)) return false;
            civil.year += 2000;
            return true;
        case 'z': civil.offset_seconds = take_offset(text); return civil.offset_seconds.has_value();
        case '%':
            if (!text.starts_with('%')) return false;
            text.remove_prefix(1);
            return true;
        default: return false;
    }
}

}  // namespace

TimeReader::TimeReader(TimeRules rules, TimeZone zone)
    : rules_(std::move(rules)), zone_(std::move(zone)), shape_(shape_of(rules_)) {}

TimeReader::Shape TimeReader::shape_of(const TimeRules& rules) {
    if (rules.kind == TimeRules::Kind::rfc3339)  // as it is mostly written
        return shape_of({TimeRules::Kind::pattern, "%Y-%m-%dT%H:%M:%SZ"});
    if (rules.kind != TimeRules::Kind::pattern) return {};
    std::array<char, kShapeMax> same{};
    Shape shape;
    bool clock[3] = {};
    std::size_t size = 0;
    for (std::size_t i = 0; i < rules.pattern.size(); ++i) {
        const bool part = rules.pattern[i] == '%' && i + 1 < rules.pattern.size();
        const char letter = part ? rules.pattern[++i] : '%';
        const std::size_t at = std::string_view("HMS").find(letter);
        std::size_t width = 1;
        if (at < 3) {
            if (std::exchange(clock[at], true)) return {};
            (at == 0 ? shape.hour : at == 1 ? shape.minute : shape.second) = size;
            width = 2;
        } else if (part && letter != '%') {
            width = letter == 'Y' ? 4 : letter == 'b' ? 3 : 2;
            if (std::string_view("Ymdyb").find(letter) == std::string_view::npos) return {};
        }
        if (size + width > kShapeMax) return {};
        if (at >= 3) std::fill_n(same.begin() + static_cast<std::ptrdiff_t>(size), width, '\xff');
        size += width;
    }
    if (size < kShapeMin || !clock[0] || !clock[1] || !clock[2]) return {};
    shape.spaced = shape.minute == shape.hour + 3 && shape.second == shape.minute + 3;
    shape.same = words_of(same.data(), size);
    shape.size = size;
    shape.day_micros = kNoDay;
    return shape;
}

// The text as four words, which overlap where it is shorter. REQUIRES: kShapeMin to kShapeMax.
std::array<std::uint64_t, 4> TimeReader::words_of(const char* text, std::size_t size) {
    const std::size_t half = size < 16 ? 0 : 8;
    std::array<std::uint64_t, 4> words{};
    std::memcpy(&words[0], text, 8);
    std::memcpy(&words[1], text + half, 8);
    std::memcpy(&words[2], text + size - 8 - half, 8);
    std::memcpy(&words[3], text + size - 8, 8);
    return words;
}

// Microseconds on the civil clock, where nothing but the clock differs from the text before; or -1.
std::int64_t TimeReader::on_same_day(std::string_view text) const {
    if (text.size() != shape_.size || shape_.day_micros == kNoDay) return -1;
    const std::array<std::uint64_t, 4> words = words_of(text.data(), text.size());
    std::uint64_t differs = 0;
    for (std::size_t i = 0; i < words.size(); ++i)
        differs |= (words[i] ^ shape_.words[i]) & shape_.same[i];
    const std::int64_t clock = clock_of(text.data());
    return differs != 0 || clock < 0 ? -1 : shape_.day_micros + clock;
}

std::int64_t TimeReader::clock_of(const char* text) const {
    if (shape_.spaced) return clock_micros(text + shape_.hour);
    const int hour = two_digits(text + shape_.hour, 24);
    const int minute = two_digits(text + shape_.minute, 60);
    const int second = two_digits(text + shape_.second, 60);
    return (hour | minute | second) < 0 ? -1 : micros_of_clock(hour, minute, second);
}

void TimeReader::remember_day(std::string_view text, std::int64_t day_micros) {
    if (text.size() != shape_.size) return;
    shape_.words = words_of(text.data(), text.size());
    shape_.day_micros = day_micros;
}

SuspenseReason TimeReader::read(std::string_view text, LocalReading& reading) {
    reading.kind = LocalReading::Kind::unique;
    const bool pattern = rules_.kind == TimeRules::Kind::pattern;
    if (const std::int64_t local = on_same_day(text); local >= 0) {
        if (pattern) return resolve(local, reading);
        reading.first = {local};
        return SuspenseReason::none;
    }
    if (!pattern) {
        const bool read = rules_.kind == TimeRules::Kind::rfc3339
                              ? read_rfc3339(text, reading.first)
                              : read_unix(text, reading.first);
        return read ? SuspenseReason::none : SuspenseReason::bad_time;
    }
    Civil civil;
    if (!read_pattern(text, civil)) return SuspenseReason::bad_time;
    const auto local = micros_of(civil);
    if (!local) return SuspenseReason::bad_time;
    remember_day(text, civil_day_micros_);
    if (!civil.offset_seconds) return resolve(*local, reading);
    reading.first = {*local - *civil.offset_seconds * kMicrosPerSecond};
    return SuspenseReason::none;
}

std::optional<Date> TimeReader::read_date(std::string_view text) {
    std::int64_t local = 0;
    if (rules_.kind == TimeRules::Kind::pattern) {
        Civil civil;
        if (!read_pattern(text, civil)) return std::nullopt;
        const auto micros = micros_of(civil);
        if (!micros) return std::nullopt;
        local = *micros;
        if (!civil.offset_seconds) return Date{static_cast<std::int32_t>(local / kMicrosPerDay)};
        local -= *civil.offset_seconds * kMicrosPerSecond;
    } else {
        LocalReading reading;
        if (read(text, reading) != SuspenseReason::none) return std::nullopt;
        local = reading.first.micros;
    }
    return zone_.date_of({local});
}

bool TimeReader::read_rfc3339(std::string_view text, Instant& instant) {
    const auto parsed = parse_rfc3339(text);
    if (!parsed) return false;
    instant = *parsed;
    // As its shape has it: "2026-01-31T10:00:00Z".
    if (text.size() == shape_.size && text.ends_with('Z') && text[10] == 'T' && instant.micros >= 0)
        remember_day(text, instant.micros - instant.micros % kMicrosPerDay);
    return true;
}

bool TimeReader::read_unix(std::string_view text, Instant& instant) const {
    const bool millis = rules_.kind == TimeRules::Kind::unix_millis;
    std::int64_t whole = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && is_digit(text[digits]); ++digits) {
        if (digits == 18) return false;
        whole = whole * 10 + (text[digits] - '0');
    }
    if (digits == 0 || whole > kSecondsMax * (millis ? 1000 : 1)) return false;
    text.remove_prefix(digits);
    int micros = 0;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        const auto fraction = take_fraction(text);
        if (!fraction) return false;
        micros = millis ? *fraction / 1000 : *fraction;
    }
    if (!text.empty()) return false;
    instant.micros = whole * (millis ? 1000 : kMicrosPerSecond) + micros;
    return true;
}

bool TimeReader::read_pattern(std::string_view text, Civil& civil) const {
    const std::string_view pattern = rules_.pattern;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '%' && i + 1 < pattern.size()) {
            if (!take_part(pattern[++i], text, civil)) return false;
            continue;
        }
        if (!text.starts_with(pattern[i])) return false;
        text.remove_prefix(1);
    }
    return text.empty();
}

// Microseconds on the civil clock since 1970; nothing for a day or hour that no calendar has.
std::optional<std::int64_t> TimeReader::micros_of(const Civil& civil) {
    const int key = (civil.year * 16 + civil.month) * 32 + civil.day;
    if (civil.month < 1 || civil.month > 12 || civil.day > 31 || civil.year < 1970)
        return std::nullopt;
    if (key != civil_key_) {
        const std::chrono::year_month_day date{
            std::chrono::year{civil.year}, std::chrono::month{static_cast<unsigned>(civil.month)},
            std::chrono::day{static_cast<unsigned>(civil.day)}};
        if (!date.ok()) return std::nullopt;
        civil_day_micros_ = std::chrono::sys_days{date}.time_since_epoch().count() * kMicrosPerDay;
        civil_key_ = key;
    }
    if (civil.hour > 23 || civil.minute > 59 || civil.second > 59) return std::nullopt;
    return civil_day_micros_ + micros_of_clock(civil.hour, civil.minute, civil.second) +
           civil.micros;
}

SuspenseReason TimeReader::resolve(std::int64_t local, LocalReading& reading) {
    if (local >= local_first_ && local < local_end_) {
        reading.first = {local - offset_micros_};
        return SuspenseReason::none;
    }
    reading = zone_.read_local(local);
    switch (reading.kind) {
        case LocalReading::Kind::ambiguous: return SuspenseReason::ambiguous_time;
        case LocalReading::Kind::nonexistent: return SuspenseReason::nonexistent_time;
        case LocalReading::Kind::unique: break;
    }
    // On the local clock the span of this offset begins after what it shares with the offset before
    // it, and ends before what it shares with the next one.
    const Period span = zone_.offset_span(reading.first);
    const auto offset_at = [&](Instant instant) {
        return zone_.offset_seconds(instant) * kMicrosPerSecond;
    };
    offset_micros_ = offset_at(reading.first);
    local_first_ =
        span.start.micros + std::max(offset_micros_, offset_at(span.start.plus_micros(-1)));
    local_end_ = span.end.micros + std::min(offset_micros_, offset_at(span.end));
    return SuspenseReason::none;
}

}  // namespace farthing::mediation
