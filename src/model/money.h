// Money: a whole number of atoms of one currency.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/exact.h"
#include "base/int128.h"
#include "base/rounding.h"
#include "model/currency.h"

namespace farthing {

struct Money {
    i128 atoms = 0;  // 10^-currency.atom_digits() of the unit
    Currency currency;

    bool operator==(const Money&) const = default;
    // REQUIRES: atoms > -2^127, which no price, sum of lines or posting reaches.
    Money operator-() const;
    // Decimal text as to_string writes it; nullopt when malformed, finer than an atom or out of
    // range.
    static std::optional<Money> parse(std::string_view text, Currency currency);
    Exact exact() const;  // in units of the currency
    // All atom digits, trailing zeros cut down to the minor digits: "0.10", "0.000000033".
    std::string to_string() const;
    // Exactly `digits` decimals. REQUIRES: nothing but zeros is cut.
    std::string to_string(int digits) const;
};

// Sum; nullopt on overflow. REQUIRES: the same currency.
std::optional<Money> checked_add(const Money& a, const Money& b);
// `exact` units of the currency rounded to atoms; nullopt when out of range.
std::optional<Money> money_of(const Exact& exact, Currency currency,
                              Rounding rounding = Rounding::half_even);
// `exact` rounded to `digits` decimals and given as Money; nullopt when out of range. REQUIRES:
// digits <= atom digits.
std::optional<Money> rounded_money(const Exact& exact, Currency currency, int digits,
                                   Rounding rounding);

// `whole` (in any small unit) in parts proportional to `weights`, summing to the whole: largest
// remainder, ties to the first, symmetric in sign (EC05, EC06). REQUIRES: weights >= 0, their sum >
// 0.
std::vector<i128> split_largest_remainder(i128 whole, std::span<const Exact> weights);

}  // namespace farthing
