#include "billing/fee_quantities.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

namespace farthing::billing {
namespace {

// Days on which a subscription has one plan and one quantity.
struct Stretch {
    DatePeriod period;
    PlanId plan;
    std::int64_t quantity = 0;
};

// A subscription without any quantity counts one; before its first one it has not begun.
std::int64_t quantity_on(const directory::Subscription& subscription, Date day) {
    if (subscription.quantity.steps.empty()) return 1;
    const std::int64_t* quantity = subscription.quantity.at(day);
    return quantity == nullptr ? 0 : *quantity;
}

void append_stretches(const directory::Subscription& subscription, DatePeriod within,
                      std::vector<Stretch>& stretches) {
    for (Date day = within.first; day < within.end;) {
        const Date next = std::min({within.end, subscription.plan.next_change(day),
                                    subscription.quantity.next_change(day)});
        const PlanId* plan = subscription.plan.at(day);
        const std::int64_t quantity = quantity_on(subscription, day);
        if (plan != nullptr && *plan && quantity > 0) {
            stretches.push_back({{day, next}, *plan, quantity});
        }
        day = next;
    }
}

PayerPath path_of(const Context& context, AccountId account, DatePeriod cycle) {
    const directory::Directory& directory = context.directory();
    const unsigned bill_day = directory.account(context.input().payer).fact.bill_day;
    PayerPath path;
    const auto& payer = directory.account(account).payer;
    for (Date day = cycle.first; day < cycle.end;) {
        const Date next = std::min(cycle.end, payer.next_change(day));
        const AccountId* who = payer.at(day);
        if (who != nullptr && *who && directory.account(*who).fact.bill_day == bill_day) {
            path.push_back({*who, {day, next}});
        }
        day = next;
    }
    return path;
}

class Collector {
  public:
    Collector(const Context& context, DatePeriod cycle, catalog::FeeTiming timing, int months,
              Date begun_since)
        : context_(context),
          cycle_(cycle),
          timing_(timing),
          months_(months),
          begun_since_(begun_since) {}

    Result<FeeQuantities> run() {
        AccountId before;
        for (const PaidStretch& stretch : context_.payers().of(payer())) {
            if (stretch.account == before || stretch.period.intersect(cycle_).empty()) continue;
            before = stretch.account;
            FARTHING_CHECK(take_account(stretch.account));
        }
        finish_account_fees();
        return std::move(quantities_);
    }

    // What each stretch of a subscription that this payer pays for comes to alone.
    Result<std::vector<StretchFee>> by_stretch(const directory::Subscription& subscription) {
        std::vector<Stretch> all;
        for (const auto& [who, days] : path_of(context_, subscription.fact.account, cycle_))
            if (who == payer()) append_stretches(subscription, days, all);
        std::vector<StretchFee> found;
        std::map<ComponentId, std::int64_t> highest;  // of fees that are not prorated
        for (const Stretch& stretch : all) {
            if (!has_begun(stretch.period.first)) break;
            FARTHING_TRY(const PlanFees fees, fees_of(stretch.plan, stretch.period.first));
            for (std::uint32_t i = 0; i < fees.plan->fees.size(); ++i) {
                const catalog::Fee& fee = fees.plan->fees[i];
                if (!is_asked(fee) || fee.per == catalog::FeePer::account) continue;
                add_stretch(fees, i, subscription, stretch, highest, found);
            }
        }
        return found;
    }

  private:
    struct PlanFees {
        const catalog::Version* version = nullptr;
        const catalog::Plan* plan = nullptr;
        std::uint32_t place = 0;
    };

    AccountId payer() const { return context_.input().payer; }

    Result<void> take_account(AccountId account) {
        const PayerPath path = path_of(context_, account, cycle_);
        const bool alone =
            std::ranges::all_of(path, [&](const auto& p) { return p.first == payer(); });
        for (const SubscriptionId id : context_.directory().subscriptions_of(account)) {
            const auto& subscription = context_.directory().subscription(id);
            if (!has_begun_since(subscription, begun_since_)) continue;
            stretches_.clear();
            for (const auto& [who, days] : path) append_stretches(subscription, days, stretches_);
            FARTHING_CHECK(take_subscription(subscription, path, alone));
        }
        return {};
    }

