#include "directory/directory.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "directory/folding.h"

namespace farthing::directory {
namespace {

constexpr Date kNewYear = Date::of(2026, 1, 1);
const Instant kStart = *parse_rfc3339("2026-01-01T00:00:00Z");

// Facts in words.
struct Facts {
    DirectoryFacts facts;

    AccountId account(const std::string& name, AccountId parent = {}) {
        const AccountId id{static_cast<std::uint32_t>(facts.accounts.size() + 1)};
        facts.accounts.push_back({.id = id,
                                  .name = name,
                                  .parent = parent,
                                  .title = {},
                                  .address = {},
                                  .tax_number = {},
                                  .country = {}});
        return id;
    }
    void pays(AccountId account, Date from = kNewYear, bool pays = true) {
        facts.pays.push_back({account, from, pays});
    }
    GroupId group(const std::string& name, AccountId owner) {
        const GroupId id{static_cast<std::uint32_t>(facts.groups.size() + 1)};
        facts.groups.push_back({id, name, owner});
        return id;
    }
    SubscriptionId subscription(const std::string& name, AccountId account, GroupId group = {}) {
        const SubscriptionId id{static_cast<std::uint32_t>(facts.subscriptions.size() + 1)};
        facts.subscriptions.push_back({id, name, account, group});
        return id;
    }
    void identity(SubscriptionId owner, const std::string& value, Instant from,
                  Instant until = Instant::max(), IdentityKind kind = IdentityKind::iccid) {
        facts.identities.push_back({kind, value, owner, from, until});
    }
    Directory fold() const {
        Result<Directory> folded = Directory::fold(facts, TimeZone::utc());
        if (!folded) throw std::runtime_error(folded.error().to_string());
        return *std::move(folded);
    }
    Error refused() const {
        const Result<Directory> folded = Directory::fold(facts, TimeZone::utc());
        return folded ? Error{} : folded.error();
    }
};

AccountId payer_of(const Directory& directory, AccountId account, Date day) {
    const AccountId* payer = directory.account(account).payer.at(day);
    return payer == nullptr ? AccountId{} : *payer;
}

TEST(Directory, EC60_the_nearest_paying_account_at_or_above_pays) {
    Facts facts;
    const AccountId enterprise = facts.account("enterprise");
    const AccountId company = facts.account("company", enterprise);
    const AccountId department = facts.account("department", company);
    const AccountId team = facts.account("team", department);
    facts.pays(enterprise);
    facts.pays(company);
    const Directory directory = facts.fold();
    EXPECT_EQ(payer_of(directory, team, kNewYear), company);
    EXPECT_EQ(payer_of(directory, department, kNewYear), company);
    EXPECT_EQ(payer_of(directory, enterprise, kNewYear), enterprise);
    EXPECT_EQ(payer_of(directory, team, kNewYear.plus_days(-1)), AccountId{});
    for (const AccountId account : {enterprise, company, department, team}) {
        EXPECT_EQ(directory.account(account).top, enterprise);
    }
    EXPECT_EQ(directory.account(company).children, LeanVector<AccountId>{department});
}

TEST(Directory, EC59_the_payer_changes_on_its_day) {
    Facts facts;
    const AccountId parent = facts.account("parent");
    const AccountId department = facts.account("department", parent);
    facts.pays(parent);
    facts.pays(department, Date::of(2026, 1, 16));
    facts.pays(department, Date::of(2026, 3, 1), false);
    facts.pays(department, Date::of(2026, 2, 1));  // paid already: no change
    const Directory directory = facts.fold();
    EXPECT_EQ(payer_of(directory, department, Date::of(2026, 1, 15)), parent);
    EXPECT_EQ(payer_of(directory, department, Date::of(2026, 1, 16)), department);
    EXPECT_EQ(payer_of(directory, department, Date::of(2026, 2, 28)), department);
    EXPECT_EQ(payer_of(directory, department, Date::of(2026, 3, 1)), parent);
    const Dated<AccountId>& payer = directory.account(department).payer;
    EXPECT_EQ(payer.next_change(Date::of(2026, 1, 16)), Date::of(2026, 3, 1));
    EXPECT_EQ(payer.next_change(Date::of(2026, 3, 1)), Date::max());
}

TEST(Directory, EC60_a_circle_of_accounts_is_refused) {
    Facts facts;
    facts.account("free");
    facts.account("leads in", {3});
    facts.account("A", {5});
    facts.account("B", {3});
    facts.account("C", {4});
    const Error error = facts.refused();
    EXPECT_EQ(error.code, "account_cycle");
    EXPECT_EQ(error.message, "A under C under B under A is a circle");
    facts.facts.accounts[2].parent = {3};
    EXPECT_EQ(facts.refused().message, "A under A is a circle");
}

TEST(Directory, of_two_facts_on_one_day_the_later_holds) {
    Facts facts;
    const SubscriptionId lines = facts.subscription("lines", facts.account("company"));
    for (const auto& [day, quantity] :
         std::vector<std::pair<int, std::int64_t>>{{16, 60}, {1, 50}, {16, 70}, {20, 70}}) {
        facts.facts.quantities.push_back(
            {lines, Date::of(2026, 1, 1).plus_days(day - 1), quantity});
    }
    const Directory directory = facts.fold();
    const Dated<std::int64_t>& quantity = directory.subscription(lines).quantity;
    EXPECT_EQ(quantity.at(Date::of(2025, 12, 31)), nullptr);
    EXPECT_EQ(*quantity.at(Date::of(2026, 1, 15)), 50);
    EXPECT_EQ(*quantity.at(Date::of(2026, 1, 16)), 70);
    EXPECT_EQ(quantity.next_change(Date::of(2026, 1, 16)), Date::max());
}

TEST(Directory, a_later_fact_about_an_account_replaces_the_earlier) {
    Facts facts;
    facts.account("old name");
    facts.facts.accounts.push_back(facts.facts.accounts[0]);
    facts.facts.accounts[1].name = "new name";
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.accounts().size(), 1U);
    EXPECT_EQ(directory.account_named("new name"), AccountId{1});
    EXPECT_EQ(directory.account_named("old name"), AccountId{});
}

// By the million they come some at a time.
TEST(Directory, facts_that_come_one_by_one_fold_to_the_same) {
    Facts facts;
    const AccountId company = facts.account("company");
    const AccountId branch = facts.account("branch", company);
    facts.pays(company);
    facts.pays(branch, kNewYear.plus_days(5));
    const SubscriptionId one = facts.subscription("one", branch, facts.group("pool", company));
    facts.subscription("two", company);
    facts.facts.subscriptions.push_back({one, "first", branch, {}});  // the later one holds
    facts.facts.plans = {{one, kNewYear, {7}}, {one, kNewYear.plus_days(3), {8}}};
    facts.facts.quantities = {{one, kNewYear, 5}};
    facts.identity(one, "8944", kStart);
    facts.identity(one, "8944", kStart, kStart.plus_micros(10));
    facts.identity(one, "a longer identity than any card has", kStart);
    Folding folding(TimeZone::utc(), counts_of(facts.facts));
    const auto add_each = [&](auto kind) {
        for (const auto& fact : facts.facts.*kind) {
            DirectoryFacts some;
            (some.*kind).push_back(fact);
            ASSERT_TRUE(folding.add(some));
        }
    };
    add_each(&DirectoryFacts::accounts);
    add_each(&DirectoryFacts::pays);
    add_each(&DirectoryFacts::groups);
    add_each(&DirectoryFacts::subscriptions);
    add_each(&DirectoryFacts::plans);
    add_each(&DirectoryFacts::quantities);
    add_each(&DirectoryFacts::identities);
    const DirectoryFacts folded = folding.finish()->facts();
    const DirectoryFacts wanted = facts.fold().facts();
    EXPECT_EQ(folded.subscriptions, wanted.subscriptions);
    EXPECT_EQ(folded.subscriptions[0].name, "first");
    EXPECT_EQ(folded.accounts, wanted.accounts);
    EXPECT_EQ(folded.groups, wanted.groups);
    EXPECT_EQ(folded.identities, wanted.identities);
    EXPECT_EQ(folded.plans, wanted.plans);
    EXPECT_EQ(folded.quantities, wanted.quantities);
}

TEST(Directory, an_id_beyond_what_was_announced_is_refused) {
    Folding folding(TimeZone::utc(), {.accounts = 2});
    DirectoryFacts some;
    some.accounts = {{{3}, "far", {}, {}, {}, 1, {}, {}}};
    EXPECT_EQ(folding.add(some).error().code, "unknown_account");
}

// What a directory tells of itself is what the next one is made of.
TEST(Directory, its_facts_fold_to_the_same_also_with_what_comes_later) {
    Facts facts;
    const AccountId company = facts.account("company");
    const SubscriptionId lines = facts.subscription("lines", company, facts.group("pool", company));
    facts.pays(company);
    facts.identity(lines, "8944", kStart);
    facts.identity(lines, "8944", kStart, kStart.plus_micros(10));  // it ended
    facts.identity(lines, "8944", kStart.plus_micros(20));
    facts.facts.quantities = {{lines, kNewYear, 5}, {lines, kNewYear.plus_days(9), 5}};
    facts.facts = facts.fold().facts();
    EXPECT_EQ(facts.facts.identities.size(), 2U);
    facts.facts.quantities.push_back({lines, kNewYear, 6});
    facts.identity(lines, "8944", kStart, kStart.plus_micros(15));
    const Directory directory = facts.fold();
    EXPECT_EQ(*directory.subscription(lines).quantity.at(kNewYear), 6);
    EXPECT_EQ(*directory.subscription(lines).quantity.at(kNewYear.plus_days(9)), 5);
    EXPECT_EQ(payer_of(directory, company, kNewYear), company);
    EXPECT_EQ(directory.group(directory.subscription(lines).fact.group).fact.name, "pool");
    const auto owner_at = [&](std::int64_t micros) {
        return directory.find(IdentityKind::iccid, "8944", kStart.plus_micros(micros));
    };
    EXPECT_EQ(owner_at(14), lines);
    EXPECT_EQ(owner_at(15), SubscriptionId{});
    EXPECT_EQ(owner_at(20), lines);
}

// Whatever becomes of it: what the archive keeps of records rests on it.
TEST(Directory, EC48_the_first_identity_of_a_subscription_stays_the_first) {
    Facts facts;
    const AccountId company = facts.account("company");
    const SubscriptionId one = facts.subscription("one", company);
    const SubscriptionId two = facts.subscription("two", company);
    const Instant later = kStart.plus_micros(100);
    facts.facts.identities.push_back({IdentityKind::destination, "112", one, kStart});
    facts.identity(one, "A", later);
    facts.identity(one, "B", kStart);  // valid before the first one, told after it
    facts.identity(two, "C", kStart);
    const auto firsts = [](const Directory& directory) {
        std::string text;
        for (const SubscriptionId owner : {SubscriptionId{1}, SubscriptionId{2}})
            for (const char* value : {"A", "B", "C", "D"})
                if (directory.is_first(IdentityKind::iccid, value, owner))
                    text += std::to_string(owner.value) + value;
        return text;
    };
    EXPECT_EQ(firsts(facts.fold()), "1A2C");
    const auto tell = [&](SubscriptionId owner, const char* value, Instant from, Instant until) {
        facts.identity(owner, value, from, until);
        const Directory directory = facts.fold();
        EXPECT_EQ(firsts(directory), "1A2C") << value;
        const Directory again = *Directory::fold(directory.facts(), TimeZone::utc());
        EXPECT_EQ(firsts(again), "1A2C") << value;
        facts.facts = directory.facts();
    };
    tell(one, "A", later, later.plus_micros(10));                  // it ends
    tell(two, "A", later.plus_micros(10), later.plus_micros(20));  // and goes to another,
    tell(one, "A", later.plus_micros(20), Instant::max());         // and comes back
    tell(two, "B", kStart, Instant::max());                        // it was never the one's
    tell(one, "C", kStart, Instant::max());                        // nor was this the other's
    tell(one, "D", kStart, Instant::max());
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.find(IdentityKind::iccid, "B", kStart), two);
    EXPECT_EQ(directory.find(IdentityKind::iccid, "C", kStart), one);
    const Directory::Question asked[] = {{IdentityKind::iccid, "A", later},
                                         {IdentityKind::iccid, "A", later.plus_micros(10)},
                                         {IdentityKind::iccid, "D", kStart},
                                         {IdentityKind::subscription, "one", kStart}};
    Directory::Found found[4];
    directory.find_all(asked, found);
    EXPECT_EQ(found[0].subscription, one);
    EXPECT_TRUE(found[0].first);
    EXPECT_EQ(found[1].subscription, two);
    EXPECT_FALSE(found[1].first);
    EXPECT_EQ(found[2].subscription, one);
    EXPECT_FALSE(found[2].first);
    EXPECT_EQ(found[3].subscription, one);
    EXPECT_FALSE(found[3].first);
}

