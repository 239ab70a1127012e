// Caps of accounts that others pay for: what usage below each of them costs in a cycle of its
// payer. So a grant is bounded on every level from its subscription's account up to who pays.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "directory/directory.h"
#include "ledger/purse.h"
#include "model/batch.h"
#include "model/rated_usage.h"
#include "rating/counters.h"

namespace farthing::charging {

using Purses = std::map<AccountId, ledger::Purse>;

// Whose counters usage below an account moves: its subscriptions, its groups, itself, and the same
// of those below it. Blocks may hold others as well.
std::vector<OwnerBlock> owners_below(const directory::Directory& directory, AccountId account);
constexpr PackKey block_in(Date cycle, const OwnerBlock& owners) {
    return {owners.perspective, owners.owner_kind, cycle.days, owners.block};
}
// Whether what moves that counter and is paid for by `payer` counts for the account.
bool counts_for(const directory::Directory& directory, AccountId account,
                const rating::CounterKey& counter, AccountId payer);

class Levels {
  public:
    // What is committed of usage that counts for the account, in one block of counters, in atoms.
    using Committed = std::function<i128(AccountId, const PackKey&)>;

    // The directory outlives it.
    Levels(const directory::Directory& directory, Committed committed)
        : directory_(directory), committed_(std::move(committed)) {}

    // The accounts that have a cap and are paid for by others, at any time. What they spent is
    // asked for anew; they hold nothing.
    void set(const Purses& purses);
    // Others moved counters of these owners, sorted.
    void follow(std::span<const OwnerBlock> owners);

    // Calls `visit` with each level, and its purse, of what moves that counter and is paid for by
    // `payer`: a cap, what is held and what was spent in the counter's cycle, and no money.
    template <class Visit>
    void each(const rating::CounterKey& counter, AccountId payer, const Visit& visit) {
        if (levels_.empty()) return;
        each_from(directory_.account_of(counter.owner_kind, counter.owner), payer,
                  counter.window_first, visit);
    }
    template <class Visit>
    void each_from(AccountId account, AccountId payer, Date cycle, const Visit& visit) {
        each_level(account, payer, [&](AccountId at, Level& level) {
            know(at, level, cycle);
            visit(at, std::as_const(level.purse));
        });
    }
    // nullptr: it is none.
    const ledger::Purse* find(AccountId account, Date cycle);

    // Reserves, or with less than nothing returns.
    void hold(const rating::CounterKey& counter, AccountId payer, i128 atoms);
    // A rated row was charged, and is not committed yet.
    void charge(const RatedChunk& rated, std::size_t row);
    // Those that were charged since the last commit.
    std::vector<std::pair<AccountId, const ledger::Purse*>> moved();
    void committed() { moved_.clear(); }

  private:
    // In a cycle.
    struct Spent {
        std::vector<std::optional<i128>> parts;  // for each block of owners, as far as it is known
        bool whole = false;                      // all are
    };
    struct Level {
        ledger::Purse purse;
        std::vector<OwnerBlock> owners;  // sorted; none before something is asked of it
        std::map<Date, Spent> spent;
    };

    template <class Visit>
    void each_level(AccountId account, AccountId payer, const Visit& visit) {
        if (levels_.empty() || !directory_.is_below(account, payer)) return;
        for (; account != payer; account = directory_.account(account).fact.parent) {
            const auto found = levels_.find(account);
            if (found != levels_.end()) visit(account, found->second);
        }
    }
    Spent& know(AccountId account, Level& level, Date cycle);

    const directory::Directory& directory_;
    Committed committed_;
    std::map<AccountId, Level> levels_;
    std::set<AccountId> moved_;
};

}  // namespace farthing::charging