    Result<void> take_subscription(const directory::Subscription& subscription,
                                   const PayerPath& path, bool alone) {
        std::set<ComponentId> seen;
        for (const Stretch& stretch : stretches_) {
            if (!has_begun(stretch.period.first)) continue;
            FARTHING_TRY(const PlanFees fees, fees_of(stretch.plan, stretch.period.first));
            for (std::uint32_t i = 0; i < fees.plan->fees.size(); ++i) {
                const catalog::Fee& fee = fees.plan->fees[i];
                if (!is_asked(fee)) continue;
                if (fee.per == catalog::FeePer::account) {
                    take_for_account(fees, i, stretch, path);
                } else if (fee.every == catalog::FeeEvery::day) {
                    for (const DatePeriod days : days_owed(subscription, fee, stretch.period))
                        take_days(fees, i, subscription, {days, stretch.plan, stretch.quantity},
                                  alone ? PayerPath{} : path);
                } else if (!is_covered(subscription.fact.id, fee.id, stretch.period.first)) {
                    continue;
                } else if (fee.every == catalog::FeeEvery::once) {
                    take_once(fees, i, subscription, stretch, path);
                } else if (is_periodic(fee) && fee.prorate == catalog::Prorate::none) {
                    if (seen.insert(fee.id).second)
                        take_whole(fees, i, subscription, stretch, path);
                } else {
                    take_days(fees, i, subscription, stretch, alone ? PayerPath{} : path);
                }
            }
        }
        return {};
    }

    void add_stretch(const PlanFees& fees, std::uint32_t charge,
                     const directory::Subscription& subscription, const Stretch& stretch,
                     std::map<ComponentId, std::int64_t>& highest, std::vector<StretchFee>& found) {
        const catalog::Fee& fee = fees.plan->fees[charge];
        const AccountId account = subscription.fact.account;
        const auto keep = [&](DatePeriod days) {
            for (auto& [key, quantity] : std::exchange(quantities_, {}))
                found.push_back({days, key, std::move(quantity)});
        };
        const PayerPath own{{payer(), cycle_}};
        if (fee.every == catalog::FeeEvery::day) {
            for (Date day = stretch.period.first; day < stretch.period.end && has_begun(day);
                 day = day.plus_days(1)) {
                const DatePeriod days{day, day.plus_days(1)};
                take_days(fees, charge, subscription, {days, stretch.plan, stretch.quantity}, {});
                keep(days);
            }
            return;
        }
        if (fee.every == catalog::FeeEvery::once) {
            take_once(fees, charge, subscription, stretch, own);
        } else if (is_periodic(fee) && fee.prorate == catalog::Prorate::none) {
            std::int64_t& before = highest[fee.id];
            const std::int64_t more = stretch.quantity - before;
            if (more <= 0) return;
            before = stretch.quantity;
            add_whole(at(fees, charge, account, subscription.fact.name, {}), account, more,
                      {stretch.period.first, cycle_.end});
        } else {
            take_days(fees, charge, subscription, stretch, {});
        }
        keep(stretch.period);
    }

    bool is_asked(const catalog::Fee& fee) const {
        return timing_of(fee) == timing_ && months_of(fee) == months_ && !fee.minimum;
    }
    // Of a prepaid payer.
    bool has_begun(Date day) const {
        return !context_.input().due_by || day <= *context_.input().due_by;
    }
    bool is_covered(SubscriptionId subscription, ComponentId fee, Date due) const {
        const auto& uncovered = context_.input().uncovered;
        return !uncovered || !uncovered(subscription, fee, due);
    }
    // All of them, but for days of a prepaid payer that are not due yet or were not covered.
    std::vector<DatePeriod> days_owed(const directory::Subscription& subscription,
                                      const catalog::Fee& fee, DatePeriod days) const {
        if (!context_.input().due_by) return {days};
        std::vector<DatePeriod> owed;
        for (Date day = days.first; day < days.end && has_begun(day); day = day.plus_days(1)) {
            if (!is_covered(subscription.fact.id, fee.id, day)) continue;
            if (owed.empty() || owed.back().end != day) owed.push_back({day, day});
            owed.back().end = day.plus_days(1);
        }
        return owed;
    }

    // Prices are those of the cycle's first day; a plan that was not in force then, those of the
    // stretch's first day.
    Result<PlanFees> fees_of(PlanId id, Date day) {
        if (const auto known = plans_.find(id); known != plans_.end()) return known->second;
        bool any = false;
        for (const Date start : {cycle_.first, day}) {
            const catalog::Version* version =
                context_.input().catalog.at(context_.directory().zone().start_of(start));
            if (version == nullptr) continue;
            any = true;
            const catalog::Plan* plan = version->plan(id);
            if (plan == nullptr) continue;
            const auto place = static_cast<std::uint32_t>(plan - version->plans.data());
            const PlanFees fees{version, plan, place};
            if (start == cycle_.first) plans_.emplace(id, fees);
            return fees;
        }
        if (!any) {
            return fail(BillingReason::catalog_missing,
                        fmt::format("no catalog version is in force on {}", to_string(day)));
        }
        return fail(
            BillingReason::plan_missing,
            fmt::format("no catalog version in force on {} has plan {}", to_string(day), id.value));
    }