TEST(Directory, names_are_found_and_belong_to_one_only) {
    Facts facts;
    const AccountId company = facts.account("company");
    const GroupId pool = facts.group("pool", company);
    const SubscriptionId sim = facts.subscription("SIM-1", company, pool);
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.account_named("company"), company);
    EXPECT_EQ(directory.group_named("pool"), pool);
    EXPECT_EQ(directory.subscription_named("SIM-1"), sim);
    EXPECT_EQ(directory.subscription_named("SIM-2"), SubscriptionId{});
    EXPECT_EQ(directory.subscriptions_of(company), LeanVector<SubscriptionId>{sim});
    EXPECT_EQ(directory.group(pool).members, std::vector{sim});
    facts.subscription("SIM-1", company);
    EXPECT_EQ(facts.refused().code, "subscription_exists");
    EXPECT_EQ(facts.refused().message, "\"SIM-1\" names both id 1 and id 2");
    Facts twice;
    twice.group("pool", twice.account("company"));
    twice.group("pool", AccountId{1});
    EXPECT_EQ(twice.refused().code, "group_exists");
}

TEST(Directory, an_empty_directory_answers) {
    const Directory directory = Facts{}.fold();
    EXPECT_EQ(directory.account_named("x"), AccountId{});
    EXPECT_EQ(directory.find(IdentityKind::iccid, "1", kStart), SubscriptionId{});
}

