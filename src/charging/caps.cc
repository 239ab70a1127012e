#include "charging/caps.h"

#include <algorithm>

#include "model/money.h"
#include "rating/counters.h"

namespace farthing::charging {

namespace {

CapKey key_for(const catalog::Plan& plan, OwnerKind kind, std::uint32_t owner, AccountId payer,
               Date cycle) {
    if (plan.spending_cap->per_account) return {plan.id, {}, payer, cycle};
    // Its own usage: a pool's is nobody's alone. Whoever pays for it.
    const SubscriptionId own{kind == OwnerKind::subscription ? owner : 0};
    return {plan.id, own, {}, cycle};
}

bool counts(const CapKey& key) {
    return key.subscription || key.payer;
}

}  // namespace

std::optional<CapKey> Caps::key_of(const catalog::Plan* capped, const rating::CounterKey& counter,
                                   AccountId payer) {
    if (capped == nullptr || capped->spending_cap->action == catalog::CapAction::notify)
        return std::nullopt;
    const CapKey key =
        key_for(*capped, counter.owner_kind, counter.owner, payer, counter.window_first);
    return counts(key) ? std::optional(key) : std::nullopt;
}

i128 Caps::spent(const CapKey& key) {
    auto spent = spent_.find(key);
    if (spent == spent_.end()) {
        const auto moved = moved_.find(key);
        const i128 since = moved == moved_.end() ? 0 : moved->second;
        spent = spent_.emplace(key, committed_(key) + since).first;
    }
    return spent->second;
}

std::vector<std::pair<CapKey, i128>> Caps::moved() {
    std::vector<std::pair<CapKey, i128>> found;
    for (const auto& [key, atoms] : moved_) {
        const catalog::Plan* plan = catalog_.newest().plan(key.plan);
        if (plan == nullptr || !plan->spending_cap || plan->spending_cap->alerts.empty()) continue;
        found.emplace_back(key, spent(key));
    }
    return found;
}

// What a payer spends is counted by owners anywhere.
void Caps::follow(std::span<const OwnerBlock> owners) {
    std::erase_if(spent_, [&](const auto& one) {
        const SubscriptionId own = one.first.subscription;
        return !own || std::ranges::binary_search(owners, rating::owners_of(own));
    });
}

i128 Caps::room(const CapKey& key, const catalog::Plan& capped) {
    const Currency currency = catalog_.newest().currency;
    const auto cap = money_of(capped.spending_cap->amount.exact(), currency);
    const auto held = held_.find(key);
    return (cap ? cap->atoms : i128{0}) - spent(key) - (held == held_.end() ? 0 : held->second);
}

void Caps::charge(const RatedChunk& rated, std::size_t row) {
    const catalog::Version* version = catalog_.numbered(rated.version[row]);
    const catalog::Plan* plan =
        version == nullptr ? nullptr : version->capped_plan(rated.component[row]);
    if (plan == nullptr) return;
    const CapKey key = key_for(*plan, rated.owner_kind[row], rated.owner[row], rated.payer[row],
                               rated.window_first[row]);
    if (!counts(key)) return;
    moved_[key] += rated.charge_atoms[row];
    const auto spent = spent_.find(key);
    if (spent != spent_.end()) spent->second += rated.charge_atoms[row];
}

}  // namespace farthing::charging
