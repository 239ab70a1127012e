// An exact rational number of any size: what prices are summed in before they are rounded, once.
// For cold paths (lines, documents, explanations); rating's hot path uses 128-bit integers (rating/curve.h).
#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/int128.h"
#include "base/rounding.h"

namespace farthing {

class Exact {
  public:
    Exact() = default;
    template <std::integral T>
        requires(sizeof(T) <= sizeof(std::int64_t) && !std::same_as<T, bool>)
    Exact(T whole) : value_(whole) {}  // NOLINT: a whole number is exact
    template <std::floating_point T>
    Exact(T) = delete;  // a binary fraction is not the decimal it was written as
    // REQUIRES: denominator != 0.
    Exact(i128 numerator, i128 denominator);

    Exact operator-() const { return Exact(Value(-value_)); }
    Exact& operator+=(const Exact& other) { value_ += other.value_; return *this; }
    Exact& operator-=(const Exact& other) { value_ -= other.value_; return *this; }
    Exact& operator*=(const Exact& other) { value_ *= other.value_; return *this; }
    // REQUIRES: other != 0.
    Exact& operator/=(const Exact& other);
    friend Exact operator+(Exact a, const Exact& b) { return a += b; }
    friend Exact operator-(Exact a, const Exact& b) { return a -= b; }
    friend Exact operator*(Exact a, const Exact& b) { return a *= b; }
    friend Exact operator/(Exact a, const Exact& b) { return a /= b; }
    friend bool operator==(const Exact& a, const Exact& b) { return a.value_ == b.value_; }
    friend bool operator<(const Exact& a, const Exact& b) { return a.value_ < b.value_; }
    friend bool operator>(const Exact& a, const Exact& b) { return b < a; }
    friend bool operator<=(const Exact& a, const Exact& b) { return !(b < a); }
    friend bool operator>=(const Exact& a, const Exact& b) { return !(a < b); }

    bool is_zero() const { return value_.is_zero(); }
    int sign() const { return value_.sign(); }
    bool is_integer() const;
    // This number times 10^digits, rounded to an integer; nullopt when it does not fit in 128 bits.
    std::optional<i128> rounded(int digits, Rounding rounding) const;
    // This number rounded to `digits` decimals, still as an exact number.
    Exact rounded_to(int digits, Rounding rounding) const;
    // Decimal text: exact when it ends within `digits_max` decimals, else cut there and followed by "…".
    std::string to_decimal(int digits_max = 12) const;
    // Numerator and denominator in lowest terms, the denominator positive; nullopt when one exceeds 128 bits.
    struct Ratio {
        i128 numerator;
        i128 denominator;
    };
    std::optional<Ratio> ratio() const;
    // "25/31"; "7" for whole numbers.
    std::string to_fraction() const;
    // What to_fraction wrote: optional sign, digits, optional "/" and digits. nullopt when malformed, when the
    // denominator is zero, or beyond 4,000 characters.
    static std::optional<Exact> parse_fraction(std::string_view text);

  private:
    using Value = boost::multiprecision::cpp_rational;
    explicit Exact(Value value) : value_(std::move(value)) {}
    Value value_ = 0;
};

}  // namespace farthing
