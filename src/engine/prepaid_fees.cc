#include "engine/prepaid_fees.h"

#include <algorithm>

#include "billing/due_fees.h"
#include "engine/find.h"
#include "engine/notices.h"
#include "engine/reasons.h"
#include "ledger/ledger.h"

namespace farthing::engine {

namespace {

constexpr std::size_t kAtOnce = 256;  // accounts of one transaction

bool any_fees(const catalog::Snapshot& catalog) {
    return std::ranges::any_of(catalog.versions(), [](const auto& version) {
        return std::ranges::any_of(version->plans, [](const catalog::Plan& plan) {
            return std::ranges::any_of(plan.fees,
                                       [](const catalog::Fee& fee) { return !fee.minimum; });
        });
    });
}

// What is known of one fee.
struct KnownFee {
    i128 taken = 0;
    std::int64_t uncovered = 0;  // asked for last, and not taken; 0: nothing
};
using KnownFees = std::map<PrepaidFee::Key, KnownFee>;

KnownFees known_of(const std::vector<FeeMove>& moves) {
    KnownFees known;
    for (const FeeMove& move : moves) {
        KnownFee& of_fee = known[move.fee.key()];
        of_fee.taken += move.atoms;
        of_fee.uncovered = move.was_taken() ? 0 : move.wanted;
    }
    return known;
}

Result<Entry> fee_entry(const FeeMove& move, Currency currency) {
    Entry header;
    header.kind = EntryKind::fee;
    header.payer = move.fee.payer;
    header.component = move.fee.component;
    header.period = move.fee.cycle;
    header.currency = currency;
    ledger::EntryBuilder entry(std::move(header));
    if (!entry.move({LedgerKind::unbilled, move.fee.payer.value},
                    {LedgerKind::revenue, move.fee.component.value}, move.atoms))
        return fail(EngineReason::amount_out_of_range);
    return std::move(entry).finish();
}

// What falls due of one account, against what it may spend.
class AccountFees {
  public:
    AccountFees(Engine::State& state, Desk& desk, AccountId payer, store::Store::FeesTaken& delta)
        : state_(state), desk_(desk), payer_(payer), today_(state.today()), delta_(delta) {}

    // Gives why it is not known what is due; then all stays as it is.
    Result<std::optional<Error>> take(Date since) {
        std::vector<billing::DueFee> due;
        if (desk_.charger().purses()[payer_].credit) {
            FARTHING_TRY(const auto moves,
                         state_.store->fee_moves(payer_, today_.plus_days(-kDaysBack)));
            known_ = known_of(moves);
            auto found = due_by_today(since);
            if (!found) return std::optional(std::move(found).error());
            due = *std::move(found);
            FARTHING_CHECK(hand_back(due, moves));
        }
        for (const billing::DueFee& one : due) FARTHING_CHECK(ask(one));
        settle();
        return std::optional<Error>();
    }

  private:
    static constexpr int kDaysBack = 367;  // a year's fee in arrears is due at its end

    Result<std::vector<billing::DueFee>> due_by_today(Date since) {
        billing::Input input{.catalog = state_.catalog,
                             .directory = state_.directory,
                             .payer = payer_,
                             .cycle = billing::cycle_of_payer(state_.directory, payer_, today_),
                             .today = today_,
                             .due_by = today_,
                             .payers = &desk_.payers()};
        return billing::due_fees(input, since);
    }

    i128 room() const {
        const ledger::Purse& purse = desk_.charger().purses()[payer_];
        return purse.balance + purse.credit.value_or(0) - purse.held;
    }

    // What changed since within a period that goes on: it ended, or there is less of it.
    Result<void> hand_back(std::vector<billing::DueFee>& due, const std::vector<FeeMove>& moves) {
        std::map<PrepaidFee::Key, std::int64_t> owed;
        for (const billing::DueFee& one : due) owed[one.fee.key()] = one.atoms;
        std::map<PrepaidFee::Key, PrepaidFee> fees;
        for (const FeeMove& move : moves) fees.emplace(move.fee.key(), move.fee);
        for (const auto& [key, fee] : fees) {
            const auto now = owed.find(key);
            const bool goes_on = key.cycle.contains(today_);
            if (now == owed.end() && !goes_on) continue;
            const i128 atoms = now == owed.end() ? 0 : now->second;
            const i128 more = atoms - known_[key].taken;
            if (more < 0) FARTHING_CHECK(move(fee, more));
        }
        return {};
    }

