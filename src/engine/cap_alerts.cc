#include "engine/cap_alerts.h"

#include <algorithm>
#include <map>
#include <set>

#include "charging/levels.h"
#include "engine/notices.h"
#include "engine/spending.h"

namespace farthing::engine {

namespace {

class CapTeller {
  public:
    CapTeller(Engine::State& state, store::BatchCommit& batch) : state_(state), batch_(batch) {}

    Result<void> run() {
        FARTHING_TRY(const auto limits, state_.store->limits());
        for (const AccountLimit& limit : limits) {
            caps_.erase(limit.account);
            if (limit.cap) caps_[limit.account] = *limit.cap;
        }
        if (caps_.empty()) return {};
        FARTHING_CHECK(tell_payers());
        for (const CounterPack& pack : batch_.packs)
            if (pack.key.perspective == Perspective::retail) packs_[pack.key] = &pack.bytes;
        for (const auto& [account, cap] : caps_) FARTHING_CHECK(tell_level(account));
        return {};
    }

  private:
    // What payers spent is in the ledger.
    Result<void> tell_payers() {
        std::map<AccountId, std::map<Date, i128>> moved;
        for (const Entry& entry : batch_.entries) {
            if (entry.kind != EntryKind::usage || !caps_.contains(entry.payer)) continue;
            for (const Posting& posting : entry.postings)
                if (posting.account.kind == LedgerKind::unbilled)
                    moved[entry.payer][entry.period.first] += posting.atoms;
        }
        for (auto& [payer, cycles] : moved) {
            FARTHING_TRY(const auto spent, state_.store->spent(payer));
            for (const auto& [of, atoms] : spent)
                if (const auto cycle = cycles.find(of.first); cycle != cycles.end())
                    cycle->second += atoms;
            for (const auto& [cycle, atoms] : cycles) FARTHING_CHECK(tell(payer, cycle, atoms));
        }
        return {};
    }

    // What counts for those that others pay for is in counters, below them.
    Result<void> tell_level(AccountId account) {
        const bool of_others = std::ranges::any_of(
            state_.directory.account(account).payer.steps,
            [&](const auto& step) { return step.value && step.value != account; });
        if (!of_others) return {};
        const auto owners = charging::owners_below(state_.directory, account);
        std::set<Date> cycles;
        for (const auto& [key, bytes] : packs_)
            if (std::ranges::binary_search(owners, owners_of(key)))
                cycles.insert(Date{key.window_first});
        for (const Date cycle : cycles) {
            i128 spent = 0;
            for (const OwnerBlock& block : owners) {
                const PackKey key = charging::block_in(cycle, block);
                const auto written = packs_.find(key);
                FARTHING_TRY(const i128 atoms,
                             written == packs_.end()
                                 ? spent_below(state_, account, key)
                                 : spent_below(state_, account, key, *written->second));
                spent += atoms;
            }
            FARTHING_CHECK(tell(account, cycle, spent));
        }
        return {};
    }

    Result<void> tell(AccountId account, Date cycle, i128 spent) {
        Result<void> known;
        each_reached(spent, caps_.at(account), [&](int percent) {
            if (known && !told_known_) known = load_told();
            if (!known || !told_.insert({account, cycle, percent}).second) return;
            batch_.alerts.push_back({account, cycle, percent, batch_.committed_at});
            batch_.notices.push_back(
                notice_of(state_, batch_.alerts.back(), spent, caps_.at(account)));
        });
        return known;
    }

    Result<void> load_told() {
        FARTHING_TRY(const auto alerts, state_.store->cap_alerts());
        for (const CapAlert& alert : alerts)
            told_.insert({alert.account, alert.cycle, alert.percent});
        told_known_ = true;
        return {};
    }

    Engine::State& state_;
    store::BatchCommit& batch_;
    std::map<AccountId, std::int64_t> caps_;
    std::map<PackKey, const std::string*> packs_;  // as the batch leaves them
    std::set<std::tuple<AccountId, Date, int>> told_;
    bool told_known_ = false;
};

}  // namespace

Result<void> tell_caps(Engine::State& state, store::BatchCommit& batch) {
    return CapTeller(state, batch).run();
}

}  // namespace farthing::engine
