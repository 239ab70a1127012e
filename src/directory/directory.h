// Who uses and who pays, at any time: an immutable snapshot folded from the stored facts. Safe to
// share.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/lean_vector.h"
#include "base/reason.h"
#include "base/time_zone.h"
#include "directory/text_index.h"
#include "model/directory_facts.h"

namespace farthing {
#define FARTHING_DIRECTORY_REASONS(X)                                                              \
    X(unknown_account, "no account has that name", "Import the account first, or mend the name.")  \
    X(unknown_subscription, "no subscription has that name",                                       \
      "Import the subscription first, or mend the name.")                                          \
    X(unknown_plan, "no plan has that name",                                                       \
      "Publish a catalog with that plan first, or mend the name.")                                 \
    X(unknown_group, "no group has that name", "Add the group first, or mend the name.")           \
    X(account_exists, "an account of that name exists with other particulars",                     \
      "Use another name.")                                                                         \
    X(subscription_exists, "a subscription of that name exists with other particulars",            \
      "Use another name.")                                                                         \
    X(group_exists, "a group of that name exists with other particulars", "Use another name.")     \
    X(group_elsewhere, "the group belongs to another account tree",                                \
      "Give this tree a group of its own name.")                                                   \
    X(account_cycle, "the account would be its own ancestor", "Choose another parent.")            \
    X(identity_taken, "the identity belongs to another subscription at that time",                 \
      "End the other one first.")                                                                  \
    X(bad_date, "the date is not a date", "Write it as 2026-01-31.")                               \
    X(bad_bill_day, "the bill day is not between 1 and 31", "Write a day of the month.")           \
    X(bad_country, "the country is no code of a country", "Write GB, or US-CA for a part of one.") \
    X(bad_quantity, "the quantity is negative or not a number", "Write a whole number.")           \
    X(bad_bucket, "a bucket's owner or days can't be", "Restore the database from a backup.")      \
    X(bad_column, "the import has a column that is not known", "Mend the header line.")            \
    X(bad_row, "a row of the import can't be read", "Mend the row.")
FARTHING_REASON_ENUM(DirectoryReason, FARTHING_DIRECTORY_REASONS)
}  // namespace farthing

namespace farthing::directory {

// A value that changes on given days: what holds on a day is the last entry at or before it.
template <class T>
struct Dated {
    struct Step {
        Date from;
        T value;
    };
    LeanVector<Step> steps;  // by `from`, distinct
    const T* at(Date day) const {
        const T* found = nullptr;
        for (const Step& step : steps) {
            if (step.from > day) break;
            found = &step.value;
        }
        return found;
    }
    // The first day after `day` on which the value changes; Date::max() when it never does.
    Date next_change(Date day) const {
        for (const Step& step : steps) {
            if (step.from > day) return step.from;
        }
        return Date::max();
    }
};

struct Account {
    AccountFact fact;
    LeanVector<AccountId> children;
    AccountId top;  // of its tree: the shard key (R4)
    Dated<bool> pays;
    Dated<AccountId> payer;  // nearest paying account at or above it; none where nobody pays (EC60)
};
struct Group {
    GroupFact fact;
    std::vector<SubscriptionId> members;
};
struct Subscription {
    SubscriptionFact fact;
    Dated<PlanId> plan;
    Dated<std::int64_t> quantity;
};

// How an identity is kept: the service of a destination in small letters.
std::string identity_text(IdentityKind kind, std::string_view value);

class Directory {
  public:
    // Folds the facts. Accounts and subscriptions are indexed by id; ids are dense from 1; of two
    // facts about the same id, or the same thing on the same day, the later one holds. `zone` turns
    // days into instants. Refuses cycles, unknown references, groups across account trees, and
    // identities that belong to two subscriptions at once.
    static Result<Directory> fold(DirectoryFacts facts, TimeZone zone);

    const Account& account(AccountId id) const { return accounts_[id.value - 1]; }
    const Subscription& subscription(SubscriptionId id) const {
        return subscriptions_[id.value - 1];
    }
    const Group& group(GroupId id) const { return groups_[id.value - 1]; }
    std::span<const Account> accounts() const { return accounts_; }
    std::span<const Subscription> subscriptions() const { return subscriptions_; }
    std::span<const Group> groups() const { return groups_; }
    const LeanVector<SubscriptionId>& subscriptions_of(AccountId account) const {
        return by_account_[account.value - 1];
    }
    // Those whose pool is the account's.
    std::span<const GroupId> groups_of(AccountId account) const;
    // Facts that fold to the same. Made anew: what stands elsewhere is not kept twice.
    DirectoryFacts facts() const;
    // In the order in which they were told.
    const std::vector<PlanFact>& plan_facts() const { return kept_.plans; }
    const std::vector<QuantityFact>& quantity_facts() const { return kept_.quantities; }
    const std::vector<BucketFact>& bucket_facts() const { return kept_.buckets; }
    const TimeZone& zone() const { return zone_; }

