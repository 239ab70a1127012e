// The charging shard: sessions and purses in memory, as the store has them. One writer; requests
// are charged in groups, and a group is answered after its commit. Private to this room.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <vector>

#include "billing/payer_index.h"
#include "charging/charger.h"
#include "engine/online.h"
#include "engine/state.h"
#include "model/prepaid_fee.h"

namespace farthing::engine {

class Desk {
  public:
    // Reads everything from the store; there is no other recovery.
    static Result<std::unique_ptr<Desk>> open(Engine::State& state);

    // What other work of this process changed meanwhile: counters, money, snapshots.
    Result<void> follow();
    std::vector<Result<ChargeAnswer>> charge(std::span<const ChargeQuestion> questions);
    // What waited, each as a part of its session.
    std::vector<charging::Again> charge_again(std::span<const WaitingUse> waiting);
    // Money that came in while the desk was in step with the store.
    bool in_step() const { return writes_ == state_.store->writes(); }
    void paid(AccountId account, std::int64_t atoms, bool no_longer_low = false);
    // Money goes from one account to another: at once, or not at all.
    Result<void> transfer(const Transfer& asked, const Recharge* recharge = nullptr);
    // Lets money come to those whose balance fell below what their rules say; gives to whom.
    Result<std::set<AccountId>> recharge();
    bool may_recharge() const { return !moved_.empty(); }
    void look_at(AccountId account) {
        if (recharges_.contains(account)) moved_.insert(account);
    }
    void look_at_payer(SubscriptionId of, const ChargeAnswer& answer, Instant now);
    void stay_in_step();
    // Of accounts that money came to since it was asked last.
    std::vector<WaitingSession> take_waiting();
    // Their sessions stand where ours stand, or it is to be opened again. Counters of `owners`
    // moved, sorted; none: perhaps anybody's.
    void others_wrote(const std::optional<std::vector<OwnerBlock>>& owners);
    Result<bool> stands();
    // Whether its balance, with more of it, is below what is watched.
    bool is_low(AccountId account, std::int64_t more = 0);
    // Makes what was charged last: all of it, or nothing.
    Result<void> commit();
    // REQUIRES: somebody pays for it today.
    Result<BalanceReport> balance(AccountId account);
    charging::Charger& charger() { return charger_; }
    Currency currency() const { return state_.catalog.newest().currency; }
    const billing::PayerIndex& payers();

    // Fees of an account that wait to be covered, and whom one of them suspends.
    const std::vector<UncoveredFee>& uncovered(AccountId payer) { return uncovered_[payer]; }
    void set_uncovered(AccountId payer, std::vector<UncoveredFee> fees);
    std::vector<SubscriptionId> suspended_by(const PrepaidFee& fee);
    // What others are told of balances that moved otherwise.
    void watch(const std::set<AccountId>& payers, OnlineDelta& delta) {
        watch_balances(payers, delta);
    }

