// Random trees of accounts with caps on any of them: a grant is what the least of all levels from
// its subscription's account up to its payer has room for, and no more.
#include "charging/levels.h"

#include <gtest/gtest.h>

#include <random>

#include "charging/charger.h"
#include "rating/rating_world_test.h"

namespace farthing::charging {
namespace {

namespace made = rating::testing;
using made::World;

constexpr Date kCycle = Date::of(2026, 1, 1);

// A tree in which a unit of usage costs one atom, and what ought to be known of it.
class Tree {
  public:
    explicit Tree(std::uint64_t seed) : random_(seed) {
        world_.publish(1, "2020-01-01",
                       {made::charge(1, made::flat("0.000000001"), catalog::BandMode::flat)});
        const auto accounts = static_cast<std::size_t>(2 + upto(7));
        nodes_.resize(accounts + 1);
        for (std::size_t i = 1; i <= accounts; ++i) {
            Node& node = nodes_[i];
            node.parent = static_cast<std::size_t>(upto(static_cast<std::int64_t>(i) - 1));
            node.pays = node.parent == 0 || one_in(4);
            if (!one_in(3)) node.cap = upto(60);
            if (node.pays && one_in(2)) node.money = upto(80);
            world_.account({static_cast<std::uint32_t>(node.parent)}, node.pays);
        }
        for (std::uint32_t i = 0; i < 6; ++i) {
            homes_.push_back(static_cast<std::size_t>(1 + upto(std::ssize(nodes_) - 2)));
            world_.subscription({static_cast<std::uint32_t>(homes_.back())});
        }
        world_.open();
        now_ = world_.local("2026-01-10");
        charger_ = std::make_unique<Charger>(
            world_.catalog, *world_.directory, *world_.rater, Policy{},
            [](const CapKey&) { return i128{0}; },
            [this](AccountId below, const PackKey& key) { return committed(below, key); });
        begin_again();
    }

    void step() {
        now_ = now_.plus_micros(kMicrosPerSecond);
        const std::size_t sim = static_cast<std::size_t>(upto(5));
        switch (upto(5)) {
            case 0: others_charge(sim); break;
            case 1: begin_again(); break;
            case 2: debit(sim); break;
            default:
                if (open_.size() > 3 || (!open_.empty() && one_in(3))) {
                    end();
                } else {
                    start(sim);
                }
        }
        compare();
    }

  private:
    struct Node {
        std::size_t parent = 0;  // 0: none
        bool pays = false;
        std::optional<std::int64_t> cap;
        std::optional<std::int64_t> money;
        std::int64_t spent = 0;
        std::int64_t held = 0;
    };
    struct Session {
        std::size_t sim = 0;
        std::int64_t granted = 0;
    };

    std::int64_t upto(std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
    }
    bool one_in(std::int64_t n) { return upto(n - 1) == 0; }

    // From the subscription's account up to who pays for it.
    std::vector<Node*> path(std::size_t sim) {
        std::vector<Node*> nodes;
        for (std::size_t at = homes_[sim];; at = nodes_[at].parent) {
            nodes.push_back(&nodes_[at]);
            if (nodes_[at].pays) return nodes;
        }
    }
    std::int64_t room(std::size_t sim) {
        std::int64_t least = INT64_MAX;
        for (const Node* node : path(sim)) {
            if (node->cap) least = std::min(least, *node->cap - node->spent - node->held);
            if (node->pays && node->money)
                least = std::min(least, *node->money - node->spent - node->held);
        }
        return std::max<std::int64_t>(0, least);
    }
    void move(std::size_t sim, std::int64_t spent, std::int64_t held) {
        for (Node* node : path(sim)) {
            node->spent += spent;
            node->held += held;
        }
    }

