#include "catalog/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "catalog/fields.h"

namespace farthing::catalog {

namespace {

constexpr std::array<std::string_view, 21> kUnitNames = {
    "byte", "kB",  "MB",          "GB",     "TB",      "KiB",   "MiB",
    "GiB",  "TiB", "millisecond", "second", "minute",  "hour",  "joule",
    "kJ",   "Wh",  "kWh",         "MWh",    "message", "event", "number"};

bool any_digit(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_digit);
}

std::nullopt_t tell(const ValueAt& at, std::string message, std::string mend = {}) {
    if (!at.column.empty()) message = std::string(at.column) + " " + message;
    at.mistakes.add(at.reason, at.place, std::move(message), std::move(mend));
    return std::nullopt;
}

// Why `text` is no amount, in the words of the person who wrote it.
std::pair<std::string_view, std::string_view> fault_of(std::string_view text, char point) {
    const auto has = [&](std::string_view set) { return text.find_first_of(set) != text.npos; };
    if (text.empty()) return {"is empty", "Write a number such as 0.05."};
    if (text.front() == '-')
        return {"is negative", "Prices and amounts are never negative; use a discount."};
    if (!any_digit(text)) return {"is not a number", "Write a number such as 0.05."};
    if (text.find_first_not_of("0123456789eE+-.") == text.npos && has("eE")) {
        return {"has an exponent", "Write the digits out: 0.00005."};
    }
    if (point == '.' && has(","))
        return {"has a comma", "The decimal mark is a point, and thousands are not parted."};
    if (has("%")) return {"has a percent sign", "Write the number alone."};
    const auto digits = std::count_if(text.begin(), text.end(), is_digit);
    const bool plain = text.find_first_not_of("0123456789.,") == text.npos;
    if (plain && digits > 18)
        return {"has more than 18 digits", "Shorten it; no price needs more."};
    return {"is not a number", "Write digits and one decimal mark, without currency or spaces."};
}

// A unit's name as the meter can count it; told where it can't.
bool check_unit(std::string_view name, const Meter& meter, const ValueAt& at) {
    const Unit* unit = unit_named(name);
    if (unit != nullptr && same_measure(*unit, *meter.unit)) return true;
    std::string message = unit == nullptr
                              ? fmt::format("{} is no unit", shown(name))
                              : fmt::format("{} doesn't measure what the meter {} counts ({})",
                                            shown(name), shown(meter.name), meter.unit->name);
    at.mistakes.add(CatalogReason::unknown_unit, at.place, std::move(message),
                    unit == nullptr ? suggestion(name, kUnitNames) : std::string());
    return false;
}

std::optional<std::int64_t> whole_units(std::string_view text, const Meter& meter,
                                        const ValueAt& at) {
    const std::size_t space = text.find(' ');
    const std::string_view number = text.substr(0, space);
    if (!read_decimal(number, at)) return std::nullopt;
    if (space != text.npos && !check_unit(text.substr(space + 1), meter, at)) return std::nullopt;
    const auto quantity = parse_quantity(text, *meter.unit);
    if (quantity && *quantity <= kQuantityMax) return quantity;
    return tell(at,
                fmt::format("{} is {} of {}", shown(text),
                            quantity ? "too large a number" : "no whole number", meter.unit->name),
                meter.unit->dimension == Dimension::money
                    ? "Amounts on a meter have up to six decimals."
                    : fmt::format("Write a whole number of {}, or a smaller unit for the meter.",
                                  meter.unit->name));
}

std::optional<std::int64_t> read_step(std::string_view text, const Meter& meter,
                                      const ValueAt& at) {
    std::string step(trimmed(text));
    const bool bare = step.find(' ') == step.npos;
    if (bare && meter.unit->dimension == Dimension::time) step += " second";
    const auto units = whole_units(step, meter, at);
    if (units && *units == 0)
        return tell(at, fmt::format("an increment of {} counts nothing", shown(text)),
                    "Write at least 1.");
    return units;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<Decimal> read_decimal(std::string_view text, const ValueAt& at, char point) {
    const auto number = Decimal::parse(text, point);
    const bool plain = !text.empty() && is_digit(text.front());
    if (number && plain) return number;
    const auto [fault, mend] = fault_of(text, point);
    return tell(at, fmt::format("{} {}", shown(text), fault), std::string(mend));
}

std::optional<Decimal> read_percent(std::string_view text, const ValueAt& at) {
    const auto percent = read_decimal(text, at);
    if (!percent || percent->exact() <= Exact(100)) return percent;
    return tell(at, fmt::format("{} is more than 100 percent", shown(text)), "Write 0 to 100.");
}

namespace {

// What prices of a meter are usually per.
std::string_view usual_unit(const Meter& meter) {
    constexpr std::pair<std::string_view, std::string_view> kUsual[] = {
        {"byte", "MB"}, {"second", "minute"}, {"joule", "kWh"}};
    for (const auto& [base, usual] : kUsual) {
        if (meter.unit->name == base) return usual;
    }
    return meter.unit->name;
}

}  // namespace

std::optional<UnitPrice> read_unit_price(std::string_view text, const Meter& meter,
                                         const ValueAt& at) {
    const std::size_t per = text.find(" per ");
    if (text.find('%') != text.npos) {
        return tell(at, fmt::format("{} is a percentage", shown(text)),
                    "Write `percent: 15` on a charge of a meter of money.");
    }
    if (per == text.npos) {
        return tell(at, fmt::format("{} doesn't say for how much it is", shown(text)),
                    fmt::format("Write for example `0.05 per {}`.", usual_unit(meter)));
    }
    const auto amount = read_decimal(trimmed(text.substr(0, per)), at);
    const auto units = read_per(trimmed(text.substr(per + 5)), meter, at);
    if (!amount || !units) return std::nullopt;
    return UnitPrice{*amount, *units, std::string(text)};
}

std::optional<UnitPrice> read_percent_price(std::string_view text, const Meter& meter,
                                            Currency currency, const ValueAt& at) {
    if (currency == Currency()) return std::nullopt;  // the catalog names none, and was told so
    if (meter.unit->dimension != Dimension::money) {
        return tell(at,
                    fmt::format("`percent` is of amounts, and the meter {} counts {}",
                                shown(meter.name), meter.unit->name),
                    fmt::format("Write a price, or give the meter `unit: {}`.", currency.code()));
    }
    if (meter.unit->currency != currency.code()) {
        return tell(at,
                    fmt::format("a percentage of {} is no amount of {}", meter.unit->currency,
                                currency.code()),
                    fmt::format("Write a price such as `0.14 per {}`.", meter.unit->currency));
    }
    const auto percent = read_percent(text, at);
    if (!percent) return std::nullopt;
    const std::int64_t hundred = 100 * *units_in(*unit_as_written(meter.unit), *meter.unit);
    return UnitPrice{*percent, hundred, percent->to_string() + " %"};
}

std::optional<std::int64_t> read_per(std::string_view text, const Meter& meter, const ValueAt& at) {
    const bool counted = !text.empty() && (is_digit(text.front()) || text.front() == '-');
    const auto units =
        whole_units(counted ? std::string(text) : "1 " + std::string(text), meter, at);
    if (units && *units == 0)
        return tell(at, fmt::format("a price per {} is no price", shown(text)),
                    "Write `per MB` or `per 100 MB`.");
    return units;
}

std::optional<std::int64_t> read_quantity(std::string_view text, const Meter& meter,
                                          const ValueAt& at) {
    return whole_units(text, meter, at);
}

std::optional<Increments> read_increments(std::string_view text, const Meter& meter,
                                          const ValueAt& at) {
    const std::size_t slash = text.find('/');
    if (slash == text.npos) {
        return tell(at, fmt::format("{} is no pair of increments", shown(text)),
                    "Write the first and the next step, such as 60/6.");
    }
    const auto first = read_step(text.substr(0, slash), meter, at);
    const auto next = read_step(text.substr(slash + 1), meter, at);
    if (!first || !next) return std::nullopt;
    return Increments{*first, *next};
}

std::optional<std::pair<Rounding, int>> read_rounding(std::string_view text, Currency currency,
                                                      const ValueAt& at) {
    const std::size_t space = text.find(' ');
    const auto rounding = rounding_named(text.substr(0, space));
    const std::string_view digits =
        space == text.npos ? std::string_view() : text.substr(space + 1);
    const int digits_max = std::min(9, currency.numeric() == 0 ? 9 : currency.atom_digits());
    const bool good = digits.size() == 1 && is_digit(digits[0]) && digits[0] - '0' <= digits_max;
    if (rounding && good) return std::pair(*rounding, digits[0] - '0');
    return tell(at, fmt::format("{} is no rounding", shown(text)),
                fmt::format("Write half_even, half_away, toward_zero or away_from_zero and 0 to {} "
                            "digits, such as `half_even 2`.",
                            digits_max));
}

std::optional<NetworkKey> read_network(std::string_view text, const ValueAt& at) {
    const NetworkKey key = NetworkKey::parse(text);
    if (key) return key;
    return tell(
        at, fmt::format("{} is no network", shown(text)),
        "Write a mobile country code such as \"248\", or country and network such as \"244-05\".");
}

}  // namespace farthing::catalog
