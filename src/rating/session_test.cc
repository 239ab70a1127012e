// The first stage: what sessions come to, cut and whole, in one record or in several.
#include "rating/session.h"

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::AtEdge;
using catalog::BandMode;

// One line that calls, in Tallinn.
struct Calls : World {
    AccountId payer = account();
    SubscriptionId line = subscription(payer);
    SessionBook sessions;

    // Publishes with the meter in seconds, and with the bands "peak" (weekdays from eight to
    // eight) and "night" (until four).
    void publish_calls(std::vector<catalog::UsageCharge> charges, std::uint32_t number = 1,
                       std::string_view from = "2026-01-01") {
        publish(number, from, std::move(charges));
        auto version = std::make_shared<catalog::Version>(*versions.back());
        version->meters = {{kData, "voice", "Calls", unit_named("second")}};
        catalog::TimeBand night;
        night.name = "night";
        night.zone = zone;
        for (auto& day : night.days) day = {{0, 4 * 60}};
        catalog::TimeBand peak;
        peak.name = "peak";
        peak.zone = zone;
        for (std::size_t day = 0; day < 5; ++day) peak.days[day] = {{8 * 60, 20 * 60}};
        version->time_bands = {night, peak};
        versions.back() = version;
    }
    // 0.06 a minute, and 0.12 in that band.
    static std::vector<catalog::UsageCharge> banded(std::uint32_t band, AtEdge at_band,
                                                    catalog::Increments increments = {}) {
        auto outside = charge(1, flat("0.06", 60), BandMode::flat);
        outside.at_band = at_band;
        outside.increments = increments;
        auto inside = outside;
        inside.id = {2};
        inside.bands = flat("0.12", 60);
        inside.of_band = "band";
        inside.meter = {};  // so that nothing finds it but the charge it belongs to
        outside.in_bands = {{band, 1}};
        return {outside, inside};
    }
    std::string charged(Instant when, std::int64_t seconds) {
        i128 sum = 0;
        for (const std::int64_t atoms : post({{line, when, seconds}}).rated.charge_atoms)
            sum += atoms;
        return amount(sum);
    }
    // The parts of one session, each in a batch of its own.
    Batch part(Instant when, std::int64_t quantity, bool last = false) {
        Batch batch;
        batch.chunk.in_parts = true;
        batch.chunk.resize(1);
        batch.chunk.subscription[0] = line;
        batch.chunk.start[0] = batch.chunk.end[0] = when;
        batch.chunk.quantity[0] = quantity;
        batch.chunk.meter[0] = kData;
        batch.chunk.session[0] = {7, 7};
        batch.chunk.last_part[0] = last ? 1 : 0;
        rater->rate(batch.chunk, batch.rated, Perspective::retail, sessions);
        batch.deltas = taken_deltas(*rater);
        commit();
        for (const SegmentDelta& delta : batch.deltas)
            posted[delta.payer.value] += delta.charge_atoms;
        return batch;
    }
    std::int64_t on_day(ComponentId component, std::size_t day) {
        const Counter* counter = counters->find({Perspective::retail, OwnerKind::subscription,
                                                 line.value, component, 0, Date::of(2026, 1, 1)});
        return counter == nullptr ? 0 : counter->by_day[day];
    }
};

TEST(Session, ec12_increments) {
    EXPECT_EQ(billable(0, catalog::Increments{60, 6}), 0);
    EXPECT_EQ(billable(1, catalog::Increments{60, 6}), 60);
    EXPECT_EQ(billable(67, catalog::Increments{60, 6}), 72);
}

TEST(Session, ec19_over_the_edge_of_a_band) {
    for (const auto& [at_band, steps, expected] :
         {std::tuple(AtEdge::split, 1, "0.37"), std::tuple(AtEdge::block, 60, "0.42"),
          std::tuple(AtEdge::start, 60, "0.60")}) {
        Calls world;
        world.publish_calls(Calls::banded(1, at_band, {steps, steps}));
        world.open();
        EXPECT_EQ(world.charged(world.local("2026-01-05", 19, 58, 30), 280), expected);
    }
}

