#include "engine/desk.h"

#include <algorithm>

#include "base/assert.h"
#include "base/utf8.h"
#include "engine/find.h"
#include "engine/network_units.h"
#include "engine/reasons.h"
#include "engine/spending.h"
#include "engine/usage_entries.h"
#include "model/quantity.h"

namespace farthing::engine {

charging::Policy Desk::policy_of(const ChargeSettings& settings) {
    charging::Policy policy;
    policy.valid_seconds = settings.valid_seconds;
    policy.remembered_seconds = settings.remembered_seconds;
    return policy;
}

Result<std::unique_ptr<Desk>> Desk::open(Engine::State& state) {
    std::unique_ptr<Desk> desk(new Desk(state));
    desk->rater_age_ = state.rater_age;
    FARTHING_TRY(desk->changes_, state.store->session_changes());
    FARTHING_CHECK(desk->load_sessions());
    FARTHING_CHECK(desk->load_purses());
    return desk;
}

Result<void> Desk::load_sessions() {
    return state_.store->each_charge_session([&](const auto& kept) -> Result<void> {
        FARTHING_TRY(charging::Session session, charging::unpack_session(kept.bytes));
        charger_.load(std::move(session));
        return {};
    });
}

// An account's money is what it paid in less what it owes: a fold of the ledger, which only grows.
Result<void> Desk::load_balances(charging::Purses& purses, std::set<AccountId>& moved) {
    if (std::exchange(money_unsure_, false)) {
        purses.clear();
        money_seen_ = {};
    }
    FARTHING_TRY(const auto moves, state_.store->money_moves(money_seen_));
    for (const auto& [of, atoms] : moves.atoms) {
        const AccountId account{of.ref};
        purses[account].balance -= atoms;
        if (of.kind == LedgerKind::prepaid) prepaid_.insert(account);
        moved.insert(account);
    }
    money_seen_ = moves.last;
    return {};
}

Result<void> Desk::load_purses() {
    broken_off_ = true;
    charging::Purses purses = std::move(charger_.purses());
    std::set<AccountId> moved;
    FARTHING_CHECK(load_balances(purses, moved));
    std::set<AccountId> capped;
    for (auto& [account, purse] : purses) {
        if (purse.cap) capped.insert(account);
        purse.held = 0;
    }
    FARTHING_CHECK(load_rules(purses));
    spent_known_.clear();
    for (auto& [account, purse] : purses) {
        const bool known = capped.contains(account) && !moved.contains(account);
        if (purse.cap && !known) FARTHING_CHECK(load_spent(account, purse));
    }
    FARTHING_CHECK(load_uncovered());
    FARTHING_CHECK(load_told());
    const Instant now = state_.clock.now();
    FARTHING_CHECK(load_filed(now));
    charger_.set_purses(std::move(purses), now);
    in_step_again();
    return {};
}

void Desk::in_step_again() {
    writes_ = state_.store->writes();
    their_owners_.clear();
    others_wrote_ = of_anybody_ = broken_off_ = false;
}

Result<void> Desk::load_rules(charging::Purses& purses) {
    FARTHING_TRY(rules_, state_.store->charge_rules());
    FARTHING_TRY(const auto limits, state_.store->limits());
    for (auto& [account, purse] : purses) {
        purse.credit.reset();
        purse.cap.reset();
    }
    // Money alone makes an account prepaid: it spends what it has.
    for (const AccountId account : prepaid_) purses[account].credit = 0;
    for (const AccountLimit& limit : limits) {
        purses[limit.account].cap = limit.cap;
        if (!limit.credit) continue;
        limited_.insert(limit.account);
        purses[limit.account].credit = limit.credit;
        if (limit.credit == kEndlessCredit) purses[limit.account].credit.reset();
    }
    FARTHING_CHECK(load_watched());
    return load_recharges();
}

// Others rated usage, and perhaps money moved: what only that can have changed is read again. Any
// rule that changed may change any purse.
Result<void> Desk::follow_batches() {
    FARTHING_TRY(const std::int64_t rules, state_.store->charge_rules());
    if (of_anybody_ || money_unsure_ || rules != rules_) return load_purses();
    broken_off_ = true;
    charging::Purses& purses = charger_.purses();
    std::set<AccountId> moved;
    FARTHING_CHECK(load_balances(purses, moved));
    for (const AccountId account : moved) {
        ledger::Purse& purse = purses[account];
        if (prepaid_.contains(account) && !limited_.contains(account)) purse.credit = 0;
        spent_known_.erase(account);
        if (purse.cap) FARTHING_CHECK(load_spent(account, purse));
        look_at(account);
    }
    FARTHING_CHECK(load_low());
    FARTHING_CHECK(load_uncovered());
    FARTHING_CHECK(load_told());
    const std::vector<OwnerBlock> owners(their_owners_.begin(), their_owners_.end());
    charger_.follow(owners, state_.clock.now());
    in_step_again();
    return {};
}

void Desk::others_wrote(const std::optional<std::vector<OwnerBlock>>& owners) {
    others_wrote_ = true;
    if (owners) {
        their_owners_.insert(owners->begin(), owners->end());
    } else {
        of_anybody_ = true;
    }
}

// What files told of sessions, where any of them changed otherwise than here.
Result<void> Desk::load_filed(Instant now) {
    FARTHING_TRY(const std::int64_t changes, state_.store->session_changes());
    if (filed_known_ && changes == changes_) return {};
    FARTHING_TRY(const auto filed, state_.store->filed_sessions(filed_seen_));
    charger_.count_filed(filed);
    filed_seen_ = now;
    filed_known_ = true;
    return {};
}

Result<void> Desk::load_spent(AccountId account, ledger::Purse& purse) {
    FARTHING_TRY(const auto spent, state_.store->spent(account));
    purse.spent.clear();
    for (const auto& [of, atoms] : spent) purse.spent[of.first] += atoms;
    return {};
}

// What counts for the cap of a plan.
i128 Desk::committed(const charging::CapKey& key) {
    const auto spent = key.subscription ? spent_by(state_, key.plan, key.subscription, key.cycle)
                                        : spent_by(state_, key.plan, key.payer, key.cycle);
    // Not to know is not to have spent nothing.
    if (!spent) throw StoreFailure{spent.error()};
    return *spent;
}

i128 Desk::committed(AccountId below, const PackKey& key) {
    const auto spent = spent_below(state_, below, key);
    if (!spent) throw StoreFailure{spent.error()};
    return *spent;
}

Result<void> Desk::follow() {
    FARTHING_ASSERT(rater_age_ == state_.rater_age);
    if (!in_step()) return load_purses();
    return others_wrote_ ? follow_batches() : Result<void>();
}

Result<bool> Desk::stands() {
    if (broken_off_) return false;
    if (!others_wrote_) return true;
    FARTHING_TRY(const std::int64_t changes, state_.store->session_changes());
    return changes == changes_;
}

void Desk::stay_in_step() {
    writes_ = state_.store->writes();
    const EntryId newest = state_.store->newest_entry();
    if (newest.value > money_seen_.value + 1) money_unsure_ = true;  // others' may be among them
    money_seen_ = std::max(money_seen_, newest);
}

void Desk::paid(AccountId account, std::int64_t atoms, bool no_longer_low) {
    if (atoms > 0) paid_.insert(account);
    if (no_longer_low) low_.erase(account);
    ledger::Purse& purse = charger_.purses()[account];
    purse.balance += atoms;
    prepaid_.insert(account);
    if (!purse.credit && !limited_.contains(account)) purse.credit = 0;
    stay_in_step();
}

std::vector<Result<ChargeAnswer>> Desk::charge(std::span<const ChargeQuestion> questions) {
    const Instant now = state_.clock.now();
    charger_.pass(now);  // what is asked of a session that is forgotten now is asked of none
    std::vector<Result<ChargeAnswer>> answers;
    answers.reserve(questions.size());
    for (const ChargeQuestion& question : questions) answers.push_back(charge_one(question, now));
    return answers;
}

Result<ChargeAnswer> Desk::charge_one(const ChargeQuestion& question, Instant now) {
    FARTHING_TRY(Asked asked, request_of(question, now));
    ChargeAnswer answer;
    if (question.action == ChargeAction::enquire) {
        FARTHING_TRY(answer, enquire(asked.request));
    } else if (question.action == ChargeAction::debit && question.whole && !asked.refused.empty()) {
        answer.why = std::string(name_of(ChargeReason::granted));  // nothing of it is debited
    } else {
        const SubscriptionId of = asked.request.subscription;
        answer = answer_of(question, charger_.handle(std::move(asked.request)));
        look_at_payer(of, answer, now);
    }
    if (answer.why == name_of(ChargeReason::granted))
        answer.services.insert(answer.services.end(), asked.refused.begin(), asked.refused.end());
    return answer;
}

// Who was refused for want of money was charged nothing: its rule is looked at all the same, since
// money may be there now that was not when it was looked at last.
void Desk::look_at_payer(SubscriptionId of, const ChargeAnswer& answer, Instant now) {
    if (recharges_.empty() || !of) return;
    const bool short_of_money =
        std::ranges::any_of(answer.services, [](const ChargeAnswer::Service& service) {
            return service.why == name_of(ChargeReason::no_money) || service.final;
        });
    if (!short_of_money) return;
    const directory::Account& account =
        state_.directory.account(state_.directory.subscription(of).fact.account);
    const AccountId* payer = account.payer.at(state_.directory.zone().date_of(now));
    const auto rule = payer == nullptr ? recharges_.end() : recharges_.find(*payer);
    if (rule == recharges_.end()) return;
    const RechargeRule& way = rule->second;
    if (way.source) {
        const ledger::Purse& source = charger_.purses()[way.source];
        if (source.balance + source.credit.value_or(0) - source.held < way.atoms) return;
    }
    look_at(*payer);
}

ChargeAnswer Desk::answer_of(const ChargeQuestion& question, const charging::Answer& answer) const {
    ChargeAnswer told;
    told.why = std::string(name_of(answer.why));
    told.repeated = answer.repeated;
    if (answer.why != ChargeReason::granted) {
        told.what = std::string(sentence_of(answer.why));
        told.mend = std::string(mend_of(answer.why));
    }
    const charging::Session* session = charger_.find(question.session);
    for (const charging::ServiceAnswer& service : answer.services) {
        MeterId meter;
        if (session != nullptr) {
            const auto known = session->services.find(service.group);
            if (known != session->services.end()) meter = known->second.meter;
        }
        told.services.push_back(service_told(service, meter));
    }
    return told;
}

void Desk::tell_suspense(SuspenseReason why, ChargeAnswer::Service& told) {
    told.suspense = std::string(name_of(why));
    told.what = std::string(sentence_of(why)) + " (" + told.suspense + ")";
}

ChargeAnswer::Service Desk::service_told(const charging::ServiceAnswer& service,
                                         MeterId counted) const {
    ChargeAnswer::Service one;
    one.group = service.group;
    if (const catalog::Meter* meter = state_.catalog.newest().meter(counted)) {
        one.meter = meter->name;
        one.unit = std::string(meter->unit->name);
        one.counts = counts_of(service.granted, *meter->unit);
        one.granted_text = quantity_to_string(service.granted, *meter->unit);
    }
    one.why = std::string(name_of(service.why));
    if (service.suspense != SuspenseReason::none) {
        tell_suspense(service.suspense, one);
    } else if (service.why != ChargeReason::granted) {
        one.what = std::string(sentence_of(service.why));
        if (service.whose_cap) {
            one.account = state_.directory.account(service.whose_cap).fact.name;
            one.what = "the cap of account \"" + one.account + "\" is reached in this cycle";
        }
    }
    one.granted = service.granted;
    one.final = service.final;
    one.valid_seconds = service.valid_seconds;
    one.charged = {service.charged_atoms, currency()};
    one.overrun = {service.overrun_atoms, currency()};
    return one;
}

// What moved the charges of other records is a row of its own, of no session.
void Desk::add_moved(charging::Taken& taken) {
    const auto index = static_cast<std::uint32_t>(taken.uses.size());
    OnlineUse moved;
    bool any = false;
    for (std::size_t i = 0; i < taken.rated.size(); ++i) {
        if (taken.rated.row[i] != rating::kNoRow) continue;
        taken.rated.row[i] = index;
        moved.charge_atoms += taken.rated.charge_atoms[i];
        any = true;
    }
    if (any) taken.uses.push_back(std::move(moved));
}

OnlineDelta Desk::delta_of(charging::Taken taken, Instant now) {
    OnlineDelta delta;
    delta.uses = std::move(taken.uses);
    delta.rated = std::move(taken.rated);
    // Until files tell of sessions, what one that goes on came to stands in the session alone.
    delta.sums = std::move(files_tell() ? taken.sums : taken.last_sums);
    delta.again = std::move(taken.again);
    delta.forgotten = std::move(taken.forgotten);
    delta.asleep = std::move(taken.asleep);
    delta.sessions.reserve(taken.changed.size());
    for (const charging::Session* session : taken.changed)
        delta.sessions.push_back({std::string(session->id), charging::pack_session(*session)});
    watch_caps(taken.payers, now, delta);
    watch_plans(now, delta);
    watch_balances(taken.payers, delta);
    return delta;
}

Result<void> Desk::commit() {
    const Instant now = state_.clock.now();
    store::BatchCommit batch;
    batch.committed_at = now;
    batch.kind = "charge";
    RatedChunk carried;
    state_.rater->carry(carried);
    charging::Taken taken = charger_.take();
    for (std::size_t i = 0; i < carried.size(); ++i) {
        taken.atoms += carried.charge_atoms[i];
        taken.payers.insert(carried.payer[i]);
        charger_.charge(carried, i);
    }
    append(taken.rated, carried, rating::kNoRow);
    add_moved(taken);
    const std::int64_t atoms = taken.atoms;
    const std::set<AccountId> payers = recharges_.empty() ? std::set<AccountId>() : taken.payers;
    batch.online = delta_of(std::move(taken), now);
    batch.open_sessions = std::exchange(batch.online->sums, {});
    batch.entries = usage_entries(*state_.rater, Perspective::retail, currency(), BatchId());
    if (const auto& damage = state_.counters.damage()) return fail(*damage);
    batch.packs = state_.counters.dirty_packs();
    if (atoms != 0) batch.rated_atoms.emplace_back(currency().numeric(), atoms);
    const OnlineDelta& online = *batch.online;
    const bool nothing = online.uses.empty() && online.sessions.empty() &&
                         online.forgotten.empty() && online.asleep.empty() &&
                         online.notices.empty() && online.no_longer.empty() &&
                         batch.packs.empty() && batch.entries.empty();
    if (!nothing) {
        FARTHING_TRY(const BatchId charged, state_.store->commit_group(std::move(batch)));
        if (charged) state_.seen = charged;  // alone since it looked, as money below
        changes_ += 1;
        money_seen_ = std::max(money_seen_, state_.store->newest_entry());
    }
    if (!recharges_.empty())
        for (const AccountId payer : payers) look_at(payer);
    state_.counters.mark_clean();
    charger_.committed();
    writes_ = state_.store->writes();
    return {};
}

}  // namespace farthing::engine
