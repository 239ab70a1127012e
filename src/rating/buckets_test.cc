// Bought buckets: what they cover depends on what was used on which day, and on nothing else.
#include "rating/buckets.h"

#include <random>

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

constexpr Date kFirst = Date::of(2026, 1, 1);
constexpr int kDays = 120;

BucketFact bucket(std::uint32_t id, SubscriptionId owner, Date from, int days,
                  std::int64_t quantity) {
    BucketFact fact;
    fact.id = {id};
    fact.owner = owner.value;
    fact.charge = {1};
    fact.package = {100};
    fact.from = from;
    fact.until = from.plus_days(days);
    fact.quantity = quantity;
    return fact;
}

catalog::UsageCharge tiered() {
    return charge(1, {{20 * kMb, price("0.10", kMb)}, {INT64_MAX, price("0.05", kMb)}});
}

// The same, slowly: day by day, each unit of 1 MB by itself.
class Slow {
  public:
    explicit Slow(std::vector<BucketFact> facts) {
        std::ranges::sort(facts, {}, [](const BucketFact& one) {
            return std::tuple(one.priority, one.until, one.id);
        });
        for (const BucketFact& fact : facts) all_.push_back({fact, fact.quantity / kMb, false});
    }
    bool covers(Date day) {
        lapse(day);
        Held* best = nullptr;
        const auto before = [](const Held& a, const Held& b) {
            if (a.fact.priority != b.fact.priority) return a.fact.priority < b.fact.priority;
            if (a.fact.until != b.fact.until) return a.fact.until < b.fact.until;
            return a.fact.id < b.fact.id;
        };
        for (Held& one : all_) {
            const bool valid = one.fact.from <= day && day < one.fact.until;
            if (valid && one.left > 0 && (best == nullptr || before(one, *best))) best = &one;
        }
        if (best != nullptr) best->left -= 1;
        return best != nullptr;
    }

  private:
    struct Held {
        BucketFact fact;
        std::int64_t left = 0;
        bool gone = false;
    };
    void lapse(Date day) {
        for (Date at = kFirst; at <= day; at = at.plus_days(1)) {
            for (Held& one : all_) {
                if (one.gone || one.fact.until != at) continue;
                one.gone = true;
                Held* next = nullptr;
                for (Held& other : all_) {
                    const bool valid = other.fact.from <= at && at < other.fact.until;
                    if (!valid || other.fact.package != one.fact.package) continue;
                    if (next == nullptr || other.fact.until < next->fact.until) next = &other;
                }
                if (next != nullptr) next->left += std::min(one.left, one.fact.rollover / kMb);
            }
        }
    }
    std::vector<Held> all_;
};

i128 price_of(std::int64_t megabytes) {
    constexpr i128 kTenCents = 100'000'000;
    const std::int64_t dear = std::min<std::int64_t>(megabytes, 20);
    return kTenCents * dear + kTenCents / 2 * (megabytes - dear);
}

struct Story {
    std::vector<BucketFact> facts;
    std::vector<std::pair<int, std::int64_t>> uses;  // day, MB
    i128 expected() const {
        Slow slow(facts);
        auto sorted = uses;
        std::ranges::sort(sorted);
        std::map<Date, std::int64_t> beyond;
        for (const auto& [day, megabytes] : sorted) {
            const Date date = kFirst.plus_days(day);
            for (std::int64_t i = 0; i < megabytes; ++i)
                beyond[cycle_of(date, 1).first] += slow.covers(date) ? 0 : 1;
        }
        i128 sum = 0;
        for (const auto& [window, megabytes] : beyond) sum += price_of(megabytes);
        return sum;
    }
};

Story random_story(std::mt19937_64& random, SubscriptionId owner) {
    const auto up_to = [&](int most) { return static_cast<int>(random() % (most + 1U)); };
    Story story;
    const int buckets = 1 + up_to(5);
    for (int i = 0; i < buckets; ++i) {
        BucketFact fact = bucket(static_cast<std::uint32_t>(i + 1), owner,
                                 kFirst.plus_days(up_to(90)), 1 + up_to(45), (1 + up_to(60)) * kMb);
        fact.priority = up_to(2);
        fact.package = {static_cast<std::uint32_t>(100 + up_to(1))};
        fact.rollover = up_to(1) * up_to(40) * kMb;
        story.facts.push_back(fact);
    }
    const int uses = up_to(30);
    for (int i = 0; i < uses; ++i) story.uses.emplace_back(up_to(kDays - 1), 1 + up_to(25));
    return story;
}

// What changed counters without usage is posted too.
void post_rest(World& world, RatedChunk& rated) {
    world.rater->carry(rated);
    for (const SegmentDelta& delta : taken_deltas(*world.rater))
        world.posted[delta.payer.value] += delta.charge_atoms;
    world.commit();
}

// Counters of all months are priced again, as buying does.
void price_again(World& world, SubscriptionId sim) {
    RatedChunk rated;
    for (Date day = kFirst; day < kFirst.plus_days(kDays); day = cycle_of(day, 1).end) {
        const CounterKey key{Perspective::retail,   OwnerKind::subscription, sim.value, {1}, 0,
                             cycle_of(day, 1).first};
        world.rater->reprice(key, rated);
    }
    post_rest(world, rated);
}

