// A price function of a cumulated quantity, compiled to integers: atoms(T) = Σ band quantity ×
// numerator / denominator, of what is paid once the total was rounded up to steps, the allowance
// taken off and the rest rounded up to blocks; at most the cap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/exact.h"
#include "base/int128.h"
#include "catalog/snapshot.h"

namespace farthing::rating {

// Base units of the first `total` as they count: in whole steps. What is paid for of them, beyond
// `allowance`: in whole blocks.
i128 counted_of(const catalog::PriceShape& shape, std::int64_t total);
i128 paid_of(const catalog::PriceShape& shape, std::int64_t total, std::int64_t allowance);
// What they cost, in units of the currency.
Exact exact_price(const catalog::PriceShape& shape, std::int64_t total, std::int64_t allowance);

class Curve {
  public:
    // As the catalog has it; `factor` scales every price (a partner's percent / 100).
    Curve(catalog::PriceShape shape, Currency currency, const Exact& factor = Exact(1));
    Curve(std::span<const catalog::Band> bands, catalog::BandMode mode, Currency currency,
          const Exact& factor = Exact(1));

    // Exact price of `total` base units of which `allowance` are free, in units of the currency. A
    // total at or below its allowance costs nothing.
    Exact exact(std::int64_t total, std::int64_t allowance) const;
    // The same rounded half-even to atoms. 128-bit where it fits, else by `exact`; nullopt beyond
    // 64 bits of atoms.
    std::optional<std::int64_t> atoms(std::int64_t total, std::int64_t allowance) const;

  private:
    struct Band {
        std::int64_t from = 0;  // cumulated base units where the band starts
        std::int64_t to = 0;
        i128 numerator = 0;  // atoms per base unit × denominator
        i128 before = 0;     // numerator of all earlier bands together (graduated)
    };
    void compile();
    std::optional<i128> dividend(std::int64_t paid) const;
    std::optional<std::int64_t> uncapped_atoms(std::int64_t total, std::int64_t allowance) const;

    catalog::PriceShape shape_;
    bool stepped_ = false;  // steps or blocks
    bool capped_ = false;
    std::vector<Band> bands_;
    i128 denominator_ = 1;
    // Where one band holds for all: up to so many paid base units a price takes 64 bits. 0: none.
    std::int64_t narrow_most_ = 0;
    int atom_digits_ = 0;
    bool small_ = true;  // numerators fit in 128 bits; else only `exact_bands_` is used
    Exact factor_;
    std::int64_t cap_atoms_ = INT64_MAX;
};

}  // namespace farthing::rating