    Result<void> ask(const billing::DueFee& one) {
        const auto known = known_.find(one.fee.key());
        const i128 taken = known == known_.end() ? 0 : known->second.taken;
        const std::int64_t before = known == known_.end() ? 0 : known->second.uncovered;
        const i128 more = one.atoms - taken;
        if (more <= 0) return {};
        if (before != 0 && !one.fee.is_waiting_on(today_)) return {};  // nobody used it
        if (one.owed_if_uncovered || room() >= more) return move(one.fee, more);
        const auto wanted = narrow64(more);
        if (!wanted) return fail(EngineReason::amount_out_of_range);
        if (before != *wanted) note(one.fee, *wanted, 0);
        if (one.fee.is_waiting_on(today_)) waits_.push_back({one.fee, *wanted});
        return {};
    }

    Result<void> move(const PrepaidFee& fee, i128 atoms) {
        const auto narrow = narrow64(atoms);
        if (!narrow) return fail(EngineReason::amount_out_of_range);
        note(fee, *narrow, *narrow);
        store::Store::FeesTaken::Move& made = delta_.moves.back();
        FARTHING_TRY(made.entry, fee_entry(made.move, desk_.currency()));
        desk_.charger().purses()[payer_].balance -= *narrow;
        return {};
    }

    void note(const PrepaidFee& fee, std::int64_t wanted, std::int64_t atoms) {
        FeeMove move;
        move.fee = fee;
        move.at = state_.clock.now();
        move.wanted = wanted;
        move.atoms = atoms;
        move.available = narrow64(room()).value_or(room() < 0 ? INT64_MIN : INT64_MAX);
        delta_.moves.push_back({move, {}});
    }

    // What waits now beside what did, and whom that suspends or lets go on.
    void settle() {
        const std::vector<UncoveredFee>& before = desk_.uncovered(payer_);
        const auto same = [](const UncoveredFee& one) {
            return [&one](const UncoveredFee& other) {
                return other.fee.key() == one.fee.key() && other.atoms == one.atoms;
            };
        };
        for (const UncoveredFee& one : waits_)
            if (std::ranges::none_of(before, same(one))) delta_.uncovered.push_back(one);
        for (const UncoveredFee& one : before) {
            const bool waits = std::ranges::any_of(waits_, [&](const UncoveredFee& other) {
                return other.fee.key() == one.fee.key();
            });
            if (!waits) delta_.no_longer.push_back(one.fee);
        }
        std::map<SubscriptionId, const UncoveredFee*> suspended;
        for (const UncoveredFee& one : waits_)
            for (const SubscriptionId id : desk_.suspended_by(one.fee)) suspended[id] = &one;
        std::set<SubscriptionId> were;
        for (const UncoveredFee& one : before)
            for (const SubscriptionId id : desk_.suspended_by(one.fee)) were.insert(id);
        for (const auto& [id, fee] : suspended) {
            if (!were.contains(id))
                delta_.told.notices.push_back(suspended_notice(state_, id, *fee));
        }
        for (const SubscriptionId id : were) {
            if (!suspended.contains(id))
                delta_.told.notices.push_back(resumed_notice(state_, id, payer_));
        }
        desk_.set_uncovered(payer_, std::move(waits_));
    }

