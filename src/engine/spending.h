// What usage costs in a cycle beside spending caps, from the counters: so it depends
// neither on the order in which records came, nor on how they were cut into batches.
#pragma once

#include <vector>

#include "engine/state.h"

namespace farthing::engine {

struct Spending {
    const catalog::Plan* plan = nullptr;
    const catalog::SpendingCap* cap = nullptr;
    Currency currency;
    SubscriptionId subscription;  // none: of an account
    AccountId account;            // who pays
    DatePeriod window;
    Exact spent;
    bool over() const { return spent > cap->amount.exact(); }
    // The highest alert that is reached, in percent; 0 for none.
    int alert() const;
    std::string text()
        const;  // "62 EUR of 50.00 for each subscription and month, in 2026-01-01..2026-01-31"
};

// Those that have a cap, of one window of counters; `only`: of that subscription, and of the
// account that pays for it.
Result<std::vector<Spending>> spending_in(Engine::State& state, Date window,
                                          SubscriptionId only = {});
// What usage by a plan has come to in a cycle by what the store has, in atoms: a subscription's
// own; all that is posted to a payer.
Result<i128> spent_by(Engine::State& state, PlanId plan, SubscriptionId subscription, Date cycle);
Result<i128> spent_by(Engine::State& state, PlanId plan, AccountId payer, Date cycle);
// What usage in one block of counters has come to that counts for an account that others pay for.
Result<i128> spent_below(Engine::State& state, AccountId account, const PackKey& key);
Result<i128> spent_below(Engine::State& state, AccountId account, const PackKey& key,
                         std::string_view bytes);  // the block as it will be
// Of the windows of about a month up to the newest: those over their cap or an alert.
Result<std::vector<Finding>> spending_findings(Engine::State& state);

}  // namespace farthing::engine
