#include "settlement/charge_ref.h"

#include <algorithm>

namespace farthing::settlement {
namespace {

// Position of the component in `charges`; their number when it is not there.
template <class Charge>
std::uint32_t place_of(const std::vector<Charge>& charges, ComponentId component) {
    std::uint32_t place = 0;
    while (place < charges.size() && charges[place].id != component) place += 1;
    return place;
}

}  // namespace

ChargeRef find_charge(const catalog::Version& version, ComponentId component) {
    std::uint32_t plan_place = 0;
    for (const catalog::Plan& plan : version.plans) {
        ChargeRef ref{&version, &plan, nullptr, nullptr, nullptr, plan_place++, 0, nullptr};
        if (const auto at = place_of(plan.fees, component); at < plan.fees.size()) {
            ref.fee = &plan.fees[at];
            ref.charge_place = at;
            return ref;
        }
        const auto sold = std::ranges::find_if(
            plan.packages, [&](const catalog::Package& one) { return one.fee.id == component; });
        if (sold != plan.packages.end()) {  // bought once, it is a fee
            ref.fee = &sold->fee;
            ref.package = &*sold;
            ref.charge_place =
                static_cast<std::uint32_t>(plan.fees.size() + (sold - plan.packages.begin()));
            return ref;
        }
        if (const auto at = place_of(plan.charges, component); at < plan.charges.size()) {
            ref.usage = &plan.charges[at];
            ref.charge_place = at;
            return ref;
        }
        if (const auto at = place_of(plan.discounts, component); at < plan.discounts.size()) {
            ref.discount = &plan.discounts[at];
            ref.charge_place = at;
            return ref;
        }
    }
    return {};
}

std::span<const catalog::Share> shares_of(const ChargeRef& ref) {
    if (ref.fee != nullptr) return ref.fee->shares;
    if (ref.usage != nullptr) return ref.usage->shares;
    return {};
}

}  // namespace farthing::settlement
