#include "engine/explain_session.h"

#include <fmt/format.h>

#include "catalog/describe.h"
#include "rating/pricing.h"
#include "rating/window.h"

namespace farthing::engine {

std::string rule_words(const catalog::SessionRule& rule, const catalog::Meter& meter) {
    std::string words = catalog::increments_text(rule.increments, meter);
    const auto add = [&](std::string_view more) {
        if (!words.empty()) words += ", ";
        words += more;
    };
    if (rule.grace > 0) add("free up to " + quantity_to_string(rule.grace, *meter.unit));
    if (rule.connection_fee) add("connection fee " + rule.connection_fee->to_string());
    if (rule.minimum) add("minimum " + rule.minimum->to_string());
    return words;
}

std::string shape_words(const catalog::Version& version, const catalog::UsageCharge& charge,
                        std::uint64_t item) {
    const Unit& unit = *version.meter(charge.meter)->unit;
    std::string words;
    for (const catalog::Band& band : charge.bands) {
        if (!words.empty()) words += ", ";
        if (band.to != INT64_MAX) words += "to " + quantity_to_string(band.to, unit) + " ";
        words += band.price.text;
    }
    if (charge.block > 1) words += ", each one begun";
    if (charge.step > 1)
        words += ", of the day rounded up to " + quantity_to_string(charge.step, unit);
    if (charge.cap) words += ", at most " + charge.cap->to_string();
    if (charge.window == catalog::Window::cycle || item == 0) return words;
    const Instant start = rating::window_start(item);
    const Date day = version.zone.date_of(start);
    if (charge.window == catalog::Window::day) return words + "; on " + to_string(day);
    const std::int64_t minute =
        (version.zone.local_micros(start) - std::int64_t{day.days} * kMicrosPerDay) /
        (60 * kMicrosPerSecond);
    return words + fmt::format("; in the hour from {:02}:{:02} of {}", minute / 60, minute % 60,
                               to_string(day));
}

void add_session_words(const catalog::Snapshot& catalog, const store::RatedRow& row,
                       const store::UsageRow& usage, Explanation& e) {
    rating::PricingCache prices(catalog);
    const rating::Pricing* pricing =
        prices.of(row.version, row.component, row.item, row.segment_start);
    const catalog::Version* version = catalog.numbered(row.version);
    if (pricing == nullptr || version == nullptr) return;
    const catalog::UsageCharge& charge = pricing->charge();
    const catalog::Meter& meter = *version->meter(charge.meter);
    const std::string rule = rule_words(pricing->rule(), meter);
    const bool part = usage.session != Hash128{};
    std::string words = fmt::format("{} {}", part ? "part of a session" : "session",
                                    quantity_to_string(usage.quantity, *meter.unit));
    if (!rule.empty()) words += ": " + rule;
    if (!charge.of_band.empty()) {
        words += fmt::format("; in {} ({})", charge.of_band, catalog::band_text(charge, *version));
    }
    words +=
        fmt::format(" → {}{}", part ? "adds " : "", quantity_to_string(row.billable, *meter.unit));
    if (row.below > 0) words += ", raised to the minimum";
    if (row.below < 0) words += ", beyond the minimum now";
    e.arithmetic.insert(e.arithmetic.begin(), std::move(words));
}

}  // namespace farthing::engine
