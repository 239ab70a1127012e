#include "rating/rater.h"

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::BandMode;
using catalog::SharedBy;

const std::vector<catalog::Band> kTiers = {{100 * kMb, price("0.10", kMb)},
                                           {500 * kMb, price("0.05", kMb)},
                                           {INT64_MAX, price("0.02", kMb)}};

// One account that pays and one subscription of it.
struct Single : World {
    AccountId payer = account();
    SubscriptionId sim = subscription(payer);
    std::string charged(const std::vector<std::int64_t>& quantities) {
        std::vector<Use> uses;
        for (const std::int64_t quantity : quantities)
            uses.push_back({sim, local("2026-01-10"), quantity});
        post(uses);
        return posted_to(payer);
    }
};

TEST(Rater, ec27_graduated_price_continues_from_the_counter) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kTiers)});
    world.open();
    world.rate({{world.sim, world.local("2026-01-10"), 90 * kMb}});
    const auto batch = world.rate({{world.sim, world.local("2026-01-11"), 450 * kMb}});
    ASSERT_EQ(batch.rated.size(), 1U);
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "21.80");
    EXPECT_EQ(batch.rated.from[0], 90 * kMb);
    EXPECT_EQ(batch.rated.to[0], 540 * kMb);
    EXPECT_EQ(batch.chunk.outcome[0], Outcome::rated);
}

TEST(Rater, ec28_order_does_not_change_the_total) {
    std::vector<std::int64_t> order = {60 * kMb, 90 * kMb, 450 * kMb};
    do {
        Single world;
        world.publish(1, "2026-01-01", {charge(1, kTiers)});
        world.open();
        EXPECT_EQ(world.charged(order), "32.00");
    } while (std::ranges::next_permutation(order).found);
}

TEST(Rater, ec29_volume_price_can_fall) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kTiers, BandMode::volume)});
    world.open();
    EXPECT_EQ(world.charged({100 * kMb}), "10.00");
    const auto batch = world.post({{world.sim, world.local("2026-01-12"), kMb}});
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "-4.95");
    EXPECT_EQ(world.posted_to(world.payer), "5.05");
}

TEST(Rater, ec29_volume_price_after_more_use) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kTiers, BandMode::volume)});
    world.open();
    EXPECT_EQ(world.charged({90 * kMb}), "9.00");
    const auto batch = world.post({{world.sim, world.local("2026-01-12"), 450 * kMb}});
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "1.80");
}

TEST(Rater, ec10_seconds_sum_to_the_minutes) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, flat("0.05", 60), BandMode::flat)});
    world.open();
    EXPECT_EQ(world.charged(std::vector<std::int64_t>(600, 1)), "0.50");
}

TEST(Rater, ec07_micro_charges_are_not_lost) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, flat("0.00005", 3'600'000), BandMode::flat)});
    world.open();
    EXPECT_EQ(world.charged(std::vector<std::int64_t>(43'200, 6'000)), "0.0036");
}

TEST(Rater, ec12_increments_of_a_deck) {
    struct Case {
        catalog::Increments increments;
        std::array<std::string_view, 5> amounts;  // of 1, 60, 61, 67 and 3600 s
    };
    const std::vector<Case> cases = {
        {{1, 1}, {"0.002", "0.12", "0.122", "0.134", "7.20"}},
        {{6, 6}, {"0.012", "0.12", "0.132", "0.144", "7.20"}},
        {{30, 6}, {"0.06", "0.12", "0.132", "0.144", "7.20"}},
        {{60, 6}, {"0.12", "0.12", "0.132", "0.144", "7.20"}},
        {{60, 1}, {"0.12", "0.12", "0.122", "0.134", "7.20"}},
        {{60, 60}, {"0.12", "0.12", "0.24", "0.24", "7.20"}},
    };
    for (const Case& c : cases) {
        for (std::size_t i = 0; i < 5; ++i) {
            Single world;
            auto deck = charge(1, {});
            deck.priced_by = catalog::PricedBy::prefix_deck;
            deck.rates = "uk";
            const auto row =
                rate_row(catalog::deck_key("44"), "44", price("0.12", 60), c.increments);
            world.publish(1, "2026-01-01", {deck}, {catalog::Deck("uk", {row})});
            world.open();
            const std::array<std::int64_t, 5> seconds = {1, 60, 61, 67, 3600};
            world.post({{world.sim, world.local("2026-01-10"), seconds[i], {}, "442071234567"}});
            EXPECT_EQ(world.posted_to(world.payer), c.amounts[i])
                << c.increments.first << "/" << c.increments.next << " " << seconds[i];
        }
    }
}

