// Random sessions over random plans: what is charged online is what the same records come to
// offline, and no grant ever holds what is not there.
#include "charging/charger.h"

#include <gtest/gtest.h>

#include <random>

#include "rating/rating_world_test.h"

namespace farthing::charging {
namespace {

using rating::testing::charge;
using rating::testing::kData;
using rating::testing::price;
using rating::testing::World;

class Chance {
  public:
    explicit Chance(std::uint64_t seed) : random_(seed) {}
    std::int64_t upto(std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
    }
    bool one_in(std::int64_t n) { return upto(n - 1) == 0; }

  private:
    std::mt19937_64 random_;
};

catalog::UsageCharge any_charge(Chance& chance) {
    static constexpr std::string_view kPrices[] = {"0.10", "0.05", "0.007", "0.0333", "0"};
    const auto any_price = [&] { return price(kPrices[chance.upto(4)], 1 + chance.upto(6)); };
    auto made = charge(1, {{INT64_MAX, any_price()}}, catalog::BandMode::flat);
    if (const auto mode = chance.upto(2); mode > 0) {
        made.mode = mode == 1 ? catalog::BandMode::graduated : catalog::BandMode::volume;
        made.bands = {{20 + chance.upto(60), any_price()},
                      {100 + chance.upto(100), any_price()},
                      {INT64_MAX, any_price()}};
    }
    if (chance.one_in(3)) made.increments = {1 + chance.upto(9), 1 + chance.upto(9)};
    if (chance.one_in(4)) made.connection_fee = *Decimal::parse("0.25");
    if (chance.one_in(4)) made.grace = chance.upto(5);
    if (chance.one_in(4))
        made.allowance =
            rating::testing::allowance(chance.upto(50), catalog::SharedBy::account, true);
    if (chance.one_in(5)) made.block = 1 + chance.upto(20);
    // The catalog refuses a minimum anywhere else.
    if (made.additive() && !made.allowance && chance.one_in(2))
        made.minimum = *Decimal::parse("0.40");
    return made;
}

// A plan, and what it is from the first of February on.
struct Plans {
    catalog::UsageCharge before;
    catalog::UsageCharge after;
};
Plans any_plans(Chance& chance) {
    Plans plans{any_charge(chance), {}};
    plans.after = chance.one_in(3) ? plans.before : any_charge(chance);
    return plans;
}

struct Room {
    World world;
    std::vector<SubscriptionId> sims;
    AccountId payer;
    std::unique_ptr<Charger> charger;
    Instant now;

    // It is the evening before the plan changes.
    explicit Room(const Plans& plans, std::int64_t balance) {
        world.publish(1, "2020-01-01", {plans.before});
        world.publish(2, "2026-02-01", {plans.after});
        payer = world.account();
        for (int i = 0; i < 3; ++i) sims.push_back(world.subscription(payer));
        world.open();
        charger = std::make_unique<Charger>(
            world.catalog, *world.directory, *world.rater, Policy{},
            [](const CapKey&) { return i128{0}; },
            [](AccountId, const PackKey&) { return i128{0}; });
        Purses purses;
        purses[payer].credit = 0;
        purses[payer].balance = balance;
        now = world.local("2026-02-01", 0).plus_micros(-3 * 3600 * kMicrosPerSecond);
        charger->set_purses(std::move(purses), now);
    }
    const ledger::Purse& purse() { return charger->purses()[payer]; }
};

// One use of a session, as a file would tell it.
struct Container {
    std::string session;
    SubscriptionId sim;
    Instant start;
    std::int64_t units = 0;
};

class Player {
  public:
    Player(Room& room, Chance& chance, bool overruns)
        : room_(room), chance_(chance), overruns_(overruns) {}

