// An exact decimal as people write it: 0.00005, -12.5, 1e3 is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/exact.h"
#include "base/int128.h"

namespace farthing {

constexpr bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

// mantissa * 10^-scale. A parsed decimal has at most 18 significant digits and scale 0..18.
struct Decimal {
    std::int64_t mantissa = 0;
    int scale = 0;

    // Sign, digits, optional point and digits. nullopt when malformed (exponent, NaN, spaces, two
    // points) or beyond 18 digits. `point` is the decimal mark of the text.
    static std::optional<Decimal> parse(std::string_view text, char point = '.');
    Exact exact() const;
    // Shortest text that parses to the same number: trailing zeros cut.
    std::string to_string() const;
};

constexpr i128 power_of_ten128(int digits) {
    i128 power = 1;
    for (int i = 0; i < digits; ++i) power *= 10;
    return power;
}

// `units` counted in 10^-scale as text with exactly `scale` decimals: (5, 4) is "0.0005".
std::string scaled_to_string(i128 units, int scale);

// A figure in groups of three: 8 640 000.
std::string grouped(i128 number);

}  // namespace farthing
