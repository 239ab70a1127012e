// Units of measure: what a meter counts in and how people write it. kB and MB are decimal, KiB and
// MiB binary (EC36).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace farthing {

enum class Dimension : std::uint8_t { volume, time, energy, message, event, number, money };

struct Unit {
    std::string_view name;  // "MB"
    Dimension dimension;
    std::int64_t size;  // in the dimension's smallest unit: byte, millisecond, joule, message,
                        // event, number, millionth of a currency's unit
    std::string_view currency = {};  // "EUR", of money
};
// Whether both measure the same: two currencies don't.
bool same_measure(const Unit& a, const Unit& b);
// What a meter of that unit counts in: money in millionths, all else in the unit itself.
const Unit* base_unit(const Unit* unit);
// What a number without unit is in, on a meter that counts in `base`: money in its currency's unit.
const Unit* unit_as_written(const Unit* base);

// Singular or plural ("minute", "minutes"); nullptr when unknown. The result lives for ever.
const Unit* unit_named(std::string_view name);
// Whole base units of `base` in one `unit`; nullopt when the dimensions differ or the division
// leaves a rest.
std::optional<std::int64_t> units_in(const Unit& unit, const Unit& base);
// "50 MB" or "50" (then in `base`; money in units of its currency) as base units of `base`; nullopt
// when malformed, fractional or out of range.
std::optional<std::int64_t> parse_quantity(std::string_view text, const Unit& base);
// The quantity in the largest decimal unit that shows it without rest in at most 3 decimals: "1.5
// MB", "1.5 minute".
std::string quantity_to_string(std::int64_t quantity, const Unit& base);

}  // namespace farthing
