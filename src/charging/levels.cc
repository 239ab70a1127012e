#include "charging/levels.h"

#include <algorithm>

namespace farthing::charging {

std::vector<OwnerBlock> owners_below(const directory::Directory& directory, AccountId account) {
    std::set<OwnerBlock> owners;
    const auto add = [&](OwnerKind kind, std::uint32_t owner) {
        owners.insert(
            {Perspective::retail, static_cast<std::uint8_t>(kind), owner / rating::kPackOwners});
    };
    std::vector<AccountId> open = {account};
    while (!open.empty()) {
        const AccountId next = open.back();
        open.pop_back();
        add(OwnerKind::account, next.value);
        for (const SubscriptionId id : directory.subscriptions_of(next))
            add(OwnerKind::subscription, id.value);
        for (const GroupId id : directory.groups_of(next)) add(OwnerKind::group, id.value);
        const auto& children = directory.account(next).children;
        open.insert(open.end(), children.begin(), children.end());
    }
    return {owners.begin(), owners.end()};
}

bool counts_for(const directory::Directory& directory, AccountId account,
                const rating::CounterKey& counter, AccountId payer) {
    return payer != account && directory.is_below(account, payer) &&
           directory.is_below(directory.account_of(counter.owner_kind, counter.owner), account);
}

void Levels::set(const Purses& purses) {
    levels_.clear();
    for (const auto& [account, purse] : purses) {
        if (!purse.cap) continue;
        const bool of_others = std::ranges::any_of(
            directory_.account(account).payer.steps,
            [of = account](const auto& step) { return step.value && step.value != of; });
        if (!of_others) continue;
        levels_[account].purse.cap = purse.cap;
    }
}

// Only what these blocks came to is asked for again: a level may stand above many.
void Levels::follow(std::span<const OwnerBlock> owners) {
    for (auto& [account, level] : levels_) {
        for (std::size_t i = 0; i < level.owners.size(); ++i) {
            if (!std::ranges::binary_search(owners, level.owners[i])) continue;
            for (auto& [cycle, spent] : level.spent) {
                level.purse.spent[cycle] -= std::exchange(spent.parts[i], {}).value_or(0);
                spent.whole = false;
            }
        }
    }
}

Levels::Spent& Levels::know(AccountId account, Level& level, Date cycle) {
    Spent& spent = level.spent[cycle];
    if (spent.whole) return spent;
    if (level.owners.empty()) level.owners = owners_below(directory_, account);
    spent.parts.resize(level.owners.size());
    i128& sum = level.purse.spent[cycle];
    for (std::size_t i = 0; i < level.owners.size(); ++i) {
        if (spent.parts[i]) continue;
        spent.parts[i] = committed_(account, block_in(cycle, level.owners[i]));
        sum += *spent.parts[i];
    }
    spent.whole = true;
    return spent;
}

const ledger::Purse* Levels::find(AccountId account, Date cycle) {
    const auto found = levels_.find(account);
    if (found == levels_.end()) return nullptr;
    know(account, found->second, cycle);
    return &found->second.purse;
}

void Levels::hold(const rating::CounterKey& counter, AccountId payer, i128 atoms) {
    if (levels_.empty()) return;
    each_level(directory_.account_of(counter.owner_kind, counter.owner), payer,
               [&](AccountId, Level& level) { level.purse.hold(atoms); });
}

void Levels::charge(const RatedChunk& rated, std::size_t row) {
    if (levels_.empty()) return;
    const OwnerBlock owners{Perspective::retail, static_cast<std::uint8_t>(rated.owner_kind[row]),
                            rated.owner[row] / rating::kPackOwners};
    const Date cycle = rated.window_first[row];
    const i128 atoms = rated.charge_atoms[row];
    each_level(directory_.account_of(rated.owner_kind[row], rated.owner[row]), rated.payer[row],
               [&](AccountId account, Level& level) {
                   Spent& spent = know(account, level, cycle);
                   const auto block = std::ranges::lower_bound(level.owners, owners);
                   *spent.parts[static_cast<std::size_t>(block - level.owners.begin())] += atoms;
                   level.purse.spent[cycle] += atoms;
                   moved_.insert(account);
               });
}

std::vector<std::pair<AccountId, const ledger::Purse*>> Levels::moved() {
    std::vector<std::pair<AccountId, const ledger::Purse*>> found;
    for (const AccountId account : moved_) {
        const auto at = levels_.find(account);
        if (at == levels_.end()) continue;
        Level& level = at->second;
        for (const auto& one : level.spent) know(account, level, one.first);
        found.emplace_back(account, &level.purse);
    }
    return found;
}

}  // namespace farthing::charging
