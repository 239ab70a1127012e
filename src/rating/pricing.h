// What one segment of a counter costs: the catalog's charge, or one row of its deck, compiled once.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "rating/counters.h"
#include "rating/curve.h"

namespace farthing::rating {

// The usage charge with that id and the plan that has it; both nullptr when the version has none.
struct PlannedCharge {
    const catalog::Plan* plan = nullptr;
    const catalog::UsageCharge* charge = nullptr;
};
PlannedCharge find_charge(const catalog::Version& version, ComponentId component);

// Atoms of usage between two totals and of `sessions` connection fees.
struct Amounts {
    std::int64_t usage = 0;
    std::int64_t fee = 0;
};

class Pricing {
  public:
    // `row`: of the charge's deck or price list; nullptr where the charge has bands of its own.
    Pricing(const catalog::Version& version, const catalog::UsageCharge& charge,
            const catalog::RateRow* row);

    const catalog::UsageCharge& charge() const { return *charge_; }
    const catalog::Increments& increments() const { return increments_; }
    const Curve& usage() const { return usage_; }
    bool has_fee() const { return fee_.has_value(); }
    // Atoms of that many connection fees; nullopt beyond 64 bits.
    std::optional<std::int64_t> fee_atoms(std::int64_t sessions) const;
    // P(to) − P(from) and the fees, in units of the currency.
    Exact exact(std::int64_t from, std::int64_t to, std::int64_t sessions,
                std::int64_t allowance) const;
    // The same, each end rounded half-even to atoms; nullopt where an end or the sum leaves 64
    // bits.
    std::optional<Amounts> atoms(std::int64_t from, std::int64_t to, std::int64_t sessions,
                                 std::int64_t allowance) const;

    // A partner's part of the whole charge, rounded on its own cumulated amount.
    struct ShareCurve {
        PartnerId partner;
        Curve usage;
        std::optional<Curve> fee;
    };
    const std::vector<ShareCurve>& shares() const { return shares_; }
    // Whether the posted shares fit wherever the charge itself fits.
    bool shares_within_charge() const { return shares_within_charge_; }
    std::optional<std::int64_t> share_atoms(const ShareCurve& share, std::int64_t from,
                                            std::int64_t to, std::int64_t sessions,
                                            std::int64_t allowance) const;

  private:
    const catalog::UsageCharge* charge_;
    catalog::Increments increments_;
    Curve usage_;
    std::optional<Curve> fee_;
    std::vector<ShareCurve> shares_;
    bool shares_within_charge_ = true;
};

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

// allowance_of of the version that a segment is pinned to.
std::int64_t segment_allowance(const catalog::Snapshot& catalog,
                               const directory::Directory& directory, const Counter& counter,
                               VersionNo version);

}  // namespace farthing::rating
