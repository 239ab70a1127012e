#include "base/exact.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <new>
#include <utility>

#include "base/assert.h"

namespace farthing {

using boost::multiprecision::cpp_int;
using boost::multiprecision::cpp_rational;

struct Exact::Value {
    cpp_rational number;
};

namespace {

cpp_int big(i128 value) {
    const u128 magnitude =
        value < 0 ? u128{0} - static_cast<u128>(value) : static_cast<u128>(value);
    cpp_int result = static_cast<std::uint64_t>(magnitude >> 64);
    result <<= 64;
    result += static_cast<std::uint64_t>(magnitude);
    return value < 0 ? cpp_int(-result) : result;
}

std::optional<i128> narrowed(const cpp_int& value) {
    const cpp_int magnitude = abs(value);
    if (!magnitude.is_zero() && msb(magnitude) >= 127) return std::nullopt;
    const auto high = static_cast<std::uint64_t>(magnitude >> 64);
    const auto low = static_cast<std::uint64_t>(magnitude & UINT64_MAX);
    const auto narrow = static_cast<i128>((static_cast<u128>(high) << 64) | low);
    return value.sign() < 0 ? -narrow : narrow;
}

cpp_int power_of_ten(int digits) {
    return boost::multiprecision::pow(cpp_int(10), static_cast<unsigned>(digits));
}

cpp_int rounded_quotient(const cpp_int& dividend, const cpp_int& divisor, Rounding rounding) {
    cpp_int quotient;
    cpp_int rest;
    boost::multiprecision::divide_qr(cpp_int(abs(dividend)), divisor, quotient, rest);
    const int half = cpp_int(rest * 2).compare(divisor);
    bool up = false;
    switch (rounding) {
        case Rounding::half_even: up = half > 0 || (half == 0 && bit_test(quotient, 0)); break;
        case Rounding::half_away: up = half >= 0; break;
        case Rounding::toward_zero: break;
        case Rounding::away_from_zero: up = !rest.is_zero(); break;
    }
    if (up) ++quotient;
    return dividend.sign() < 0 ? cpp_int(-quotient) : quotient;
}

std::optional<cpp_int> parse_digits(std::string_view text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    // Leading zeros would make the library read octal.
    text.remove_prefix(std::min(text.find_first_not_of('0'), text.size() - 1));
    return cpp_int(std::string(text));
}

}  // namespace

Exact::Exact(Value&& from) {
    static_assert(sizeof(Value) <= sizeof(storage_) && alignof(Value) <= alignof(Exact));
    new (storage_) Value(std::move(from));
}
Exact::Exact(Whole whole)
    : Exact(Value{whole.negative ? cpp_rational(static_cast<std::int64_t>(whole.bits))
                                 : cpp_rational(whole.bits)}) {}
Exact::Exact(i128 numerator, i128 denominator)
    : Exact(Value{denominator != 0 ? cpp_rational(big(numerator), big(denominator))
                                   : cpp_rational()}) {
    FARTHING_ASSERT(denominator != 0);
}
Exact::Exact(const Exact& other) : Exact(Value(other.value())) {}
Exact::Exact(Exact&& other) noexcept : Exact(std::move(other.value())) {}
Exact& Exact::operator=(const Exact& other) {
    value() = other.value();
    return *this;
}
Exact& Exact::operator=(Exact&& other) noexcept {
    value() = std::move(other.value());
    return *this;
}
Exact::~Exact() {
    value().~Value();
}

Exact::Value& Exact::value() {
    return *std::launder(reinterpret_cast<Value*>(storage_));
}
const Exact::Value& Exact::value() const {
    return *std::launder(reinterpret_cast<const Value*>(storage_));
}

Exact Exact::operator-() const {
    return Exact(Value{-value().number});
}
Exact& Exact::operator+=(const Exact& other) {
    value().number += other.value().number;
    return *this;
}
Exact& Exact::operator-=(const Exact& other) {
    value().number -= other.value().number;
    return *this;
}
Exact& Exact::operator*=(const Exact& other) {
    value().number *= other.value().number;
    return *this;
}
Exact& Exact::operator/=(const Exact& other) {
    FARTHING_ASSERT(!other.is_zero());
    value().number /= other.value().number;
    return *this;
}
bool operator==(const Exact& a, const Exact& b) {
    return a.value().number == b.value().number;
}
bool operator<(const Exact& a, const Exact& b) {
    return a.value().number < b.value().number;
}
int Exact::sign() const {
    return value().number.sign();
}

bool Exact::is_integer() const {
    return denominator(value().number) == 1;
}

std::optional<i128> Exact::rounded(int digits, Rounding rounding) const {
    const cpp_int scaled = rounded_quotient(numerator(value().number) * power_of_ten(digits),
                                            denominator(value().number), rounding);
    return narrowed(scaled);
}

std::optional<Exact::Ratio> Exact::ratio() const {
    const auto above = narrowed(numerator(value().number));
    const auto below = narrowed(denominator(value().number));
    if (!above || !below) return std::nullopt;
    return Ratio{*above, *below};
}

Exact Exact::rounded_to(int digits, Rounding rounding) const {
    const cpp_int scale = power_of_ten(digits);
    return Exact(Value{cpp_rational(
        rounded_quotient(numerator(value().number) * scale, denominator(value().number), rounding),
        scale)});
}

std::string Exact::to_decimal(int digits_max) const {
    const cpp_int scale = power_of_ten(digits_max);
    const cpp_int scaled = rounded_quotient(numerator(value().number) * scale,
                                            denominator(value().number), Rounding::toward_zero);
    const bool ends = cpp_rational(scaled, scale) == value().number;
    std::string digits = cpp_int(abs(scaled)).str();
    const auto width = static_cast<std::size_t>(digits_max) + 1;
    if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
    std::string text = digits.substr(0, digits.size() - width + 1);
    std::string decimals = digits.substr(digits.size() - width + 1);
    if (ends) decimals.erase(decimals.find_last_not_of('0') + 1);
    if (!decimals.empty()) text += "." + decimals;
    if (value().number.sign() < 0) text.insert(0, 1, '-');
    return ends ? text : text + "…";
}

std::optional<Exact> Exact::parse_fraction(std::string_view text) {
    constexpr std::size_t kCharactersMax = 4'000;  // hostile digits would cost quadratic time
    if (text.size() > kCharactersMax) return std::nullopt;
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const std::size_t slash = text.find('/');
    const auto top = parse_digits(text.substr(0, slash));
    const auto bottom = slash == std::string_view::npos ? std::optional(cpp_int(1))
                                                        : parse_digits(text.substr(slash + 1));
    if (!top || !bottom || bottom->is_zero()) return std::nullopt;
    return Exact(Value{cpp_rational(negative ? cpp_int(-*top) : *top, *bottom)});
}

std::string Exact::to_fraction() const {
    if (is_integer()) return numerator(value().number).str();
    return numerator(value().number).str() + "/" + denominator(value().number).str();
}

}  // namespace farthing
