#include "catalog/describe.h"

#include <fmt/format.h>

namespace farthing::catalog {

namespace {

std::string bands_text(const UsageCharge& charge, const Meter& meter) {
    std::string text;
    for (const Band& band : charge.bands) {
        if (!text.empty()) text += ", then ";
        text += band.price.text;
        if (band.to != INT64_MAX) text += " up to " + quantity_to_string(band.to, *meter.unit);
    }
    if (charge.mode == BandMode::volume) text += " (the band reached prices all of it)";
    if (charge.block > 1) text += ", each one begun";
    if (charge.window != Window::cycle)
        text += charge.window == Window::hour ? ", in each hour" : ", in each day";
    if (charge.step > 1)
        text += fmt::format(" rounded up to {}", quantity_to_string(charge.step, *meter.unit));
    if (charge.cap) text += fmt::format(", at most {}", charge.cap->to_string());
    if (charge.restarts) text += ", anew where the price or the payer changes";
    return text;
}

std::string_view shared_text(SharedBy shared_by) {
    switch (shared_by) {
        case SharedBy::subscription: return "";
        case SharedBy::group: return ", shared by the group";
        case SharedBy::account: return ", shared by the account";
        case SharedBy::enterprise: return ", shared by the whole company";
    }
    return "";
}

}  // namespace

std::string price_text(const UsageCharge& charge, const Meter& meter) {
    if (charge.limit) {
        return fmt::format("at most {} for each subscription and cycle",
                           quantity_to_string(*charge.limit, *meter.unit));
    }
    std::string text;
    switch (charge.priced_by) {
        case PricedBy::bands: text = bands_text(charge, meter); break;
        case PricedBy::network_list: text = "by country, see " + charge.rates_text; break;
        case PricedBy::prefix_deck: text = "by destination, see " + charge.rates_text; break;
    }
    if (charge.connection_fee)
        text += fmt::format(", {} per session", charge.connection_fee->to_string());
    return text;
}

std::string session_text(const UsageCharge& charge, const Meter& meter) {
    std::string text;
    const auto add = [&](std::string_view part) {
        if (!text.empty()) text += ", ";
        text += part;
    };
    if (charge.minimum) add(fmt::format("at least {} per session", charge.minimum->to_string()));
    if (charge.grace > 0)
        add(fmt::format("free up to {}", quantity_to_string(charge.grace, *meter.unit)));
    if (charge.fee_on_answer) add("the fee also where an answered session used nothing");
    if (!charge.in_bands.empty()) {
        constexpr std::string_view kAtBand[] = {"split by the second at time bands",
                                                "each increment at the price of its start",
                                                "at the price of the session's start"};
        const bool of_time = meter.unit->dimension == Dimension::time;
        add(kAtBand[static_cast<std::size_t>(of_time ? charge.at_band : AtEdge::start)]);
    }
    if (charge.at_price_change != AtEdge::start) add("split where the price changes");
    return text;
}

std::string band_text(const UsageCharge& charge, const Version& version) {
    for (const TimeBand& band : version.time_bands) {
        if (!charge.of_band.empty() && band.name == charge.of_band) return band.text;
    }
    return {};
}

std::string customer_days_text(const UsageCharge& charge, const Plan& plan) {
    if (!charge.of_customer) return {};
    for (const UsageCharge& base : plan.charges) {
        for (const UsageCharge::ForCustomer& customer : base.for_customers) {
            if (plan.charges[customer.charge].id == charge.id) return days_text(customer.days);
        }
    }
    return {};
}

std::string allowance_text(const UsageCharge& charge, const Meter& meter) {
    if (!charge.allowance) return {};
    const Allowance& allowance = *charge.allowance;
    std::string text = allowance.text + std::string(shared_text(allowance.shared_by));
    if (allowance.cap != INT64_MAX) {
        text += fmt::format(", at most {} for each subscription",
                            quantity_to_string(allowance.cap, *meter.unit));
    }
    if (allowance.members_pay) text += ", what is beyond paid by those who used it";
    if (allowance.in_order) text += " beyond, in the order of use";
    if (allowance.join == Join::whole_cycle) text += ", whoever joins counts for the whole cycle";
    if (!allowance.prorated) text += ", in full also for who joins later";
    if (allowance.leave == Leave::prorate) text += ", less the days after who leaves";
    if (allowance.rollover) text += "; what is left is carried over " + allowance.rollover->text;
    return text;
}

std::string cap_text(const SpendingCap& cap) {
    constexpr std::string_view kAction[] = {"; sessions are blocked beyond it",
                                            "; sessions are throttled beyond it",
                                            "; told beyond it"};
    std::string text = cap.text + std::string(kAction[static_cast<std::size_t>(cap.action)]);
    for (std::size_t i = 0; i < cap.alerts.size(); ++i)
        text += fmt::format("{}{}", i == 0 ? ", and at " : ", ", cap.alerts[i]);
    return cap.alerts.empty() ? text : text + " %";
}

std::string increments_text(const Increments& increments, const Meter& meter) {
    if (increments == Increments{}) return {};
    const std::string first = quantity_to_string(increments.first, *meter.unit);
    if (increments.first == increments.next) return "counted in steps of " + first;
    return fmt::format("at least {}, then in steps of {}", first,
                       quantity_to_string(increments.next, *meter.unit));
}

std::string shares_text(const std::vector<Share>& shares, const Version& version) {
    std::string text;
    for (const Share& share : shares) {
        const auto partner = version.partners.find(share.partner_name);
        const std::string& title =
            partner == version.partners.end() ? share.partner_name : partner->second;
        const std::string part =
            share.amount ? share.amount->to_string() : share.percent.to_decimal() + " %";
        text += fmt::format("{}{} to {}", text.empty() ? "" : ", ", part, title);
    }
    return text;
}

std::string tax_scope_text(const TaxRule& rule) {
    std::string text;
    for (const std::string& country : rule.countries)
        text += (text.empty() ? " in " : ", ") + country;
    if (rule.customer != TaxedCustomer::any)
        text += rule.customer == TaxedCustomer::business ? " of businesses" : " of consumers";
    return text + days_text(rule.days);
}

std::string package_words(const Package& package, const Plan& plan) {
    std::string text = package.fee.text + ", " + package.text;
    for (const UsageCharge& charge : plan.charges)
        if (charge.id == package.charge) text += " of " + charge.name;
    if (package.priority != 0) text += fmt::format(", priority {}", package.priority);
    if (package.rollover > 0) text += ", rollover " + package.rollover_text;
    return text;
}

std::string days_text(DatePeriod days) {
    std::string text;
    if (days.first != Date::min()) text += " from " + to_string(days.first);
    if (days.end != Date::max()) text += " until " + to_string(days.end.plus_days(-1));
    return text;
}

std::string rounding_text(Rounding rounding, int digits) {
    return fmt::format("{}, {} digits", name_of(rounding), digits);
}

}  // namespace farthing::catalog
