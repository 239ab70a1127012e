// What others are told as usage is charged: caps that are reached, balances that fall. Each is told
// once, in the commit that made it true.
#include <algorithm>

#include "engine/cap_alerts.h"
#include "engine/desk.h"
#include "engine/notices.h"

namespace farthing::engine {

Result<void> Desk::load_told() {
    FARTHING_TRY(const auto alerts, state_.store->cap_alerts());
    for (const CapAlert& alert : alerts)
        alerted_.insert({alert.account, alert.cycle, alert.percent});
    FARTHING_TRY(const auto of_plans, state_.store->plan_cap_alerts());
    for (const PlanCapAlert& alert : of_plans) {
        alerted_plans_.insert(
            {{alert.plan, alert.subscription, alert.account, alert.cycle}, alert.percent});
    }
    return {};
}

Result<void> Desk::load_watched() {
    FARTHING_TRY(const auto watches, state_.store->balance_watches());
    watched_.clear();
    for (const BalanceWatch& watch : watches) {
        watched_.erase(watch.account);
        if (watch.below) watched_[watch.account] = *watch.below;
    }
    return load_low();
}

Result<void> Desk::load_low() {
    FARTHING_TRY(const auto low, state_.store->told_low());
    low_ = {low.begin(), low.end()};
    watch_all_ = true;
    return {};
}

Result<void> Desk::load_uncovered() {
    FARTHING_TRY(const auto fees, state_.store->uncovered_fees());
    const Date today = state_.today();
    uncovered_.clear();
    charger_.suspended().clear();
    std::map<AccountId, std::vector<UncoveredFee>> by_payer;
    for (const UncoveredFee& one : fees)
        if (one.fee.is_waiting_on(today)) by_payer[one.fee.payer].push_back(one);
    for (auto& [payer, waiting] : by_payer) set_uncovered(payer, std::move(waiting));
    return {};
}

const billing::PayerIndex& Desk::payers() {
    if (!payers_) payers_ = std::make_unique<billing::PayerIndex>(state_.directory);
    return *payers_;
}

// A fee of an account is the fee of all who have the plan there.
std::vector<SubscriptionId> Desk::suspended_by(const PrepaidFee& fee) {
    if (fee.subscription) return {fee.subscription};
    std::vector<SubscriptionId> all;
    const Date today = state_.today();
    for (const billing::PaidStretch& stretch : payers().of(fee.payer)) {
        if (!stretch.period.contains(today)) continue;
        for (const SubscriptionId id : state_.directory.subscriptions_of(stretch.account)) {
            const PlanId* plan = state_.directory.subscription(id).plan.at(today);
            if (plan != nullptr && *plan == fee.plan) all.push_back(id);
        }
    }
    return all;
}

std::vector<WaitingSession> Desk::take_waiting() {
    std::vector<WaitingSession> waiting;
    const Date today = state_.today();
    for (const AccountId account : std::exchange(paid_, {})) {
        for (const billing::PaidStretch& stretch : payers().of(account)) {
            if (!stretch.period.contains(today)) continue;
            for (const SubscriptionId id : state_.directory.subscriptions_of(stretch.account)) {
                charger_.each_waiting(id, [&](const charging::Session& session) {
                    waiting.push_back({std::string(session.id), std::string(session.client)});
                });
            }
        }
    }
    return waiting;
}

void Desk::set_uncovered(AccountId payer, std::vector<UncoveredFee> fees) {
    auto& suspended = charger_.suspended();
    for (const UncoveredFee& one : uncovered_[payer]) {
        for (const SubscriptionId id : suspended_by(one.fee))
            if (--suspended[id] == 0) suspended.erase(id);
    }
    for (const UncoveredFee& one : fees)
        for (const SubscriptionId id : suspended_by(one.fee)) suspended[id] += 1;
    uncovered_[payer] = std::move(fees);
}

bool Desk::is_low(AccountId account, std::int64_t more) {
    const auto watched = watched_.find(account);
    return watched != watched_.end() &&
           charger_.purses()[account].balance + more < i128{watched->second};
}

// One alert for each threshold that a cycle reaches.
void Desk::watch_caps(const std::set<AccountId>& payers, Instant now, OnlineDelta& delta) {
    for (const AccountId account : payers)
        watch_cap(account, charger_.purses()[account], now, delta);
    for (const auto& [account, purse] : charger_.levels().moved())
        watch_cap(account, *purse, now, delta);
}

void Desk::watch_cap(AccountId account, const ledger::Purse& purse, Instant now,
                     OnlineDelta& delta) {
    if (!purse.cap) return;
    for (const auto& [cycle, spent] : purse.spent) {
        each_reached(spent, *purse.cap, [&](int percent) {
            if (!alerted_.insert({account, cycle, percent}).second) return;
            delta.alerts.push_back({account, cycle, percent, now});
            delta.notices.push_back(notice_of(state_, delta.alerts.back(), spent, *purse.cap));
        });
    }
}

void Desk::watch_plans(Instant now, OnlineDelta& delta) {
    for (const auto& [key, spent] : charger_.moved_caps()) {
        const catalog::SpendingCap& cap = *state_.catalog.newest().plan(key.plan)->spending_cap;
        const auto amount = money_of(cap.amount.exact(), currency());
        if (!amount || amount->atoms == 0) continue;
        for (const int percent : cap.alerts) {
            if (spent * 100 < amount->atoms * percent) continue;
            if (!alerted_plans_.insert({key, percent}).second) continue;
            delta.plan_alerts.push_back(
                {key.plan, key.subscription, key.payer, key.cycle, percent, now});
            delta.notices.push_back(notice_of(state_, delta.plan_alerts.back(), spent, cap));
        }
    }
}

void Desk::watch_balances(const std::set<AccountId>& payers, OnlineDelta& delta) {
    const auto watch = [&](AccountId account) {
        const bool low = is_low(account);
        if (low && low_.insert(account).second) {
            delta.low.push_back(account);
            delta.notices.push_back(low_notice(state_, account, charger_.purses()[account].balance,
                                               watched_.at(account)));
        } else if (!low && low_.erase(account) > 0) {
            delta.no_longer.push_back(account);
        }
    };
    if (std::exchange(watch_all_, false)) {
        for (const auto& [account, below] : watched_) watch(account);
        const std::set<AccountId> told = low_;
        for (const AccountId account : told) watch(account);
    } else if (!watched_.empty() || !low_.empty()) {
        for (const AccountId account : payers) watch(account);
    }
}

}  // namespace farthing::engine