    void step() {
        room_.now = room_.now.plus_micros(chance_.upto(600) * kMicrosPerSecond);
        const std::string id = "s" + std::to_string(chance_.upto(5));
        Open& open = sessions_[id];
        Request request;
        request.session = id + "/" + std::to_string(open.round);
        request.number = open.number++;
        request.at = room_.now;
        if (open.number == 1) open.sim = room_.sims[static_cast<std::size_t>(chance_.upto(2))];
        request.subscription = open.sim;
        const bool ends = open.number > 1 && chance_.one_in(4);
        request.action = open.number == 1 ? Action::start : ends ? Action::end : Action::update;
        ServiceRequest service{7, kData};
        if (open.number > 1) report(request, service, open);
        service.asks = !ends;
        service.units = 1 + chance_.upto(80);
        request.services.push_back(service);
        const Answer answer = room_.charger->handle(request);
        ASSERT_EQ(answer.why, ChargeReason::granted);
        open.granted = answer.services.front().granted;
        open.since = room_.now;
        const std::int64_t valid = answer.services.front().valid_seconds;
        open.held_micros = std::max(2 * valid, valid + 60) * kMicrosPerSecond;
        check(request, answer);
        if (ends) open = {open.round + 1, 0, 0, {}, {}, 0};
    }
    const std::vector<Container>& used() const { return used_; }

  private:
    struct Open {
        int round = 0;
        std::uint32_t number = 0;
        std::int64_t granted = 0;
        SubscriptionId sim;
        Instant since;
        std::int64_t held_micros = 0;
    };

    void report(const Request& request, ServiceRequest& service, const Open& open) {
        const bool silent = room_.now.micros - open.since.micros >= open.held_micros;
        std::int64_t units = silent && !overruns_ ? 0 : chance_.upto(open.granted);
        if (overruns_ && chance_.one_in(6)) units += chance_.upto(30);
        service.used.push_back({units, {}});
        used_.push_back({request.session, open.sim, open.since, units});
    }
    void check(const Request& request, const Answer& answer) {
        const ledger::Purse& purse = room_.purse();
        ASSERT_GE(purse.held, 0);
        if (!overruns_) {
            ASSERT_GE(purse.balance - purse.held, 0);
        }
        // The same again changes nothing and is told the same.
        if (!chance_.one_in(3)) return;
        const i128 balance = purse.balance;
        const i128 held = purse.held;
        const Answer again = room_.charger->handle(request);
        ASSERT_TRUE(again.repeated);
        ASSERT_EQ(again.services, answer.services);
        ASSERT_TRUE(purse.balance == balance && purse.held == held);
    }

