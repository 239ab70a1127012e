// Currencies as the database holds them: the ISO code, or nothing.
#pragma once

#include <string>
#include <string_view>

#include "model/currency.h"

namespace farthing::store {

inline std::string code_of(Currency currency) {
    return currency == Currency() ? std::string() : std::string(currency.code());
}
inline Currency currency_of(std::string_view code) {
    return Currency::named(code).value_or(Currency());
}

}  // namespace farthing::store