  private:
    explicit Desk(Engine::State& state)
        : state_(state),
          charger_(
              state.catalog, state.directory, *state.rater, policy_of(state.charge_settings),
              [this](const charging::CapKey& key) { return committed(key); },
              [this](AccountId below, const PackKey& key) { return committed(below, key); }) {}
    static charging::Policy policy_of(const ChargeSettings& settings);
    Result<void> load_sessions();
    Result<void> load_purses();
    Result<void> follow_batches();
    void in_step_again();
    Result<void> load_rules(charging::Purses& purses);
    Result<void> load_balances(charging::Purses& purses, std::set<AccountId>& moved);
    Result<void> load_filed(Instant now);
    Result<void> load_spent(AccountId account, ledger::Purse& purse);
    i128 committed(const charging::CapKey& key);
    i128 committed(AccountId below, const PackKey& key);
    void tell_spent(AccountId account, Date cycle, const ledger::Purse& purse,
                    BalanceReport& report) const;
    void tell_money(AccountId account, const ledger::Purse& purse, BalanceReport& report);
    Result<ChargeAnswer> enquire(const charging::Request& request);
    // As they stand here, to be thrown away.
    rating::CounterTable counters_now();
    Result<ChargeAnswer> charge_one(const ChargeQuestion& question, Instant now);
    // What is charged, and what of it is refused before.
    struct Asked {
        charging::Request request;
        std::vector<ChargeAnswer::Service> refused;
    };
    Result<Asked> request_of(const ChargeQuestion& question, Instant now);
    // Perhaps one that was remembered no more, whose counters go on.
    Result<const charging::Session*> session_of(const ChargeQuestion& question, Instant now);
    Result<SubscriptionId> subscription_of(const ChargeQuestion& question,
                                           const charging::Session* session, Instant now) const;
    Result<charging::ServiceRequest> service_of(const ChargeQuestion::Service& service,
                                                const charging::Session* session,
                                                const catalog::Version& version,
                                                const ChargeQuestion& question,
                                                const charging::Request& request) const;
    ChargeAnswer::Service service_told(const charging::ServiceAnswer& service,
                                       MeterId counted) const;
    static void tell_suspense(SuspenseReason why, ChargeAnswer::Service& told);
    ChargeAnswer answer_of(const ChargeQuestion& question, const charging::Answer& answer) const;
    Result<void> load_told();
    Result<void> load_watched();
    Result<void> load_low();
    // What others are told of what was charged since the last commit.
    void watch_caps(const std::set<AccountId>& payers, Instant now, OnlineDelta& delta);
    void watch_cap(AccountId account, const ledger::Purse& purse, Instant now, OnlineDelta& delta);
    void watch_plans(Instant now, OnlineDelta& delta);
    void watch_balances(const std::set<AccountId>& payers, OnlineDelta& delta);
    // Whether records of files are told from what was charged here.
    bool files_tell() const;
    Result<void> find_filed(charging::Request& request, const charging::Session* session) const;
    static void add_moved(charging::Taken& taken);
    OnlineDelta delta_of(charging::Taken taken, Instant now);
    Result<void> load_uncovered();
    Result<void> load_recharges();
    Result<std::optional<Recharge>> recharge_due(const RechargeRule& rule, Instant now);
    Result<bool> recharge_one(const RechargeRule& rule);

    Engine::State& state_;
    charging::Charger charger_;
    std::int64_t rater_age_ = 0;
    Instant filed_seen_ = Instant::min();  // what files told was looked at then,
    bool filed_known_ = false;             // if ever
    std::int64_t writes_ = -1;             // of the store, when purses were read
    std::int64_t changes_ = 0;             // of sessions, by the store
    EntryId money_seen_;                   // up to there balances know the ledger
    bool money_unsure_ = false;            // or perhaps not all of it
    bool others_wrote_ = false;            // since purses were read
    std::set<OwnerBlock> their_owners_;    // whose counters they moved
    bool of_anybody_ = false;              // or perhaps more
    std::int64_t rules_ = -1;              // by the store, when they were read
    bool broken_off_ = false;              // while they were
    std::set<AccountId> prepaid_;          // money came in, at any time
    std::set<AccountId> spent_known_;  // of those without a cap: as the store has it, since then
    std::set<AccountId> limited_;      // credit was set: what they pay in sets no limit
    std::set<std::tuple<AccountId, Date, int>> alerted_;
    std::set<std::pair<charging::CapKey, int>> alerted_plans_;
    std::map<AccountId, std::int64_t> watched_;  // below which balance it is told
    std::set<AccountId> low_;                    // that it was told of
    bool watch_all_ = true;                      // others may have moved balances
    std::map<AccountId, std::vector<UncoveredFee>> uncovered_;
    std::unique_ptr<billing::PayerIndex> payers_;
    std::map<AccountId, RechargeRule> recharges_;
    std::set<AccountId> moved_;  // of those: whose balance may have fallen
    std::set<AccountId> paid_;   // whom money came to, and whose sessions were not told yet
};

}  // namespace farthing::engine
