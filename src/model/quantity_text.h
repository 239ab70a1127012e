// How a document tells a number of units: "1 500.50" of EUR, "1.5" of MB.
#pragma once

#include <string>
#include <string_view>

#include "base/exact.h"
#include "model/currency.h"

namespace farthing {

// With at most `digits_max` decimals; amounts of money have at least those of their currency.
inline std::string number_text(const Exact& number, std::string_view unit, int digits_max = 12) {
    std::string text = number.to_decimal(digits_max);
    const auto currency = Currency::named(unit);
    if (!currency || currency->minor_digits() == 0) return text;
    const std::size_t point = text.find('.');
    const auto whole = point == std::string::npos ? text.size() : point;
    if (point == std::string::npos) text += '.';
    const std::size_t length = whole + 1 + static_cast<std::size_t>(currency->minor_digits());
    if (text.size() < length) text.append(length - text.size(), '0');
    return text;
}

}  // namespace farthing