    bool is_below(AccountId account, std::string_view name) const {
        for (; account; account = context_.directory().account(account).fact.parent) {
            if (context_.directory().account(account).fact.name == name) return true;
        }
        return false;
    }

    // The special price of a fee in this cycle, counted from 1: of the subscription, else of an
    // account above it; the last of several.
    std::uint32_t special_price(const PlanFees& fees, std::uint32_t charge, AccountId account,
                                std::string_view subscription) const {
        const auto& all = fees.version->special_prices;
        std::uint32_t found = 0;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            const catalog::SpecialPrice& price = all[i];
            if (price.fee != fees.plan->fees[charge].id || !price.days.contains(cycle_.first))
                continue;
            const bool own = !price.subscription.empty();
            const bool other_is_own = found != 0 && !all[found - 1].subscription.empty();
            const bool fits =
                own ? price.subscription == subscription : is_below(account, price.account);
            if (fits && (own || !other_is_own)) found = i + 1;
        }
        return found;
    }

    FeeQuantity& at(const PlanFees& fees, std::uint32_t charge, AccountId account,
                    std::string_view subscription, PayerPath path) {
        const catalog::Fee& fee = fees.plan->fees[charge];
        const AccountId department = context_.department_of(account);
        const std::uint32_t special = special_price(fees, charge, account, subscription);
        FeeKey key{context_.section_of(department),
                   fees.place,
                   charge,
                   fee.id,
                   department,
                   fees.version->number,
                   special,
                   std::move(path)};
        const auto found = quantities_.try_emplace(std::move(key)).first;
        found->second.ref = {fees.version, fees.plan, &fee, nullptr, nullptr, fees.place, charge};
        found->second.amount =
            special == 0 ? fee.amount : fees.version->special_prices[special - 1].amount;
        return found->second;
    }

    void take_days(const PlanFees& fees, std::uint32_t charge,
                   const directory::Subscription& subscription, const Stretch& stretch,
                   PayerPath path) {
        const AccountId account = subscription.fact.account;
        FeeQuantity& quantity = at(fees, charge, account, subscription.fact.name, std::move(path));
        quantity.changes[stretch.period.first][account] += stretch.quantity;
        quantity.changes[stretch.period.end][account] -= stretch.quantity;
    }

    bool pays_on(const PayerPath& path, Date day) const {
        return std::ranges::any_of(
            path, [&](const auto& p) { return p.first == payer() && p.second.contains(day); });
    }

    void add_whole(FeeQuantity& quantity, AccountId account, std::int64_t units, DatePeriod days) {
        quantity.whole[account] += units;
        quantity.days.first = std::min(quantity.days.first, days.first);
        quantity.days.end = std::max(quantity.days.end, days.end);
    }

    // Not prorated: the highest quantity of the cycle, owed by who pays when it begins.
    void take_whole(const PlanFees& fees, std::uint32_t charge,
                    const directory::Subscription& subscription, const Stretch& stretch,
                    const PayerPath& path) {
        if (!pays_on(path, stretch.period.first)) return;
        std::int64_t highest = 0;
        const ComponentId fee = fees.plan->fees[charge].id;
        for (const Stretch& other : stretches_) {
            const Date first = other.period.first;
            if (other.plan == stretch.plan && has_begun(first) &&
                is_covered(subscription.fact.id, fee, first))
                highest = std::max(highest, other.quantity);
        }
        const AccountId account = subscription.fact.account;
        add_whole(at(fees, charge, account, subscription.fact.name, {}), account, highest,
                  {stretch.period.first, cycle_.end});
    }

    // Once: in the cycle in which the subscription takes up the plan for the first time.
    void take_once(const PlanFees& fees, std::uint32_t charge,
                   const directory::Subscription& subscription, const Stretch& stretch,
                   const PayerPath& path) {
        const Date day = stretch.period.first;
        if (!pays_on(path, day) || first_day(subscription, stretch.plan) != day) return;
        const AccountId account = subscription.fact.account;
        add_whole(at(fees, charge, account, subscription.fact.name, {}), account, stretch.quantity,
                  {day, day.plus_days(1)});
    }