    // Whose the counters of an owner are: a subscription's account, a group's, or itself.
    AccountId account_of(OwnerKind kind, std::uint32_t owner) const;
    // Whether that is the account or one above it.
    bool is_below(AccountId account, AccountId top) const;

    AccountId account_named(std::string_view name) const;  // none when unknown
    SubscriptionId subscription_named(std::string_view name) const;
    GroupId group_named(std::string_view name) const;

    // The buckets of an owner that cover that price, in the order in which they are used: by
    // priority, then by the one that ends first, then by the one that was bought first.
    using Buckets = std::vector<BucketFact>;
    const Buckets& buckets_of(OwnerKind kind, std::uint32_t owner, ComponentId charge) const;
    // All of an owner, as they were bought.
    Buckets buckets_of(OwnerKind kind, std::uint32_t owner) const;
    // Those that it paid for, as they were bought.
    const Buckets& bought_by(AccountId payer) const;
    bool has_buckets() const { return !buckets_.empty(); }

    // Who pays for usage of `service` to that number or address at `when` (reverse billing): the
    // rule for the service goes before the one for all. `service` in small letters. None: the
    // caller.
    SubscriptionId destination_owner(std::string_view number, std::string_view service,
                                     Instant when, std::string& scratch) const;
    // Whose identity it is at `when`; none when nobody's. One hash look-up; never allocates.
    SubscriptionId find(IdentityKind kind, std::string_view value, Instant when) const;
    // Whether it is the first identity that any fact gave that subscription, which no later fact
    // changes: it stays the first when it ends, moves, or was never right. Names of subscriptions
    // are none.
    bool is_first(IdentityKind kind, std::string_view value, SubscriptionId subscription) const;
    // The owners of many at once: their memory lies anywhere, and is asked for together.
    // REQUIRES: as many answers as questions.
    struct Question {
        IdentityKind kind = IdentityKind::device;
        std::string_view value;
        Instant when;
    };
    struct Found {
        SubscriptionId subscription;
        bool first = false;  // as is_first tells
    };
    void find_all(std::span<const Question> questions, std::span<Found> answers) const;
    // The owner of one, and the stretch around `when` for which the answer holds.
    struct Owner {
        SubscriptionId subscription;
        Period valid;
    };
    Owner owner_of(IdentityKind kind, std::string_view value, Instant when) const;
    // All identities: one for each stretch for which one has an owner, numbered from 0.
    struct Identity {
        IdentityKind kind = IdentityKind::device;
        std::string_view value;
        SubscriptionId subscription;
        Period valid;
    };
    std::size_t identities() const { return identity_entries_.size(); }
    Identity identity(std::size_t number) const;

  private:
    friend class Folding;
    struct Builder;  // folding.cc
    // One stretch for which an identity has an owner; empty where another owner took its place.
    // Those of the same identity form a chain, latest start first, and share its text.
    struct IdentityEntry {
        Period valid;
        SubscriptionId subscription;
        std::uint32_t text = 0;         // where it stands in identity_texts_, in steps of kTextStep
        std::uint32_t length : 31 = 0;  // of its value
        std::uint32_t first : 1 = 0;    // whether it is the first identity of its subscription
        std::uint32_t next = 0;         // number of the next entry of the chain; 0 ends it
    };
    static constexpr std::size_t kTextStep = 4;
    static constexpr std::uint32_t kLengthMax = INT32_MAX;
    static constexpr std::size_t kAtOnce = 16;
    static std::uint64_t identity_hash(IdentityKind kind, std::string_view value);
    Found owner_in_chain(std::uint32_t number, Instant when) const;
    bool first_in_chain(std::uint32_t number, SubscriptionId subscription) const;
    void find_some(std::span<const Question> questions, std::span<Found> answers) const;
    // Number of the first entry of the identity's chain; 0 when there is none.
    std::uint32_t first_entry(std::uint64_t hash, IdentityKind kind, std::string_view value) const;
    bool names(const IdentityEntry& entry, IdentityKind kind, std::string_view value) const;
    // A byte that is its kind, and its value.
    std::string_view text_of(const IdentityEntry& entry) const {
        return std::string_view(identity_texts_)
            .substr(std::size_t{entry.text} * kTextStep, std::size_t{entry.length} + 1);
    }

    DirectoryFacts
        kept_;  // what stands nowhere else as it was told: pays, plans, quantities, buckets
    TimeZone zone_ = TimeZone::utc();
    std::vector<Account> accounts_;
    std::vector<Group> groups_;
    std::vector<Subscription> subscriptions_;
    std::vector<LeanVector<SubscriptionId>> by_account_;
    std::vector<GroupId> groups_by_account_;
    TextIndex account_names_;
    TextIndex subscription_names_;
    TextIndex group_names_;
    TextIndex identity_index_;
    std::map<std::tuple<OwnerKind, std::uint32_t, ComponentId>, Buckets> buckets_;
    std::map<AccountId, Buckets> bought_;
    std::vector<IdentityEntry> identity_entries_;  // number n stands at n - 1
    std::string identity_texts_;
};

}  // namespace farthing::directory
