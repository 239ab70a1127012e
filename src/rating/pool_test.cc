// Pools whose members come and go, or are capped, and what is carried over.
#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::BandMode;
using catalog::SharedBy;

catalog::UsageCharge data_with(catalog::Allowance included) {
    auto data = charge(1, {{INT64_MAX, price("0.05", kMb)}}, BandMode::flat);
    data.allowance = std::move(included);
    return data;
}

// One SIM with 100 MB from the start, and one that joins on 16 January.
struct Joined : World {
    AccountId payer = account();
    SubscriptionId first = subscription(payer);
    SubscriptionId second = subscription(payer, {}, "2026-01-16");
    explicit Joined(catalog::Allowance included = allowance(100 * kMb, SharedBy::account)) {
        publish(1, "2026-01-01", {data_with(std::move(included))});
        open();
    }
    std::string used(std::vector<Use> uses) {
        for (const Use& use : uses) post({use});
        return posted_to(payer);
    }
};

TEST(Pool, ec31_a_join_pays_nothing_back_and_serves_what_comes_after) {
    Joined world;
    EXPECT_EQ(world.used({{world.first, world.local("2026-01-10"), 120 * kMb}}), "1.00");
    EXPECT_EQ(world.used({{world.first, world.local("2026-01-17"), 40 * kMb}}), "1.00");
    EXPECT_EQ(world.used({{world.second, world.local("2026-01-18"), 20 * kMb}}), "1.41935485");
}

TEST(Pool, ec31_ec56_late_usage_of_before_the_join_moves_what_came_after) {
    std::vector<World::Use> uses;
    {
        const Joined at;
        uses = {{at.first, at.local("2026-01-10"), 90 * kMb},
                {at.first, at.local("2026-01-12"), 30 * kMb},
                {at.second, at.local("2026-01-17"), 40 * kMb},
                {at.first, at.local("2026-01-20"), 20 * kMb}};
    }
    std::vector<int> order = {0, 1, 2, 3};
    do {
        Joined world;
        for (const int i : order) world.post({uses[static_cast<std::size_t>(i)]});
        EXPECT_EQ(world.posted_to(world.payer), "1.41935485");
    } while (std::ranges::next_permutation(order).found);
}

TEST(Pool, ec31_a_member_that_leaves_takes_nothing_unless_the_pool_says_so) {
    for (const auto leave : {catalog::Leave::keep, catalog::Leave::prorate}) {
        World world;
        const AccountId payer = world.account();
        const SubscriptionId stays = world.subscription(payer);
        const SubscriptionId leaves = world.subscription(payer);
        world.facts.plans.push_back({leaves, Date::of(2026, 1, 20), {}});
        auto included = allowance(31 * kMb, SharedBy::account);
        included.leave = leave;
        world.publish(1, "2026-01-01", {data_with(included)});
        world.open();
        world.post({{stays, world.local("2026-01-25"), 62 * kMb}});
        EXPECT_EQ(world.posted_to(payer), leave == catalog::Leave::keep ? "0.00" : "0.60");
    }
}

TEST(Pool, a_join_may_count_for_the_whole_cycle_or_in_full) {
    auto whole = allowance(100 * kMb, SharedBy::account);
    whole.join = catalog::Join::whole_cycle;
    Joined at_once(whole);
    EXPECT_EQ(at_once.used({{at_once.first, at_once.local("2026-01-10"), 120 * kMb}}), "0.00");
    auto full = allowance(100 * kMb, SharedBy::account);
    full.prorated = false;
    Joined in_full(full);
    EXPECT_EQ(in_full.used({{in_full.second, in_full.local("2026-01-17"), 220 * kMb}}), "1.00");
}

TEST(Pool, ec32_units_over_a_cap_are_not_the_pools) {
    auto included = allowance(50 * kMb, SharedBy::account);
    included.cap = 60 * kMb;
    std::vector<int> order = {0, 1, 2};
    do {
        World world;
        const AccountId payer = world.account();
        const SubscriptionId a = world.subscription(payer);
        const SubscriptionId b = world.subscription(payer);
        world.publish(1, "2026-01-01", {data_with(included)});
        world.open();
        const std::vector<World::Use> uses = {{a, world.local("2026-01-10"), 30 * kMb},
                                              {a, world.local("2026-01-11"), 40 * kMb},
                                              {b, world.local("2026-01-12"), 50 * kMb}};
        for (const int i : order) {
            world.post({uses[static_cast<std::size_t>(i)]});
            world.reopen();
        }
        EXPECT_EQ(world.posted_to(payer), "1.00");
    } while (std::ranges::next_permutation(order).found);
}

