#include "base/decimal.h"

namespace farthing {

std::optional<Decimal> Decimal::parse(std::string_view text, char point) {
    constexpr int kDigitsMax = 18;
    Decimal result;
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    int significant = 0;
    bool seen_digit = false;
    bool seen_point = false;
    for (const char c : text) {
        if (c == point && !seen_point) {
            seen_point = true;
            continue;
        }
        if (c < '0' || c > '9') return std::nullopt;
        seen_digit = true;
        if (seen_point) result.scale += 1;
        if (significant > 0 || c != '0') significant += 1;
        if (significant > kDigitsMax || result.scale > kDigitsMax) return std::nullopt;
        result.mantissa = result.mantissa * 10 + (c - '0');
    }
    if (!seen_digit || (seen_point && text.back() == point)) return std::nullopt;
    if (negative) result.mantissa = -result.mantissa;
    return result;
}

Exact Decimal::exact() const {
    return Exact(mantissa, power_of_ten128(scale));
}

std::string Decimal::to_string() const {
    Decimal shortest = *this;
    while (shortest.scale > 0 && shortest.mantissa % 10 == 0) {
        shortest.mantissa /= 10;
        shortest.scale -= 1;
    }
    return scaled_to_string(shortest.mantissa, shortest.scale);
}

std::string scaled_to_string(i128 units, int scale) {
    std::string digits = farthing::to_string(units);
    const bool negative = digits.front() == '-';
    if (negative) digits.erase(0, 1);
    const auto width = static_cast<std::size_t>(scale) + 1;
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), 1, '.');
    if (negative) digits.insert(0, 1, '-');
    return digits;
}

std::string grouped(i128 number) {
    std::string digits = to_string(number);
    const std::size_t sign = number < 0 ? 1 : 0;
    for (std::size_t at = digits.size(); at > sign + 3; at -= 3) digits.insert(at - 3, " ");
    return digits;
}

}  // namespace farthing
