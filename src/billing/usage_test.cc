#include <gtest/gtest.h>

#include "billing/billing_world.h"

namespace farthing::billing {
namespace {

using Lines = std::vector<std::string>;

constexpr std::int64_t kMb = 1'000'000;
constexpr LedgerAccount kPartner{LedgerKind::partner, 1};
// The city rents lamps in twelve districts: each burns 440 MJ·0.108 = 13.2 kWh in June.
World smart_city(std::int64_t lamps) {
    World world("EUR", 2);
    catalog::Plan& plan = world.plan("lamp");
    catalog::Fee& lease = world.fee(plan, "0.10");
    lease.every = catalog::FeeEvery::day;
    lease.unit = "lamp";
    lease.shares = {World::share(1, 30)};
    catalog::UsageCharge& energy = world.usage(plan, "0.00005", "kWh", 2);
    energy.shares = {World::share(1, 30)};
    const AccountId city = world.account("city");
    for (int i = 1; i <= 12; ++i) world.account("district " + std::to_string(i), "city", false);
    constexpr std::int64_t kJoulesOfJune = 2'400LL * 60 * 11 * 30;
    for (std::int64_t lamp = 0; lamp < lamps; ++lamp) {
        const auto id =
            world.subscribe("district " + std::to_string(lamp % 12 + 1), plan.id, day(6, 1));
        world.counter(energy.id, OwnerKind::subscription, id.value, kJune, city, kJoulesOfJune);
    }
    return world;
}

TEST(SmartCity, MicroChargesAndShares) {
    struct Case {
        std::int64_t lamps;
        std::string energy, net, kept, share;
    };
    for (const Case& c : {Case{200, "0.13", "600.13", "420.09", "180.04"},
                          Case{2'000, "1.32", "6001.32", "4200.92", "1800.40"}}) {
        const World world = smart_city(c.lamps);
        const Bill bill = world.bill("city", kJune);
        ASSERT_EQ(bill.invoice.lines.size(), 2U);
        const InvoiceLine& energy = bill.invoice.lines[1];
        EXPECT_EQ(energy.amount.to_string(2), c.energy);
        EXPECT_EQ(energy.unit, "kWh");
        EXPECT_EQ(energy.details.size(), 12U);
        EXPECT_EQ(bill.invoice.net.to_string(2), c.net);
        ASSERT_EQ(bill.statements.size(), 1U);
        EXPECT_EQ(bill.statements[0].kept.to_string(2), c.kept);
        EXPECT_EQ(bill.statements[0].share.to_string(2), c.share);
        // What rating posted and what the document posts together are what the partner is owed.
        i128 rated = 0;
        for (const auto& counter : world.counters)
            rated += counter->segments[0].posted_shares[0].second;
        EXPECT_TRUE(-moved(bill.entries, kPartner) + rated == bill.statements[0].share.atoms);
    }
    EXPECT_EQ(smart_city(200).bill("city", kJune).invoice.lines[1].arithmetic,
              "2640 kWh × 0.00005 per kWh");
}

TEST(Usage, TheDetailsOfALineSumToIt) {
    const Bill bill = smart_city(200).bill("city", kJune);
    for (const InvoiceLine& line : bill.invoice.lines) {
        i128 sum = 0;
        Exact exact;
        for (const LineDetail& detail : line.details) {
            sum += detail.attributed.atoms;
            exact += detail.exact;
        }
        EXPECT_TRUE(sum == line.amount.atoms);
        EXPECT_EQ(exact, line.exact);
    }
}

TEST(Usage, EC67_ManyCountersRoundOnce) {
    for (const auto& [sims, digits, expected] :
         {std::tuple(6, 2, "0.00"), std::tuple(7, 2, "0.01"), std::tuple(60, 4, "0.0500")}) {
        World world("EUR", digits, digits == 4 ? Rounding::toward_zero : Rounding::half_even);
        catalog::Plan& plan = world.plan();
        catalog::UsageCharge& voice = world.usage(plan, "0.05", "minute", 3);
        const AccountId account = world.account("A");
        for (int i = 0; i < sims; ++i) {
            const auto id = world.subscribe("A", plan.id, day(6, 1));
            world.counter(voice.id, OwnerKind::subscription, id.value, kJune, account, 1);
        }
        EXPECT_EQ(total(world.bill("A", kJune).invoice), expected);
    }
}

TEST(Usage, EC67_HalfAwayMakesACentOfSixSims) {
    World world("EUR", 2, Rounding::half_away);
    catalog::Plan& plan = world.plan();
    catalog::UsageCharge& voice = world.usage(plan, "0.05", "minute", 3);
    const AccountId account = world.account("A");
    for (int i = 0; i < 6; ++i) {
        const auto id = world.subscribe("A", plan.id, day(6, 1));
        world.counter(voice.id, OwnerKind::subscription, id.value, kJune, account, 1);
    }
    EXPECT_EQ(total(world.bill("A", kJune).invoice), "0.01");
}

// Two SIMs share 100 MB.
World pool(std::int64_t first_mb, std::int64_t second_mb) {
    World world("EUR", 2);
    catalog::Plan& plan = world.plan("pooled-50");
    catalog::UsageCharge& data = world.usage(plan, "0.05", "MB");
    data.allowance =
        catalog::Allowance{50 * kMb, false, catalog::SharedBy::account, "50 MB per subscription"};
    const AccountId account = world.account("A");
    const auto one = world.subscribe("A", plan.id, day(1, 1));
    const auto two = world.subscribe("A", plan.id, day(1, 1));
    auto& counter = world.counter(data.id, OwnerKind::account, account.value, kJune, account,
                                  (first_mb + second_mb) * kMb);
    counter.members = {{one, first_mb * kMb}, {two, second_mb * kMb}};
    counter.by_day.resize(30);
    counter.by_day.add(4, (first_mb + second_mb) * kMb);
    return world;
}

TEST(Pools, OverageIsAttributedProRata) {
    const Bill bill = pool(70, 50).bill("A", kJune);
    ASSERT_EQ(bill.invoice.lines.size(), 1U);
    const InvoiceLine& line = bill.invoice.lines[0];
    EXPECT_EQ(line.amount.to_string(2), "1.00");
    EXPECT_EQ(line.arithmetic, "20 MB × 0.05 per MB");
    EXPECT_EQ(line.allowance, 100 * kMb);
    EXPECT_EQ(line.used, 120 * kMb);
    EXPECT_EQ(line.usage_by_day[4], 120 * kMb);
    ASSERT_EQ(line.details.size(), 2U);
    EXPECT_EQ(line.details[0].subject, "SIM-1");
    EXPECT_EQ(line.details[0].quantity, "70 MB");
    EXPECT_EQ(line.details[0].note, "of 120 MB in the pool");
    EXPECT_EQ(line.details[0].attributed.to_string(2), "0.58");
    EXPECT_EQ(line.details[1].attributed.to_string(2), "0.42");
}

TEST(Pools, WithinTheAllowanceTheLineShowsUseAndCostsNothing) {
    const World world = pool(40, 50);
    const Bill bill = world.bill("A", kJune);
    EXPECT_EQ(shown(bill.invoice), (Lines{"90 0.00"}));
    EXPECT_EQ(bill.invoice.lines[0].arithmetic, "within what is included");
    EXPECT_TRUE(world.bill("A", kJune, world.after(bill)).invoice.lines.empty());
}

TEST(Usage, EC59_EachPayerPaysThePieceOfItsTimes) {
    World world("EUR", 2);
    catalog::Plan& plan = world.plan();
    catalog::UsageCharge& data = world.usage(plan, "0.10", "MB");
    data.mode = catalog::BandMode::graduated;
    data.bands = {{100 * kMb, world.price("0.10", "MB", 1)},
                  {INT64_MAX, world.price("0.05", "MB", 1)}};
    const AccountId a = world.account("A");
    const AccountId b = world.account("B", "A", false);
    world.pays_from("B", day(6, 16), true);
    const auto id = world.subscribe("B", plan.id, day(1, 1));
    auto& counter = world.counter(data.id, OwnerKind::subscription, id.value, kJune, a, 110 * kMb);
    rating::Segment second = counter.segments[0];
    second.start = TimeZone::utc().start_of(day(6, 16));
    second.payer = b;
    second.quantity = 60 * kMb;
    counter.segments.push_back(second);
    const Bill first = world.bill("A", kJune);
    EXPECT_EQ(total(first.invoice), "10.50");
    EXPECT_EQ(first.invoice.lines[0].arithmetic, "100 MB × 0.10 per MB + 10 MB × 0.05 per MB");
    EXPECT_EQ(total(world.bill("B", kJune).invoice), "3.00");
}

TEST(Decks, OneLineWithARowPerDestination) {
    World world("EUR", 2);
    catalog::Plan& plan = world.plan();
    catalog::UsageCharge& voice = world.usage(plan, "0", "minute", 3);
    voice.bands.clear();
    voice.priced_by = catalog::PricedBy::prefix_deck;
    voice.rates = "az";
    std::vector<catalog::RateRow> rows;
    for (const auto& [prefix, name, price] :
         {std::tuple("44", "United Kingdom", "0.60"), std::tuple("372", "Estonia", "0.30")}) {
        catalog::RateRow row;
        row.key = catalog::deck_key(prefix);
        row.prefix = prefix;
        row.name = name;
        row.price = world.price(price, "minute", 3);
        rows.push_back(row);
    }
    rows[0].connection_fee = World::decimal("0.05");
    world.version->decks["az"] = catalog::Deck("az", rows);
    const AccountId account = world.account("A");
    const auto id = world.subscribe("A", plan.id, day(1, 1));
    auto& uk = world.counter(voice.id, OwnerKind::subscription, id.value, kJune, account, 90,
                             catalog::deck_key("44"));
    uk.segments[0].sessions = 2;
    world.counter(voice.id, OwnerKind::subscription, id.value, kJune, account, 60,
                  catalog::deck_key("372"));
    const Bill bill = world.bill("A", kJune);
    ASSERT_EQ(bill.invoice.lines.size(), 1U);
    const InvoiceLine& line = bill.invoice.lines[0];
    EXPECT_EQ(line.amount.to_string(2), "1.30");
    EXPECT_EQ(
        line.arithmetic,
        "1.5 minute × 0.60 per minute + 1 minute × 0.30 per minute + 2 × 0.05 connection fee");
    ASSERT_EQ(line.details.size(), 2U);
    EXPECT_EQ(line.details[0].subject, "Estonia");
    EXPECT_EQ(line.details[1].attributed.to_string(2), "1.00");
}

// One SIM at 0.001 per MB with a partner's 30 %.
struct Late {
    World world{"EUR", 2};
    rating::Counter* counter = nullptr;
    AccountId account;
    explicit Late(std::int64_t mb) {
        catalog::Plan& plan = world.plan();
        catalog::UsageCharge& data = world.usage(plan, "0.001", "MB");
        data.shares = {World::share(1, 30)};
        account = world.account("A");
        const auto id = world.subscribe("A", plan.id, day(1, 1));
        counter =
            &world.counter(data.id, OwnerKind::subscription, id.value, kJune, account, mb * kMb);
    }
    // Unbilled value after all documents: what rating posted, and what they did.
    i128 unbilled(const World::Earlier& earlier) const {
        return counter->segments[0].posted_atoms +
               moved(earlier.posted, {LedgerKind::unbilled, account.value});
    }
};

TEST(LateUsage, EC72_IsTheCleanTotalLessWhatWasBilled) {
    Late late(124);
    const Bill june = late.world.bill("A", kJune);
    EXPECT_EQ(total(june.invoice), "0.12");
    const auto first = late.world.after(june);
    EXPECT_TRUE(late.unbilled(first) == late.world.money("0.12").atoms);
    EXPECT_TRUE(late.world.bill("A", kJune, first).invoice.lines.empty());
    EXPECT_TRUE(late.world.bill("A", kJune, first).entries.empty());

    late.counter->segments[0].quantity = 128 * kMb;
    const Bill july = late.world.bill("A", month(2026, 7), first);
    ASSERT_EQ(july.invoice.lines.size(), 1U);
    const InvoiceLine& line = july.invoice.lines[0];
    EXPECT_EQ(line.amount.to_string(2), "0.01");
    EXPECT_EQ(line.already_billed.to_string(2), "0.12");
    EXPECT_EQ(to_string(line.period), "2026-06-01..2026-06-30");
    EXPECT_EQ(line.exact, Exact(8, 1000));
    const auto second = late.world.after(july, first);
    EXPECT_TRUE(late.unbilled(second) == late.world.money("0.13").atoms);
    EXPECT_TRUE(late.counter->segments[0].posted_shares[0].second -
                    moved(second.posted, kPartner) ==
                june.statements[0].share.atoms + july.statements[0].share.atoms);

    late.counter->segments[0].quantity = 4 * kMb;
    const Bill august = late.world.bill("A", month(2026, 8), second);
    EXPECT_EQ(total(august.invoice), "-0.13");
    EXPECT_TRUE(late.unbilled(late.world.after(august, second)) == 0);
}

TEST(Shares, EC06_AreSplitOnTheSumNotOnEachCharge) {
    for (const auto& [mb, kept, share] :
         {std::tuple(50, "0.04", "0.01"), std::tuple(50'000, "35.00", "15.00")}) {
        const Bill bill = Late(mb).world.bill("A", kJune);
        ASSERT_EQ(bill.statements.size(), 1U);
        EXPECT_EQ(bill.statements[0].kept.to_string(2), kept);
        EXPECT_EQ(bill.statements[0].share.to_string(2), share);
    }
}

TEST(Shares, FixedPartsOfAFeeAreProratedWithIt) {
    World world("EUR", 2);
    catalog::Plan& plan = world.plan();
    catalog::Fee& fee = world.fee(plan, "10.00");
    catalog::Share share = World::share(1, 0);
    share.amount = World::decimal("4.00");
    fee.shares = {share};
    world.account("A");
    world.subscribe("A", plan.id, day(6, 16), 3);
    const Bill bill = world.bill("A", kJune);
    EXPECT_EQ(total(bill.invoice), "15.00");
    EXPECT_EQ(bill.statements.at(0).share.to_string(2), "6.00");
    EXPECT_TRUE(-moved(bill.entries, kPartner) == world.money("6.00").atoms);
}

}  // namespace
}  // namespace farthing::billing