TEST(Directory, references_to_nothing_are_refused) {
    const auto refused = [](const auto& spoil) {
        Facts facts;
        const AccountId company = facts.account("company");
        facts.subscription("SIM-1", company, facts.group("pool", company));
        spoil(facts.facts);
        return facts.refused().code;
    };
    EXPECT_EQ(refused([](auto& f) { f.accounts[0].parent = {9}; }), "unknown_account");
    EXPECT_EQ(refused([](auto& f) { f.accounts[0].id = {7}; }), "unknown_account");
    EXPECT_EQ(refused([](auto& f) { f.accounts[0].bill_day = 32; }), "bad_bill_day");
    EXPECT_EQ(refused([](auto& f) { f.pays.push_back({{2}, kNewYear, true}); }), "unknown_account");
    EXPECT_EQ(refused([](auto& f) { f.groups[0].account = {}; }), "unknown_account");
    EXPECT_EQ(refused([](auto& f) { f.subscriptions[0].account = {4}; }), "unknown_account");
    EXPECT_EQ(refused([](auto& f) { f.subscriptions[0].group = {2}; }), "unknown_group");
    EXPECT_EQ(refused([](auto& f) { f.plans.push_back({{2}, kNewYear, {1}}); }),
              "unknown_subscription");
    EXPECT_EQ(refused([](auto& f) { f.quantities.push_back({{1}, kNewYear, -1}); }),
              "bad_quantity");
    EXPECT_EQ(
        refused([](auto& f) { f.identities.push_back({IdentityKind::did, "1", {0}, kStart}); }),
        "unknown_subscription");
    const auto with_bucket = [&](std::uint32_t owner, int days) {
        return refused([&](auto& f) {
            BucketFact bucket;
            bucket.id = {1};
            bucket.owner = owner;
            bucket.from = kNewYear;
            bucket.until = kNewYear.plus_days(days);
            bucket.quantity = 1;
            f.buckets.push_back(bucket);
        });
    };
    EXPECT_EQ(with_bucket(2, 1), "bad_bucket");
    EXPECT_EQ(with_bucket(0, 1), "bad_bucket");
    EXPECT_EQ(with_bucket(1, 0), "bad_bucket");
}

