// An exact rational number of any size: what prices are summed in before they are rounded, once.
// For cold paths (lines, documents, explanations); rating's hot path uses 128-bit integers
// (rating/curve.h).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/int128.h"
#include "base/rounding.h"

namespace farthing {

class Exact {
  public:
    Exact() : Exact(std::int64_t{0}) {}
    Exact(const Exact& other);
    Exact(Exact&& other) noexcept;
    Exact& operator=(const Exact& other);
    Exact& operator=(Exact&& other) noexcept;
    ~Exact();
    template <std::integral T>
        requires(sizeof(T) <= sizeof(std::int64_t) && !std::same_as<T, bool>)
    Exact(T whole) : Exact(Whole{whole < 0, static_cast<std::uint64_t>(whole)}) {}  // NOLINT: exact
    template <std::floating_point T>
    Exact(T) = delete;  // a binary fraction is not the decimal it was written as
    // REQUIRES: denominator != 0.
    Exact(i128 numerator, i128 denominator);

    Exact operator-() const;
    Exact& operator+=(const Exact& other);
    Exact& operator-=(const Exact& other);
    Exact& operator*=(const Exact& other);
    // REQUIRES: other != 0.
    Exact& operator/=(const Exact& other);
    friend Exact operator+(Exact a, const Exact& b) { return a += b; }
    friend Exact operator-(Exact a, const Exact& b) { return a -= b; }
    friend Exact operator*(Exact a, const Exact& b) { return a *= b; }
    friend Exact operator/(Exact a, const Exact& b) { return a /= b; }
    friend bool operator==(const Exact& a, const Exact& b);
    friend bool operator<(const Exact& a, const Exact& b);
    friend bool operator>(const Exact& a, const Exact& b) { return b < a; }
    friend bool operator<=(const Exact& a, const Exact& b) { return !(b < a); }
    friend bool operator>=(const Exact& a, const Exact& b) { return !(a < b); }

    bool is_zero() const { return sign() == 0; }
    int sign() const;
    bool is_integer() const;
    // This number times 10^digits, rounded to an integer; nullopt when it does not fit in 128 bits.
    std::optional<i128> rounded(int digits, Rounding rounding) const;
    // This number rounded to `digits` decimals, still as an exact number.
    Exact rounded_to(int digits, Rounding rounding) const;
    // Decimal text: exact when it ends within `digits_max` decimals, else cut there and followed by
    // "…".
    std::string to_decimal(int digits_max = 12) const;
    // Numerator and denominator in lowest terms, the denominator positive; nullopt when one exceeds
    // 128 bits.
    struct Ratio {
        i128 numerator;
        i128 denominator;
    };
    std::optional<Ratio> ratio() const;
    // "25/31"; "7" for whole numbers.
    std::string to_fraction() const;
    // What to_fraction wrote: optional sign, digits, optional "/" and digits. nullopt when
    // malformed, when the denominator is zero, or beyond 4,000 characters.
    static std::optional<Exact> parse_fraction(std::string_view text);

  private:
    // Any 64-bit number, of either signedness: its bits, and whether they are of a negative one.
    struct Whole {
        bool negative;
        std::uint64_t bits;
    };
    explicit Exact(Whole whole);
    // A Boost rational, kept where only exact.cc sees its type: its header would cost every file
    // seconds.
    struct Value;
    explicit Exact(Value&& value);
    Value& value();
    const Value& value() const;
    alignas(16) std::byte storage_[64];
};

}  // namespace farthing
