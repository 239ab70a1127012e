// Named roundings, symmetric in sign: round(-x) == -round(x), so a reversal mirrors its charge
// (EC08).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/int128.h"

namespace farthing {

enum class Rounding : std::uint8_t { half_even, half_away, toward_zero, away_from_zero };

std::string_view name_of(Rounding rounding);
std::optional<Rounding> rounding_named(std::string_view name);

// dividend / divisor rounded to an integer.
// REQUIRES: divisor > 0, dividend > -2^127.
constexpr i128 div_round(i128 dividend, i128 divisor, Rounding rounding) {
    const bool negative = dividend < 0;
    const u128 magnitude = static_cast<u128>(negative ? -dividend : dividend);
    const u128 by = static_cast<u128>(divisor);
    u128 quotient = magnitude / by;
    const u128 rest = magnitude % by;
    const u128 left =
        by - rest;  // rest against left is twice(rest) against by, without the overflow
    bool up = false;
    switch (rounding) {
        case Rounding::half_even: up = rest > left || (rest == left && quotient % 2 == 1); break;
        case Rounding::half_away: up = rest >= left; break;
        case Rounding::toward_zero: break;
        case Rounding::away_from_zero: up = rest != 0; break;
    }
    quotient += up ? 1 : 0;
    return negative ? -static_cast<i128>(quotient) : static_cast<i128>(quotient);
}

}  // namespace farthing
