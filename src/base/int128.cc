#include "base/int128.h"

#include <algorithm>

namespace farthing {

std::string to_string(i128 value) {
    if (value == 0) return "0";
    u128 magnitude = value < 0 ? u128{0} - static_cast<u128>(value) : static_cast<u128>(value);
    std::string digits;
    while (magnitude != 0) {
        digits.push_back(static_cast<char>('0' + static_cast<int>(magnitude % 10)));
        magnitude /= 10;
    }
    if (value < 0) digits.push_back('-');
    std::reverse(digits.begin(), digits.end());
    return digits;
}

std::optional<i128> parse_int128(std::string_view text) {
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    if (text.empty()) return std::nullopt;
    i128 value = 0;  // accumulated with its sign, so the smallest value parses too
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto scaled = checked_mul(value, 10);
        if (!scaled) return std::nullopt;
        const auto next = negative ? checked_sub(*scaled, c - '0') : checked_add(*scaled, c - '0');
        if (!next) return std::nullopt;
        value = *next;
    }
    return value;
}

}  // namespace farthing