    Request request(std::string id, std::uint64_t number, Action action, std::size_t sim) {
        Request made{std::move(id),     number, action, {static_cast<std::uint32_t>(sim + 1)}, now_,
                     {{7, made::kData}}};
        return made;
    }
    ServiceAnswer ask(Request asked) {
        const Answer answer = charger_->handle(std::move(asked));
        EXPECT_EQ(answer.why, ChargeReason::granted);
        commit();
        return answer.services.empty() ? ServiceAnswer() : answer.services.front();
    }
    void commit() {
        (void)charger_->take();
        charger_->committed();
        (void)made::taken_deltas(*world_.rater);
        world_.commit();
    }

    void start(std::size_t sim) {
        Request asked = request("s" + std::to_string(++sessions_), 0, Action::start, sim);
        asked.services[0].asks = true;
        asked.services[0].units = 1 + upto(40);
        const std::int64_t expected = std::min(*asked.services[0].units, room(sim));
        const std::string id = asked.session;
        const ServiceAnswer told = ask(std::move(asked));
        EXPECT_EQ(told.granted, expected);
        open_[id] = {sim, told.granted};
        move(sim, 0, told.granted);
    }
    void end() {
        const auto open = open_.begin();
        const auto [sim, granted] = open->second;
        Request asked = request(open->first, 1, Action::end, sim);
        const std::int64_t used = upto(granted + (one_in(5) ? 10 : 0));  // or more than granted
        asked.services[0].used.push_back({used, {}});
        ask(std::move(asked));
        move(sim, used, -granted);
        open_.erase(open);
    }
    void debit(std::size_t sim) {
        Request asked = request("e" + std::to_string(++sessions_), 0, Action::debit, sim);
        asked.services[0].units = 1 + upto(20);
        const std::int64_t units = *asked.services[0].units;
        const std::int64_t expected = units <= room(sim) ? units : 0;
        EXPECT_EQ(ask(std::move(asked)).granted, expected);
        move(sim, expected, 0);
    }
    // As a file does that another process imports.
    void others_charge(std::size_t sim) {
        const std::int64_t units = upto(15);
        const SubscriptionId id{static_cast<std::uint32_t>(sim + 1)};
        world_.rate({{id, now_, units}});
        move(sim, units, 0);
        const std::size_t payer = static_cast<std::size_t>(path(sim).back() - nodes_.data());
        charger_->purses()[{static_cast<std::uint32_t>(payer)}].charge(kCycle, units);
        const OwnerBlock owners = rating::owners_of(id);
        charger_->follow(std::span(&owners, 1), now_);
    }
    // As after limits changed.
    void begin_again() {
        Purses purses;
        for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
            const Node& node = nodes_[i];
            ledger::Purse& purse = purses[{i}];
            purse.cap = node.cap;
            if (!node.pays) continue;
            if (node.money) purse.credit = 0;
            purse.balance = node.money.value_or(0) - node.spent;
            purse.spent[kCycle] = node.spent;
        }
        charger_->set_purses(std::move(purses), now_);
    }
    i128 committed(AccountId below, const PackKey& key) {
        const auto stored = world_.store().find(key);
        if (stored == world_.store().end()) return 0;
        i128 atoms = 0;
        const auto counters = rating::unpack_counters(key, stored->second);
        for (const rating::Counter& counter : *counters) {
            for (const rating::Segment& segment : counter.segments) {
                if (counts_for(*world_.directory, below, counter.key, segment.payer))
                    atoms += segment.posted_atoms;
            }
        }
        return atoms;
    }
    void compare() {
        for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
            const Node& node = nodes_[i];
            const ledger::Purse* const level = charger_->levels().find({i}, kCycle);
            ASSERT_EQ(level != nullptr, node.cap && !node.pays) << "account " << i;
            if (!node.pays) {
                EXPECT_TRUE(charger_->held_below({i}) == node.held) << "account " << i;
            }
            if (level == nullptr && !node.pays) continue;
            const ledger::Purse& purse = level != nullptr ? *level : charger_->purses()[{i}];
            EXPECT_TRUE(purse.spent_in(kCycle) == node.spent) << "account " << i;
            EXPECT_TRUE(purse.held == node.held) << "account " << i;
        }
    }

