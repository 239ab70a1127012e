// Strong ids: an account is not a subscription, and mixing the two does not compile.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace farthing {

// Zero is "none"; stored ids start at 1.
template <class Tag, class Rep = std::uint32_t>
struct Id {
    Rep value = 0;
    constexpr auto operator<=>(const Id&) const = default;
    explicit constexpr operator bool() const { return value != 0; }
};

}  // namespace farthing

template <class Tag, class Rep>
struct std::hash<farthing::Id<Tag, Rep>> {
    std::size_t operator()(farthing::Id<Tag, Rep> id) const { return std::hash<Rep>{}(id.value); }
};