TEST(Directory, a_group_stays_in_its_account_tree) {
    Facts facts;
    const GroupId pool = facts.group("pool", facts.account("one"));
    facts.subscription("SIM-1", facts.account("two"), pool);
    EXPECT_EQ(facts.refused().code, "group_elsewhere");
    EXPECT_EQ(facts.refused().message,
              "subscription \"SIM-1\" can't join group \"pool\" of account \"one\"");
}

TEST(Directory, EC60_counters_stand_in_an_account_and_below_those_above_it) {
    Facts facts;
    const AccountId acme = facts.account("acme");
    const AccountId sales = facts.account("sales", acme);
    const AccountId north = facts.account("north", sales);
    const AccountId other = facts.account("other");
    const GroupId pool = facts.group("pool", sales);
    const GroupId crew = facts.group("crew", acme);
    const GroupId team = facts.group("team", sales);
    const SubscriptionId sim = facts.subscription("sim", north, pool);
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.account_of(OwnerKind::subscription, sim.value), north);
    EXPECT_EQ(directory.account_of(OwnerKind::group, pool.value), sales);
    EXPECT_EQ(directory.account_of(OwnerKind::account, acme.value), acme);
    EXPECT_TRUE(directory.is_below(north, north));
    EXPECT_TRUE(directory.is_below(north, acme));
    EXPECT_FALSE(directory.is_below(acme, north));
    EXPECT_FALSE(directory.is_below(north, other));
    EXPECT_FALSE(directory.is_below(north, {}));
    EXPECT_FALSE(directory.is_below({}, {}));
    EXPECT_TRUE(std::ranges::equal(directory.groups_of(sales), std::vector{pool, team}));
    EXPECT_TRUE(std::ranges::equal(directory.groups_of(acme), std::vector{crew}));
    EXPECT_TRUE(directory.groups_of(north).empty());
}

