// Money that comes by itself when a balance falls below an amount: from another account, or from
// whoever is told to pay in. So often a day and a month, and never twice for the same.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "engine/desk.h"
#include "engine/find.h"
#include "engine/notices.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

constexpr std::int64_t kOftenMax = 1'000;

Date month_of(Date day) {
    const auto civil = day.civil();
    return Date::of(static_cast<int>(civil.year()), static_cast<unsigned>(civil.month()), 1);
}

}  // namespace

Result<void> Desk::load_recharges() {
    FARTHING_TRY(const auto rules, state_.store->recharge_rules());
    recharges_.clear();
    for (const RechargeRule& rule : rules) {
        recharges_[rule.account] = rule;
        moved_.insert(rule.account);
    }
    return {};
}

// What the rule does now; none where the balance is there, or it did enough.
Result<std::optional<Recharge>> Desk::recharge_due(const RechargeRule& rule, Instant now) {
    if (charger_.purses()[rule.account].balance >= i128{*rule.below})
        return std::optional<Recharge>();
    const TimeZone zone = state_.zone();
    const Date today = zone.date_of(now);
    FARTHING_TRY(const auto before,
                 state_.store->recharges(rule.account, zone.start_of(month_of(today))));
    std::int64_t of_day = 0;
    for (const Recharge& one : before) {
        const bool is_today = zone.date_of(one.at) == today;
        of_day += is_today ? 1 : 0;
        // What was asked for today may still come.
        if (is_today && one.state == RechargeState::asked && !one.paid)
            return std::optional<Recharge>();
    }
    if (of_day >= rule.per_day || std::ssize(before) >= rule.per_month)
        return std::optional<Recharge>();
    Recharge next;
    next.account = rule.account;
    next.at = now;
    next.reference =
        fmt::format("recharge {} {}/{}", state_.directory.account(rule.account).fact.name,
                    to_string(today), of_day + 1);
    next.source = rule.source;
    next.atoms = rule.atoms;
    next.state = rule.source ? RechargeState::made : RechargeState::asked;
    return std::optional(next);
}

// Whether money came.
Result<bool> Desk::recharge_one(const RechargeRule& rule) {
    FARTHING_TRY(auto next, recharge_due(rule, state_.clock.now()));
    if (!next) return false;
    if (next->state == RechargeState::made) {
        const Transfer asked{rule.source, rule.account, next->reference,
                             next->at,    currency(),   rule.atoms};
        const Result<void> done = transfer(asked, &*next);
        if (done) {
            moved_.insert(rule.account);  // perhaps it takes more than one
            return true;
        }
        if (done.error().code != name_of(EngineReason::transfer_not_covered) &&
            done.error().code != name_of(EngineReason::transfer_of_postpaid))
            return fail(done.error());
        next->state = RechargeState::failed;
    }
    FARTHING_CHECK(state_.store->add_recharge(*next, notice_of(state_, *next)));
    stay_in_step();
    return false;
}

// Each time counts, so it ends.
Result<std::set<AccountId>> Desk::recharge() {
    std::set<AccountId> received;
    while (!moved_.empty()) {
        const AccountId account = *moved_.begin();
        moved_.erase(moved_.begin());
        const auto rule = recharges_.find(account);
        if (rule == recharges_.end()) continue;
        FARTHING_TRY(const bool came, recharge_one(RechargeRule(rule->second)));
        if (came) received.insert(account);
    }
    return received;
}

Result<void> Engine::set_recharge(const RechargeChange& change) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    RechargeRule rule;
    FARTHING_TRY(rule.account, payer_named(s, change.account));
    rule.at = s.clock.now();
    if (change.below != "none") {
        const Currency currency = s.catalog.newest().currency;
        FARTHING_TRY(rule.below, atoms_of(change.below, currency));
        FARTHING_TRY(rule.atoms, atoms_of(change.amount, currency));
        if (rule.atoms == 0) return fail(EngineReason::amount_malformed, "a top-up of nothing");
        rule.per_day = change.per_day;
        rule.per_month = change.per_month;
        if (std::min(rule.per_day, rule.per_month) < 1 ||
            std::max(rule.per_day, rule.per_month) > kOftenMax)
            return fail(EngineReason::recharge_malformed);
        if (!change.source.empty()) {
            FARTHING_TRY(rule.source, payer_named(s, change.source));
        }
    }
    FARTHING_TRY(const auto rules, s.store->recharge_rules());
    for (AccountId source = rule.source; source;) {
        if (source == rule.account) return fail(EngineReason::recharge_circle);
        const auto next = std::ranges::find(rules, source, &RechargeRule::account);
        source = next == rules.end() ? AccountId() : next->source;
    }
    FARTHING_CHECK(s.store->set_recharge_rule(rule));
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*s.store));
    FARTHING_CHECK(s.open_desk());  // reads it
    return let_money_come(s);
}

Result<std::vector<RechargeRow>> Engine::recharges(const std::string& account) {
    FARTHING_TRY(const AccountId id, payer_named(*state_, account));
    FARTHING_TRY(const auto found, state_->store->recharges(id, Instant::min()));
    std::vector<RechargeRow> rows;
    for (const Recharge& one : found) {
        RechargeRow row;
        row.at = one.at;
        row.reference = one.reference;
        if (one.source) row.source = state_->directory.account(one.source).fact.name;
        row.amount = {one.atoms, state_->catalog.newest().currency};
        row.result = one.paid ? "paid" : name_of(one.state);
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace farthing::engine
