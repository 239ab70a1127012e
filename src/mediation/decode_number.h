// Numbers of a record: exact, never through floating point.
#pragma once

#include <cstdint>
#include <string_view>

#include "mediation/decode_record.h"
#include "model/usage.h"

namespace farthing::mediation {

// A ratio that turns a source's unit into base units: value × times / by.
struct UnitRatio {
    std::int64_t times = 1;
    std::int64_t by = 1;
};

// Up to 18 digits; false for anything else.
inline bool read_digits(std::string_view text, std::int64_t& value) {
    if (text.empty() || text.size() > 18) return false;
    std::int64_t sum = 0;
    for (const char c : text) {
        const auto digit = static_cast<unsigned char>(c - '0');
        if (digit > 9) return false;
        sum = sum * 10 + digit;
    }
    value = sum;
    return true;
}

// What add_quantity does with all that is no plain number of whole base units in range.
SuspenseReason add_unusual_quantity(std::string_view text, char decimal_point, UnitRatio ratio,
                                    std::int64_t& total);

// The number in `text`, in base units, added to `total`; the total unchanged and the reason when it
// is not a number, is no whole count of base units, is negative, or is absurdly large.
inline SuspenseReason add_quantity(std::string_view text, char decimal_point, UnitRatio ratio,
                                   std::int64_t& total) {
    std::int64_t sum = 0;
    const bool plain = ratio.by == 1 && read_digits(text, sum) &&
                       !__builtin_mul_overflow(sum, ratio.times, &sum) &&
                       !__builtin_add_overflow(sum, total, &sum) && sum <= kQuantityMax;
    if (!plain) return add_unusual_quantity(text, decimal_point, ratio, total);
    total = sum;
    return SuspenseReason::none;
}

// A whole number of either sign, true (1) or false (0).
bool read_unusual_integer(std::string_view text, std::int64_t& value);
inline bool read_integer(std::string_view text, std::int64_t& value) {
    return read_digits(text, value) || read_unusual_integer(text, value);
}

// The digits of a telephone number as prefix tables write them: international, without prefix or
// plus.
std::string_view normalised_number(std::string_view text, const NumberRules& rules, Arena& arena);

// Without the blanks and hyphens that people put between groups of digits.
std::string_view without_separators(std::string_view text, Arena& arena);

}  // namespace farthing::mediation