TEST(Session, ec19_a_second_that_begins_before_the_edge_has_its_price) {
    Calls world;
    world.publish_calls(Calls::banded(1, AtEdge::split));
    world.open();
    // 89.5 seconds before the edge are 90 that begin before it.
    const Instant start = world.local("2026-01-05", 19, 58, 30).plus_micros(500'000);
    EXPECT_EQ(world.charged(start, 280), "0.37");
}

TEST(Session, ec20_quantity_of_each_local_day) {
    Calls world;
    world.publish_calls(Calls::banded(0, AtEdge::split));
    world.open();
    world.post({{world.line, world.local("2026-01-09", 23, 58), 360}});
    EXPECT_EQ(world.on_day({1}, 8), 120);
    EXPECT_EQ(world.on_day({2}, 9), 240);
    EXPECT_EQ(world.on_day({1}, 9), 0);
}

TEST(Session, ec21_ec22_a_band_ends_when_the_clock_shows_it) {
    Calls world;
    world.publish_calls(Calls::banded(0, AtEdge::split));
    world.open();
    const Instant spring = *parse_rfc3339("2026-03-29T02:50:00+02:00");  // ten minutes of night
    EXPECT_EQ(world.charged(spring, 20 * 60), "1.80");
    const Instant autumn = *parse_rfc3339("2026-10-25T03:50:00+03:00");  // seventy minutes of it
    EXPECT_EQ(world.charged(autumn, 80 * 60), "9.00");
}

TEST(Session, ec19_a_session_of_months_waits_in_suspense) {
    Calls world;
    world.publish_calls(Calls::banded(0, AtEdge::split));
    world.open();
    const auto batch = world.rate({{world.line, world.local("2026-01-05"), kQuantityMax}});
    EXPECT_EQ(batch.chunk.reason[0], SuspenseReason::charge_out_of_range);
    EXPECT_TRUE(world.stored.empty());
}

TEST(Session, ec24_split_at_a_new_version) {
    for (const auto& [at_change, expected] :
         {std::pair(AtEdge::start, "0.30"), std::pair(AtEdge::split, "0.50")}) {
        Calls world;
        auto before = charge(1, flat("0.10", 60), BandMode::flat);
        before.at_price_change = at_change;
        auto after = before;
        after.bands = flat("0.20", 60);
        world.publish_calls({before}, 1);
        world.publish_calls({after}, 2, "2026-01-15");
        world.open();
        EXPECT_EQ(world.charged(world.local("2026-01-14", 23, 59), 180), expected);
    }
}

TEST(Session, ec24_a_surcharge_is_charged_once_where_the_session_begins) {
    Calls world;
    auto before = charge(1, flat("0.10", 60), BandMode::flat);
    before.at_price_change = AtEdge::split;
    auto after = before;
    after.bands = flat("0.20", 60);
    auto surcharge = charge(2, flat("0.01", 60), BandMode::flat);
    surcharge.adds = true;
    world.publish_calls({before, surcharge}, 1);
    world.publish_calls({after, surcharge}, 2, "2026-01-15");
    world.open();
    EXPECT_EQ(world.charged(world.local("2026-01-14", 23, 59), 180), "0.53");
}

TEST(Session, ec24_a_session_that_can_not_be_priced_whole_is_not_priced_in_part) {
    Calls world;
    auto before = charge(1, flat("0.10", 60), BandMode::flat);
    before.at_price_change = AtEdge::split;
    auto after = before;
    after.bands = flat("900000000", 1);
    world.publish_calls({before}, 1);
    world.publish_calls({after}, 2, "2026-01-15");
    world.open();
    const auto batch = world.rate({{world.line, world.local("2026-01-14", 23, 59), 180}});
    EXPECT_EQ(batch.chunk.reason[0], SuspenseReason::charge_out_of_range);
    EXPECT_EQ(batch.chunk.start[0], world.local("2026-01-14", 23, 59));
    EXPECT_EQ(batch.rated.size(), 0U);
    EXPECT_TRUE(world.stored.empty());
}

TEST(Session, ec16_minimum_is_kept_exactly_over_batches) {
    Calls world;
    auto calls = charge(1, flat("0.12", 60), BandMode::flat);
    calls.minimum = Decimal::parse("0.03");
    world.publish_calls({calls});
    world.open();
    EXPECT_EQ(world.charged(world.local("2026-01-05"), 6), "0.03");
    world.reopen();
    EXPECT_EQ(world.charged(world.local("2026-01-06"), 14), "0.03");
    EXPECT_EQ(world.charged(world.local("2026-01-06"), 15), "0.03");
    EXPECT_EQ(world.charged(world.local("2026-01-06"), 16), "0.032");
    EXPECT_EQ(world.charged(world.local("2026-01-06"), 0), "0.00");
    const Counter* counter = world.counters->find({Perspective::retail,
                                                   OwnerKind::subscription,
                                                   world.line.value,
                                                   {1},
                                                   0,
                                                   Date::of(2026, 1, 1)});
    ASSERT_NE(counter, nullptr);
    const auto priced = price_segments(world.catalog, *world.directory, *counter);
    EXPECT_EQ(priced[0].price, Exact(i128{122}, i128{1000}));
    EXPECT_EQ(counter->segments[0].session_totals(), (SessionTotals{0, 2, 20}));
}

TEST(Session, ec17_grace) {
    Calls world;
    auto calls = charge(1, flat("0.12", 60), BandMode::flat);
    calls.grace = 3;
    calls.increments = {60, 60};
    calls.connection_fee = Decimal::parse("0.05");
    world.publish_calls({calls});
    world.open();
    EXPECT_EQ(world.charged(world.local("2026-01-05"), 3), "0.00");
    EXPECT_EQ(world.charged(world.local("2026-01-05"), 4), "0.17");
}

TEST(Session, ec14_fee_on_answer) {
    Calls world;
    auto calls = charge(1, flat("0.12", 60), BandMode::flat);
    calls.connection_fee = Decimal::parse("0.05");
    calls.fee_on_answer = true;
    world.publish_calls({calls});
    world.open();
    EXPECT_EQ(world.charged(world.local("2026-01-05"), 0), "0.05");
    UsageChunk chunk = World::chunk_of({{world.line, world.local("2026-01-05"), 0}});
    chunk.tells_answer = true;
    chunk.unanswered = {1};
    RatedChunk rated;
    world.rater->rate(chunk, rated);
    EXPECT_EQ(rated.charge_atoms[0], 0);
    EXPECT_EQ(chunk.outcome[0], Outcome::zero_rated);
}

TEST(Session, ec15_parts_of_a_call_pay_one_fee) {
    Calls world;
    auto calls = charge(1, flat("0.12", 60), BandMode::flat);
    calls.connection_fee = Decimal::parse("0.05");
    world.publish_calls({calls});
    world.open();
    world.part(world.local("2026-01-05", 12, 0), 60);
    world.part(world.local("2026-01-05", 12, 1), 60);
    world.part(world.local("2026-01-05", 12, 2), 60, true);
    EXPECT_EQ(world.posted_to(world.payer), "0.41");
    const Hash128 key{mix64(7, kData.value), mix64(7, world.line.value)};
    EXPECT_EQ(world.sessions.find(key)->closed, world.local("2026-01-05", 12, 2));
    world.part(world.local("2026-01-05", 12, 0), 60);  // it comes after the last, and belongs to it
    EXPECT_EQ(world.posted_to(world.payer), "0.53");
    world.part(world.local("2026-01-06", 12, 0), 60);  // the same number, of another call
    EXPECT_EQ(world.posted_to(world.payer), "0.70");
    EXPECT_EQ(world.sessions.find(key)->closed, Instant::max());
}

TEST(Session, ec35_parts_round_up_once) {
    Calls world;
    auto data = charge(1, flat("0.10", kMb), BandMode::flat);
    data.increments = {kMb, kMb};
    world.publish_calls({data});
    world.open();
    std::vector<std::int64_t> added;
    for (int i = 0; i < 3; ++i) {
        added.push_back(world.part(world.local("2026-01-05", 12, i), 400'000).rated.billable[0] /
                        kMb);
    }
    EXPECT_EQ(added, (std::vector<std::int64_t>{1, 0, 1}));
    EXPECT_EQ(world.posted_to(world.payer), "0.20");
}

TEST(Session, ec16_parts_leave_the_minimum_behind) {
    Calls world;
    auto calls = charge(1, flat("0.12", 60), BandMode::flat);
    calls.minimum = Decimal::parse("0.03");
    world.publish_calls({calls});
    world.open();
    world.part(world.local("2026-01-05", 12, 0), 6);
    EXPECT_EQ(world.posted_to(world.payer), "0.03");
    const auto beyond = world.part(world.local("2026-01-05", 12, 1), 24, true);
    EXPECT_EQ(world.posted_to(world.payer), "0.06");
    EXPECT_EQ(beyond.rated.below[0], -1);
    EXPECT_EQ(beyond.rated.below_quantity[0], -6);
}

// However a call is cut into records, it costs what it costs in one.
TEST(Session, ec15_ec19_parts_add_up_to_the_whole) {
    for (const AtEdge at_band : {AtEdge::split, AtEdge::block, AtEdge::start}) {
        for (const AtEdge at_change : {AtEdge::start, AtEdge::split, AtEdge::block}) {
            const auto run = [&](const std::vector<std::int64_t>& parts) {
                Calls world;
                auto charges = Calls::banded(1, at_band, {60, 6});
                for (auto& one : charges) {
                    one.at_price_change = at_change;
                    one.connection_fee = Decimal::parse("0.05");
                    if (at_change == AtEdge::start) one.minimum = Decimal::parse("0.20");
                }
                world.publish_calls(charges, 1);
                charges[0].bands = flat("0.30", 60);
                charges[1].bands = flat("0.60", 60);
                world.publish_calls(charges, 2, "2026-01-06");
                world.open();
                Instant at = world.local("2026-01-05", 19, 58, 30);
                for (const std::int64_t part : parts) {
                    world.part(at, part);
                    at = at.plus_micros(part * kMicrosPerSecond);
                }
                return world.posted_to(world.payer);
            };
            const std::string whole = run({20'003});
            EXPECT_EQ(run({1, 88, 1, 1, 19'912}), whole);
            EXPECT_EQ(run({90, 14'400, 5'513}), whole);
            EXPECT_EQ(run({14'490, 1, 5'512}), whole);
        }
    }
}

}  // namespace
}  // namespace farthing::rating::testing
