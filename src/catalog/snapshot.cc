#include "catalog/snapshot.h"

#include <algorithm>
#include <tuple>

namespace farthing::catalog {

namespace {

template <class Range, class Wanted>
auto* find_in(Range& range, Wanted wanted) {
    const auto found = std::find_if(range.begin(), range.end(), wanted);
    return found == range.end() ? nullptr : &*found;
}

}  // namespace

bool Plan::allows(NetworkKey network) const {
    const auto named = [&](NetworkKey key) {
        return std::binary_search(allowed.begin(), allowed.end(), key);
    };
    return allowed.empty() || named(network) || named(network.country());
}

const Package* Plan::package_named(std::string_view package_name) const {
    const auto found = std::ranges::find_if(
        packages, [&](const Package& one) { return one.name == package_name; });
    return found == packages.end() ? nullptr : &*found;
}

Date Package::until(Date from) const {
    return days > 0 ? from.plus_days(days) : cycle_of(from, 1).end;
}

const std::vector<std::uint32_t>& Plan::applying(MeterId meter, NetworkKey network) const {
    static const std::vector<std::uint32_t> kNone;
    if (meter.value >= matchers.size()) return kNone;
    const Matcher& matcher = matchers[meter.value];
    if (matcher.by_network.empty() || !network) return matcher.rest;
    for (const NetworkKey key : {network, network.country()}) {
        const auto found = matcher.by_network.find(key.value);
        if (found != matcher.by_network.end()) return found->second;
    }
    return matcher.rest;
}

const Plan* Version::plan(PlanId id) const {
    if (const Plan* found = find_in(plans, [&](const Plan& plan) { return plan.id == id; }))
        return found;
    const Carrier* of =
        find_in(carriers, [&](const Carrier& carrier) { return carrier.prices.id == id; });
    return of == nullptr ? nullptr : &of->prices;
}

const Carrier* Version::carrier(PartnerId id) const {
    return find_in(carriers, [&](const Carrier& carrier) { return carrier.id == id; });
}

const Plan* Version::plan_named(std::string_view plan_name) const {
    return find_in(plans, [&](const Plan& plan) { return plan.name == plan_name; });
}

const Plan* Version::capped_plan(ComponentId charge) const {
    const auto found = capped.find(charge);
    return found == capped.end() ? nullptr : &plans[found->second];
}

const Meter* Version::meter(MeterId id) const {
    return find_in(meters, [&](const Meter& meter) { return meter.id == id; });
}

const Meter* Version::meter_named(std::string_view meter_name) const {
    return find_in(meters, [&](const Meter& meter) { return meter.name == meter_name; });
}

const Deck* Version::deck(const UsageCharge& charge) const {
    const auto found = decks.find(charge.rates);
    return found == decks.end() ? nullptr : &found->second;
}

bool Version::has_tax_category(std::string_view category) const {
    return find_in(taxes, [&](const TaxRule& rule) { return rule.category == category; }) !=
           nullptr;
}

namespace {

// 0: not for that country; 1: for every country; 2: for the country; 3: for that part of it.
int fits_country(const TaxRule& rule, std::string_view country) {
    if (rule.countries.empty()) return 1;
    int best = 0;
    for (const std::string& code : rule.countries) {
        if (code == country) return code.size() > 2 ? 3 : 2;
        if (country.substr(0, 2) == code) best = 2;
    }
    return best;
}

bool fits_customer(const TaxRule& rule, bool business) {
    return rule.customer == TaxedCustomer::any ||
           (rule.customer == TaxedCustomer::business) == business;
}

}  // namespace

const TaxRule* Version::tax(std::string_view category, const TaxCase& what) const {
    const TaxRule* found = nullptr;
    std::pair<int, bool> narrowness{0, false};
    for (const TaxRule& rule : taxes) {
        const int country = fits_country(rule, what.country);
        if (rule.category != category || country == 0 || !rule.days.contains(what.day) ||
            !fits_customer(rule, what.business)) {
            continue;
        }
        const std::pair one{country, rule.customer != TaxedCustomer::any};
        if (found != nullptr && one <= narrowness) continue;
        found = &rule;
        narrowness = one;
    }
    return found;
}

const ExchangeRate* Version::exchange_rate(Currency from, Date day) const {
    const ExchangeRate* found = nullptr;
    for (const ExchangeRate& rate : exchange_rates) {
        if (rate.from == from && rate.day <= day) found = &rate;
    }
    return found;
}

Snapshot::Snapshot(std::vector<std::shared_ptr<const Version>> versions)
    : versions_(std::move(versions)) {
    std::sort(versions_.begin(), versions_.end(), [](const auto& a, const auto& b) {
        return std::tie(a->valid_from, a->number) < std::tie(b->valid_from, b->number);
    });
}

const Version* Snapshot::at(Instant when) const {
    const auto later =
        std::upper_bound(versions_.begin(), versions_.end(), when,
                         [](Instant t, const auto& version) { return t < version->valid_from; });
    return later == versions_.begin() ? nullptr : std::prev(later)->get();
}

const Version* Snapshot::numbered(VersionNo number) const {
    const auto* found =
        find_in(versions_, [&](const auto& version) { return version->number == number; });
    return found == nullptr ? nullptr : found->get();
}

Instant Snapshot::in_force_until(Instant when) const {
    const auto later =
        std::upper_bound(versions_.begin(), versions_.end(), when,
                         [](Instant t, const auto& version) { return t < version->valid_from; });
    return later == versions_.end() ? Instant::max() : (*later)->valid_from;
}

}  // namespace farthing::catalog