struct Prefixes : Single {
    Prefixes() {
        auto deck = charge(1, {});
        deck.priced_by = catalog::PricedBy::prefix_deck;
        deck.rates = "ee";
        const auto wide = rate_row(catalog::deck_key("372"), "372", price("0.01", 60));
        auto narrow = rate_row(catalog::deck_key("3725"), "3725", price("0.10", 60));
        narrow.valid_until = local("2026-02-01", 0);
        publish(1, "2026-01-01", {deck}, {catalog::Deck("ee", {wide, narrow})});
        open();
    }
};

TEST(Rater, ec25_longest_prefix_that_is_valid) {
    Prefixes world;
    const auto before =
        world.rate({{world.sim, world.local("2026-01-31", 23, 59, 59), 60, {}, "37251234567"}});
    EXPECT_EQ(world.amount(before.rated.charge_atoms[0]), "0.10");
    const auto after =
        world.rate({{world.sim, world.local("2026-02-01", 0), 60, {}, "37251234567"}});
    EXPECT_EQ(world.amount(after.rated.charge_atoms[0]), "0.01");
}

TEST(Rater, ec25_no_prefix_is_suspended) {
    Prefixes world;
    const auto batch = world.rate({{world.sim, world.local("2026-01-31"), 60, {}, "4912345"}});
    EXPECT_EQ(batch.chunk.outcome[0], Outcome::suspended);
    EXPECT_EQ(batch.chunk.reason[0], SuspenseReason::no_prefix);
    EXPECT_EQ(batch.rated.size(), 0U);
    EXPECT_TRUE(world.stored.empty());
}

TEST(Rater, ec14_connection_fee_only_when_something_was_used) {
    Single world;
    auto voice = charge(1, flat("0.12", 60), BandMode::flat);
    voice.connection_fee = Decimal::parse("0.05");
    world.publish(1, "2026-01-01", {voice});
    world.open();
    const auto none = world.post({{world.sim, world.local("2026-01-10"), 0}});
    EXPECT_EQ(none.chunk.outcome[0], Outcome::zero_rated);
    EXPECT_EQ(none.rated.charge_atoms[0], 0);
    const auto call = world.post({{world.sim, world.local("2026-01-10"), 180}});
    EXPECT_EQ(world.amount(call.rated.charge_atoms[0]), "0.41");
    EXPECT_EQ(world.amount(call.rated.fee_atoms[0]), "0.05");
    const auto second = world.post({{world.sim, world.local("2026-01-11"), 60}});
    EXPECT_EQ(world.amount(second.rated.charge_atoms[0]), "0.17");
    EXPECT_EQ(world.posted_to(world.payer), "0.58");
}

TEST(Rater, ec36_started_units_follow_the_declared_base) {
    for (const auto& [unit, amount] :
         {std::pair(1'000'000, "0.20"), std::pair(1'048'576, "0.10")}) {
        Single world;
        auto data = charge(1, flat("0.10", unit), BandMode::flat);
        data.increments = {unit, unit};
        world.publish(1, "2026-01-01", {data});
        world.open();
        EXPECT_EQ(world.charged({1'048'576}), amount);
    }
}