TEST(Directory, EC51_an_identity_is_its_owners_from_its_start_until_before_its_end) {
    Facts facts;
    const AccountId company = facts.account("company");
    const SubscriptionId first = facts.subscription("SIM-1", company);
    const SubscriptionId second = facts.subscription("SIM-2", company);
    const Instant change = kStart.plus_micros(kMicrosPerDay);
    const Instant end = kStart.plus_micros(2 * kMicrosPerDay);
    const Instant again = kStart.plus_micros(5 * kMicrosPerDay);
    facts.identity(second, "8944", change, end);
    facts.identity(first, "8944", kStart, change);
    facts.identity(first, "8944", again);
    const Directory directory = facts.fold();
    const auto owner = [&](Instant when) {
        return directory.find(IdentityKind::iccid, "8944", when);
    };
    EXPECT_EQ(owner(kStart.plus_micros(-1)), SubscriptionId{});
    EXPECT_EQ(owner(kStart), first);
    EXPECT_EQ(owner(change.plus_micros(-1)), first);
    EXPECT_EQ(owner(change), second);
    EXPECT_EQ(owner(end.plus_micros(-1)), second);
    EXPECT_EQ(owner(end), SubscriptionId{});
    EXPECT_EQ(owner(again), first);
    EXPECT_EQ(directory.find(IdentityKind::imsi, "8944", kStart), SubscriptionId{});
    const auto stretch = [&](Instant when) {
        return directory.owner_of(IdentityKind::iccid, "8944", when).valid;
    };
    EXPECT_EQ(stretch(kStart.plus_micros(-1)), (Period{Instant::min(), kStart}));
    EXPECT_EQ(stretch(change), (Period{change, end}));
    EXPECT_EQ(stretch(end), (Period{end, again}));
    EXPECT_EQ(stretch(again), (Period{again, Instant::max()}));
}

