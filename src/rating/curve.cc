#include "rating/curve.h"

#include <algorithm>

#include "base/decimal.h"

namespace farthing::rating {

namespace {

// Has no magnitude in 128 bits, which a division needs.
constexpr i128 kLeast = static_cast<i128>(u128{1} << 127);

// Least common multiple of two positive numbers.
std::optional<i128> common_multiple(i128 a, i128 b) {
    return checked_mul(a / gcd128(a, b), b);
}

// Most products fit in 64 bits, where the division costs a tenth.
i128 divided_half_even(i128 dividend, i128 divisor) {
    if (divisor == 1) return dividend;
    const auto narrow = narrow64(dividend);
    if (!narrow || *narrow < 0 || divisor > INT64_MAX) {
        return div_round(dividend, divisor, Rounding::half_even);
    }
    const auto above = static_cast<std::uint64_t>(*narrow);
    const auto below = static_cast<std::uint64_t>(divisor);
    const std::uint64_t quotient = above / below;
    const std::uint64_t rest = above - quotient * below;
    const std::uint64_t left = below - rest;
    return quotient + ((rest > left || (rest == left && quotient % 2 == 1)) ? 1U : 0U);
}

}  // namespace

Curve::Curve(std::span<const catalog::Band> bands, catalog::BandMode mode, Currency currency,
             const Exact& factor)
    : mode_(mode),
      atom_digits_(currency.atom_digits()),
      exact_bands_(bands.begin(), bands.end()),
      factor_(factor) {
    compile();
}

// Brings the bands' prices to one denominator. Whatever leaves 128 bits on the way makes the curve
// a large one, which is evaluated with numbers of any size: slower, never wrong.
void Curve::compile() {
    small_ = false;
    std::vector<Exact::Ratio> prices;
    i128 denominator = 1;
    const Exact atoms_per_unit = Exact(power_of_ten128(atom_digits_), 1) * factor_;
    for (const catalog::Band& band : exact_bands_) {
        const auto price = (band.price.exact() * atoms_per_unit).ratio();
        if (!price) return;
        const auto common = common_multiple(denominator, price->denominator);
        if (!common) return;
        denominator = *common;
        prices.push_back(*price);
    }
    std::int64_t from = 0;
    i128 before = 0;
    for (std::size_t i = 0; i < exact_bands_.size(); ++i) {
        const auto numerator =
            checked_mul(prices[i].numerator, denominator / prices[i].denominator);
        if (!numerator) return;
        const std::int64_t to = exact_bands_[i].to;
        bands_.push_back({from, to, *numerator, before});
        if (i + 1 == exact_bands_.size()) break;
        const auto whole_band = checked_mul(*numerator, i128{to} - from);
        const auto sum = whole_band ? checked_add(before, *whole_band) : std::nullopt;
        if (!sum) return;
        before = *sum;
        from = to;
    }
    denominator_ = denominator;
    small_ = true;
}

Exact Curve::exact(std::int64_t total, std::int64_t allowance) const {
    if (total <= allowance) return {};
    const std::int64_t paid = total - allowance;
    Exact sum;
    std::int64_t from = 0;
    for (const catalog::Band& band : exact_bands_) {
        const bool last = &band == &exact_bands_.back();
        const bool holds = paid <= band.to || last;
        if (mode_ == catalog::BandMode::volume) {
            if (!holds) continue;
            sum = Exact(paid) * band.price.exact();
            break;
        }
        sum += Exact((holds ? paid : band.to) - from) * band.price.exact();
        if (holds) break;
        from = band.to;
    }
    return sum * factor_;
}

// Atoms of `paid` base units times the common denominator.
std::optional<i128> Curve::dividend(std::int64_t paid) const {
    std::size_t i = 0;
    while (i + 1 < bands_.size() && paid > bands_[i].to) ++i;
    const Band& band = bands_[i];
    if (mode_ == catalog::BandMode::volume) return checked_mul(band.numerator, paid);
    const auto inside = checked_mul(band.numerator, paid - band.from);
    return inside ? checked_add(band.before, *inside) : std::nullopt;
}

std::optional<std::int64_t> Curve::atoms(std::int64_t total, std::int64_t allowance) const {
    if (total <= allowance || exact_bands_.empty()) return 0;
    if (small_) {
        const auto product = dividend(total - allowance);
        if (product && *product != kLeast) {
            return narrow64(divided_half_even(*product, denominator_));
        }
    }
    const auto wide = exact(total, allowance).rounded(atom_digits_, Rounding::half_even);
    return wide ? narrow64(*wide) : std::nullopt;
}

}  // namespace farthing::rating
