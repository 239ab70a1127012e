#include "engine/buckets.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "billing/bill.h"
#include "engine/batch.h"
#include "engine/desk.h"
#include "engine/find.h"
#include "engine/prepaid_fees.h"
#include "engine/reasons.h"
#include "ledger/ledger.h"
#include "rating/included.h"

namespace farthing::engine {

namespace {

struct BucketOwner {
    OwnerKind kind = OwnerKind::subscription;
    std::uint32_t id = 0;
    AccountId account;                    // whose payer pays
    std::vector<SubscriptionId> members;  // whose usage is counted there
};

void add_below(const directory::Directory& directory, AccountId account,
               std::vector<SubscriptionId>& members) {
    const auto& own = directory.subscriptions_of(account);
    members.insert(members.end(), own.begin(), own.end());
    for (const AccountId child : directory.account(account).children)
        add_below(directory, child, members);
}

Result<BucketOwner> bucket_owner(const directory::Directory& directory, const BucketOrder& order) {
    const auto unknown = [&](DirectoryReason reason, std::string_view what) {
        return fail(reason,
                    "no " + std::string(what) + " is named \"" + printable(order.owner) + "\"");
    };
    switch (order.owner_kind) {
        case OwnerKind::subscription: {
            const SubscriptionId id = directory.subscription_named(order.owner);
            if (!id) return unknown(DirectoryReason::unknown_subscription, "subscription");
            return BucketOwner{
                order.owner_kind, id.value, directory.subscription(id).fact.account, {id}};
        }
        case OwnerKind::group: {
            const GroupId id = directory.group_named(order.owner);
            if (!id) return unknown(DirectoryReason::unknown_group, "group");
            const directory::Group& group = directory.group(id);
            return BucketOwner{order.owner_kind, id.value, group.fact.account, group.members};
        }
        case OwnerKind::account: break;
    }
    const AccountId id = directory.account_named(order.owner);
    if (!id) return unknown(DirectoryReason::unknown_account, "account");
    BucketOwner owner{OwnerKind::account, id.value, id, {}};
    add_below(directory, id, owner.members);
    return owner;
}

// Whether usage of that member on that charge is counted at that owner.
bool counted_at(const directory::Directory& directory, const catalog::UsageCharge& charge,
                SubscriptionId member, const BucketOwner& owner) {
    using catalog::SharedBy;
    const SubscriptionFact& fact = directory.subscription(member).fact;
    const SharedBy shared = charge.allowance ? charge.allowance->shared_by : SharedBy::subscription;
    const bool alone =
        shared == SharedBy::subscription || (shared == SharedBy::group && !fact.group);
    switch (owner.kind) {
        case OwnerKind::subscription: return alone && member.value == owner.id;
        case OwnerKind::group: return shared == SharedBy::group && fact.group.value == owner.id;
        case OwnerKind::account: break;
    }
    if (shared == SharedBy::account) return fact.account.value == owner.id;
    return shared == SharedBy::enterprise && directory.account(fact.account).top.value == owner.id;
}

struct FoundPackage {
    const catalog::Plan* plan = nullptr;
    const catalog::Package* package = nullptr;
};

bool is_named(const catalog::Plan& plan, const catalog::Package& package, const std::string& name) {
    return package.name == name || plan.name + "/" + package.name == name;
}

// The package of that name among the plans that members have on that day.
Result<FoundPackage> package_of(const Engine::State& state, const catalog::Version& version,
                                const BucketOwner& owner, const BucketOrder& order, Date day) {
    FoundPackage found;
    bool elsewhere = false;
    for (const SubscriptionId member : owner.members) {
        const PlanId* held = state.directory.subscription(member).plan.at(day);
        const catalog::Plan* plan = held == nullptr ? nullptr : version.plan(*held);
        if (plan == nullptr || plan == found.plan) continue;
        for (const catalog::Package& package : plan->packages) {
            if (!is_named(*plan, package, order.package)) continue;
            const auto covers = [&](const catalog::UsageCharge& charge) {
                return charge.id == package.charge &&
                       counted_at(state.directory, charge, member, owner);
            };
            if (std::ranges::none_of(plan->charges, covers)) {
                elsewhere = true;
            } else if (found.package != nullptr) {
                return fail(EngineReason::package_ambiguous,
                            "\"" + printable(order.package) + "\" is a package of the plans " +
                                found.plan->name + " and " + plan->name);
            } else {
                found = {plan, &package};
            }
        }
    }
    if (found.package != nullptr) return found;
    if (elsewhere)
        return fail(EngineReason::bucket_owner_unfit, "what \"" + printable(order.package) +
                                                          "\" covers is not counted for \"" +
                                                          printable(order.owner) + "\" by itself");
    return fail(EngineReason::package_unknown, "\"" + printable(order.owner) +
                                                   "\" has no plan with a package \"" +
                                                   printable(order.package) + "\"");
}

bool is_below(const directory::Directory& directory, AccountId account, const std::string& top) {
    if (top.empty()) return true;
    for (; account; account = directory.account(account).fact.parent)
        if (directory.account(account).fact.name == top) return true;
    return false;
}

// What is asked for, with what the catalog says of it today.
Result<BucketFact> fact_of(const Engine::State& state, const BucketOrder& order) {
    const Instant now = state.clock.now();
    const Date today = state.today();
    const catalog::Version* version = state.catalog.at(now);
    if (version == nullptr) return fail(EngineReason::catalog_none);
    if (order.reference.empty())
        return fail(EngineReason::reference_missing, "a package that is bought has a reference");
    FARTHING_TRY(const BucketOwner owner, bucket_owner(state.directory, order));
    if (!is_below(state.directory, owner.account, order.account)) {
        return fail(EngineReason::bucket_owner_unfit, "\"" + printable(order.owner) +
                                                          "\" is not of the account \"" +
                                                          printable(order.account) + "\"");
    }
    FARTHING_TRY(const FoundPackage found, package_of(state, *version, owner, order, today));
    const catalog::Package& package = *found.package;
    BucketFact fact;
    fact.owner_kind = owner.kind;
    fact.owner = owner.id;
    fact.charge = package.charge;
    fact.package = package.fee.id;
    fact.version = version->number;
    fact.from = order.from.value_or(today);
    fact.until = package.until(fact.from);
    fact.quantity = package.quantity;
    fact.priority = package.priority;
    fact.rollover = package.rollover;
    fact.at = now;
    fact.reference = order.reference;
    if (order.given) return fact;
    const AccountId* payer = state.directory.account(owner.account).payer.at(today);
    if (payer == nullptr || !*payer)
        return fail(EngineReason::account_does_not_pay,
                    "nobody pays for \"" + printable(order.owner) + "\"");
    fact.payer = *payer;
    const auto money = money_of(package.fee.amount.exact(), version->currency);
    const auto atoms = money ? narrow64(money->atoms) : std::nullopt;
    if (!atoms) return fail(EngineReason::amount_out_of_range);
    fact.price_atoms = *atoms;
    return fact;
}

// The same order as one before; another under its reference is refused.
Result<const BucketFact*> known_order(const Engine::State& state, const BucketFact& asked,
                                      bool days_asked) {
    for (const BucketFact& known : state.directory.bucket_facts()) {
        if (known.reference != asked.reference) continue;
        const bool same = known.owner_kind == asked.owner_kind && known.owner == asked.owner &&
                          known.package == asked.package &&
                          bool{known.payer} == bool{asked.payer} &&
                          (!days_asked || known.from == asked.from);
        if (same) return &known;
        return fail(StoreReason::reference_taken,
                    "another package has the reference \"" + printable(asked.reference) + "\"");
    }
    return nullptr;
}

Result<Entry> price_entry(const Engine::State& state, const BucketFact& fact, Currency currency) {
    Entry header;
    header.kind = EntryKind::fee;
    header.payer = fact.payer;
    header.component = fact.package;
    header.period = billing::cycle_of_payer(state.directory, fact.payer, state.today());
    header.currency = currency;
    ledger::EntryBuilder entry(std::move(header));
    if (!entry.move({LedgerKind::unbilled, fact.payer.value},
                    {LedgerKind::revenue, fact.package.value}, fact.price_atoms))
        return fail(EngineReason::amount_out_of_range);
    return std::move(entry).finish();
}

// What is given may be over: it mends what was charged on its days.
Result<void> require_days_left(const Engine::State& state, const BucketFact& fact) {
    if (!fact.payer || fact.until > state.today()) return {};
    return fail(EngineReason::package_over,
                "its last day was " + to_string(fact.until.plus_days(-1)));
}

// REQUIRES: it is our turn.
Result<void> require_money(Engine::State& state, Desk& desk, const BucketFact& fact) {
    desk.charger().pass(state.clock.now());
    const ledger::Purse& purse = desk.charger().purses()[fact.payer];
    const i128 room = purse.balance + purse.credit.value_or(0) - purse.held;
    if (!purse.credit || room >= fact.price_atoms) return {};
    return fail(EngineReason::package_not_covered,
                Money{std::max<i128>(0, room), desk.currency()}.to_string() +
                    " may be spent, the package costs " +
                    Money{fact.price_atoms, desk.currency()}.to_string());
}

// Takes the money and keeps the bucket, both or neither; the desk is of no use afterwards.
Result<void> store_bucket(Engine::State& state, Desk& desk, BucketFact& fact) {
    store::Store::BucketBought bought{fact, {}, {}};
    if (fact.price_atoms != 0) {
        FARTHING_TRY(bought.entry, price_entry(state, fact, desk.currency()));
        desk.charger().purses()[fact.payer].balance -= fact.price_atoms;
        desk.watch({fact.payer}, bought.told);
    }
    FARTHING_TRY(fact.id, state.store->add_bucket(bought));
    return {};
}

rating::CounterKey key_of(const BucketFact& fact) {
    return {Perspective::retail, fact.owner_kind, fact.owner, fact.charge, 0, {}};
}

// What was used on its first day before it was bought, it covers too.
Result<void> price_again(Engine::State& state, const BucketFact& fact) {
    const DatePeriod days{fact.from, std::min(fact.until, state.today().plus_days(1))};
    std::vector<rating::CounterKey> keys;
    for (const DatePeriod& window : rating::windows_in(state.directory, key_of(fact), days)) {
        keys.push_back(key_of(fact));
        keys.back().window_first = window.first;
    }
    if (keys.empty()) return {};
    OpenFeed no_feed;
    FARTHING_TRY(const auto batch, Batch::begin(state, no_feed, "reprice"));
    FARTHING_CHECK(batch->reprice(keys));
    if (!batch->moved()) return {};
    Report ignored;
    return batch->commit(ignored);
}

enum class Purchase : std::uint8_t {
    made,
    known_before,
    moved
};  // moved: another process wrote meanwhile

Result<Purchase> buy_once(Engine::State& state, const BucketOrder& order, BucketFact& fact) {
    FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
    FARTHING_TRY(Desk* const desk, state.open_desk());
    FARTHING_TRY(fact, fact_of(state, order));
    FARTHING_TRY(const BucketFact* const known, known_order(state, fact, order.from.has_value()));
    if (known != nullptr) {
        fact = *known;
        return Purchase::known_before;
    }
    FARTHING_CHECK(require_days_left(state, fact));
    if (fact.price_atoms != 0) FARTHING_CHECK(require_money(state, *desk, fact));
    const Result<void> stored = store_bucket(state, *desk, fact);
    if (!stored) {
        state.forget_counters();  // and the desk with them: the store has what is true
        state.followed = false;
        if (stored.error().code == name_of(StoreReason::position_moved)) return Purchase::moved;
        return fail(stored.error());
    }
    DirectoryFacts added;
    added.buckets.push_back(fact);
    FARTHING_TRY(state.directory, state.folded_with(added));
    state.remake_rater();
    FARTHING_TRY(state.described, state.store->described());
    FARTHING_CHECK(price_again(state, fact));
    return Purchase::made;
}

// Of the account, of all below it, and of the groups that its subscriptions are in.
std::vector<BucketFact> buckets_below(const directory::Directory& directory, AccountId top) {
    std::vector<BucketFact> all;
    std::set<GroupId> groups;
    const auto add = [&](OwnerKind kind, std::uint32_t owner) {
        const auto found = directory.buckets_of(kind, owner);
        all.insert(all.end(), found.begin(), found.end());
    };
    std::vector<AccountId> open{top};
    while (!open.empty()) {
        const AccountId account = open.back();
        open.pop_back();
        add(OwnerKind::account, account.value);
        for (const SubscriptionId id : directory.subscriptions_of(account)) {
            add(OwnerKind::subscription, id.value);
            const GroupId group = directory.subscription(id).fact.group;
            if (group && groups.insert(group).second) add(OwnerKind::group, group.value);
        }
        const auto& children = directory.account(account).children;
        open.insert(open.end(), children.begin(), children.end());
    }
    std::ranges::sort(all, {}, &BucketFact::id);
    return all;
}

Result<BucketRow> bucket_row(Engine::State& state, const BucketFact& fact) {
    const catalog::Version& version = *state.catalog.numbered(fact.version);
    const Unit& unit = *version.meter(find_charge(version, fact.charge, nullptr)->meter)->unit;
    const Date today = state.today();
    const auto counter_of = [&](const rating::CounterKey& key) { return state.counters.find(key); };
    rating::BucketState now{&fact, fact.quantity};
    if (fact.from <= today) {
        const Date day = std::min(today, fact.until.plus_days(-1));
        const auto buckets = rating::buckets_on(state.directory, key_of(fact), day, counter_of);
        for (const rating::BucketState& one : buckets.all())
            if (one.fact->id == fact.id) now = one;
    }
    const bool ended = fact.until <= today;
    const auto text = [&](std::int64_t quantity) { return quantity_to_string(quantity, unit); };
    BucketRow row;
    row.id = "bkt-" + std::to_string(fact.id.value);
    row.owner = owner_name(state.directory, fact.owner_kind, fact.owner);
    row.package = state.names.name_of(NameTable::Kind::component, fact.package.value);
    row.quantity = text(fact.quantity);
    row.rolled_over = text(now.rolled_over);
    row.covered = text(now.covered);
    row.remaining_units = ended ? 0 : now.left;
    row.remaining = text(row.remaining_units);
    row.from = fact.from;
    row.last = fact.until.plus_days(-1);
    row.state = ended ? "ended" : fact.from > today ? "not yet" : "valid";
    row.price = {fact.price_atoms, version.currency};
    row.unit = std::string(unit.name);
    return row;
}

}  // namespace

Result<BucketRow> Engine::buy_bucket(const BucketOrder& order) try {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    for (int left = kTries; left > 0; --left) {
        BucketFact fact;
        FARTHING_TRY(const Purchase done, buy_once(s, order, fact));
        if (done == Purchase::moved) continue;
        FARTHING_TRY(BucketRow row, bucket_row(s, fact));
        row.repeated = done == Purchase::known_before;
        if (fact.price_atoms == 0) return row;
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*s.store));
        FARTHING_TRY(Desk* const desk, s.open_desk());
        desk->look_at(fact.payer);
        FARTHING_CHECK(let_money_come(s));
        return row;
    }
    return fail(StoreReason::position_moved);
} catch (const StoreFailure& failure) {
    state_->forget_counters();
    return fail(failure.error);
}

Result<std::vector<BucketRow>> Engine::buckets(const std::string& account) try {
    State& s = *state_;
    FARTHING_CHECK(s.follow_others());
    const AccountId top = s.directory.account_named(account);
    if (!top)
        return fail(DirectoryReason::unknown_account,
                    "no account is named \"" + printable(account) + "\"");
    std::vector<BucketRow> rows;
    for (const BucketFact& fact : buckets_below(s.directory, top)) {
        FARTHING_TRY(BucketRow row, bucket_row(s, fact));
        rows.push_back(std::move(row));
    }
    return rows;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace farthing::engine