    static std::optional<Date> first_day(const directory::Subscription& subscription, PlanId plan) {
        std::optional<Date> first;
        const auto look = [&](Date day) {
            const PlanId* on = subscription.plan.at(day);
            if (on == nullptr || *on != plan || quantity_on(subscription, day) <= 0) return;
            if (!first || day < *first) first = day;
        };
        for (const auto& step : subscription.plan.steps) look(step.from);
        for (const auto& step : subscription.quantity.steps) look(step.from);
        return first;
    }

    // Per account: one unit on days on which the payer pays for anyone with the plan.
    void take_for_account(const PlanFees& fees, std::uint32_t charge, const Stretch& stretch,
                          const PayerPath& path) {
        for (const auto& [who, days] : path) {
            const DatePeriod both = days.intersect(stretch.period);
            if (who != payer() || both.empty()) continue;
            FeeQuantity& quantity = at(fees, charge, payer(), "", {});
            quantity.changes[both.first][payer()] += 1;
            quantity.changes[both.end][payer()] -= 1;
        }
    }

    // However many subscriptions have the plan: one.
    void finish_account_fees() {
        for (auto& [key, quantity] : quantities_) {
            if (quantity.ref.fee->per != catalog::FeePer::account) continue;
            QuantityChanges ones;
            i128 level = 0;
            for (const auto& [day, change] : quantity.changes) {
                const bool before = level > 0;
                level += change.at(payer());
                if (before != (level > 0)) ones[day][payer()] = before ? -1 : 1;
            }
            quantity.changes = std::move(ones);
            if (!quantity.changes.empty() &&
                !is_covered({}, quantity.ref.fee->id, quantity.changes.begin()->first))
                quantity.changes.clear();
            settle_account_fee(quantity);
        }
    }

    void settle_account_fee(FeeQuantity& quantity) {
        const catalog::Fee& fee = *quantity.ref.fee;
        const bool whole = fee.every == catalog::FeeEvery::once ||
                           (is_periodic(fee) && fee.prorate == catalog::Prorate::none);
        if (!whole || quantity.changes.empty()) return;
        const Date day = quantity.changes.begin()->first;
        if (is_periodic(fee) || begins_on(quantity.ref.plan->id, day)) {
            add_whole(quantity, payer(), 1, {day, day.plus_days(1)});
        }
        quantity.changes.clear();
    }

    // Whether the payer has never paid for the plan before `day`.
    bool begins_on(PlanId plan, Date day) const {
        std::vector<Stretch> before;
        for (const PaidStretch& stretch : context_.payers().of(payer())) {
            const DatePeriod days = stretch.period.intersect({Date::min(), day});
            if (days.empty()) continue;
            for (const SubscriptionId id : context_.directory().subscriptions_of(stretch.account)) {
                append_stretches(context_.directory().subscription(id), days, before);
            }
        }
        return std::ranges::none_of(before, [&](const Stretch& s) { return s.plan == plan; });
    }

    const Context& context_;
    DatePeriod cycle_;
    catalog::FeeTiming timing_;
    int months_;
    Date begun_since_;
    FeeQuantities quantities_;
    std::map<PlanId, PlanFees> plans_;
    std::vector<Stretch> stretches_;
};

}  // namespace

catalog::FeeTiming timing_of(const catalog::Fee& fee) {
    return fee.every == catalog::FeeEvery::once ? catalog::FeeTiming::arrears : fee.timing;
}

int months_of(const catalog::Fee& fee) {
    switch (fee.every) {
        case catalog::FeeEvery::quarter: return 3;
        case catalog::FeeEvery::year: return 12;
        case catalog::FeeEvery::cycle:
        case catalog::FeeEvery::day:
        case catalog::FeeEvery::once: break;
    }
    return 1;
}

bool has_begun_since(const directory::Subscription& subscription, Date day) {
    const auto& plans = subscription.plan.steps;
    return plans.empty() || plans.front().from >= day;
}

bool is_periodic(const catalog::Fee& fee) {
    return fee.every == catalog::FeeEvery::cycle || months_of(fee) > 1;
}

Result<FeeQuantities> fee_quantities(const Context& context, DatePeriod cycle,
                                     catalog::FeeTiming timing, int months, Date begun_since) {
    return Collector(context, cycle, timing, months, begun_since).run();
}

Result<std::vector<StretchFee>> fees_by_stretch(const Context& context, DatePeriod cycle,
                                                catalog::FeeTiming timing, int months,
                                                SubscriptionId subscription) {
    return Collector(context, cycle, timing, months, Date::min())
        .by_stretch(context.directory().subscription(subscription));
}

}  // namespace farthing::billing