TEST(Buckets, any_order_and_any_batches_come_to_what_the_days_say) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        std::mt19937_64 random(seed);
        World world;
        const AccountId first = world.account();
        const AccountId second = world.account(first, false);
        const SubscriptionId sim = world.subscription(second);
        const bool two_payers = random() % 2 == 0;
        if (two_payers) {  // segments within a month
            world.facts.pays.push_back({second, kFirst.plus_days(40), true});
        }
        world.publish(1, "2026-01-01", {tiered()});
        if (random() % 2 == 0) world.publish(2, "2026-02-11", {tiered()});
        const Story story = random_story(random, sim);
        auto uses = story.uses;
        std::ranges::shuffle(uses, random);
        auto unbought = story.facts;
        std::ranges::shuffle(unbought, random);
        world.open();
        while (!uses.empty() || !unbought.empty()) {
            if (!unbought.empty() && (uses.empty() || random() % 4 == 0)) {
                world.facts.buckets.push_back(unbought.back());
                unbought.pop_back();
                world.reopen();
                if (random() % 2 == 0) price_again(world, sim);
                continue;
            }
            std::vector<World::Use> batch;
            for (std::size_t i = 0; i <= random() % 6 && !uses.empty(); ++i) {
                const auto [day, megabytes] = uses.back();
                uses.pop_back();
                batch.push_back({sim,
                                 world.zone.start_of(kFirst.plus_days(day))
                                     .plus_micros(static_cast<std::int64_t>(random() % 80'000) *
                                                  kMicrosPerSecond),
                                 megabytes * kMb});
            }
            world.post(batch);
            if (random() % 3 == 0) world.reopen();
        }
        price_again(world, sim);
        const i128 posted = world.posted[first.value] + world.posted[second.value];
        EXPECT_EQ(world.amount(posted), world.amount(story.expected())) << "seed " << seed;
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Buckets, what_further_usage_would_cost_is_what_it_costs) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        std::mt19937_64 random(seed);
        World world;
        const AccountId payer = world.account();
        const SubscriptionId sim = world.subscription(payer);
        auto data = tiered();
        if (random() % 2 == 0)
            data.allowance = allowance(15 * kMb, catalog::SharedBy::subscription);
        world.publish(1, "2026-01-01", {data});
        Story story = random_story(random, sim);
        std::ranges::sort(story.uses);
        world.facts.buckets = story.facts;
        world.open();
        for (const auto& [day, megabytes] : story.uses) {
            const Instant when = world.zone.start_of(kFirst.plus_days(day)).plus_micros(1);
            UsageChunk chunk = World::chunk_of({{sim, when, 0}});
            Standings found;
            ASSERT_EQ(world.rater->stand(chunk, 0, found), SuspenseReason::none);
            const auto highest = highest_atoms(found.prices.front(), megabytes * kMb);
            const i128 before = world.posted[payer.value];
            world.post({{sim, when, megabytes * kMb}});
            ASSERT_TRUE(highest);
            EXPECT_EQ(world.amount(*highest), world.amount(world.posted[payer.value] - before))
                << "seed " << seed << " day " << day;
            // What holds now holds until other buckets are valid, at most.
            for (const BucketFact& fact : story.facts) {
                for (const Date change : {fact.from, fact.until}) {
                    if (change <= kFirst.plus_days(day)) continue;
                    EXPECT_LE(found.holds_until, world.zone.start_of(change));
                }
            }
        }
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Buckets, usage_of_yesterday_is_not_promised_what_today_took) {
    World world;
    const AccountId payer = world.account();
    const SubscriptionId sim = world.subscription(payer);
    world.publish(1, "2026-01-01", {tiered()});
    world.facts.buckets = {bucket(1, sim, Date::of(2026, 1, 1), 60, 10 * kMb),
                           bucket(2, sim, Date::of(2026, 1, 10), 30, 5 * kMb)};
    world.open();
    world.post({{sim, world.local("2026-01-10"), 12 * kMb}});
    UsageChunk chunk = World::chunk_of({{sim, world.local("2026-01-09"), 0}});
    Standings found;
    ASSERT_EQ(world.rater->stand(chunk, 0, found), SuspenseReason::none);
    EXPECT_GE(highest_atoms(found.prices.front(), 10 * kMb), 700'000'000);
    world.post({{sim, world.local("2026-01-09"), 10 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.70");
}

TEST(Buckets, take_back_gives_back_what_they_had_not_covered) {
    World world;
    const AccountId payer = world.account();
    const SubscriptionId sim = world.subscription(payer);
    world.publish(1, "2026-01-01", {tiered()});
    world.facts.buckets = {bucket(1, sim, Date::of(2026, 1, 1), 60, 10 * kMb)};
    world.open();
    world.post({{sim, world.local("2026-01-05"), 8 * kMb}});
    world.post({{sim, world.local("2026-02-05"), 8 * kMb}});
    EXPECT_EQ(world.posted_to(payer), "0.60");
    const CounterKey january{Perspective::retail, OwnerKind::subscription, sim.value, {1}, 0,
                             Date::of(2026, 1, 1)};
    Contribution part;
    part.key = january;
    part.window_end = Date::of(2026, 2, 1);
    part.version = {1};
    part.payer = payer;
    part.subscription = sim;
    part.when = world.local("2026-01-05");
    part.billable = 8 * kMb;
    const Contribution* const parts[] = {&part};
    RatedChunk rated;
    EXPECT_EQ(world.rater->take_back(parts, rated), 1U);
    post_rest(world, rated);
    EXPECT_EQ(world.posted_to(payer), "0.00");
}

}  // namespace
}  // namespace farthing::rating::testing
