#include "directory/folding.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/assert.h"
#include "base/utf8.h"

namespace farthing::directory {
namespace {

// Brings the steps in order. Of two on one day the later fact holds; a step that changes nothing is
// dropped, so that next_change() names real changes only.
template <class T>
void settle(Dated<T>& dated) {
    auto& steps = dated.steps;
    if (steps.size() < 2) return;
    std::ranges::stable_sort(steps, {}, &Dated<T>::Step::from);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (i + 1 < steps.size() && steps[i + 1].from == steps[i].from) continue;
        if (kept > 0 && steps[kept - 1].value == steps[i].value) continue;
        steps[kept++] = steps[i];
    }
    steps.erase(steps.begin() + static_cast<std::ptrdiff_t>(kept), steps.end());
}

// The nearest payer, day by day: the account itself while it pays, else whoever pays above it
// (EC60).
Dated<AccountId> nearest_payer(const Account& account, const Dated<AccountId>& above) {
    std::vector<Date> days;
    for (const auto& step : account.pays.steps) days.push_back(step.from);
    for (const auto& step : above.steps) days.push_back(step.from);
    std::ranges::sort(days);
    Dated<AccountId> payer;
    for (const Date day : days) {
        const bool* pays = account.pays.at(day);
        const AccountId* higher = above.at(day);
        AccountId nearest;
        if (pays != nullptr && *pays) {
            nearest = account.fact.id;
        } else if (higher != nullptr) {
            nearest = *higher;
        }
        const AccountId before = payer.steps.empty() ? AccountId{} : payer.steps.back().value;
        if (nearest != before) payer.steps.push_back({day, nearest});
    }
    return payer;
}

std::string until_text(Instant until) {
    return until == Instant::max() ? "further notice" : to_rfc3339(until);
}

}  // namespace

struct Directory::Builder {
    Directory& directory;
    const FactCounts& most;
    std::vector<bool>& identified;

    void make_room() {
        directory.accounts_.reserve(most.accounts);
        directory.subscriptions_.reserve(most.subscriptions);
        directory.kept_.plans.reserve(most.plans);
        directory.kept_.quantities.reserve(most.quantities);
        identified.resize(most.subscriptions + 1);
        directory.identity_index_ = TextIndex(most.identities);
        directory.identity_entries_.reserve(most.identities);
        directory.identity_texts_.reserve(most.identities * room_of("8937204016000000001"));
    }

    Result<void> add(DirectoryFacts& some) {
        FARTHING_CHECK(place(directory.accounts_, some.accounts, most.accounts,
                             DirectoryReason::unknown_account));
        keep(directory.kept_.pays, some.pays);
        FARTHING_CHECK(
            place(directory.groups_, some.groups, most.groups, DirectoryReason::unknown_group));
        FARTHING_CHECK(place(directory.subscriptions_, some.subscriptions, most.subscriptions,
                             DirectoryReason::unknown_subscription));
        keep(directory.kept_.plans, some.plans);
        keep(directory.kept_.quantities, some.quantities);
        for (const IdentityFact& fact : some.identities) {
            FARTHING_CHECK(subscription_of(fact.subscription, "an identity"));
            enter(fact);
        }
        keep(directory.kept_.buckets, some.buckets);
        return {};
    }

    Result<void> finish() {
        FARTHING_CHECK(finish_accounts());
        FARTHING_CHECK(link_accounts());
        FARTHING_CHECK(finish_groups());
        FARTHING_CHECK(finish_subscriptions());
        FARTHING_CHECK(take_dated());
        FARTHING_CHECK(take_buckets());
        return check_identities();
    }

    template <class Fact>
    static void keep(std::vector<Fact>& kept, std::vector<Fact>& some) {
        kept.insert(kept.end(), std::move_iterator(some.begin()), std::move_iterator(some.end()));
    }

    // Places each fact at its id; of two with one id the later holds.
    template <class Item, class Fact>
    static Result<void> place(std::vector<Item>& items, std::vector<Fact>& facts, std::size_t most,
                              DirectoryReason unknown) {
        for (Fact& fact : facts) {
            if (!fact.id)
                return fail(unknown, fmt::format("\"{}\" has no id", printable(fact.name)));
            if (fact.id.value > most)
                return fail(unknown, fmt::format("the ids leave holes below {}", fact.id.value));
            if (fact.id.value > items.size()) items.resize(fact.id.value);
            items[fact.id.value - 1].fact = std::move(fact);
        }
        return {};
    }

