#include "billing/usage_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "rating/curve.h"

namespace farthing::billing {
namespace {

constexpr std::size_t kPartsMax = 6;  // more are no sentence; the details tell them

bool same_price(const catalog::UnitPrice& a, const catalog::UnitPrice& b) {
    return a.per == b.per && a.amount.mantissa == b.amount.mantissa &&
           a.amount.scale == b.amount.scale;
}

const Unit* unit_of(const catalog::UnitPrice& price, const Unit& base) {
    const std::size_t per = price.text.rfind(" per ");
    if (per == std::string::npos) return nullptr;
    const Unit* unit = unit_named(price.text.substr(per + 5));
    return unit != nullptr && units_in(*unit, base) == price.per ? unit : nullptr;
}

}  // namespace

ShownQuantity shown_quantity(std::int64_t quantity, const catalog::Meter& meter,
                             const catalog::UnitPrice* price) {
    const Unit* unit = price == nullptr ? nullptr : unit_of(*price, *meter.unit);
    if (unit != nullptr) {
        const Exact number = Exact(quantity) / Exact(price->per);
        if ((number * Exact(1'000'000)).is_integer()) return {number, std::string(unit->name)};
    }
    const std::string text = quantity_to_string(quantity, *meter.unit);
    const std::size_t space = text.find(' ');
    const auto number = Decimal::parse(text.substr(0, space));
    if (!number) return {Exact(quantity), std::string(meter.unit->name)};
    return {number->exact(), text.substr(space + 1)};
}

void UsageWords::add_part(const catalog::UnitPrice& price, i128 quantity) {
    if (quantity == 0) return;
    const auto same = std::ranges::find_if(
        parts_, [&](const Part& part) { return same_price(part.price, price); });
    if (same != parts_.end()) {
        same->quantity += quantity;
    } else if (parts_.size() <= kPartsMax) {
        parts_.push_back({price, quantity});
    }
}

void UsageWords::add_fee(const std::optional<Decimal>& of_row,
                         const std::optional<Decimal>& of_charge, std::string_view what,
                         std::int64_t sessions) {
    const Decimal amount = of_row ? *of_row : of_charge.value_or(Decimal{});
    if (sessions == 0 || amount.mantissa == 0) return;
    const auto same = std::ranges::find_if(fees_, [&](const Fee& fee) {
        return fee.what == what && fee.amount.mantissa == amount.mantissa &&
               fee.amount.scale == amount.scale;
    });
    if (same != fees_.end()) {
        same->sessions += sessions;
    } else if (fees_.size() <= kPartsMax) {
        fees_.push_back({amount, what, sessions});
    }
}

void UsageWords::add(const catalog::UsageCharge& charge, const catalog::RateRow* row,
                     const rating::SegmentPrice& segment) {
    segments_ += 1;
    const rating::Beyond& beyond = segment.beyond;
    const i128 from = rating::paid_of(charge, beyond.from, beyond.free);
    const i128 to = rating::paid_of(charge, beyond.to, beyond.free);
    const catalog::SessionRule of_row =
        row != nullptr ? static_cast<const catalog::SessionRule&>(*row) : catalog::SessionRule{};
    const rating::Segment& counted = segment.segment;
    add_fee(of_row.connection_fee, charge.connection_fee, "connection fee", counted.sessions);
    add_fee(of_row.minimum, charge.minimum, "minimum", counted.below);
    // What stayed below the minimum is paid by it. Only flat prices have one.
    if (row != nullptr) return add_part(row->price, to - from - counted.below_quantity);
    if (charge.minimum) {
        return add_part(charge.bands.front().price, to - from - counted.below_quantity);
    }
    add_bands(charge, from, to);
    if (!charge.cap) return;
    catalog::PriceShape uncapped = charge;
    uncapped.cap.reset();
    above_cap_ += rating::exact_price(uncapped, beyond.to, beyond.free) -
                  rating::exact_price(uncapped, beyond.from, beyond.free) - segment.price;
}

void UsageWords::add_bands(const catalog::UsageCharge& charge, i128 from, i128 to) {
    i128 band_from = 0;
    for (const catalog::Band& band : charge.bands) {
        const i128 band_to = band.to;
        if (charge.mode == catalog::BandMode::volume) {
            if (to > band_to) continue;
            return add_part(band.price, to - from);
        }
        add_part(band.price,
                 std::clamp(to, band_from, band_to) - std::clamp(from, band_from, band_to));
        band_from = band_to;
    }
}

std::string UsageWords::text(const Exact& exact, const catalog::Meter& meter,
                             Currency currency) const {
    Exact sum;
    std::string words;
    const auto join = [&](std::string part) { words += (words.empty() ? "" : " + ") + part; };
    bool readable = parts_.size() <= kPartsMax && fees_.size() <= kPartsMax;
    for (const Part& part : parts_) {
        sum += part.price.exact() * Exact(part.quantity, 1);
        const auto quantity = narrow64(part.quantity);
        readable = readable && quantity.has_value();
        if (quantity) {
            join(fmt::format("{} × {}", shown_quantity(*quantity, meter, &part.price).text(),
                             part.price.text));
        }
    }
    for (const Fee& fee : fees_) {
        sum += fee.amount.exact() * Exact(fee.sessions, 1);
        join(fmt::format("{} × {} {}", to_string(fee.sessions), price_text(fee.amount, currency),
                         fee.what));
    }
    sum -= above_cap_;
    if (above_cap_ != Exact(0)) {
        const bool less = above_cap_ < Exact(0);
        const Exact amount = less ? Exact(0) - above_cap_ : above_cap_;
        words += fmt::format(" {} {} above the cap", less ? "+" : "−", amount.to_decimal());
    }
    if (!readable || sum != exact) return fmt::format("sum of {} counters", segments_);
    return words.empty() ? "within what is included" : words;
}

const catalog::UnitPrice* UsageWords::only_price() const {
    return parts_.size() == 1 ? &parts_.front().price : nullptr;
}

}  // namespace farthing::billing
