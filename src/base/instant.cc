#include "base/instant.h"

#include <fmt/format.h>

#include "base/civil.h"

namespace farthing {

namespace {

// The decimal number of exactly `width` digits at `at`, or -1.
int number_at(std::string_view text, std::size_t at, std::size_t width) {
    if (at + width > text.size()) return -1;
    int value = 0;
    for (std::size_t i = at; i < at + width; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

}  // namespace

std::optional<Instant> parse_rfc3339(std::string_view text) {
    if (text.size() < 20) return std::nullopt;
    const auto date = parse_date(text.substr(0, 10));
    const bool separated = text[10] == 'T' || text[10] == 't' || text[10] == ' ';
    const int hour = number_at(text, 11, 2);
    const int minute = number_at(text, 14, 2);
    const int second = number_at(text, 17, 2);
    if (!date || !separated || text[13] != ':' || text[16] != ':') return std::nullopt;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return std::nullopt;
    std::size_t at = 19;
    std::int64_t micros = 0;
    if (text[at] == '.') {
        std::int64_t unit = kMicrosPerSecond / 10;
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
            micros += unit * (text[at] - '0');
        }
        if (text[at - 1] == '.') return std::nullopt;
    }
    std::int64_t offset_seconds = 0;
    if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) {
        // UTC
    } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') &&
               text[at + 3] == ':') {
        const int hours = number_at(text, at + 1, 2);
        const int minutes = number_at(text, at + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
        offset_seconds = (hours * 3600 + minutes * 60) * (text[at] == '-' ? -1 : 1);
    } else {
        return std::nullopt;
    }
    const std::int64_t seconds =
        std::int64_t{date->days} * 86'400 + hour * 3600 + minute * 60 + second;
    return Instant{(seconds - offset_seconds) * kMicrosPerSecond + micros};
}

std::string to_rfc3339(Instant instant) {
    std::int64_t days = instant.micros / kMicrosPerDay;
    std::int64_t rest = instant.micros % kMicrosPerDay;
    if (rest < 0) {
        rest += kMicrosPerDay;
        days -= 1;
    }
    const std::int64_t seconds = rest / kMicrosPerSecond;
    const std::int64_t micros = rest % kMicrosPerSecond;
    std::string text =
        fmt::format("{}T{:02}:{:02}:{:02}", to_string(Date{static_cast<std::int32_t>(days)}),
                    seconds / 3600, seconds / 60 % 60, seconds % 60);
    if (micros != 0) {
        text += fmt::format(".{:06}", micros);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text + "Z";
}

}  // namespace farthing