    template <class Item>
    static Result<void> require_all(const std::vector<Item>& items, DirectoryReason unknown) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (!items[i].fact.id) return fail(unknown, fmt::format("id {} names nothing", i + 1));
        }
        return {};
    }

    template <class Item>
    Result<void> index_names(TextIndex& index, const std::vector<Item>& items,
                             DirectoryReason taken) {
        index = TextIndex(items.size());
        for (const Item& item : items) {
            const std::string& name = item.fact.name;
            std::uint32_t& number = index.place(hash64(name), [&](std::uint32_t other) {
                return items[other - 1].fact.name == name;
            });
            if (number != 0) {
                return fail(taken, fmt::format("\"{}\" names both id {} and id {}", printable(name),
                                               number, item.fact.id.value));
            }
            number = item.fact.id.value;
        }
        return {};
    }

    Result<void> finish_accounts() {
        auto& accounts = directory.accounts_;
        FARTHING_CHECK(require_all(accounts, DirectoryReason::unknown_account));
        FARTHING_CHECK(
            index_names(directory.account_names_, accounts, DirectoryReason::account_exists));
        for (const Account& account : accounts) {
            const AccountFact& fact = account.fact;
            if (fact.parent.value > accounts.size()) {
                return fail(DirectoryReason::unknown_account,
                            fmt::format("the parent of \"{}\" is unknown", printable(fact.name)));
            }
            if (fact.bill_day < 1 || fact.bill_day > 31) {
                return fail(
                    DirectoryReason::bad_bill_day,
                    fmt::format("\"{}\" has bill day {}", printable(fact.name), fact.bill_day));
            }
        }
        for (const PaysFact& fact : directory.kept_.pays) {
            if (!fact.account || fact.account.value > accounts.size()) {
                return fail(
                    DirectoryReason::unknown_account,
                    fmt::format("account {} of a payer fact is unknown", fact.account.value));
            }
            accounts[fact.account.value - 1].pays.steps.push_back({fact.from, fact.pays});
        }
        for (Account& account : accounts) settle(account.pays);
        return {};
    }

    // From the tops downwards, so that every account finds its parent done.
    Result<void> link_accounts() {
        auto& accounts = directory.accounts_;
        std::vector<AccountId> order;
        order.reserve(accounts.size());
        for (Account& account : accounts) {
            if (account.fact.parent) {
                accounts[account.fact.parent.value - 1].children.push_back(account.fact.id);
            } else {
                order.push_back(account.fact.id);
            }
        }
        for (std::size_t i = 0; i < order.size(); ++i) {
            Account& account = accounts[order[i].value - 1];
            if (account.fact.parent) {
                const Account& parent = accounts[account.fact.parent.value - 1];
                account.top = parent.top;
                account.payer = nearest_payer(account, parent.payer);
            } else {
                account.top = account.fact.id;
                account.payer = nearest_payer(account, {});
            }
            order.insert(order.end(), account.children.begin(), account.children.end());
        }
        if (order.size() < accounts.size()) return fail(cycle_error());
        return {};
    }

    // REQUIRES: some account was not reached from a top.
    Error cycle_error() {
        const auto& accounts = directory.accounts_;
        const auto unreached =
            std::ranges::find_if(accounts, [](const Account& a) { return !a.top; });
        std::vector<bool> seen(accounts.size());
        AccountId at = unreached->fact.id;
        while (!seen[at.value - 1]) {  // ends on the cycle, which `unreached` may only lead to
            seen[at.value - 1] = true;
            at = accounts[at.value - 1].fact.parent;
        }
        std::string path = printable(accounts[at.value - 1].fact.name);
        AccountId next = at;
        int shown = 0;
        do {
            next = accounts[next.value - 1].fact.parent;
            path +=
                " under " +
                (++shown > 10 && next != at ? "…" : printable(accounts[next.value - 1].fact.name));
        } while (next != at && shown <= 10);
        return error_of(DirectoryReason::account_cycle, path + " is a circle");
    }

    Result<void> finish_groups() {
        auto& groups = directory.groups_;
        FARTHING_CHECK(require_all(groups, DirectoryReason::unknown_group));
        FARTHING_CHECK(index_names(directory.group_names_, groups, DirectoryReason::group_exists));
        for (const Group& group : groups) {
            if (!group.fact.account || group.fact.account.value > directory.accounts_.size()) {
                return fail(DirectoryReason::unknown_account,
                            fmt::format("the account of group \"{}\" is unknown",
                                        printable(group.fact.name)));
            }
            directory.groups_by_account_.push_back(group.fact.id);
        }
        std::ranges::stable_sort(directory.groups_by_account_, {},
                                 [&](GroupId id) { return directory.group(id).fact.account; });
        return {};
    }

    Result<void> finish_subscriptions() {
        auto& subscriptions = directory.subscriptions_;
        FARTHING_CHECK(require_all(subscriptions, DirectoryReason::unknown_subscription));
        FARTHING_CHECK(index_names(directory.subscription_names_, subscriptions,
                                   DirectoryReason::subscription_exists));
        directory.by_account_.resize(directory.accounts_.size());
        for (const Subscription& subscription : subscriptions) {
            const SubscriptionFact& fact = subscription.fact;
            if (!fact.account || fact.account.value > directory.accounts_.size()) {
                return fail(DirectoryReason::unknown_account,
                            fmt::format("the account of subscription \"{}\" is unknown",
                                        printable(fact.name)));
            }
            directory.by_account_[fact.account.value - 1].push_back(fact.id);
            if (fact.group) FARTHING_CHECK(join_group(fact));
        }
        return {};
    }

    // A pool is one counter of one account tree (R4): members from elsewhere would be charged to
    // its owner.
    Result<void> join_group(const SubscriptionFact& fact) {
        if (fact.group.value > directory.groups_.size()) {
            return fail(
                DirectoryReason::unknown_group,
                fmt::format("the group of subscription \"{}\" is unknown", printable(fact.name)));
        }
        Group& group = directory.groups_[fact.group.value - 1];
        const Account& owner = directory.account(group.fact.account);
        if (owner.top != directory.account(fact.account).top) {
            return fail(DirectoryReason::group_elsewhere,
                        fmt::format("subscription \"{}\" can't join group \"{}\" of account \"{}\"",
                                    printable(fact.name), printable(group.fact.name),
                                    printable(owner.fact.name)));
        }
        group.members.push_back(fact.id);
        return {};
    }

    std::size_t owners_of(OwnerKind kind) const {
        switch (kind) {
            case OwnerKind::subscription: return directory.subscriptions_.size();
            case OwnerKind::group: return directory.groups_.size();
            case OwnerKind::account: break;
        }
        return directory.accounts_.size();
    }

    Result<void> take_buckets() {
        for (const BucketFact& fact : directory.kept_.buckets) {
            const bool owned = fact.owner > 0 && fact.owner <= owners_of(fact.owner_kind);
            if (!owned || fact.until <= fact.from || fact.quantity <= 0)
                return fail(DirectoryReason::bad_bucket, fmt::format("bucket {}", fact.id.value));
            directory.buckets_[{fact.owner_kind, fact.owner, fact.charge}].push_back(fact);
            if (fact.payer) directory.bought_[fact.payer].push_back(fact);
        }
        for (auto& [of, buckets] : directory.buckets_) {
            std::ranges::sort(buckets, {}, [](const BucketFact& one) {
                return std::tuple(one.priority, one.until, one.id);
            });
        }
        return {};
    }

    Result<Subscription*> subscription_of(SubscriptionId id, std::string_view what) {
        if (!id || id.value > directory.subscriptions_.size()) {
            return fail(DirectoryReason::unknown_subscription,
                        fmt::format("subscription {} of {} is unknown", id.value, what));
        }
        return &directory.subscriptions_[id.value - 1];
    }

    Result<void> take_dated() {
        for (const PlanFact& fact : directory.kept_.plans) {
            FARTHING_TRY(Subscription* const subscription,
                         subscription_of(fact.subscription, "a plan"));
            subscription->plan.steps.push_back({fact.from, fact.plan});
        }
        for (const QuantityFact& fact : directory.kept_.quantities) {
            FARTHING_TRY(Subscription* const subscription,
                         subscription_of(fact.subscription, "a quantity"));
            if (fact.quantity < 0) {
                return fail(DirectoryReason::bad_quantity,
                            fmt::format("\"{}\" has quantity {}",
                                        printable(subscription->fact.name), fact.quantity));
            }
            subscription->quantity.steps.push_back({fact.from, fact.quantity});
        }
        for (Subscription& subscription : directory.subscriptions_) {
            settle(subscription.plan);
            settle(subscription.quantity);
        }
        return {};
    }

    static std::size_t room_of(std::string_view value) {
        return (1 + value.size() + kTextStep - 1) / kTextStep * kTextStep;
    }

    void enter(const IdentityFact& fact) {
        auto& entries = directory.identity_entries_;
        FARTHING_ASSERT(fact.value.size() <= kLengthMax);
        IdentityEntry entry{.valid = {fact.from, fact.until},
                            .subscription = fact.subscription,
                            .text = 0,
                            .length = static_cast<std::uint32_t>(fact.value.size()) & kLengthMax,
                            .first = 0,
                            .next = 0};
        std::uint32_t* link = &directory.identity_index_.place(
            Directory::identity_hash(fact.kind, fact.value), [&](std::uint32_t number) {
                return directory.names(entries[number - 1], fact.kind, fact.value);
            });
        entry.text = *link != 0 ? entries[*link - 1].text : add_text(fact);
        entry.first = is_first(fact, *link) ? 1 : 0;
        while (*link != 0 && entries[*link - 1].valid.start > fact.from)
            link = &entries[*link - 1].next;
        if (*link != 0 && entries[*link - 1].valid.start == fact.from) {
            IdentityEntry& before = entries[*link - 1];
            if (before.subscription == fact.subscription) {
                entry.next = before.next;
                before = entry;
                return;
            }
            before.valid.end = before.valid.start;  // it stays: it may have been its owner's first
        }
        FARTHING_ASSERT(entries.size() + 1 < UINT32_MAX);
        entry.next = *link;
        *link = static_cast<std::uint32_t>(entries.size() +
                                           1);  // before push_back: `link` may point into `entries`
        entries.push_back(entry);
    }

    // `number`: of the first entry of the identity's chain.
    bool is_first(const IdentityFact& fact, std::uint32_t number) {
        // Records do not come by a destination, and by a subscription's name without any fact.
        if (fact.kind == IdentityKind::destination || fact.kind == IdentityKind::subscription)
            return false;
        const bool fresh = !identified[fact.subscription.value];
        identified[fact.subscription.value] = true;
        return fresh || directory.first_in_chain(number, fact.subscription);
    }

    std::uint32_t add_text(const IdentityFact& fact) {
        std::string& texts = directory.identity_texts_;
        const std::size_t at = texts.size();
        FARTHING_ASSERT(at / kTextStep < UINT32_MAX);
        texts += static_cast<char>(fact.kind);
        texts += fact.value;
        texts.resize(at + room_of(fact.value));
        return static_cast<std::uint32_t>(at / kTextStep);
    }

    Result<void> check_identities() {
        const auto& entries = directory.identity_entries_;
        std::vector<bool> follows(entries.size());
        for (const IdentityEntry& entry : entries) {
            if (entry.next != 0) follows[entry.next - 1] = true;
        }
        std::vector<const IdentityEntry*> chain;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (follows[i] || entries[i].next == 0) continue;
            chain.clear();
            for (std::uint32_t number = static_cast<std::uint32_t>(i + 1); number != 0;) {
                const IdentityEntry& entry = entries[number - 1];
                if (!entry.valid.empty()) chain.push_back(&entry);
                number = entry.next;
            }
            FARTHING_CHECK(check_chain(chain));
        }
        return {};
    }

    // Stretches of one owner may overlap, they say the same. Against another owner it is enough to
    // look at the stretch that reaches furthest: whatever else still runs overlaps it too, hence
    // has its owner.
    Result<void> check_chain(const std::vector<const IdentityEntry*>& latest_first) {
        const IdentityEntry* furthest = nullptr;
        for (auto at = latest_first.rbegin(); at != latest_first.rend(); ++at) {
            const IdentityEntry* entry = *at;
            if (furthest != nullptr && entry->valid.start < furthest->valid.end &&
                entry->subscription != furthest->subscription) {
                return fail(taken_error(*furthest, *entry));
            }
            if (furthest == nullptr || entry->valid.end > furthest->valid.end) furthest = entry;
        }
        return {};
    }

    Error taken_error(const IdentityEntry& earlier, const IdentityEntry& later) {
        const std::string_view text = directory.text_of(later);
        const auto name = [&](const IdentityEntry& entry) {
            return printable(directory.subscription(entry.subscription).fact.name);
        };
        return error_of(
            DirectoryReason::identity_taken,
            fmt::format("{} {} belongs to \"{}\" from {} until {}, and to \"{}\" from {}",
                        name_of(static_cast<IdentityKind>(text[0])), printable(text.substr(1)),
                        name(earlier), to_rfc3339(earlier.valid.start),
                        until_text(earlier.valid.end), name(later), to_rfc3339(later.valid.start)));
    }
};

Folding::Folding(TimeZone zone, const FactCounts& most) : most_(most) {
    directory_.zone_ = std::move(zone);
    Directory::Builder{directory_, most_, identified_}.make_room();
}

Result<void> Folding::add(DirectoryFacts& some) {
    return Directory::Builder{directory_, most_, identified_}.add(some);
}

Result<Directory> Folding::finish() {
    FARTHING_CHECK((Directory::Builder{directory_, most_, identified_}.finish()));
    return std::move(directory_);
}

}  // namespace farthing::directory
