// Numbers of a record: exact, never through floating point.
#pragma once

#include <cstdint>
#include <string_view>

#include "mediation/decode_record.h"

namespace farthing::mediation {

// A ratio that turns a source's unit into base units: value × times / by.
struct UnitRatio {
    std::int64_t times = 1;
    std::int64_t by = 1;
};

// The number in `text`, in base units, added to `total`; the total unchanged and the reason when it
// is not a number, is no whole count of base units, is negative, or is absurdly large.
SuspenseReason add_quantity(std::string_view text, char decimal_point, UnitRatio ratio,
                            std::int64_t& total);

// A whole number of either sign, true (1) or false (0).
bool read_integer(std::string_view text, std::int64_t& value);

// The digits of a telephone number as prefix tables write them: international, without prefix or
// plus.
std::string_view normalised_number(std::string_view text, const NumberRules& rules, Arena& arena);

// Without the blanks and hyphens that people put between groups of digits.
std::string_view without_separators(std::string_view text, Arena& arena);

}  // namespace farthing::mediation
