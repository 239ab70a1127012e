// Tiers that begin anew where the price or the payer changes (EC59, EC68).
#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

catalog::UsageCharge tiers(std::string_view first, std::string_view then, bool restarts) {
    auto made = charge(1, {{100 * kMb, price(first, kMb)}, {INT64_MAX, price(then, kMb)}});
    made.restarts = restarts;
    return made;
}

// What all segments of the stored counters come to, as a document computes it.
Exact exact_of(const World& world) {
    Exact sum;
    for (const auto& [key, bytes] : world.stored) {
        const auto counters = unpack_counters(key, bytes);
        for (const Counter& counter : *counters) {
            for (const SegmentPrice& one :
                 price_segments(world.catalog, *world.directory, counter)) {
                sum += one.price;
            }
        }
    }
    return sum;
}

TEST(Restart, ec68_a_late_record_moves_what_is_carried_and_nothing_beyond_a_restart) {
    for (const auto& [restarts, before, after] :
         {std::tuple(false, "10.00", "11.20"), std::tuple(true, "10.80", "12.80")}) {
        World world;
        world.publish(1, "2026-01-01", {tiers("0.10", "0.05", false)});
        world.publish(2, "2026-01-16", {tiers("0.08", "0.04", restarts)});
        const auto payer = world.account();
        const auto sim = world.subscription(payer);
        world.open();
        world.post({{sim, world.local("2026-01-10"), 60 * kMb},
                    {sim, world.local("2026-01-20"), 60 * kMb}});
        EXPECT_EQ(world.posted_to(payer), before);
        world.reopen();
        const auto late = world.post({{sim, world.local("2026-01-10"), 20 * kMb}});
        EXPECT_EQ(world.posted_to(payer), after);
        EXPECT_EQ(money_of(exact_of(world), *Currency::named("EUR"))->to_string(), after);
        ASSERT_EQ(late.deltas.size(), restarts ? 1U : 2U);
        EXPECT_EQ(late.deltas[0].charge_atoms, 2'000'000'000);
        if (!restarts) {
            EXPECT_EQ(late.deltas[1].charge_atoms, -800'000'000);
        }
    }
}

TEST(Restart, ec68_a_late_restart_gives_what_follows_another_place_in_its_tiers) {
    World world;
    world.publish(1, "2026-01-01", {tiers("0.10", "0.05", false)});
    world.publish(2, "2026-01-10", {tiers("0.10", "0.05", true)});
    world.publish(3, "2026-01-20", {tiers("0.10", "0.05", false)});
    const auto payer = world.account();
    const auto sim = world.subscription(payer);
    world.open();
    world.post(
        {{sim, world.local("2026-01-05"), 60 * kMb}, {sim, world.local("2026-01-25"), 60 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "11.00");  // 100 × 0.10 + 20 × 0.05
    world.reopen();
    world.post({{sim, world.local("2026-01-15"), 30 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "15.00");  // 60, then 30 + 60 anew
    EXPECT_EQ(exact_of(world), Exact(15));
}

TEST(Restart, ec59_each_payer_begins_in_the_first_tier) {
    World world;
    world.publish(1, "2026-01-01", {tiers("0.10", "0.05", true)});
    const auto company = world.account();
    const auto department = world.account(company, false);
    world.facts.pays.push_back({department, Date::of(2026, 1, 16), true});
    const auto sim = world.subscription(department);
    world.open();
    world.post(
        {{sim, world.local("2026-01-20"), 120 * kMb}, {sim, world.local("2026-01-10"), 120 * kMb}});
    EXPECT_EQ(world.posted_to(company), "11.00");
    EXPECT_EQ(world.posted_to(department), "11.00");
}

}  // namespace
}  // namespace farthing::rating::testing
