// ISO 4217 currencies and Farthing's atom: 10^-(minor digits + 7) of the unit.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace farthing {

class Currency {
  public:
    constexpr Currency() = default;  // none
    // "EUR"; nullopt for codes without a minor unit (XAU …) or unknown ones.
    static std::optional<Currency> named(std::string_view code);

    // By ISO 4217 number; nullopt where `named` knows no code with it.
    static std::optional<Currency> numbered(std::uint16_t numeric);

    std::string_view code() const;
    int minor_digits() const;                               // 2 for EUR, 0 for JPY, 3 for KWD
    int atom_digits() const { return minor_digits() + 7; }  // 9 for EUR, 7 for JPY, 10 for KWD
    std::uint16_t numeric() const { return numeric_; }      // ISO 4217 number, 0 for none
    constexpr auto operator<=>(const Currency&) const = default;

  private:
    explicit constexpr Currency(std::uint16_t numeric) : numeric_(numeric) {}
    std::uint16_t numeric_ = 0;
};

}  // namespace farthing