    Engine::State& state_;
    Desk& desk_;
    AccountId payer_;
    Date today_;
    store::Store::FeesTaken& delta_;
    KnownFees known_;
    std::vector<UncoveredFee> waits_;
};

std::string fee_name(const Engine::State& state, ComponentId component) {
    return state.names.name_of(NameTable::Kind::component, component.value);
}

FeeRow fee_row(const Engine::State& state, const FeeMove& move) {
    FeeRow row;
    row.id = std::string(kFeePrefix) + std::to_string(move.id);
    row.account = state.directory.account(move.fee.payer).fact.name;
    if (move.fee.subscription)
        row.subscription = state.directory.subscription(move.fee.subscription).fact.name;
    row.fee = fee_name(state, move.fee.component);
    row.cycle = move.fee.cycle;
    row.due = move.fee.due;
    row.at = move.at;
    row.amount = {move.wanted, state.catalog.newest().currency};
    row.result = !move.was_taken() ? "not covered" : move.atoms < 0 ? "handed back" : "taken";
    return row;
}

using Payers = std::vector<std::pair<AccountId, Date>>;

Result<void> commit_fees(Engine::State& state, Desk& desk, const std::set<AccountId>& payers,
                         store::Store::FeesTaken& delta, FeeReport& report) {
    desk.watch(payers, delta.told);
    if (delta.empty()) return {};
    FARTHING_TRY(std::int64_t id, state.store->take_fees(delta));
    desk.stay_in_step();
    for (const AccountId payer : payers) desk.look_at(payer);
    for (auto& one : delta.moves) {
        one.move.id = id++;
        if (one.entry) one.move.entry = {1};  // there is one
        report.rows.push_back(fee_row(state, one.move));
    }
    delta = {};
    return {};
}

Result<FeeReport> take_once(Engine::State& state, std::span<const std::pair<AccountId, Date>> of) {
    FeeReport report;
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
    FARTHING_TRY(Desk* const desk, state.open_desk());
    desk->charger().pass(state.clock.now());
    store::Store::FeesTaken delta;
    std::set<AccountId> payers;
    for (const auto& [payer, since] : of) {
        AccountFees fees(state, *desk, payer, delta);
        FARTHING_TRY(const auto failed, fees.take(since));
        if (failed) report.failed.emplace_back(state.directory.account(payer).fact.name, *failed);
        payers.insert(payer);
        if (payers.size() < kAtOnce) continue;
        FARTHING_CHECK(commit_fees(state, *desk, payers, delta, report));
        payers.clear();
    }
    FARTHING_CHECK(commit_fees(state, *desk, payers, delta, report));
    return report;
}

// Again where another process wrote meanwhile: what it took is known then.
Result<FeeReport> take_all(Engine::State& state,
                           std::span<const std::pair<AccountId, Date>> of) try {
    for (int left = kTries; left > 0; --left) {
        auto report = take_once(state, of);
        if (report) return report;
        state.forget_counters();  // and the desk with them: the store has what is true
        state.followed = false;
        if (report.error().code != name_of(StoreReason::position_moved))
            return fail(report.error());
    }
    return fail(StoreReason::position_moved);
} catch (const StoreFailure& failure) {
    state.forget_counters();
    return fail(failure.error);
}

Result<Payers> payers_since(Engine::State& state, AccountId only) {
    Payers payers;
    if (state.catalog.empty() || !any_fees(state.catalog)) return payers;
    FARTHING_TRY(const auto since, state.store->prepaid_since(only));
    for (const auto& [payer, at] : since) payers.emplace_back(payer, state.zone().date_of(at));
    return payers;
}

}  // namespace

Result<FeeReport> take_due_fees(Engine::State& state, AccountId only) {
    FARTHING_TRY(const Payers payers, payers_since(state, only));
    if (payers.empty()) return FeeReport();
    FARTHING_TRY(FeeReport report, take_all(state, payers));
    FARTHING_CHECK(let_money_come(state));
    return report;
}

Result<void> let_money_come(Engine::State& state) try {
    for (int left = kTries; state.desk && state.desk->may_recharge(); --left) {
        if (left == 0) return fail(StoreReason::position_moved);
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
        FARTHING_TRY(Desk* const desk, state.open_desk());
        const auto received = desk->recharge();
        if (!received && received.error().code != name_of(StoreReason::position_moved))
            return fail(received.error());
        if (!received) {
            state.forget_counters();  // and the desk with them: the store has what is true
            state.followed = false;
            FARTHING_CHECK(state.open_desk());
            continue;
        }
        for (const AccountId account : *received) FARTHING_CHECK(take_due_fees(state, account));
    }
    return {};
} catch (const StoreFailure& failure) {
    state.forget_counters();
    return fail(failure.error);
}

Result<FeeReport> Engine::take_fees(const std::string& account) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    AccountId only;
    if (!account.empty()) {
        FARTHING_TRY(only, payer_named(s, account));
    }
    return take_due_fees(s, only);
}

