#include "base/rounding.h"

#include <array>

namespace farthing {

namespace {
constexpr std::array<std::string_view, 4> kNames = {"half_even", "half_away", "toward_zero",
                                                    "away_from_zero"};
}

std::string_view name_of(Rounding rounding) {
    return kNames[static_cast<std::size_t>(rounding)];
}

std::optional<Rounding> rounding_named(std::string_view name) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        if (kNames[i] == name) return static_cast<Rounding>(i);
    }
    return std::nullopt;
}

}  // namespace farthing
