// The stored facts of the directory: who pays, who subscribes to what, which identity is whose.
// Append-only: a change is a new dated fact; `directory/` folds them into a snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "base/instant.h"
#include "base/lean_text.h"
#include "model/ids.h"
#include "model/rated_usage.h"
#include "model/usage.h"

namespace farthing {

struct AccountFact {
    AccountId id;
    std::string name;                  // unique in the tenant: the operator's own account number
    AccountId parent;                  // none for a topmost account
    LeanText title;                    // as printed on documents; empty: the name
    std::vector<std::string> address;  // lines as printed
    unsigned bill_day = 1;             // 1..31, the anchor of its cycles when it pays (EC61)
    LeanText tax_number;
    LeanText country;  // ISO 3166: "GB", "US-CA"; empty: as the account above it
    bool operator==(const AccountFact&) const = default;
};
struct PaysFact {  // from that day on the account pays (or not) for itself and those below it
    AccountId account;
    Date from;
    bool pays = true;
    bool operator==(const PaysFact&) const = default;
};
struct GroupFact {
    GroupId id;
    std::string name;
    AccountId account;  // whose pool it is: its payer pays the overage
    bool operator==(const GroupFact&) const = default;
};
struct SubscriptionFact {
    SubscriptionId id;
    std::string name;  // unique in the tenant
    AccountId account;
    GroupId group;  // none: in no group
    bool operator==(const SubscriptionFact&) const = default;
};
struct PlanFact {  // from that day on the subscription has that plan; none: no plan
    SubscriptionId subscription;
    Date from;
    PlanId plan;
    bool operator==(const PlanFact&) const = default;
};
struct QuantityFact {  // from that day on the subscription counts that many; 0 ends it
    SubscriptionId subscription;
    Date from;
    std::int64_t quantity = 1;
    bool operator==(const QuantityFact&) const = default;
};
struct IdentityFact {
    IdentityKind kind = IdentityKind::device;
    std::string value;
    SubscriptionId subscription;
    Instant from;
    Instant until = Instant::max();
    bool operator==(const IdentityFact&) const = default;
};

// A package that somebody has: from `from` to the day before `until` it covers usage of one price.
// It says itself what the catalog said when it was bought.
struct BucketFact {
    BucketId id;
    OwnerKind owner_kind = OwnerKind::subscription;
    std::uint32_t owner = 0;
    ComponentId charge;   // the price of usage that it covers
    ComponentId package;  // of the catalog, and the version that was in force
    VersionNo version;
    Date from;
    Date until;
    std::int64_t quantity = 0;
    std::int32_t priority = 0;     // the lower is used first
    std::int64_t rollover = 0;     // of what is left at its end, so much at most goes on
    AccountId payer = {};          // who paid; none: it was given
    std::int64_t price_atoms = 0;  // what for
    Instant at = {};               // when
    std::string reference = {};    // unique in the tenant
    bool operator==(const BucketFact&) const = default;
};

struct DirectoryFacts {
    std::vector<AccountFact> accounts;
    std::vector<PaysFact> pays;
    std::vector<GroupFact> groups;
    std::vector<SubscriptionFact> subscriptions;
    std::vector<PlanFact> plans;
    std::vector<QuantityFact> quantities;
    std::vector<IdentityFact>
        identities;  // a later fact about the same kind, value and start replaces the earlier
    std::vector<BucketFact> buckets;
};

inline void append_facts(DirectoryFacts& facts, const DirectoryFacts& more) {
    const auto add = [](auto& to, const auto& from) {
        to.insert(to.end(), from.begin(), from.end());
    };
    add(facts.accounts, more.accounts);
    add(facts.pays, more.pays);
    add(facts.groups, more.groups);
    add(facts.subscriptions, more.subscriptions);
    add(facts.plans, more.plans);
    add(facts.quantities, more.quantities);
    add(facts.identities, more.identities);
    add(facts.buckets, more.buckets);
}

// How many there are of those that come by the million, and of those that ids number.
struct FactCounts {
    std::size_t accounts = 0;
    std::size_t groups = 0;
    std::size_t subscriptions = 0;
    std::size_t plans = 0;
    std::size_t quantities = 0;
    std::size_t identities = 0;
};
inline FactCounts counts_of(const DirectoryFacts& facts) {
    return {facts.accounts.size(), facts.groups.size(),     facts.subscriptions.size(),
            facts.plans.size(),    facts.quantities.size(), facts.identities.size()};
}

}  // namespace farthing
