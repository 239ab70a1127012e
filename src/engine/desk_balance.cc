// What an account has, holds and may spend. One that others pay for has no money of its own, but
// what usage below it costs counts for its cap.
#include "engine/desk.h"
#include "engine/spending.h"

namespace farthing::engine {

Result<BalanceReport> Desk::balance(AccountId account) {
    charger_.pass(state_.clock.now());
    const directory::Account& known = state_.directory.account(account);
    const Date today = state_.today();
    const AccountId payer = *known.payer.at(today);
    const directory::Account& paying = state_.directory.account(payer);
    const Date cycle = cycle_of(today, paying.fact.bill_day).first;
    BalanceReport report;
    report.account = known.fact.name;
    if (const auto room = charger_.room(account, payer, cycle))
        report.available = Money{std::max<i128>(0, *room), currency()};
    if (payer == account) {
        ledger::Purse& purse = charger_.purses()[account];
        // What was spent before is asked for once: charges since then are counted in memory.
        if (!purse.cap && spent_known_.insert(account).second)
            FARTHING_CHECK(load_spent(account, purse));
        tell_spent(account, cycle, purse, report);
        tell_money(account, purse, report);
        return report;
    }
    report.payer = paying.fact.name;
    if (const ledger::Purse* const level = charger_.levels().find(account, cycle)) {
        tell_spent(account, cycle, *level, report);
        return report;
    }
    ledger::Purse open;  // without a cap nothing is counted before somebody asks
    for (const OwnerBlock& owners : charging::owners_below(state_.directory, account)) {
        FARTHING_TRY(const i128 part,
                     spent_below(state_, account, charging::block_in(cycle, owners)));
        open.spent[cycle] += part;
    }
    open.held = charger_.held_below(account);
    tell_spent(account, cycle, open, report);
    return report;
}

void Desk::tell_spent(AccountId account, Date cycle, const ledger::Purse& purse,
                      BalanceReport& report) const {
    if (purse.cap) report.cap = Money{*purse.cap, currency()};
    report.held = Money{purse.held, currency()};
    report.spent = Money{purse.spent_in(cycle), currency()};
    for (const auto& [of, first, percent] : alerted_) {
        if (of == account && first == cycle) report.alerts += 1;
    }
}

void Desk::tell_money(AccountId account, const ledger::Purse& purse, BalanceReport& report) {
    report.balance = Money{purse.balance, currency()};
    if (purse.credit) report.credit = Money{*purse.credit, currency()};
    for (const UncoveredFee& one : uncovered(account)) {
        const std::string fee =
            state_.names.name_of(NameTable::Kind::component, one.fee.component.value);
        for (const SubscriptionId id : suspended_by(one.fee)) {
            report.suspended.push_back({state_.directory.subscription(id).fact.name, fee,
                                        one.fee.due, Money{one.atoms, currency()}});
        }
    }
}

}  // namespace farthing::engine
