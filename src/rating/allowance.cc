// How much is included: the members' quantities or the pool's.
#include "base/int128.h"
#include "rating/pricing.h"
#include "rating/rater.h"
#include "rating/window.h"

namespace farthing::rating {

namespace {

bool active_on(const directory::Subscription& subscription, PlanId plan, Date day) {
    const PlanId* held = subscription.plan.at(day);
    const std::int64_t* quantity = subscription.quantity.at(day);
    return held != nullptr && *held == plan && (quantity == nullptr || *quantity > 0);
}

// The first day of `window` on which the subscription has the plan; the window's end when there is
// none.
Date first_active_day(const directory::Subscription& subscription, PlanId plan, DatePeriod window) {
    Date day = window.first;
    while (day < window.end && !active_on(subscription, plan, day)) {
        day = std::min(subscription.plan.next_change(day), subscription.quantity.next_change(day));
    }
    return std::min(day, window.end);
}

// A member brings its quantity from the day it joins. Leaving takes nothing away from what the
// others rely on (EC31).
i128 brought_by(const directory::Subscription& subscription, PlanId plan, std::int64_t quantity,
                DatePeriod window) {
    const Date joined = first_active_day(subscription, plan, window);
    return i128{quantity} * (window.end - joined) / window.days();
}

// Calls `visit` with every subscription whose usage the counter gathers.
template <class Visit>
void each_member(const directory::Directory& directory, const CounterKey& key, bool whole_tree,
                 Visit visit) {
    switch (key.owner_kind) {
        case OwnerKind::subscription: visit(SubscriptionId{key.owner}); return;
        case OwnerKind::group:
            for (const SubscriptionId member : directory.group({key.owner}).members) visit(member);
            return;
        case OwnerKind::account: break;
    }
    std::vector<AccountId> open = {AccountId{key.owner}};
    while (!open.empty()) {
        const AccountId account = open.back();
        open.pop_back();
        for (const SubscriptionId member : directory.subscriptions_of(account)) visit(member);
        if (!whole_tree) return;
        const auto& children = directory.account(account).children;
        open.insert(open.end(), children.begin(), children.end());
    }
}

}  // namespace

std::int64_t allowance_of(const catalog::Version& version, const directory::Directory& directory,
                          const CounterKey& key, DatePeriod window) {
    const auto [plan, charge] = find_charge(version, key.component);
    if (plan == nullptr || !charge->allowance || window.empty()) return 0;
    const catalog::Allowance& allowance = *charge->allowance;
    if (charge->window != catalog::Window::cycle && key.item != 0) {
        const Date day = version.zone.date_of(window_start(key.item));
        window = {day, day.plus_days(1)};
    }
    if (allowance.per_pool) return allowance.quantity;
    i128 sum = 0;
    each_member(directory, key, allowance.shared_by == catalog::SharedBy::enterprise,
                [&, plan = plan](SubscriptionId member) {
                    sum += brought_by(directory.subscription(member), plan->id, allowance.quantity,
                                      window);
                });
    // More than a counter can hold is as good as everything.
    return sum > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(sum);
}

std::int64_t segment_allowance(const catalog::Snapshot& catalog,
                               const directory::Directory& directory, const Counter& counter,
                               VersionNo number) {
    const catalog::Version* version = catalog.numbered(number);
    if (version == nullptr) return 0;
    return allowance_of(*version, directory, counter.key,
                        {counter.key.window_first, counter.window_end});
}

}  // namespace farthing::rating