    std::mt19937_64 random_;
    World world_;
    std::vector<Node> nodes_;  // by account
    std::vector<std::size_t> homes_;
    Instant now_;
    std::unique_ptr<Charger> charger_;
    std::map<std::string, Session> open_;
    int sessions_ = 0;
};

TEST(Levels, EC45_a_grant_is_what_the_least_level_of_its_path_has_room_for) {
    for (std::uint64_t seed = 0; seed < 150; ++seed) {
        Tree tree(seed);
        for (int i = 0; i < 60 && !::testing::Test::HasFailure(); ++i) tree.step();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    }
}

// acme pays; below it sales, and north below sales. The hotel pays for itself.
struct Company {
    World world;
    AccountId acme = world.account();
    AccountId sales = world.account(acme, false);
    AccountId north = world.account(sales, false);
    AccountId hotel = world.account();
    SubscriptionId sim = world.subscription(north, world.group(sales));
    std::vector<PackKey> asked;
    std::unique_ptr<Levels> levels;

    Company() {
        world.publish(1, "2020-01-01", {made::charge(1, made::flat("1"))});
        world.open();
        levels = std::make_unique<Levels>(*world.directory, [this](AccountId, const PackKey& key) {
            asked.push_back(key);
            return i128{0};
        });
    }
    rating::CounterKey counter(OwnerKind kind, std::uint32_t owner) const {
        return {Perspective::retail, kind, owner, {1}, 0, kCycle};
    }
    std::size_t levels_of(OwnerKind kind, std::uint32_t owner, AccountId payer) {
        std::size_t count = 0;
        levels->each(counter(kind, owner), payer,
                     [&](AccountId, const ledger::Purse&) { count += 1; });
        return count;
    }
};

TEST(Levels, AreThoseBelowThePayerThatHaveACap) {
    Company company;
    Purses purses;
    for (const AccountId account : {company.acme, company.north, company.hotel})
        purses[account].cap = 5;
    purses[company.sales].credit = 0;
    company.levels->set(purses);
    EXPECT_EQ(company.levels_of(OwnerKind::subscription, company.sim.value, company.acme), 1U);
    purses[company.sales].cap = 5;
    company.levels->set(purses);
    EXPECT_EQ(company.levels_of(OwnerKind::subscription, company.sim.value, company.acme), 2U);
    // A pool is its account's, whoever uses it; what a sponsor pays for is nobody's here.
    EXPECT_EQ(company.levels_of(OwnerKind::group, 1, company.acme), 1U);
    EXPECT_EQ(company.levels_of(OwnerKind::account, company.acme.value, company.acme), 0U);
    EXPECT_EQ(company.levels_of(OwnerKind::subscription, company.sim.value, company.hotel), 0U);
    EXPECT_EQ(company.levels_of(OwnerKind::subscription, company.sim.value, {}), 0U);
}

TEST(Levels, AskOnceForEachBlockAndAgainOnlyForThoseThatOthersMoved) {
    Company company;
    Purses purses;
    purses[company.sales].cap = 5;
    company.levels->set(purses);
    EXPECT_TRUE(company.asked.empty());  // nobody used anything yet
    (void)company.levels_of(OwnerKind::subscription, company.sim.value, company.acme);
    EXPECT_EQ(company.asked.size(), 3U);  // of its subscriptions, groups and accounts
    (void)company.levels_of(OwnerKind::subscription, company.sim.value, company.acme);
    EXPECT_EQ(company.asked.size(), 3U);
    const OwnerBlock moved = rating::owners_of(company.sim);
    company.levels->follow(std::span(&moved, 1));
    company.levels->follow(std::span(&moved, 1));
    (void)company.levels_of(OwnerKind::subscription, company.sim.value, company.acme);
    ASSERT_EQ(company.asked.size(), 4U);
    EXPECT_TRUE(owners_of(company.asked.back()) == moved);
    EXPECT_EQ(company.asked.back().window_first, kCycle.days);
}

}  // namespace
}  // namespace farthing::charging
