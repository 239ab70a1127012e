// 128-bit integers with checked arithmetic: overflow is a value, never a wrap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farthing {

__extension__ typedef __int128 i128;
__extension__ typedef unsigned __int128 u128;

constexpr std::optional<i128> checked_add(i128 a, i128 b) {
    i128 sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}
constexpr std::optional<i128> checked_sub(i128 a, i128 b) {
    i128 difference = 0;
    if (__builtin_sub_overflow(a, b, &difference)) return std::nullopt;
    return difference;
}
constexpr std::optional<i128> checked_mul(i128 a, i128 b) {
    i128 product = 0;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}
constexpr std::optional<std::int64_t> narrow64(i128 wide) {
    if (wide < INT64_MIN || wide > INT64_MAX) return std::nullopt;
    return static_cast<std::int64_t>(wide);
}
constexpr i128 abs128(i128 a) {
    return a < 0 ? -a : a;
}
constexpr i128 gcd128(i128 a, i128 b) {
    a = abs128(a);
    b = abs128(b);
    while (b != 0) {
        const i128 rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

std::string to_string(i128 value);
// Optional sign and digits only; nullopt when empty, malformed or out of range.
std::optional<i128> parse_int128(std::string_view text);

}  // namespace farthing