// A SIM with a rollover, from January on.
struct Rolling : World {
    AccountId payer = account();
    SubscriptionId sim;
    Rolling(std::int64_t quantity, catalog::Rollover rollover,
            std::string_view from = "2026-01-01") {
        sim = subscription(payer, {}, from);
        auto included = allowance(quantity, SharedBy::subscription);
        included.rollover = std::move(rollover);
        publish(1, "2026-01-01", {data_with(included)});
        open();
    }
    std::vector<Carried> carried_into(Date first, Date end) {
        const CounterKey key{
            Perspective::retail, OwnerKind::subscription, sim.value, {1}, 0, first};
        return included_of(catalog, *versions[0], *directory, key, {first, end},
                           [this](const CounterKey& of) { return counters->find(of); })
            .carried;
    }
};

// In March 300 MB of January and 200 of February are left, and 1000 are new: 450 are used.
std::vector<Carried> left_of_march(bool current_first) {
    Rolling world(1000 * kMb, {.months = 2, .current_first = current_first});
    world.post({{world.sim, world.local("2026-01-10"), 700 * kMb},
                {world.sim, world.local("2026-02-10"), 800 * kMb},
                {world.sim, world.local("2026-03-10"), 450 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.00");
    return world.carried_into(Date::of(2026, 4, 1), Date::of(2026, 5, 1));
}

TEST(Rollover, ec33_what_lapses_next_is_used_first) {
    Rolling world(1000 * kMb, {.months = 2, .current_first = true});
    const Date february = Date::of(2026, 2, 1);
    const Date march = Date::of(2026, 3, 1);
    world.post({{world.sim, world.local("2026-01-10"), 700 * kMb},
                {world.sim, world.local("2026-02-10"), 800 * kMb}});
    const std::vector<Carried> before = {{Date::of(2026, 1, 1), Date::of(2026, 4, 1), 300 * kMb},
                                         {february, Date::of(2026, 5, 1), 200 * kMb}};
    EXPECT_EQ(world.carried_into(march, Date::of(2026, 4, 1)), before);
    const std::vector<Carried> current_first = {{february, Date::of(2026, 5, 1), 200 * kMb},
                                                {march, Date::of(2026, 6, 1), 550 * kMb}};
    EXPECT_EQ(left_of_march(true), current_first);
}

TEST(Rollover, ec34_the_lesser_limit_once_and_then_the_whole_remainder) {
    Rolling world(200 * kMb, {.months = 2, .cap = 50 * kMb, .percent = Exact(50)}, "2026-01-01");
    world.facts.plans.push_back({world.sim, Date::of(2026, 2, 1), {2}});
    world.open();
    const std::vector<Carried> once = {{Date::of(2026, 1, 1), Date::of(2026, 4, 1), 50 * kMb}};
    EXPECT_EQ(world.carried_into(Date::of(2026, 2, 1), Date::of(2026, 3, 1)), once);
    EXPECT_EQ(world.carried_into(Date::of(2026, 3, 1), Date::of(2026, 4, 1)), once);
    EXPECT_TRUE(world.carried_into(Date::of(2026, 4, 1), Date::of(2026, 5, 1)).empty());
}

TEST(Rollover, ec54_late_usage_takes_back_what_was_carried_in_the_same_batch) {
    Rolling world(100 * kMb, {.months = 1});
    world.post({{world.sim, world.local("2026-01-10"), 90 * kMb},
                {world.sim, world.local("2026-02-10"), 105 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.00");
    const auto late = world.post({{world.sim, world.local("2026-01-20"), 15 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.50");
    ASSERT_EQ(late.deltas.size(), 2U);
    EXPECT_EQ(world.amount(late.deltas[0].charge_atoms), "0.25");
    EXPECT_EQ(world.amount(late.deltas[1].charge_atoms), "0.25");
    ASSERT_EQ(late.rated.size(), 2U);
    EXPECT_EQ(late.rated.row[1], kNoRow);
}

TEST(Rollover, a_month_without_usage_leaves_all_of_its_own) {
    Rolling world(100 * kMb, {.months = 1});
    world.post({{world.sim, world.local("2026-02-10"), 210 * kMb}});
    EXPECT_EQ(world.posted_to(world.payer), "0.50");
}

}  // namespace
}  // namespace farthing::rating::testing
