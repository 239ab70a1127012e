// What usage has cost beside the spending caps of plans, and what open grants may still cost of
// them. A cap never changes a price: it ends grants, or slows them.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "model/batch.h"
#include "model/rated_usage.h"
#include "rating/standing.h"

namespace farthing::charging {

// Whose spending of which cycle: a subscription's own usage by a plan, or all that a payer has of
// the plan.
struct CapKey {
    PlanId plan;
    SubscriptionId subscription;  // none: of the payer
    AccountId payer;
    Date cycle;
    auto operator<=>(const CapKey&) const = default;
};

class Caps {
  public:
    // What it has cost by what is committed, in atoms.
    using Committed = std::function<i128(const CapKey&)>;

    Caps(const catalog::Snapshot& catalog, Committed committed)
        : catalog_(catalog), committed_(std::move(committed)) {}

    // nullopt where no cap counts it, or one that only tells.
    // `capped`: the plan whose spending cap counts that counter, for which `payer` pays.
    static std::optional<CapKey> key_of(const catalog::Plan* capped,
                                        const rating::CounterKey& counter, AccountId payer);
    // REQUIRES: key is a key_of(capped, …).
    i128 room(const CapKey& key, const catalog::Plan& capped);
    void hold(const CapKey& key, i128 atoms) { held_[key] += atoms; }
    // A rated row was charged, and is not committed yet.
    void charge(const RatedChunk& rated, std::size_t row);
    // What the cycles that were charged since then came to, of plans that tell of it.
    std::vector<std::pair<CapKey, i128>> moved();
    void committed() { moved_.clear(); }
    // What is committed changed otherwise: of anybody, or of these owners of counters, sorted.
    void follow() { spent_.clear(); }
    void follow(std::span<const OwnerBlock> owners);

  private:
    i128 spent(const CapKey& key);

    const catalog::Snapshot& catalog_;
    Committed committed_;
    std::map<CapKey, i128> spent_;  // as far as it was asked for
    std::map<CapKey, i128> moved_;  // since the last commit
    std::map<CapKey, i128> held_;
};

}  // namespace farthing::charging
