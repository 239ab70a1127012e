// What one segment of a counter costs: the catalog's charge, or one row of its deck, compiled once.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "catalog/snapshot.h"
#include "rating/counters.h"
#include "rating/curve.h"
#include "rating/session.h"

namespace farthing::rating {

// The usage charge with that id and the plan that has it; both nullptr when the version has none.
struct PlannedCharge {
    const catalog::Plan* plan = nullptr;
    const catalog::UsageCharge* charge = nullptr;
};
PlannedCharge find_charge(const catalog::Version& version, ComponentId component);

// Atoms of usage between two totals, and of connection fees and what minimums add.
struct Amounts {
    std::int64_t usage = 0;
    std::int64_t fee = 0;
};

// What one session adds to a segment in the first stage (R0).
struct SessionUse {
    std::int64_t billable = 0;
    SessionTotals totals;
};

class Pricing {
  public:
    // `row`: of the charge's deck or price list; nullptr where the charge has bands of its own.
    Pricing(const catalog::Version& version, const catalog::UsageCharge& charge,
            const catalog::RateRow* row);

    const catalog::UsageCharge& charge() const { return *charge_; }
    VersionNo version() const { return version_; }
    const catalog::SessionRule& rule() const { return rule_; }
    // Whether a session comes to its rounded quantity and a fee, and nothing cuts it.
    bool plain() const { return plain_; }
    // What a session of `raw` comes to stays within what counters count.
    bool countable(std::int64_t raw) const { return raw <= kQuantityMax && countable_; }
    // The exact price of a quantity by itself, without fees and minimum.
    Exact price_of(std::int64_t quantity) const { return usage_.exact(quantity, 0); }
    bool has_minimum() const { return minimum_.has_value(); }
    Exact minimum() const { return minimum_ ? minimum_->exact(1, 0) : Exact(0); }
    // A session that nothing cuts. REQUIRES: raw and the increments within kQuantityMax.
    SessionUse use_of(std::int64_t raw, bool answered) const {
        SessionUse use{billable_of(raw, rule_), {}};
        use.totals.fees = fee_ && carries_fee(raw, answered, rule_) ? 1 : 0;
        if (use.billable > 0 && use.billable < enough_for_minimum_) {
            use.totals.below = 1;
            use.totals.below_quantity = use.billable;
        }
        return use;
    }
    // What a record adds to a session of which these parts came before.
    SessionUse use_after(const EarlierParts& earlier, std::int64_t raw, bool answered) const {
        SessionUse use = use_of(earlier.raw + raw, earlier.answered || answered);
        if (!earlier.any) return use;
        const SessionUse before = use_of(earlier.raw, earlier.answered);
        SessionTotals totals = use.totals - before.totals;
        if (earlier.elsewhere) totals.below = totals.below_quantity = 0;
        return {use.billable - before.billable, totals};
    }
    const Curve& usage() const { return usage_; }
    // Where its segment begins in tiers, by where the segment before it ended.
    std::int64_t begins_at(std::int64_t end_before) const {
        return charge_->restarts ? 0 : end_before;
    }
    bool has_fee() const { return fee_.has_value(); }
    // Atoms of those fees and of what minimums add; nullopt beyond 64 bits.
    std::optional<std::int64_t> fee_atoms(const SessionTotals& sessions) const;
    // P(to) − P(from), the fees and what minimums add, in units of the currency.
    Exact exact(std::int64_t from, std::int64_t to, const SessionTotals& sessions,
                std::int64_t allowance) const;
    // The same, each end rounded half-even to atoms; nullopt where an end or the sum leaves 64
    // bits.
    std::optional<Amounts> atoms(std::int64_t from, std::int64_t to, const SessionTotals& sessions,
                                 std::int64_t allowance) const;

    // A partner's part of the whole charge, rounded on its own cumulated amount.
    struct ShareCurve {
        PartnerId partner;
        Curve usage;
        std::optional<Curve> fee;
        std::optional<Curve> minimum;
    };
    const std::vector<ShareCurve>& shares() const { return shares_; }
    // Whether the posted shares fit wherever the charge itself fits.
    bool shares_within_charge() const { return shares_within_charge_; }
    std::optional<std::int64_t> share_atoms(const ShareCurve& share, std::int64_t from,
                                            std::int64_t to, const SessionTotals& sessions,
                                            std::int64_t allowance) const;

  private:
    const catalog::UsageCharge* charge_;
    VersionNo version_;
    catalog::SessionRule rule_;
    Curve usage_;
    std::optional<Curve> fee_;
    std::optional<Curve> minimum_;
    std::int64_t enough_for_minimum_ = 0;  // the least quantity that is charged the minimum
    bool plain_ = true;
    bool countable_ = true;
    std::vector<ShareCurve> shares_;
    bool shares_within_charge_ = true;
};

// Where a segment begins in tiers. One of which everything was taken back stands nowhere.
inline std::int64_t begin_of(const Pricing& pricing, const Segment& segment,
                             std::int64_t end_before) {
    return segment.empty() ? end_before : pricing.begins_at(end_before);
}

// Compiled prices by version and price; the snapshot outlives it.
class PricingCache {
  public:
    explicit PricingCache(const catalog::Snapshot& catalog) : catalog_(catalog) {}
    // The price of a segment that starts at `start`; nullptr where the version has no such charge
    // or row.
    const Pricing* of(VersionNo version, ComponentId component, std::uint64_t item, Instant start);
    const Pricing* of(const catalog::Version& version, const catalog::UsageCharge& charge,
                      const catalog::RateRow* row);

  private:
    struct Key {
        const catalog::UsageCharge* charge;
        const catalog::RateRow* row;
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const;
    };
    const catalog::Snapshot& catalog_;
    std::unordered_map<Key, std::unique_ptr<Pricing>, KeyHash> compiled_;
};

}  // namespace farthing::rating
