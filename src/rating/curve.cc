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

i128 rounded_up(i128 quantity, std::int64_t step) {
    if (step <= 1 || quantity <= 0) return quantity;
    return (quantity + step - 1) / step * step;
}

// REQUIRES: both are within 63 bits, below is not 0.
std::int64_t divided_half_even64(std::int64_t above, std::int64_t below) {
    const std::int64_t quotient = above / below;
    const std::int64_t rest = above - quotient * below;
    const std::int64_t left = below - rest;
    return quotient + ((rest > left || (rest == left && quotient % 2 == 1)) ? 1 : 0);
}

// Most products fit in 64 bits, where the division costs a tenth.
i128 divided_half_even(i128 dividend, i128 divisor) {
    if (divisor == 1) return dividend;
    const auto narrow = narrow64(dividend);
    if (!narrow || *narrow < 0 || divisor > INT64_MAX) {
        return div_round(dividend, divisor, Rounding::half_even);
    }
    return divided_half_even64(*narrow, static_cast<std::int64_t>(divisor));
}

}  // namespace

Curve::Curve(catalog::PriceShape shape, Currency currency, const Exact& factor)
    : shape_(std::move(shape)),
      stepped_(shape_.step > 1 || shape_.block > 1),
      capped_(shape_.cap.has_value()),
      atom_digits_(currency.atom_digits()),
      factor_(factor) {
    compile();
    if (!capped_) return;
    const Exact cap = shape_.cap->exact() * factor_;
    const auto atoms = cap.rounded(atom_digits_, Rounding::half_even);
    const auto narrow = atoms ? narrow64(*atoms) : std::nullopt;
    if (narrow) cap_atoms_ = *narrow;  // else it is more than anything that can be posted
}

Curve::Curve(std::span<const catalog::Band> bands, catalog::BandMode mode, Currency currency,
             const Exact& factor)
    : Curve(catalog::PriceShape{.mode = mode, .bands = {bands.begin(), bands.end()}, .cap = {}},
            currency, factor) {}

// Brings the bands' prices to one denominator. Whatever leaves 128 bits on the way makes the curve
// a large one, which is evaluated with numbers of any size: slower, never wrong.
void Curve::compile() {
    small_ = false;
    std::vector<Exact::Ratio> prices;
    i128 denominator = 1;
    const Exact atoms_per_unit = Exact(power_of_ten128(atom_digits_), 1) * factor_;
    for (const catalog::Band& band : shape_.bands) {
        const auto price = (band.price.exact() * atoms_per_unit).ratio();
        if (!price) return;
        const auto common = common_multiple(denominator, price->denominator);
        if (!common) return;
        denominator = *common;
        prices.push_back(*price);
    }
    std::int64_t from = 0;
    i128 before = 0;
    for (std::size_t i = 0; i < shape_.bands.size(); ++i) {
        const auto numerator =
            checked_mul(prices[i].numerator, denominator / prices[i].denominator);
        if (!numerator) return;
        const std::int64_t to = shape_.bands[i].to;
        bands_.push_back({from, to, *numerator, before});
        if (i + 1 == shape_.bands.size()) break;
        const auto whole_band = checked_mul(*numerator, i128{to} - from);
        const auto sum = whole_band ? checked_add(before, *whole_band) : std::nullopt;
        if (!sum) return;
        before = *sum;
        from = to;
    }
    denominator_ = denominator;
    small_ = true;
    const bool one_price = bands_.size() == 1 && !stepped_ && denominator_ <= INT64_MAX;
    if (one_price && bands_[0].numerator > 0 && bands_[0].numerator <= INT64_MAX)
        narrow_most_ = INT64_MAX / static_cast<std::int64_t>(bands_[0].numerator);
}

i128 counted_of(const catalog::PriceShape& shape, std::int64_t total) {
    return rounded_up(total, shape.step);
}

i128 paid_of(const catalog::PriceShape& shape, std::int64_t total, std::int64_t allowance) {
    const i128 beyond = counted_of(shape, total) - allowance;
    return beyond <= 0 ? 0 : rounded_up(beyond, shape.block);
}

Exact exact_price(const catalog::PriceShape& shape, std::int64_t total, std::int64_t allowance) {
    const i128 paid = paid_of(shape, total, allowance);
    if (paid == 0) return {};
    Exact sum;
    i128 from = 0;
    for (const catalog::Band& band : shape.bands) {
        const bool last = &band == &shape.bands.back();
        const bool holds = paid <= band.to || last;
        if (shape.mode == catalog::BandMode::volume) {
            if (!holds) continue;
            sum = Exact(paid, 1) * band.price.exact();
            break;
        }
        sum += Exact((holds ? paid : i128{band.to}) - from, 1) * band.price.exact();
        if (holds) break;
        from = band.to;
    }
    return shape.cap && shape.cap->exact() < sum ? shape.cap->exact() : sum;
}

Exact Curve::exact(std::int64_t total, std::int64_t allowance) const {
    return exact_price(shape_, total, allowance) * factor_;
}

// Atoms of `paid` base units times the common denominator.
std::optional<i128> Curve::dividend(std::int64_t paid) const {
    std::size_t i = 0;
    while (i + 1 < bands_.size() && paid > bands_[i].to) ++i;
    const Band& band = bands_[i];
    if (shape_.mode == catalog::BandMode::volume) return checked_mul(band.numerator, paid);
    const auto inside = checked_mul(band.numerator, paid - band.from);
    return inside ? checked_add(band.before, *inside) : std::nullopt;
}

std::optional<std::int64_t> Curve::uncapped_atoms(std::int64_t total,
                                                  std::int64_t allowance) const {
    const auto paid = stepped_ ? narrow64(paid_of(shape_, total, allowance)) : total - allowance;
    if (paid && *paid <= 0) return 0;
    if (small_ && paid) {
        const auto product = dividend(*paid);
        if (product && *product != kLeast) {
            return narrow64(divided_half_even(*product, denominator_));
        }
    }
    const auto wide = exact(total, allowance).rounded(atom_digits_, Rounding::half_even);
    return wide ? narrow64(*wide) : std::nullopt;
}

// Rounding keeps the order of amounts: the cap may be compared after it.
std::optional<std::int64_t> Curve::atoms(std::int64_t total, std::int64_t allowance) const {
    if ((total <= allowance && !stepped_) || shape_.bands.empty()) return 0;
    if (narrow_most_ > 0 && total - allowance <= narrow_most_) {
        const std::int64_t product =
            static_cast<std::int64_t>(bands_[0].numerator) * (total - allowance);
        return std::min(divided_half_even64(product, static_cast<std::int64_t>(denominator_)),
                        cap_atoms_);
    }
    const auto atoms = uncapped_atoms(total, allowance);
    if (!capped_) return atoms;
    return atoms ? std::min(*atoms, cap_atoms_) : std::optional(cap_atoms_);
}

}  // namespace farthing::rating
