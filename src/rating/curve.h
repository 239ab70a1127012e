// A price function of a cumulated quantity, compiled to integers: atoms(T) = Σ band quantity ×
// numerator / denominator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/exact.h"
#include "base/int128.h"
#include "catalog/snapshot.h"

namespace farthing::rating {

class Curve {
  public:
    // Bands as the catalog has them; `factor` scales every price (a partner's percent / 100).
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

    std::vector<Band> bands_;
    catalog::BandMode mode_;
    i128 denominator_ = 1;
    int atom_digits_ = 0;
    bool small_ = true;  // numerators fit in 128 bits; else only `exact_bands_` is used
    std::vector<catalog::Band> exact_bands_;
    Exact factor_;
};

}  // namespace farthing::rating
