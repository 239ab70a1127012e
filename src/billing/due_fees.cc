#include "billing/due_fees.h"

#include <algorithm>
#include <tuple>

#include "billing/fees.h"

namespace farthing::billing {
namespace {

using catalog::FeeEvery;
using catalog::FeeTiming;

class DueFees {
  public:
    DueFees(const Context& context, Date since)
        : context_(context), since_(since), today_(*context.input().due_by) {}

    Result<std::vector<DueFee>> run() {
        for (const int months : {1, 3, 12}) {
            if (months > 1 && !any_fee_of(context_.input().catalog, months)) continue;
            const DatePeriod now = context_.cycle_of_months(today_, months);
            const DatePeriod before = context_.cycle_of_months(now.first.plus_days(-1), months);
            FARTHING_CHECK(take(now, FeeTiming::advance, months));
            FARTHING_CHECK(take(now, FeeTiming::arrears, months));
            FARTHING_CHECK(take(before, FeeTiming::arrears, months));
        }
        std::ranges::sort(due_, {}, [](const DueFee& one) {
            const PrepaidFee& fee = one.fee;
            return std::tuple(fee.due, fee.subscription, fee.component, fee.cycle);
        });
        return std::move(due_);
    }

  private:
    AccountId payer() const { return context_.input().payer; }

    Result<void> take(DatePeriod cycle, FeeTiming timing, int months) {
        AccountId before;
        for (const PaidStretch& stretch : context_.payers().of(payer())) {
            if (stretch.account == before || stretch.period.intersect(cycle).empty()) continue;
            before = stretch.account;
            for (const SubscriptionId id : context_.directory().subscriptions_of(stretch.account)) {
                FARTHING_TRY(const auto fees, fees_by_stretch(context_, cycle, timing, months, id));
                for (const StretchFee& one : fees)
                    FARTHING_CHECK(add(cycle, one.days, id, one.key, one.quantity));
            }
        }
        return take_of_accounts(cycle, timing, months);
    }

    Result<void> take_of_accounts(DatePeriod cycle, FeeTiming timing, int months) {
        if (!any_of_accounts()) return {};
        FARTHING_TRY(const FeeQuantities quantities,
                     fee_quantities(context_, cycle, timing, months));
        for (const auto& [key, quantity] : quantities) {
            if (quantity.ref.fee->per != catalog::FeePer::account) continue;
            if (quantity.changes.empty() && quantity.whole.empty()) continue;
            const Date first =
                quantity.whole.empty() ? quantity.changes.begin()->first : quantity.days.first;
            FARTHING_CHECK(add(cycle, {first, cycle.end}, {}, key, quantity));
        }
        return {};
    }

    bool any_of_accounts() const {
        return std::ranges::any_of(context_.input().catalog.versions(), [](const auto& version) {
            return std::ranges::any_of(version->plans, [](const catalog::Plan& plan) {
                return std::ranges::any_of(plan.fees, [](const catalog::Fee& fee) {
                    return fee.per == catalog::FeePer::account && !fee.minimum;
                });
            });
        });
    }

    // When it falls due, and from when on it is not asked for any more.
    static std::pair<Date, Date> due_of(const catalog::Fee& fee, DatePeriod cycle,
                                        DatePeriod days) {
        if (fee.every == FeeEvery::once) return {days.first, Date::max()};
        if (fee.every == FeeEvery::day) return {days.first, days.end};
        if (fee.timing == FeeTiming::advance) return {days.first, cycle.end};
        return {cycle.end, Date::max()};
    }

    Result<void> add(DatePeriod cycle, DatePeriod days, SubscriptionId subscription,
                     const FeeKey& key, const FeeQuantity& quantity) {
        const catalog::Fee& fee = *quantity.ref.fee;
        const auto [due, until] = due_of(fee, cycle, days);
        if (due < since_ || due > today_) return {};
        FARTHING_TRY(const Exact exact, fee_amount(context_, cycle, key, quantity));
        const auto money = money_of(exact, context_.currency());
        const auto atoms = money ? narrow64(money->atoms) : std::nullopt;
        if (!atoms) return fail(BillingReason::amount_out_of_range);
        due_.push_back(
            {{payer(), subscription, quantity.ref.plan->id, fee.id, cycle, days.first, due, until},
             *atoms,
             fee.owed_if_uncovered});
        return {};
    }

    const Context& context_;
    Date since_;
    Date today_;
    std::vector<DueFee> due_;
};

}  // namespace

Result<std::vector<DueFee>> due_fees(const Input& input, Date since) {
    FARTHING_TRY(const Context context, Context::of(input));
    return DueFees(context, since).run();
}

}  // namespace farthing::billing
