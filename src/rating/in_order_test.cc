// Who went beyond a pool, against the rater itself: where the records come in the order of use,
// each charge of a record is what it went beyond.
#include "rating/in_order.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::BandMode;
using catalog::SharedBy;

struct Pool : World {
    AccountId payer = account();
    std::vector<SubscriptionId> sims;

    Pool(catalog::Allowance included, std::vector<catalog::Band> bands, bool two_versions) {
        sims = {subscription(payer), subscription(payer), subscription(payer, {}, "2026-01-16")};
        included.members_pay = included.in_order = true;
        auto data = charge(1, bands, bands.size() == 1 ? BandMode::flat : BandMode::graduated);
        data.allowance = included;
        publish(1, "2026-01-01", {data});
        if (two_versions) {
            data.allowance->quantity /= 2;
            data.bands.back().price = price("0.07", kMb);
            publish(2, "2026-01-12", {data});
        }
        open();
    }

    const Counter& counter() {
        return *counters->find(
            {Perspective::retail, OwnerKind::account, payer.value, {1}, 0, Date::of(2026, 1, 1)});
    }
    std::optional<std::vector<PricedUse>> priced(const std::vector<Use>& uses) {
        std::vector<PoolUse> pool;
        for (const Use& use : uses)
            pool.push_back({use.subscription, use.when, use.quantity, {}, {}});
        const Counter& whole = counter();
        return price_in_order(catalog, whole, price_segments(catalog, *directory, whole), pool);
    }
};

// All at instants of their own.
std::vector<World::Use> some_uses(const Pool& pool) {
    const auto days = *rc::gen::unique<std::vector<int>>(rc::gen::inRange(0, 31 * 24));
    std::vector<World::Use> uses;
    for (const int hour : days) {
        const auto sim = *rc::gen::inRange<std::size_t>(0, hour < 15 * 24 ? 2 : 3);
        uses.push_back({pool.sims[sim],
                        pool.local("2026-01-01", 0).plus_micros(hour * 3'600 * kMicrosPerSecond),
                        *rc::gen::inRange<std::int64_t>(0, 40) * kMb});
    }
    return uses;
}

RC_GTEST_PROP(InOrder, each_pays_what_its_record_went_beyond_had_all_come_in_the_order_of_use, ()) {
    catalog::Allowance included = allowance(100 * kMb, SharedBy::account);
    included.per_pool = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) included.cap = 60 * kMb;
    std::vector<catalog::Band> bands = {{INT64_MAX, price("0.05", kMb)}};
    if (*rc::gen::arbitrary<bool>()) bands.insert(bands.begin(), {20 * kMb, price("0.10", kMb)});
    const bool two_versions = *rc::gen::arbitrary<bool>();
    Pool clean(included, bands, two_versions);
    std::vector<World::Use> uses = some_uses(clean);
    RC_PRE(!uses.empty());

    std::ranges::sort(uses, {}, &World::Use::when);
    std::map<SubscriptionId, i128> expected;
    for (const World::Use& use : uses) {
        const auto batch = clean.post({use});
        for (std::size_t i = 0; i < batch.rated.size(); ++i)
            expected[use.subscription] += batch.rated.charge_atoms[i];
    }
    Pool late(included, bands, two_versions);
    std::vector<World::Use> came = uses;
    for (std::size_t i = came.size(); i > 1; --i)
        std::swap(came[i - 1], came[*rc::gen::inRange<std::size_t>(0, i)]);
    for (const World::Use& use : came) late.post({use});

    const auto priced = late.priced(came);
    RC_ASSERT(priced.has_value());
    std::map<SubscriptionId, Exact> paid;
    for (const PricedUse& use : *priced) paid[use.member] += use.price;
    for (const auto& [member, exact] : paid)
        RC_ASSERT(money_of(exact, late.versions[0]->currency)->atoms == expected[member]);
}

TEST(InOrder, uses_that_the_counter_did_not_count_are_told) {
    Pool pool(allowance(100 * kMb, SharedBy::account, true), {{INT64_MAX, price("0.05", kMb)}},
              false);
    const World::Use first{pool.sims[0], pool.local("2026-01-05"), 70 * kMb};
    const World::Use second{pool.sims[1], pool.local("2026-01-06"), 50 * kMb};
    pool.post({first, second});
    EXPECT_TRUE(pool.priced({first, second}).has_value());
    EXPECT_FALSE(pool.priced({first}).has_value());
    EXPECT_FALSE(pool.priced({first, second, second}).has_value());
    EXPECT_FALSE(pool.priced({}).has_value());
}

TEST(InOrder, what_was_taken_back_is_nobodys_and_at_one_instant_the_first_subscription_goes_first) {
    Pool pool(allowance(100 * kMb, SharedBy::account, true), {{INT64_MAX, price("0.05", kMb)}},
              false);
    const World::Use a{pool.sims[0], pool.local("2026-01-05"), 70 * kMb};
    const World::Use b{pool.sims[1], pool.local("2026-01-05"), 50 * kMb};
    pool.post({b, a});
    World::Use back = b;
    back.quantity = -b.quantity;
    const auto priced = pool.priced({b, a, back, b});
    ASSERT_TRUE(priced.has_value());
    ASSERT_EQ(priced->size(), 2U);
    EXPECT_EQ(priced->front().member, pool.sims[0]);
    EXPECT_TRUE(priced->front().price.is_zero());
    EXPECT_EQ(priced->back().price, Exact(1));
}

}  // namespace
}  // namespace farthing::rating::testing
