// Records of less than nothing: whatever is given back, in whatever order and batches, counters and
// charges are what they would be had it never been used.
#include <random>

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::BandMode;
using catalog::SharedBy;

// Two subscriptions of one payer, and what they used; changes of it sum up to what is left.
struct GivesBack : World {
    AccountId payer = account();
    SubscriptionId a = subscription(payer);
    SubscriptionId b = subscription(payer, {}, "2026-01-12");
    explicit GivesBack(const std::vector<catalog::UsageCharge>& charges) {
        publish(1, "2026-01-01", charges);
        open();
    }
    std::string told() {
        std::string text = posted_to(payer);
        for (const auto& [partner, atoms] : shared) text += " " + amount(atoms);
        return text;
    }
};

std::vector<std::vector<catalog::UsageCharge>> shapes_to_give_back() {
    const std::vector<catalog::Band> bands = {{40 * kMb, price("0.10", kMb)},
                                              {200 * kMb, price("0.05", kMb)},
                                              {INT64_MAX, price("0.02", kMb)}};
    std::vector<std::vector<catalog::UsageCharge>> shapes = {{charge(1, bands)},
                                                             {charge(1, bands, BandMode::volume)}};
    auto pooled = charge(1, bands);
    pooled.allowance = allowance(60 * kMb, SharedBy::account);
    shapes.push_back({pooled});
    pooled.allowance->cap = 30 * kMb;
    shapes.push_back({pooled});
    auto capped = charge(1, bands);
    capped.cap = *Decimal::parse("9.00");
    capped.shares = {share(1, 70), share(2, 30)};
    shapes.push_back({capped});
    auto packages = charge(1, flat("0.03", kMb), BandMode::flat);
    packages.block = 7 * kMb;
    auto daily = charge(2, flat("0.01", kMb), BandMode::flat);
    daily.adds = true;
    daily.window = catalog::Window::day;
    daily.step = 9 * kMb;
    shapes.push_back({packages, daily});
    return shapes;
}

TEST(GivenBack, IsAsIfItHadNeverBeenUsed) {
    const auto shapes = shapes_to_give_back();
    for (std::size_t shape = 0; shape < shapes.size(); ++shape) {
        for (unsigned seed = 1; seed <= 20; ++seed) {
            std::mt19937_64 random(seed);
            const auto number = [&](std::int64_t below) {
                return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below));
            };
            GivesBack changed(shapes[shape]);
            GivesBack clean(shapes[shape]);
            std::vector<World::Use> readings;  // what stands at last
            for (int i = 0; i < 12; ++i) {
                const auto day = "2026-01-" + std::to_string(12 + number(10));
                readings.push_back({i % 2 == 0 ? clean.a : clean.b,
                                    clean.local(day, static_cast<int>(number(24))), 0});
            }
            for (int round = 0; round < 4; ++round) {
                std::vector<World::Use> changes;
                for (World::Use& reading : readings) {
                    if (number(3) == 0) continue;
                    const std::int64_t worth = number(40 * kMb);
                    changes.push_back(reading);
                    changes.back().quantity = worth - std::exchange(reading.quantity, worth);
                }
                std::ranges::shuffle(changes, random);
                const auto batch = changed.post(changes);
                for (const SuspenseReason why : batch.chunk.reason)
                    EXPECT_EQ(why, SuspenseReason::none);
                if (number(2) == 0) changed.reopen();
            }
            clean.post(readings);
            EXPECT_EQ(changed.told(), clean.told()) << "shape " << shape << ", seed " << seed;
        }
    }
}

TEST(GivenBack, IsNoMoreThanItsCounterHolds) {
    GivesBack world({charge(1, flat("0.01"), BandMode::flat)});
    const Instant when = world.local("2026-01-20");
    world.post({{world.a, when, 100}});
    UsageChunk asked = World::chunk_of({{world.a, when, 1}});
    EXPECT_EQ(world.rater->refusal(asked, 0, -100), SuspenseReason::none);
    EXPECT_EQ(world.rater->refusal(asked, 0, -101), SuspenseReason::counter_holds_less);
    EXPECT_EQ(asked.quantity[0], 1);
    const auto batch = world.post({{world.a, when, -30},
                                   {world.a, when, -71},
                                   {world.b, when, -1},
                                   {world.a, world.local("2026-02-01"), -1}});
    const auto waits = SuspenseReason::counter_holds_less;
    EXPECT_EQ(batch.chunk.reason, (std::vector{SuspenseReason::none, waits, waits, waits}));
    EXPECT_EQ(world.posted_to(world.payer), "0.70");
}

}  // namespace
}  // namespace farthing::rating::testing