namespace {

// Who pays for subscriptions that began or changed since accounts were asked that day.
Result<void> add_changed(Engine::State& state, Engine::State::FeeDay& day) {
    std::set<SubscriptionId> changed;
    const auto& plans = state.directory.plan_facts();
    const auto& quantities = state.directory.quantity_facts();
    for (; day.plans < plans.size(); ++day.plans) changed.insert(plans[day.plans].subscription);
    for (; day.quantities < quantities.size(); ++day.quantities)
        changed.insert(quantities[day.quantities].subscription);
    std::set<AccountId> payers;
    for (const SubscriptionId id : changed) {
        const AccountId account = state.directory.subscription(id).fact.account;
        const AccountId* payer = state.directory.account(account).payer.at(day.day);
        if (payer != nullptr && *payer) payers.insert(*payer);
    }
    for (const AccountId payer : payers) {
        FARTHING_TRY(const Payers since, payers_since(state, payer));
        day.left.insert(day.left.end(), since.begin(), since.end());
    }
    return {};
}

}  // namespace

Result<bool> Engine::take_fees_of_day(std::size_t most) {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    if (!s.fee_day || s.fee_day->day != s.today()) {
        FARTHING_TRY(Payers payers, payers_since(s, {}));
        s.fee_day = {s.today(), std::move(payers), s.directory.plan_facts().size(),
                     s.directory.quantity_facts().size()};
    }
    FARTHING_CHECK(add_changed(s, *s.fee_day));
    Payers& left = s.fee_day->left;
    if (left.empty()) return false;
    const std::size_t rest = left.size() - std::min(most, left.size());
    FARTHING_CHECK(take_all(s, std::span(left).subspan(rest)));
    left.resize(rest);
    FARTHING_CHECK(let_money_come(s));
    return rest > 0;
}

Result<std::vector<FeeRow>> Engine::fees(const std::string& account) {
    State& s = *state_;
    FARTHING_TRY(const AccountId payer, payer_named(s, account));
    FARTHING_TRY(const auto moves, s.store->fee_moves(payer, Date::min()));
    std::vector<FeeRow> rows;
    for (const FeeMove& move : moves) rows.push_back(fee_row(s, move));
    return rows;
}

Result<std::set<AccountId>> prepaid_payers(Engine::State& state) {
    std::set<AccountId> payers;
    if (!any_fees(state.catalog)) return payers;
    FARTHING_TRY(const auto since, state.store->prepaid_since({}));
    for (const auto& [account, at] : since) payers.insert(account);
    FARTHING_TRY(const auto limits, state.store->limits());
    std::map<AccountId, bool> limited;
    for (const AccountLimit& limit : limits) {
        if (limit.credit) limited[limit.account] = limit.credit != kEndlessCredit;
    }
    std::erase_if(payers, [&](AccountId account) {
        const auto found = limited.find(account);
        return found != limited.end() && !found->second;
    });
    return payers;
}

Result<Uncovered> uncovered_fees(Engine::State& state, AccountId payer) {
    FARTHING_TRY(const auto moves, state.store->fee_moves(payer, Date::min()));
    std::set<std::tuple<SubscriptionId, ComponentId, Date>> uncovered;
    for (const auto& [key, known] : known_of(moves)) {
        if (known.uncovered != 0 && known.taken == 0)
            uncovered.insert({key.subscription, key.component, key.first});
    }
    return Uncovered([uncovered = std::move(uncovered)](SubscriptionId subscription,
                                                        ComponentId component, Date first) {
        return uncovered.contains({subscription, component, first});
    });
}

}  // namespace farthing::engine
