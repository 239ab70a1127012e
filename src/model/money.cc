#include "model/money.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"
#include "base/decimal.h"

namespace farthing {

Money Money::operator-() const {
    const auto mirrored = checked_sub(0, atoms);
    FARTHING_ASSERT(mirrored.has_value());
    return {*mirrored, currency};
}

std::optional<Money> Money::parse(std::string_view text, Currency currency) {
    const std::size_t point = text.find('.');
    std::string digits(text.substr(0, point));
    const std::string_view decimals = point == std::string_view::npos ? "" : text.substr(point + 1);
    const auto places = static_cast<std::size_t>(currency.atom_digits());
    const bool stray_point = point != std::string_view::npos && decimals.empty();
    const bool no_whole = digits.empty() || digits.back() < '0' || digits.back() > '9';
    if (stray_point || no_whole || digits.front() == '+' || decimals.size() > places)
        return std::nullopt;
    digits.append(decimals).append(places - decimals.size(), '0');
    const auto atoms = parse_int128(digits);
    if (!atoms) return std::nullopt;
    return Money{*atoms, currency};
}

Exact Money::exact() const {
    return Exact(atoms, power_of_ten128(currency.atom_digits()));
}

std::string Money::to_string() const {
    std::string text = scaled_to_string(atoms, currency.atom_digits());
    const std::size_t shortest =
        text.size() - static_cast<std::size_t>(currency.atom_digits() - currency.minor_digits());
    while (text.size() > shortest && text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
    return text;
}

std::string Money::to_string(int digits) const {
    const i128 unit = power_of_ten128(currency.atom_digits() - digits);
    FARTHING_ASSERT(atoms % unit == 0);
    return scaled_to_string(atoms / unit, digits);
}

std::optional<Money> checked_add(const Money& a, const Money& b) {
    FARTHING_ASSERT(a.currency == b.currency);
    const auto sum = checked_add(a.atoms, b.atoms);
    if (!sum) return std::nullopt;
    return Money{*sum, a.currency};
}

std::optional<Money> money_of(const Exact& exact, Currency currency, Rounding rounding) {
    return rounded_money(exact, currency, currency.atom_digits(), rounding);
}

std::optional<Money> rounded_money(const Exact& exact, Currency currency, int digits,
                                   Rounding rounding) {
    const auto units = exact.rounded(digits, rounding);
    if (!units) return std::nullopt;
    const auto atoms = checked_mul(*units, power_of_ten128(currency.atom_digits() - digits));
    if (!atoms) return std::nullopt;
    return Money{*atoms, currency};
}

std::vector<i128> split_largest_remainder(i128 whole, std::span<const Exact> weights) {
    const auto magnitude = checked_sub(0, whole < 0 ? whole : -whole);
    FARTHING_ASSERT(magnitude.has_value());
    Exact sum;
    for (const Exact& weight : weights) sum += weight;
    FARTHING_ASSERT(sum.sign() > 0);
    std::vector<i128> parts;
    std::vector<Exact> remainders;
    i128 left = *magnitude;
    for (const Exact& weight : weights) {
        const Exact share = Exact(*magnitude, 1) * weight / sum;
        const i128 part = *share.rounded(0, Rounding::toward_zero);
        parts.push_back(part);
        remainders.push_back(share - Exact(part, 1));
        left -= part;
    }
    std::vector<std::size_t> order(parts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
    for (std::size_t i = 0; left > 0; ++i, --left) parts[order[i]] += 1;
    if (whole < 0) {
        for (i128& part : parts) part = -part;
    }
    return parts;
}

}  // namespace farthing
