// The small values of the language: amounts, prices, quantities, increments, roundings. Each is
// read exactly, as text; what can't be read is told with the reason why and gives nullopt.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "catalog/mistakes.h"
#include "catalog/snapshot.h"

namespace farthing::catalog {

// Where a value stands, and where its mistake is told. In decks the reason is the row's.
struct ValueAt {
    Place place;
    Mistakes& mistakes;
    CatalogReason reason = CatalogReason::bad_value;
    std::string_view column = {};  // of a deck; begins the message
};

// 0.10: not negative, at most 18 digits, no exponent. `point` is the decimal mark.
std::optional<Decimal> read_decimal(std::string_view text, const ValueAt& at, char point = '.');
// 0 to 100.
std::optional<Decimal> read_percent(std::string_view text, const ValueAt& at);
// "0.05 per MB", "0.10 per 100 MB".
std::optional<UnitPrice> read_unit_price(std::string_view text, const Meter& meter,
                                         const ValueAt& at);
// "15", of amounts on a meter of money in the catalog's currency.
std::optional<UnitPrice> read_percent_price(std::string_view text, const Meter& meter,
                                            Currency currency, const ValueAt& at);
// "MB", "100 MB" → base units of the meter, at least 1.
std::optional<std::int64_t> read_per(std::string_view text, const Meter& meter, const ValueAt& at);
// "50 MB" → base units of the meter, at least 0.
std::optional<std::int64_t> read_quantity(std::string_view text, const Meter& meter,
                                          const ValueAt& at);
// "60/6"; numbers without unit are seconds for meters of time, else base units. "1 kB/1 kB".
std::optional<Increments> read_increments(std::string_view text, const Meter& meter,
                                          const ValueAt& at);
// "half_even 2".
std::optional<std::pair<Rounding, int>> read_rounding(std::string_view text, Currency currency,
                                                      const ValueAt& at);
// "244-05".
std::optional<NetworkKey> read_network(std::string_view text, const ValueAt& at);

std::string_view trimmed(std::string_view text);

}  // namespace farthing::catalog
