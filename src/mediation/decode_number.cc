#include "mediation/decode_number.h"

#include "base/decimal.h"

namespace farthing::mediation {

namespace {

SuspenseReason add_checked(i128 base_units, std::int64_t& total) {
    if (base_units < 0 || base_units > kQuantityMax || total + base_units > kQuantityMax) {
        return SuspenseReason::quantity_out_of_range;
    }
    total += static_cast<std::int64_t>(base_units);
    return SuspenseReason::none;
}

// Well-formed but more than 18 digits: absurd, not malformed.
bool is_long_number(std::string_view text, char decimal_point) {
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    const std::size_t point = text.find(decimal_point);
    const auto all_digits = [](std::string_view part) {
        return !part.empty() && std::ranges::all_of(part, is_digit);
    };
    if (point == std::string_view::npos) return all_digits(text);
    return all_digits(text.substr(0, point)) && all_digits(text.substr(point + 1));
}

}  // namespace

SuspenseReason add_unusual_quantity(std::string_view text, char decimal_point, UnitRatio ratio,
                                    std::int64_t& total) {
    const auto number = Decimal::parse(text, decimal_point);
    if (!number) {
        // Of the long numbers those with few digits before the point are too fine, the others too
        // large.
        const bool large = is_long_number(text, decimal_point) && text.find(decimal_point) >= 18;
        return large ? SuspenseReason::quantity_out_of_range : SuspenseReason::bad_number;
    }
    if (number->mantissa < 0) return SuspenseReason::quantity_out_of_range;
    const auto scaled = checked_mul(number->mantissa, ratio.times);
    const i128 divisor = power_of_ten128(number->scale) * ratio.by;
    if (!scaled || *scaled % divisor != 0) return SuspenseReason::bad_number;
    return add_checked(*scaled / divisor, total);
}

bool read_unusual_integer(std::string_view text, std::int64_t& value) {
    if (text == "true" || text == "false") {
        value = text == "true" ? 1 : 0;
        return true;
    }
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (!read_digits(text, value)) return false;
    if (negative) value = -value;
    return true;
}

std::string_view without_separators(std::string_view text, Arena& arena) {
    const auto separates = [](char c) { return is_blank(c) || c == '-'; };
    if (std::ranges::none_of(text, separates)) return text;
    char* const begin = arena.take(text.size());
    char* const end = std::ranges::remove_copy_if(text, begin, separates).out;
    arena.give_back(text.size() - static_cast<std::size_t>(end - begin));
    return {begin, end};
}

std::string_view normalised_number(std::string_view text, const NumberRules& rules, Arena& arena) {
    const auto separates = [](char c) {
        return is_blank(c) || c == '-' || c == '(' || c == ')' || c == '.' || c == '/';
    };
    if (std::ranges::any_of(text, separates)) {
        const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
        if (std::ranges::any_of(text, letter)) return text;  // an address such as an access point
        char* const begin = arena.take(text.size());
        char* const end = std::ranges::remove_copy_if(text, begin, separates).out;
        arena.give_back(text.size() - static_cast<std::size_t>(end - begin));
        text = {begin, end};
    }
    for (const std::string& prefix : rules.strip) {
        if (!text.starts_with(prefix)) continue;
        text.remove_prefix(prefix.size());
        break;
    }
    if (text.starts_with('+')) return text.substr(1);
    if (!rules.international.empty() && text.starts_with(rules.international)) {
        return text.substr(rules.international.size());
    }
    const bool national =
        !rules.country.empty() && !rules.national.empty() && text.starts_with(rules.national);
    if (!national) return text;
    text.remove_prefix(rules.national.size());
    char* const begin = arena.take(rules.country.size() + text.size());
    char* const end = std::ranges::copy(rules.country, begin).out;
    return {begin, std::ranges::copy(text, end).out};
}

}  // namespace farthing::mediation
