#include "directory/directory.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/hash.h"
#include "base/prefetch.h"
#include "directory/folding.h"

namespace farthing::directory {

std::uint64_t Directory::identity_hash(IdentityKind kind, std::string_view value) {
    return mix64(hash64(value), static_cast<std::uint64_t>(kind));
}

Result<Directory> Directory::fold(DirectoryFacts facts, TimeZone zone) {
    Folding folding(std::move(zone), counts_of(facts));
    FARTHING_CHECK(folding.add(facts));
    return folding.finish();
}

DirectoryFacts Directory::facts() const {
    DirectoryFacts facts = kept_;
    facts.accounts.reserve(accounts_.size());
    for (const Account& account : accounts_) facts.accounts.push_back(account.fact);
    for (const Group& group : groups_) facts.groups.push_back(group.fact);
    facts.subscriptions.reserve(subscriptions_.size());
    for (const Subscription& one : subscriptions_) facts.subscriptions.push_back(one.fact);
    facts.identities.reserve(identities());
    for (std::size_t i = 0; i < identities(); ++i) {
        const Identity one = identity(i);
        facts.identities.push_back(
            {one.kind, std::string(one.value), one.subscription, one.valid.start, one.valid.end});
    }
    return facts;
}

Directory::Identity Directory::identity(std::size_t number) const {
    const IdentityEntry& entry = identity_entries_[number];
    const std::string_view text = text_of(entry);
    return {static_cast<IdentityKind>(text[0]), text.substr(1), entry.subscription, entry.valid};
}

AccountId Directory::account_of(OwnerKind kind, std::uint32_t owner) const {
    switch (kind) {
        case OwnerKind::subscription: return subscription({owner}).fact.account;
        case OwnerKind::group: return group({owner}).fact.account;
        case OwnerKind::account: break;
    }
    return {owner};
}

std::span<const GroupId> Directory::groups_of(AccountId account) const {
    const auto owner = [this](GroupId id) { return group(id).fact.account; };
    return std::ranges::equal_range(groups_by_account_, account, {}, owner);
}

bool Directory::is_below(AccountId account, AccountId top) const {
    while (account && account != top) account = this->account(account).fact.parent;
    return bool{account};
}

const Directory::Buckets& Directory::buckets_of(OwnerKind kind, std::uint32_t owner,
                                                ComponentId charge) const {
    static const Buckets kNone;
    const auto found = buckets_.find({kind, owner, charge});
    return found == buckets_.end() ? kNone : found->second;
}

Directory::Buckets Directory::buckets_of(OwnerKind kind, std::uint32_t owner) const {
    Buckets all;
    for (auto at = buckets_.lower_bound({kind, owner, ComponentId{}}); at != buckets_.end(); ++at) {
        if (std::get<0>(at->first) != kind || std::get<1>(at->first) != owner) break;
        all.insert(all.end(), at->second.begin(), at->second.end());
    }
    std::ranges::sort(all, {}, &BucketFact::id);
    return all;
}

const Directory::Buckets& Directory::bought_by(AccountId payer) const {
    static const Buckets kNone;
    const auto found = bought_.find(payer);
    return found == bought_.end() ? kNone : found->second;
}

AccountId Directory::account_named(std::string_view name) const {
    return {account_names_.find(hash64(name),
                                [&](std::uint32_t id) { return account({id}).fact.name == name; })};
}

SubscriptionId Directory::subscription_named(std::string_view name) const {
    return {subscription_names_.find(
        hash64(name), [&](std::uint32_t id) { return subscription({id}).fact.name == name; })};
}

GroupId Directory::group_named(std::string_view name) const {
    return {group_names_.find(hash64(name),
                              [&](std::uint32_t id) { return group({id}).fact.name == name; })};
}

bool Directory::names(const IdentityEntry& entry, IdentityKind kind, std::string_view value) const {
    if (entry.length != value.size()) return false;
    const std::string_view text = text_of(entry);
    return text[0] == static_cast<char>(kind) && text.substr(1) == value;
}

std::uint32_t Directory::first_entry(std::uint64_t hash, IdentityKind kind,
                                     std::string_view value) const {
    return identity_index_.find(hash, [&](std::uint32_t number) {
        return names(identity_entries_[number - 1], kind, value);
    });
}

std::string identity_text(IdentityKind kind, std::string_view value) {
    std::string text(value);
    if (kind != IdentityKind::destination) return text;
    for (std::size_t at = std::min(text.find('|'), text.size()); at < text.size(); ++at) {
        if (text[at] >= 'A' && text[at] <= 'Z') text[at] = static_cast<char>(text[at] + 32);
    }
    return text;
}

SubscriptionId Directory::destination_owner(std::string_view number, std::string_view service,
                                            Instant when, std::string& scratch) const {
    if (number.empty()) return {};
    scratch.assign(number);
    scratch += '|';
    scratch += service;
    const SubscriptionId owner = find(IdentityKind::destination, scratch, when);
    return owner ? owner : find(IdentityKind::destination, number, when);
}

SubscriptionId Directory::find(IdentityKind kind, std::string_view value, Instant when) const {
    if (kind == IdentityKind::subscription) return subscription_named(value);
    return owner_in_chain(first_entry(identity_hash(kind, value), kind, value), when).subscription;
}

Directory::Found Directory::owner_in_chain(std::uint32_t number, Instant when) const {
    while (number != 0) {
        const IdentityEntry& entry = identity_entries_[number - 1];
        if (entry.valid.contains(when)) return {entry.subscription, entry.first != 0};
        number = entry.next;
    }
    return {};
}

bool Directory::is_first(IdentityKind kind, std::string_view value,
                         SubscriptionId subscription) const {
    return first_in_chain(first_entry(identity_hash(kind, value), kind, value), subscription);
}

bool Directory::first_in_chain(std::uint32_t number, SubscriptionId subscription) const {
    while (number != 0) {
        const IdentityEntry& entry = identity_entries_[number - 1];
        if (entry.subscription == subscription) return entry.first != 0;  // all of its are alike
        number = entry.next;
    }
    return false;
}

void Directory::find_all(std::span<const Question> questions, std::span<Found> answers) const {
    for (std::size_t first = 0; first < questions.size(); first += kAtOnce) {
        const std::size_t count = std::min(kAtOnce, questions.size() - first);
        find_some(questions.subspan(first, count), answers.subspan(first, count));
    }
}

// Each pass follows the memory that the pass before asked for: index, entry, text.
void Directory::find_some(std::span<const Question> questions, std::span<Found> answers) const {
    std::array<std::uint64_t, kAtOnce> hashes{};
    std::array<const IdentityEntry*, kAtOnce> entries{};
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (questions[i].kind == IdentityKind::subscription) continue;
        hashes[i] = identity_hash(questions[i].kind, questions[i].value);
        identity_index_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (questions[i].kind == IdentityKind::subscription) continue;
        const std::uint32_t number =
            identity_index_.find(hashes[i], [](std::uint32_t) { return true; });
        if (number == 0) continue;
        entries[i] = &identity_entries_[number - 1];
        prefetch_line(entries[i]);
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
        if (entries[i] != nullptr) prefetch_line(text_of(*entries[i]).data());
    }
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const auto& [kind, value, when] = questions[i];
        answers[i] = kind == IdentityKind::subscription
                         ? Found{subscription_named(value)}
                         : owner_in_chain(first_entry(hashes[i], kind, value), when);
    }
}

Directory::Owner Directory::owner_of(IdentityKind kind, std::string_view value,
                                     Instant when) const {
    Owner owner{.subscription = {}, .valid = {Instant::min(), Instant::max()}};
    if (kind == IdentityKind::subscription) {
        owner.subscription = subscription_named(value);
        return owner;
    }
    std::uint32_t number = first_entry(identity_hash(kind, value), kind, value);
    while (number != 0) {
        const IdentityEntry& entry = identity_entries_[number - 1];
        number = entry.next;
        if (entry.valid.empty()) continue;
        if (entry.valid.contains(when)) return {entry.subscription, entry.valid};
        if (entry.valid.start > when) {
            owner.valid.end = entry.valid.start;
        } else {
            owner.valid.start = std::max(owner.valid.start, entry.valid.end);
        }
    }
    return owner;
}

}  // namespace farthing::directory