    Room& room_;
    Chance& chance_;
    bool overruns_;
    std::map<std::string, Open> sessions_;
    std::vector<Container> used_;
};

// The containers of each session as parts of it, in any order of sessions, in one file.
std::int64_t offline(const Plans& plans, const std::vector<Container>& used) {
    Room room(plans, 0);
    UsageChunk chunk;
    chunk.in_parts = true;
    chunk.resize(used.size());
    for (std::size_t i = 0; i < used.size(); ++i) {
        chunk.subscription[i] = used[i].sim;
        chunk.meter[i] = kData;
        chunk.start[i] = chunk.end[i] = used[i].start;
        chunk.quantity[i] = used[i].units;
        chunk.session[i] = hash128(used[i].session);
    }
    RatedChunk rated;
    rating::SessionBook book;
    room.world.rater->rate(chunk, rated, Perspective::retail, book);
    std::int64_t sum = 0;
    for (const std::int64_t atoms : rated.charge_atoms) sum += atoms;
    return sum;
}

TEST(Charger, EC10_sessions_cost_online_what_their_records_cost_offline) {
    for (std::uint64_t seed = 0; seed < 120; ++seed) {
        Chance chance(seed);
        const Plans plans = any_plans(chance);
        const std::int64_t balance = 100'000'000'000;
        Room room(plans, balance);
        Player player(room, chance, chance.one_in(2));
        for (int i = 0; i < 60; ++i) ASSERT_NO_FATAL_FAILURE(player.step()) << "seed " << seed;
        EXPECT_EQ(balance - static_cast<std::int64_t>(room.purse().balance),
                  offline(plans, player.used()))
            << "seed " << seed;
    }
}

Answer report(Room& room, std::uint32_t number, Action action, std::vector<UsedUnits> used) {
    Request request{"one", number, action, room.sims[0], room.now, {{7, kData}}};
    request.services[0].used = std::move(used);
    request.services[0].asks = action != Action::end;
    return room.charger->handle(request);
}

TEST(Charger, EC45_a_session_over_a_price_change_pays_one_fee) {
    Plans plans{charge(1, {{INT64_MAX, price("0.10")}}, catalog::BandMode::flat), {}};
    plans.before.connection_fee = *Decimal::parse("0.25");
    plans.before.increments = {4, 4};
    plans.after = plans.before;
    plans.after.bands = {{INT64_MAX, price("0.05")}};
    Room room(plans, 100'000'000'000);
    const Instant change = room.world.local("2026-02-01", 0);
    (void)report(room, 0, Action::start, {});
    room.now = change.plus_micros(60 * kMicrosPerSecond);
    // 10 come to 12 at 0.10, with the fee; 5 more make 15, which come to 16: 4 at 0.05.
    const Answer told = report(room, 1, Action::end,
                               {{10, change.plus_micros(-60 * kMicrosPerSecond)}, {5, change}});
    ASSERT_EQ(told.why, ChargeReason::granted);
    EXPECT_TRUE(told.services[0].charged_atoms == 1'650'000'000);
    EXPECT_TRUE(room.purse().balance == 98'350'000'000);
}

TEST(Charger, EC38_no_grant_holds_what_is_not_there) {
    for (std::uint64_t seed = 1000; seed < 1200; ++seed) {
        Chance chance(seed);
        const Plans plans = any_plans(chance);
        Room room(plans, chance.upto(20) * 1'000'000'000 / 3);
        Player player(room, chance, false);
        for (int i = 0; i < 80; ++i) ASSERT_NO_FATAL_FAILURE(player.step()) << "seed " << seed;
        EXPECT_GE(room.purse().balance, 0) << "seed " << seed;
        room.charger->pass(room.now.plus_micros(3 * kMicrosPerDay));
        EXPECT_TRUE(room.purse().held == 0) << "seed " << seed;  // everything returned
        EXPECT_EQ(room.charger->sessions(), 0U);
    }
}

Request report(std::string session, Action action, SubscriptionId sim, std::int64_t used,
               Fingerprint print) {
    Request request;
    request.session = std::move(session);
    request.action = action;
    request.subscription = sim;
    request.fingerprint = print;
    ServiceRequest service{7, kData};
    if (used > 0) service.used.push_back({used, {}});
    service.asks = action != Action::end;
    service.units = 10;
    request.services.push_back(service);
    return request;
}

// A unit costs one atom.
Room room_of(std::int64_t units) {
    const auto one = charge(1, {{INT64_MAX, price("0.000000001", 1)}}, catalog::BandMode::flat);
    return Room({one, one}, units);
}

// What the first card of the room says, each time with another stamp.
auto saying(Room& room) {
    return [&room](const char* id, Action action, std::int64_t used, std::uint32_t stamp) {
        Request request = report(id, action, room.sims[0], used, {stamp, stamp, false});
        request.at = room.now;
        return room.charger->handle(std::move(request));
    };
}

TEST(Charger, EC71_suspended_it_is_granted_nothing_and_charged_what_it_reports) {
    Room room = room_of(100);
    const auto ask = [&](std::string session, Action action, std::size_t sim, std::int64_t used,
                         std::uint32_t stamp) {
        Request request =
            report(std::move(session), action, room.sims[sim], used, {stamp, stamp, false});
        request.at = room.now;
        return room.charger->handle(std::move(request));
    };
    EXPECT_EQ(ask("s", Action::start, 0, 0, 1).services[0].granted, 10);
    room.charger->suspended()[room.sims[0]] = 1;
    const Answer told = ask("s", Action::update, 0, 4, 2);
    EXPECT_EQ(told.services[0].why, ChargeReason::subscription_suspended);
    EXPECT_TRUE(told.services[0].charged_atoms == 4);
    EXPECT_EQ(told.services[0].granted, 0);
    EXPECT_TRUE(room.purse().held == 0);
    EXPECT_EQ(ask("e", Action::debit, 0, 0, 3).services[0].why,
              ChargeReason::subscription_suspended);
    EXPECT_EQ(ask("t", Action::start, 1, 0, 4).services[0].granted, 10);  // others are not
    room.charger->suspended().clear();
    EXPECT_EQ(ask("s", Action::update, 0, 0, 5).services[0].granted, 10);
}

TEST(Charger, EC39_clients_without_numbers_are_known_by_what_they_say) {
    Room room = room_of(100);
    const auto say = [&](Request request) {
        request.at = room.now;
        return room.charger->handle(std::move(request));
    };
    const SubscriptionId sim = room.sims[0];
    const Answer began = say(report("n1", Action::start, sim, 0, {1, 1, false}));
    EXPECT_EQ(began.services.front().granted, 10);
    // The same usage at another time is another report; the same report is not.
    for (const std::uint32_t stamp : {2U, 3U, 2U, 3U})
        say(report("n1", Action::update, sim, 5, {7, stamp, false}));
    EXPECT_TRUE(room.purse().balance == 90);
    // Sent again with its indicator it may carry another time stamp.
    EXPECT_TRUE(say(report("n1", Action::update, sim, 5, {7, 9, true})).repeated);
    EXPECT_FALSE(say(report("n1", Action::update, sim, 5, {8, 9, true})).repeated);
    EXPECT_TRUE(room.purse().balance == 85);
    EXPECT_TRUE(say(report("n1", Action::start, sim, 0, {1, 1, false})).repeated);
    for (std::uint32_t i = 0; i < 32; ++i) say(report("n1", Action::update, sim, 0, {9, i, false}));
    EXPECT_EQ(say(report("n1", Action::start, sim, 0, {1, 1, false})).why,
              ChargeReason::number_forgotten);
    // Nor is usage that its client repeats charged again once it is forgotten.
    EXPECT_EQ(say(report("n1", Action::update, sim, 5, {7, 2, true})).why,
              ChargeReason::number_forgotten);
    EXPECT_TRUE(room.purse().balance == 85);
}

TEST(Charger, EC41_what_is_reported_of_no_open_session_waits_once) {
    Room room = room_of(100);
    const auto say = saying(room);
    EXPECT_EQ(say("lost", Action::update, 0, 1).why, ChargeReason::unknown_session);
    EXPECT_EQ(room.charger->sessions(), 0U);  // it said nothing that would be worth keeping
    EXPECT_EQ(say("lost", Action::update, 4, 2).why, ChargeReason::unknown_session);
    EXPECT_TRUE(say("lost", Action::update, 4, 2).repeated);
    EXPECT_EQ(say("lost", Action::end, 3, 3).why, ChargeReason::unknown_session);
    Taken taken = room.charger->take();
    ASSERT_EQ(taken.uses.size(), 2U);
    EXPECT_EQ(taken.uses[0].quantity, 4);
    EXPECT_EQ(taken.uses[1].quantity, 3);
    for (const OnlineUse& use : taken.uses) {
        EXPECT_EQ(use.outcome, Outcome::suspended);
        EXPECT_EQ(use.reason, SuspenseReason::unknown_session);
        EXPECT_EQ(use.session, "lost");
    }
    EXPECT_TRUE(room.purse().balance == 100);
    // Its beginning comes late: it goes on as any other.
    EXPECT_EQ(say("lost", Action::start, 0, 4).services[0].granted, 10);
    EXPECT_TRUE(say("lost", Action::end, 2, 5).services[0].charged_atoms == 2);
    EXPECT_EQ(say("lost", Action::update, 1, 6).why, ChargeReason::session_ended);
    taken = room.charger->take();
    ASSERT_EQ(taken.uses.size(), 2U);
    EXPECT_EQ(taken.uses[1].reason, SuspenseReason::unknown_session);
    EXPECT_TRUE(room.purse().balance == 98);
}

TEST(Charger, AnEventLeavesASessionThatGoesOnAlone) {
    Room room = room_of(100);
    const auto say = saying(room);
    EXPECT_EQ(say("s", Action::start, 0, 1).services[0].granted, 10);
    EXPECT_EQ(say("s", Action::debit, 0, 2).why, ChargeReason::session_goes_on);
    EXPECT_EQ(say("s", Action::refund, 0, 3).why, ChargeReason::session_goes_on);
    EXPECT_TRUE(room.purse().held == 10);
    EXPECT_TRUE(say("s", Action::end, 7, 4).services[0].charged_atoms == 7);
    EXPECT_TRUE(room.purse().balance == 93);
    // What was reported is not refunded as if it had been debited.
    EXPECT_EQ(say("s", Action::refund, 0, 5).services[0].why, ChargeReason::nothing_to_refund);
    EXPECT_EQ(say("e", Action::debit, 0, 6).services[0].granted, 10);
    EXPECT_TRUE(room.purse().balance == 83);
    EXPECT_EQ(say("e", Action::refund, 0, 7).services[0].why, ChargeReason::granted);
    EXPECT_TRUE(room.purse().balance == 93);
}

TEST(Charger, ADebitOfSeveralServicesIsWholeOrNothing) {
    Room room = room_of(15);
    Request request = report("e", Action::debit, room.sims[0], 0, {1, 1, false});
    request.at = room.now;
    request.services.push_back(request.services.front());
    request.services.back().group += 1;
    request.whole = true;
    const Answer refused = room.charger->handle(request);
    ASSERT_EQ(refused.services.size(), 2U);
    for (const ServiceAnswer& one : refused.services) {
        EXPECT_EQ(one.why, ChargeReason::no_money);
        EXPECT_EQ(one.granted, 0);
    }
    EXPECT_TRUE(room.purse().balance == 15 && room.purse().held == 0);
    EXPECT_TRUE(room.charger->handle(request).repeated);
    request.session = "f";
    request.whole = false;
    EXPECT_EQ(room.charger->handle(request).services[0].granted, 10);
    EXPECT_TRUE(room.purse().balance == 5);
}

TEST(Charger, EC42_what_has_happened_is_charged_beyond_the_money_and_nothing_follows) {
    Room room = room_of(3);
    Request happened = report("p1", Action::start, room.sims[0], 5, {1, 1, false});
    happened.at = room.now;
    happened.only = true;
    happened.services.front().asks = false;
    const Answer told = room.charger->handle(happened);
    EXPECT_TRUE(told.services.front().overrun_atoms == 2);
    EXPECT_TRUE(room.purse().balance == -2);
    EXPECT_TRUE(room.charger->handle(happened).repeated);
    Request more = report("p1", Action::update, room.sims[0], 1, {2, 2, false});
    more.at = room.now;
    EXPECT_EQ(room.charger->handle(more).why, ChargeReason::session_ended);
    EXPECT_TRUE(room.purse().balance == -2);
}

TEST(Charger, WhatIsHeldIsWorkedOutAgainAlsoWhereAGrantEndsMeanwhile) {
    Room room = room_of(100);
    for (const std::string session : {"a", "b"}) {
        Request request = report(session, Action::start, room.sims[0], 0, {1, 1, false});
        request.at = room.now;
        EXPECT_EQ(room.charger->handle(std::move(request)).services[0].granted, 10);
        room.now = room.now.plus_micros(kMicrosPerDay / 24);
    }
    EXPECT_TRUE(room.purse().held == 20);
    Purses purses = room.charger->purses();
    for (auto& [account, purse] : purses) purse.held = 0;
    room.charger->set_purses(purses, room.now.plus_micros(1));  // two hours after `a` began
    EXPECT_TRUE(room.purse().held == 10);
    room.charger->pass(room.now.plus_micros(kMicrosPerDay / 24));
    EXPECT_TRUE(room.purse().held == 0);
}

}  // namespace
}  // namespace farthing::charging