TEST(Directory, an_identity_of_two_is_refused_with_both_names) {
    Facts facts;
    const AccountId company = facts.account("company");
    const SubscriptionId first = facts.subscription("SIM-1", company);
    const SubscriptionId second = facts.subscription("SIM-2", company);
    facts.identity(first, "8944", kStart);
    facts.identity(first, "8944", kStart.plus_micros(10), kStart.plus_micros(20));
    facts.identity(second, "8944", kStart.plus_micros(30));
    EXPECT_EQ(facts.refused().code, "identity_taken");
    EXPECT_EQ(facts.refused().message,
              "iccid 8944 belongs to \"SIM-1\" from 2026-01-01T00:00:00Z until further notice, "
              "and to \"SIM-2\" from 2026-01-01T00:00:00.00003Z");
    facts.identity(first, "8944", kStart,
                   kStart.plus_micros(30));  // the same start again: ends the first stretch
    EXPECT_EQ(facts.refused(), Error{});
    EXPECT_EQ(facts.fold().find(IdentityKind::iccid, "8944", kStart.plus_micros(29)), first);
    EXPECT_EQ(facts.fold().find(IdentityKind::iccid, "8944", kStart.plus_micros(30)), second);
}

TEST(Directory, a_subscription_is_found_by_its_name_at_any_time) {
    Facts facts;
    const SubscriptionId sim = facts.subscription("SIM-1", facts.account("company"));
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.find(IdentityKind::subscription, "SIM-1", Instant::min()), sim);
    EXPECT_EQ(directory.owner_of(IdentityKind::subscription, "SIM-1", kStart).valid,
              (Period{Instant::min(), Instant::max()}));
}

// The payer of each account on each day, found by walking up the tree.
RC_GTEST_PROP(DirectoryLaws, EC60_payers_are_what_a_walk_up_the_tree_finds, ()) {
    Facts facts;
    const auto accounts = *rc::gen::inRange<std::uint32_t>(1, 12);
    for (std::uint32_t i = 1; i <= accounts; ++i) {
        facts.account(fmt::format("account {}", i), {*rc::gen::inRange<std::uint32_t>(0, i)});
    }
    const auto changes = *rc::gen::inRange(0, 25);
    for (int i = 0; i < changes; ++i) {
        facts.pays({*rc::gen::inRange<std::uint32_t>(1, accounts + 1)},
                   kNewYear.plus_days(*rc::gen::inRange(0, 10)), *rc::gen::arbitrary<bool>());
    }
    const Directory directory = facts.fold();
    const auto pays = [&](AccountId account, Date day) {
        Date latest = Date::min();
        bool pays = false;
        for (const PaysFact& fact : facts.facts.pays) {
            if (fact.account != account || fact.from > day || fact.from < latest) continue;
            latest = fact.from;
            pays = fact.pays;
        }
        return pays;
    };
    for (std::uint32_t i = 1; i <= accounts; ++i) {
        for (int day = -1; day < 11; ++day) {
            AccountId at{i};
            while (at && !pays(at, kNewYear.plus_days(day)))
                at = facts.facts.accounts[at.value - 1].parent;
            RC_ASSERT(payer_of(directory, {i}, kNewYear.plus_days(day)) == at);
        }
    }
}

// Owners over time, against a plain search through the facts; refused exactly when two owners meet.
RC_GTEST_PROP(DirectoryLaws, identities_are_what_the_facts_say, ()) {
    Facts facts;
    const AccountId company = facts.account("company");
    for (int i = 1; i <= 3; ++i) facts.subscription(fmt::format("SIM-{}", i), company);
    const auto count = *rc::gen::inRange(0, 8);
    for (int i = 0; i < count; ++i) {
        const auto from = *rc::gen::inRange<std::int64_t>(0, 20);
        const auto length = *rc::gen::inRange<std::int64_t>(0, 8);
        facts.identity({*rc::gen::inRange<std::uint32_t>(1, 4)},
                       *rc::gen::element<std::string>("a", "b"), {from}, {from + length});
    }
    const auto& all = facts.facts.identities;
    const auto owners = [&](const std::string& value, std::int64_t when) {
        std::vector<SubscriptionId> found;
        for (std::size_t i = 0; i < all.size(); ++i) {
            const bool replaced = std::any_of(
                all.begin() + static_cast<std::ptrdiff_t>(i) + 1, all.end(), [&](auto& later) {
                    return later.value == all[i].value && later.from == all[i].from;
                });
            if (replaced || all[i].value != value ||
                !Period{all[i].from, all[i].until}.contains({when}))
                continue;
            found.push_back(all[i].subscription);
        }
        return found;
    };
    bool clash = false;
    for (const std::string value : {"a", "b"}) {
        for (std::int64_t when = 0; when < 30; ++when) {
            const auto found = owners(value, when);
            clash |= std::ranges::adjacent_find(found, std::not_equal_to{}) != found.end();
        }
    }
    RC_ASSERT(facts.refused().code == (clash ? "identity_taken" : ""));
    if (clash) return;
    const Directory directory = facts.fold();
    const Directory again = *Directory::fold(directory.facts(), TimeZone::utc());
    for (const std::string value : {"a", "b"}) {
        for (std::int64_t when = -1; when < 30; ++when) {
            const auto found = owners(value, when);
            const SubscriptionId expected = found.empty() ? SubscriptionId{} : found[0];
            const Directory::Owner owner = directory.owner_of(IdentityKind::iccid, value, {when});
            RC_ASSERT(directory.find(IdentityKind::iccid, value, {when}) == expected);
            RC_ASSERT(again.find(IdentityKind::iccid, value, {when}) == expected);
            RC_ASSERT(owner.subscription == expected);
            RC_ASSERT(owner.valid.contains({when}));
            for (std::int64_t other = 0; other < 30; ++other) {
                if (!owner.valid.contains({other})) continue;
                const auto there = owners(value, other);
                RC_ASSERT((there.empty() ? SubscriptionId{} : there[0]) == expected);
            }
        }
    }
}

