#include "model/quantity.h"

#include <deque>
#include <string>
#include <unordered_map>

#include "base/decimal.h"
#include "model/currency.h"

namespace farthing {

namespace {

constexpr Unit kUnits[] = {
    {"byte", Dimension::volume, 1},
    {"kB", Dimension::volume, 1'000},
    {"MB", Dimension::volume, 1'000'000},
    {"GB", Dimension::volume, 1'000'000'000},
    {"TB", Dimension::volume, 1'000'000'000'000},
    {"KiB", Dimension::volume, 1LL << 10},
    {"MiB", Dimension::volume, 1LL << 20},
    {"GiB", Dimension::volume, 1LL << 30},
    {"TiB", Dimension::volume, 1LL << 40},
    {"millisecond", Dimension::time, 1},
    {"second", Dimension::time, 1'000},
    {"minute", Dimension::time, 60'000},
    {"hour", Dimension::time, 3'600'000},
    {"joule", Dimension::energy, 1},
    {"kJ", Dimension::energy, 1'000},
    {"Wh", Dimension::energy, 3'600},
    {"kWh", Dimension::energy, 3'600'000},
    {"MWh", Dimension::energy, 3'600'000'000},
    {"message", Dimension::message, 1},
    {"event", Dimension::event, 1},
    {"number", Dimension::number, 1},
};
struct Alias {
    std::string_view name;
    std::string_view unit;
};
constexpr Alias kAliases[] = {{"ms", "millisecond"}, {"s", "second"},   {"sec", "second"},
                              {"min", "minute"},     {"h", "hour"},     {"B", "byte"},
                              {"J", "joule"},        {"sms", "message"}};

const Unit* exactly_named(std::string_view name) {
    for (const Unit& unit : kUnits) {
        if (unit.name == name) return &unit;
    }
    for (const Alias& alias : kAliases) {
        if (alias.name == name) return exactly_named(alias.unit);
    }
    return nullptr;
}

constexpr std::string_view kMillionth = "millionth of ";
constexpr int kMoneyDigits = 6;

// The unit of each currency and its millionth.
struct MoneyUnits {
    std::deque<std::string> names;
    std::unordered_map<std::string_view, Unit> by_name;

    MoneyUnits() {
        for (std::uint16_t numeric = 1; numeric < 1'000; ++numeric) {
            const auto currency = Currency::numbered(numeric);
            if (!currency) continue;
            const std::string_view code = currency->code();
            names.push_back(std::string(kMillionth) + std::string(code));
            by_name.emplace(names.back(), Unit{names.back(), Dimension::money, 1, code});
            by_name.emplace(code, Unit{code, Dimension::money, 1'000'000, code});
        }
    }
};

const Unit* money_named(std::string_view name) {
    static const MoneyUnits money;
    const auto found = money.by_name.find(name);
    return found == money.by_name.end() ? nullptr : &found->second;
}

// 12.5 EUR has the digits of its currency: 12.50.
std::string money_to_string(std::int64_t quantity, const Unit& base) {
    const Decimal whole{quantity, kMoneyDigits};
    std::string text = whole.to_string();
    const int digits = Currency::named(base.currency)->minor_digits();
    std::size_t point = text.find('.');
    if (point == std::string::npos && digits > 0) {
        point = text.size();
        text += '.';
    }
    while (digits > 0 && text.size() < point + 1 + static_cast<std::size_t>(digits)) text += '0';
    return text + " " + std::string(base.currency);
}

}  // namespace

bool same_measure(const Unit& a, const Unit& b) {
    return a.dimension == b.dimension && a.currency == b.currency;
}

const Unit* base_unit(const Unit* unit) {
    if (unit->dimension != Dimension::money) return unit;
    return money_named(std::string(kMillionth) + std::string(unit->currency));
}

const Unit* unit_as_written(const Unit* base) {
    return base->dimension == Dimension::money ? money_named(base->currency) : base;
}

const Unit* unit_named(std::string_view name) {
    if (const Unit* unit = exactly_named(name)) return unit;
    if (const Unit* unit = money_named(name)) return unit;
    if (name.size() > 3 && name.back() == 's')
        return exactly_named(name.substr(0, name.size() - 1));
    return nullptr;
}

std::optional<std::int64_t> units_in(const Unit& unit, const Unit& base) {
    if (!same_measure(unit, base) || unit.size % base.size != 0) return std::nullopt;
    return unit.size / base.size;
}

std::optional<std::int64_t> parse_quantity(std::string_view text, const Unit& base) {
    const std::size_t space = text.find(' ');
    const auto number = Decimal::parse(text.substr(0, space));
    const Unit* unit = space == std::string_view::npos ? unit_as_written(&base)
                                                       : unit_named(text.substr(space + 1));
    if (!number || unit == nullptr || !same_measure(*unit, base)) return std::nullopt;
    const auto smallest = checked_mul(number->mantissa, unit->size);
    const i128 divisor = power_of_ten128(number->scale) * base.size;
    if (!smallest || *smallest % divisor != 0) return std::nullopt;
    return narrow64(*smallest / divisor);
}

std::string quantity_to_string(std::int64_t quantity, const Unit& base) {
    if (base.dimension == Dimension::money) return money_to_string(quantity, base);
    const Unit* best = &base;
    Decimal shown{quantity, 0};
    for (const Unit& unit : kUnits) {
        const bool decimal =
            unit.name.find('i') == std::string_view::npos || unit.dimension != Dimension::volume;
        if (!decimal || unit.dimension != base.dimension || unit.size <= best->size) continue;
        const i128 thousandths = static_cast<i128>(quantity) * base.size * 1000;
        const bool large_enough = abs128(thousandths) >= static_cast<i128>(unit.size) * 1000;
        if (!large_enough || thousandths % unit.size != 0) continue;
        const auto mantissa = narrow64(thousandths / unit.size);
        if (!mantissa) continue;
        best = &unit;
        shown = Decimal{*mantissa, 3};
    }
    return shown.to_string() + " " + std::string(best->name);
}

}  // namespace farthing