TEST(Rater, ec37_volumes_beyond_32_bits) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, flat("0.000000001"), BandMode::flat)});
    world.open();
    const auto batch = world.rate({{world.sim, world.local("2026-01-10"), 5'368'709'120}});
    EXPECT_EQ(batch.rated.to[0], 5'368'709'120);
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "5.36870912");
}

struct PoolOfTwo : World {
    AccountId payer = account();
    SubscriptionId a = subscription(payer);
    SubscriptionId b = subscription(payer);
    explicit PoolOfTwo(catalog::Allowance included) {
        auto data = charge(1, flat("0.05", kMb), BandMode::flat);
        data.allowance = included;
        publish(1, "2026-01-01", {data});
        open();
    }
};

TEST(Rater, ec30_pool_within_and_beyond) {
    for (const auto& included :
         {allowance(50 * kMb, SharedBy::account), allowance(100 * kMb, SharedBy::account, true),
          allowance(50 * kMb, SharedBy::enterprise)}) {
        PoolOfTwo within(included);
        const auto batch = within.post({{within.a, within.local("2026-01-10"), 40 * kMb},
                                        {within.b, within.local("2026-01-11"), 50 * kMb}});
        EXPECT_EQ(within.posted_to(within.payer), "0.00");
        EXPECT_EQ(batch.chunk.outcome[0], Outcome::zero_rated);
        PoolOfTwo beyond(included);
        beyond.post({{beyond.a, beyond.local("2026-01-10"), 70 * kMb},
                     {beyond.b, beyond.local("2026-01-11"), 50 * kMb}});
        EXPECT_EQ(beyond.posted_to(beyond.payer), "1.00");
        const Counter* counter = beyond.counters->find({Perspective::retail,
                                                        OwnerKind::account,
                                                        beyond.payer.value,
                                                        {1},
                                                        0,
                                                        Date::of(2026, 1, 1)});
        ASSERT_NE(counter, nullptr);
        const LeanVector<std::pair<SubscriptionId, std::int64_t>> members = {{beyond.a, 70 * kMb},
                                                                             {beyond.b, 50 * kMb}};
        EXPECT_EQ(counter->members, members);
        EXPECT_EQ(counter->by_day[9], 70 * kMb);
        EXPECT_EQ(counter->by_day[10], 50 * kMb);
    }
}

TEST(Rater, own_allowances_are_not_shared) {
    PoolOfTwo world(allowance(50 * kMb, SharedBy::subscription));
    world.post({{world.a, world.local("2026-01-10"), 40 * kMb},
                {world.b, world.local("2026-01-11"), 60 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.50");
}

TEST(Rater, ec31_member_that_joins_brings_its_days) {
    World world;
    const AccountId payer = world.account();
    auto data = charge(1, flat("0.05", kMb), BandMode::flat);
    data.allowance = allowance(1'000'000'000, SharedBy::account);
    world.publish(1, "2026-01-01", {data});
    world.subscription(payer, {}, "2026-01-16");
    const SubscriptionId leaver = world.subscription(payer);
    world.facts.plans.push_back({leaver, Date::of(2026, 1, 20), {}});
    world.open();
    const CounterKey key{Perspective::retail, OwnerKind::account, payer.value, {1}, 0,
                         Date::of(2026, 1, 1)};
    const DatePeriod january{Date::of(2026, 1, 1), Date::of(2026, 2, 1)};
    EXPECT_EQ(allowance_of(*world.versions[0], *world.directory, key, january),
              516'129'032 + 1'000'000'000);
}

TEST(Rater, a_group_pays_by_its_account_and_without_group_alone) {
    World world;
    const AccountId top = world.account();
    const AccountId department = world.account(top);
    const GroupId group = world.group(top);
    const SubscriptionId member = world.subscription(department, group);
    const SubscriptionId alone = world.subscription(department);
    auto data = charge(1, flat("0.05", kMb), BandMode::flat);
    data.allowance = allowance(10 * kMb, SharedBy::group);
    world.publish(1, "2026-01-01", {data});
    world.open();
    world.post({{member, world.local("2026-01-10"), 30 * kMb},
                {alone, world.local("2026-01-10"), 20 * kMb}});
    EXPECT_EQ(world.posted_to(top), "1.00");
    EXPECT_EQ(world.posted_to(department), "0.50");
}

const std::vector<catalog::Band> kOld = {{100 * kMb, price("0.10", kMb)},
                                         {INT64_MAX, price("0.05", kMb)}};
const std::vector<catalog::Band> kNew = {{100 * kMb, price("0.08", kMb)},
                                         {INT64_MAX, price("0.04", kMb)}};

TEST(Rater, ec68_price_change_carries_the_position) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kOld)});
    world.publish(2, "2026-01-16", {charge(1, kNew)});
    world.open();
    world.post({{world.sim, world.local("2026-01-15", 23, 59, 59), 60 * kMb},
                {world.sim, world.local("2026-01-16", 0), 60 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "10.00");
    const auto late = world.post({{world.sim, world.local("2026-01-10"), 20 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "11.20");
    ASSERT_EQ(late.deltas.size(), 2U);
    EXPECT_EQ(world.amount(late.deltas[0].charge_atoms), "2.00");
    EXPECT_EQ(late.deltas[0].version.value, 1U);
    EXPECT_EQ(world.amount(late.deltas[1].charge_atoms), "-0.80");
    EXPECT_EQ(late.deltas[1].version.value, 2U);
    EXPECT_EQ(world.amount(late.rated.charge_atoms[0]), "1.20");
    const Counter* counter = world.counters->find(late.deltas[0].key);
    const auto prices = price_segments(world.catalog, *world.directory, *counter);
    ASSERT_EQ(prices.size(), 2U);
    EXPECT_EQ(prices[0].price, Exact(8));
    EXPECT_EQ(prices[1].price, Exact(32, 10));
}

TEST(Rater, a_version_published_late_leaves_what_was_rated) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kOld)});
    world.open();
    world.post({{world.sim, world.local("2026-01-20"), 60 * kMb}});
    world.publish(2, "2026-01-10", {charge(1, kNew)});
    world.reopen();
    world.post({{world.sim, world.local("2026-01-15"), 10 * kMb}});  // pinned to version 1: 1.00
    world.post({{world.sim, world.local("2026-01-21"), 30 * kMb}});  // version 2: 2.40
    EXPECT_EQ(world.posted_to(world.payer), "9.40");
    const Counter* counter = world.counters->find({Perspective::retail,
                                                   OwnerKind::subscription,
                                                   world.sim.value,
                                                   {1},
                                                   0,
                                                   Date::of(2026, 1, 1)});
    ASSERT_EQ(counter->segments.size(), 2U);
    EXPECT_EQ(counter->segments[1].start, world.local("2026-01-20").plus_micros(1));
    EXPECT_EQ(counter->segments[1].version.value, 2U);
}

TEST(Rater, ec59_payer_change_continues_the_counter) {
    World world;
    const AccountId a = world.account();
    const AccountId b = world.account(a, false);
    const SubscriptionId sim = world.subscription(b);
    world.facts.pays.push_back({b, Date::of(2026, 1, 16), true});
    world.publish(1, "2026-01-01", {charge(1, kTiers)});
    world.open();
    world.post({{sim, world.local("2026-01-10"), 90 * kMb}});
    world.post({{sim, world.local("2026-01-16", 0), 60 * kMb}});
    world.post({{sim, world.local("2026-01-15"), 20 * kMb}});
    EXPECT_EQ(world.posted_to(a), "10.50");
    EXPECT_EQ(world.posted_to(b), "3.00");
}

TEST(Rater, windows_are_the_cycles_of_the_payer) {
    World world;
    const AccountId payer = world.account({}, true, 16);
    const SubscriptionId sim = world.subscription(payer);
    world.publish(1, "2025-12-01", {charge(1, kTiers)});
    world.open();
    const auto batch = world.rate({{sim, world.local("2026-01-15", 23, 59, 59), kMb},
                                   {sim, world.local("2026-01-16", 0), kMb}});
    EXPECT_EQ(batch.rated.window_first[0], Date::of(2025, 12, 16));
    EXPECT_EQ(batch.rated.window_end[0], Date::of(2026, 1, 16));
    EXPECT_EQ(batch.rated.window_first[1], Date::of(2026, 1, 16));
}

TEST(Rater, shares_are_cumulative) {
    Single world;
    auto energy = charge(1, flat("0.05"), BandMode::flat);
    energy.shares = {share(1, 70), share(2, 30)};
    world.publish(1, "2026-01-01", {energy});
    world.open();
    for (int i = 0; i < 10; ++i) world.charged(std::vector<std::int64_t>(100, 1));
    EXPECT_EQ(world.amount(world.shared[1]), "35.00");
    EXPECT_EQ(world.amount(world.shared[2]), "15.00");
}

TEST(Rater, a_changed_allowance_is_repriced_before_anything_moves) {
    PoolOfTwo world(allowance(50 * kMb, SharedBy::account));
    world.post({{world.a, world.local("2026-01-10"), 110 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.50");
    world.subscription(world.payer);  // a third member
    world.reopen();
    const auto batch = world.post({{world.a, world.local("2026-01-12"), 60 * kMb}});
    ASSERT_EQ(batch.rated.size(), 2U);
    EXPECT_EQ(batch.rated.row[0], kNoRow);
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "-0.50");
    EXPECT_EQ(batch.rated.row[1], 0U);
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[1]), "1.00");
    EXPECT_EQ(world.posted_to(world.payer), "1.00");
}

TEST(Rater, reprice_alone_posts_the_difference_once) {
    PoolOfTwo world(allowance(50 * kMb, SharedBy::account));
    const auto first = world.rate({{world.a, world.local("2026-01-10"), 110 * kMb}});
    world.subscription(world.payer);
    world.reopen();
    RatedChunk rated;
    world.rater->reprice(first.deltas[0].key, rated);
    world.rater->reprice(first.deltas[0].key, rated);
    const auto deltas = taken_deltas(*world.rater);
    ASSERT_EQ(rated.size(), 1U);
    EXPECT_EQ(world.amount(rated.charge_atoms[0]), "-0.50");
    ASSERT_EQ(deltas.size(), 1U);
    EXPECT_EQ(deltas[0].charge_atoms, rated.charge_atoms[0]);
    EXPECT_TRUE(taken_deltas(*world.rater).empty());
}

TEST(Rater, reasons_of_what_cannot_be_rated) {
    World world;
    const AccountId payer = world.account();
    const AccountId nobody = world.account({}, false);
    const SubscriptionId late = world.subscription(payer, {}, "2026-01-20");
    const SubscriptionId unpaid = world.subscription(nobody);
    const SubscriptionId sim = world.subscription(payer);
    auto abroad = charge(1, flat("0.05", kMb), BandMode::flat);
    abroad.when = "248";
    world.publish(1, "2026-01-05", {abroad});
    world.open();
    const auto batch = world.rate({{late, world.local("2026-01-19"), kMb, "248-01"},
                                   {unpaid, world.local("2026-01-19"), kMb, "248-01"},
                                   {sim, world.local("2026-01-04"), kMb, "248-01"},
                                   {sim, world.local("2026-01-19"), kMb},
                                   {sim, world.local("2026-01-19"), kMb, "262-01"},
                                   {sim, world.local("2026-01-19"), kMb, "248-01"}});
    const std::vector<SuspenseReason> expected = {
        SuspenseReason::no_plan,  SuspenseReason::no_payer, SuspenseReason::no_catalog,
        SuspenseReason::no_price, SuspenseReason::no_price, SuspenseReason::none};
    EXPECT_EQ(batch.chunk.reason, expected);
    EXPECT_EQ(batch.rated.size(), 1U);
}

TEST(Rater, a_price_list_takes_the_network_then_its_country) {
    Single world;
    auto list = charge(1, {});
    list.priced_by = catalog::PricedBy::network_list;
    list.rates = "roaming";
    const auto row = [](std::string_view network, std::string_view amount) {
        return rate_row(NetworkKey::parse(network).value, network, price(amount, kMb));
    };
    world.publish(1, "2026-01-01", {list},
                  {catalog::Deck("roaming", {row("248", "0.10"), row("248-01", "0.30")})});
    world.open();
    const auto batch = world.rate({{world.sim, world.local("2026-01-19"), kMb, "248-01"},
                                   {world.sim, world.local("2026-01-19"), kMb, "248-02"},
                                   {world.sim, world.local("2026-01-19"), kMb, "262-01"}});
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[0]), "0.30");
    EXPECT_EQ(world.amount(batch.rated.charge_atoms[1]), "0.10");
    EXPECT_EQ(batch.chunk.reason[2], SuspenseReason::no_price);
}

TEST(Rater, surcharges_move_with_the_price_or_not_at_all) {
    Single world;
    auto dear = charge(2, flat("900000"), BandMode::flat);
    dear.adds = true;
    world.publish(1, "2026-01-01", {charge(1, flat("0.01"), BandMode::flat), dear});
    world.open();
    const auto batch = world.rate({{world.sim, world.local("2026-01-10"), 20'000}});
    EXPECT_EQ(batch.chunk.reason[0], SuspenseReason::charge_out_of_range);
    EXPECT_EQ(batch.rated.size(), 0U);
    EXPECT_TRUE(world.stored.empty());
    const auto fits = world.rate({{world.sim, world.local("2026-01-10"), 2}});
    EXPECT_EQ(world.amount(fits.rated.charge_atoms[0]), "0.02");
    EXPECT_EQ(world.amount(fits.rated.charge_atoms[1]), "1800000.00");
}

TEST(Rater, a_failed_row_changes_no_total) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, flat("1000000"), BandMode::flat)});
    world.open();
    const auto batch = world.rate({{world.sim, world.local("2026-01-10"), 9'000},
                                   {world.sim, world.local("2026-01-10"), 9'000},
                                   {world.sim, world.local("2026-01-10"), 223},
                                   {world.sim, world.local("2026-01-10"), 1}});
    const std::vector<Outcome> outcomes = {Outcome::rated, Outcome::suspended, Outcome::rated,
                                           Outcome::suspended};
    EXPECT_EQ(batch.chunk.outcome, outcomes);
    const Counter* counter = world.counters->find(batch.deltas[0].key);
    EXPECT_EQ(counter->segments[0].quantity, 9'223);
    EXPECT_EQ(counter->segments[0].records, 2);
    EXPECT_EQ(counter->by_day[9], 9'223);
}

TEST(Rater, an_overflow_in_a_later_segment_stops_the_late_record) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, flat("0.01"), BandMode::flat)});
    world.publish(2, "2026-01-16", {charge(1, flat("1000000"), BandMode::flat)});
    world.open();
    world.rate({{world.sim, world.local("2026-01-20"), 9'000}});
    const auto late = world.rate({{world.sim, world.local("2026-01-10"), 1'000}});
    EXPECT_EQ(late.chunk.reason[0], SuspenseReason::charge_out_of_range);
    EXPECT_TRUE(late.deltas.empty());
}

TEST(Rater, rows_that_are_not_on_their_way_are_passed_over) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kTiers)});
    world.open();
    UsageChunk chunk = World::chunk_of(
        {{world.sim, world.local("2026-01-10"), kMb}, {world.sim, world.local("2026-01-10"), kMb}});
    chunk.outcome[0] = Outcome::duplicate;
    RatedChunk rated;
    world.rater->rate(chunk, rated);
    ASSERT_EQ(rated.size(), 1U);
    EXPECT_EQ(rated.row[0], 1U);
}

TEST(Rater, a_discarded_batch_is_forgotten) {
    Single world;
    world.publish(1, "2026-01-01", {charge(1, kTiers)});
    world.open();
    UsageChunk lost = World::chunk_of({{world.sim, world.local("2026-01-10"), 90 * kMb}});
    RatedChunk rated;
    world.rater->rate(lost, rated);
    world.counters->clear();
    EXPECT_TRUE(taken_deltas(*world.rater).empty());
    EXPECT_EQ(world.charged({90 * kMb}), "9.00");
}

TEST(Rater, a_summer_clock_moves_the_day) {
    Single world;
    world.publish(1, "2026-03-01", {charge(1, kTiers)});
    world.open();
    // 31 March 23:30 local is 20:30 UTC in summer; by winter's clock it would be 22:30.
    const auto batch = world.rate({{world.sim, {*parse_rfc3339("2026-03-28T22:30:00Z")}, 1},
                                   {world.sim, {*parse_rfc3339("2026-03-31T20:59:59Z")}, 2},
                                   {world.sim, {*parse_rfc3339("2026-03-31T21:00:00Z")}, 4}});
    const Counter* march = world.counters->find(batch.deltas[0].key);
    EXPECT_EQ(march->by_day[28], 1);
    EXPECT_EQ(march->by_day[30], 2);
    EXPECT_EQ(batch.rated.window_first[2], Date::of(2026, 4, 1));
}

}  // namespace
}  // namespace farthing::rating::testing