TEST(Directory, a_million_subscriptions_fold) {
    constexpr std::uint32_t kMany = 1'000'000;
    Facts facts;
    const AccountId company = facts.account("company");
    facts.pays(company);
    for (std::uint32_t i = 1; i <= kMany; ++i) {
        const SubscriptionId id = facts.subscription(fmt::format("SIM-{}", i), company);
        facts.identity(id, fmt::format("8944{:015}", i), kStart);
        facts.facts.plans.push_back({id, kNewYear, {1}});
        facts.facts.quantities.push_back({id, kNewYear, 1});
    }
    const Directory directory = facts.fold();
    EXPECT_EQ(directory.subscriptions_of(company).size(), kMany);
    for (std::uint32_t i = 1; i <= kMany; i += 997) {
        EXPECT_EQ(directory.find(IdentityKind::iccid, fmt::format("8944{:015}", i), kStart),
                  SubscriptionId{i});
        EXPECT_EQ(directory.subscription_named(fmt::format("SIM-{}", i)), SubscriptionId{i});
    }
}

RC_GTEST_PROP(Identities, ManyAreFoundAsOneByOne, ()) {
    Facts world;
    const AccountId account = world.account("a");
    const auto owners = *rc::gen::inRange(1, 60);
    for (int i = 0; i < owners; ++i) {
        const SubscriptionId owner = world.subscription(fmt::format("s{}", i), account);
        // Long and short ones, since the text of a long one lies elsewhere.
        const std::string value = fmt::format("{}{}", i % 2 == 0 ? "8937204016000000" : "", i);
        world.identity(owner, value, kStart, kStart.plus_micros(i % 3 == 0 ? 100 : 1'000'000));
    }
    const Directory directory = world.fold();
    std::vector<std::string> values;
    std::vector<Directory::Question> questions;
    const auto asked = *rc::gen::inRange<std::size_t>(0, 100);
    for (std::size_t i = 0; i < asked; ++i) {
        const int number = *rc::gen::inRange(0, 70);
        const bool by_name = *rc::gen::inRange(0, 5) == 0;
        values.push_back(
            by_name ? fmt::format("s{}", number)
                    : fmt::format("{}{}", number % 2 == 0 ? "8937204016000000" : "", number));
        questions.push_back({by_name ? IdentityKind::subscription : IdentityKind::iccid,
                             {},
                             kStart.plus_micros(*rc::gen::inRange(-10, 200))});
    }
    for (std::size_t i = 0; i < asked; ++i) questions[i].value = values[i];
    std::vector<Directory::Found> answers(asked);
    directory.find_all(questions, answers);
    for (std::size_t i = 0; i < asked; ++i) {
        const auto& [kind, value, when] = questions[i];
        RC_ASSERT(answers[i].subscription == directory.find(kind, value, when));
    }
}

}  // namespace
}  // namespace farthing::directory
