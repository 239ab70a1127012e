#include <gtest/gtest.h>

#include "catalog/mistakes.h"
#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

NetworkKey network(std::string_view text) {
    return NetworkKey::parse(text);
}

std::string applying(const Version& version, std::string_view meter, std::string_view on) {
    const Plan& plan = version.plans.front();
    std::string names;
    for (const std::uint32_t i : plan.applying(version.meter_named(meter)->id, network(on))) {
        names += (names.empty() ? "" : " + ") + plan.charges[i].name;
    }
    return names;
}

TEST(Compile, SmartCitySaysTheFiguresOfTheStory) {
    const auto compiled = compile_files(folder("smart-city"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Version& version = **compiled;
    EXPECT_EQ(version.currency.code(), "EUR");
    EXPECT_EQ(version.zone.name(), "Europe/Tallinn");
    EXPECT_EQ(to_rfc3339(version.valid_from), "2025-12-31T22:00:00Z");
    EXPECT_EQ(version.line_rounding, Rounding::half_even);
    EXPECT_EQ(version.line_digits, 2);
    EXPECT_FALSE(version.documents.group_per_account);
    const Plan* lamp = version.plan_named("lamp");
    ASSERT_NE(lamp, nullptr);
    const Fee& lease = lamp->fees.at(0);
    EXPECT_EQ(lease.amount.exact(), Exact(1, 10));
    EXPECT_EQ(lease.text, "0.10 per lamp and day");
    EXPECT_EQ(lease.every, FeeEvery::day);
    EXPECT_EQ(lease.shares.at(0).percent, Exact(30));
    const UsageCharge& energy = lamp->charges.at(0);
    // 1 kWh is 3,600,000 J: a joule costs 5e-5 / 3.6e6.
    EXPECT_EQ(energy.bands.at(0).price.exact(), Exact(5, 100'000) / Exact(3'600'000));
    EXPECT_EQ(energy.bands.at(0).price.text, "0.00005 per kWh");
    EXPECT_EQ(energy.shares.at(0).partner_name, "lamp-vendor");
    EXPECT_TRUE(version.taxes.empty());
}

TEST(Compile, MultilineTruncatesLinesAndRoundsThePayable) {
    const auto compiled = compile_files(folder("multiline"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Version& version = **compiled;
    EXPECT_EQ(version.line_rounding, Rounding::toward_zero);
    EXPECT_EQ(version.line_digits, 4);
    EXPECT_EQ(version.payable_rounding, Rounding::half_away);
    EXPECT_EQ(version.payable_digits, 2);
    const Fee& fee = version.plan_named("number-monthly")->fees.at(0);
    EXPECT_EQ(fee.text, "5.00 per number and month");
    EXPECT_EQ(fee.timing, FeeTiming::arrears);
    EXPECT_EQ(fee.prorate, Prorate::calendar_days);
}

TEST(Compile, SimPoolHasAPoolAndAPriceListByCountry) {
    const auto compiled = compile_files(folder("sim-pool"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Version& version = **compiled;
    const UsageCharge& pool = version.plan_named("pooled-50")->charges.at(0);
    ASSERT_TRUE(pool.allowance);
    EXPECT_EQ(pool.allowance->quantity, 50'000'000);
    EXPECT_FALSE(pool.allowance->per_pool);
    EXPECT_EQ(pool.allowance->shared_by, SharedBy::account);
    const Plan* roaming = version.plan_named("pay-as-you-go");
    const UsageCharge& abroad = roaming->charges.at(0);
    const Deck* list = version.deck(abroad);
    ASSERT_NE(list, nullptr);
    EXPECT_EQ(list->row(network("234-15").value, version.valid_from)->price.text, "0.10 per MB");
    EXPECT_EQ(list->row(network("234").value, version.valid_from)->price.text, "0.12 per MB");
    EXPECT_EQ(list->row(network("999").value, version.valid_from), nullptr);
    EXPECT_EQ(abroad.increments, (Increments{1000, 1000}));
    EXPECT_EQ(roaming->charges.at(1).bands.at(1).to, 500'000'000);
    EXPECT_EQ(roaming->discounts.at(1).on, std::vector{roaming->charges.at(1).id});
}

TEST(Compile, TheStrictlyNarrowerConditionApplies) {
    const auto compiled = compile_text(around(R"(
      - {usage: data, price: 1 per MB, name: rest}
      - {usage: data, price: 2 per MB, name: union, when: {zone: eu}}
      - {usage: data, price: 3 per MB, name: estonia, when: {zone: ee}}
      - {usage: data, price: 4 per MB, name: telia, when: {networks: ["248-01"]}}
      - {usage: data, price: 5 per MB, name: extra, adds: true}
      - {usage: data, price: 6 per MB, name: north, adds: true, when: {zone: north}}
      - {usage: sms, price: 1 per message, name: texts, when: {zone: eu}}
      - {usage: sms, price: 1 per message, name: alone, adds: true, when: {networks: ["310"]}}
)"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Version& version = **compiled;
    EXPECT_EQ(applying(version, "data", "310-410"), "rest + extra");
    EXPECT_EQ(applying(version, "data", "262-01"), "union + extra");
    EXPECT_EQ(applying(version, "data", "248-02"), "estonia + extra + north");
    EXPECT_EQ(applying(version, "data", "248"), "estonia + extra + north");
    EXPECT_EQ(applying(version, "data", "248-01"), "telia + extra + north");
    EXPECT_EQ(applying(version, "data", "244-05"), "rest + extra + north");
    EXPECT_EQ(applying(version, "data", ""), "rest + extra");
    EXPECT_EQ(applying(version, "sms", "248-01"), "texts");
    EXPECT_EQ(applying(version, "sms", "244"), "");
    EXPECT_EQ(applying(version, "sms", "310"), "");  // a surcharge alone prices nothing
}

TEST(Compile, PricesStayAsWritten) {
    const auto compiled =
        compile_text(around("      - {fee: a, amount: 0.10, per: subscription month}\n"
                            "      - {usage: data, price: 0.000000000000000001 per MB}\n"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Plan& plan = (*compiled)->plans.front();
    EXPECT_EQ(plan.fees[0].text, "0.10 per subscription and month");
    EXPECT_EQ(plan.fees[0].amount.exact(), Exact(1, 10));
    EXPECT_EQ(plan.charges[0].bands[0].price.exact(),
              Exact(1, 1'000'000'000'000'000'000) / Exact(1'000'000));
}

TEST(Compile, IdsStayOverVersionsAndARefusedCatalogUsesNone) {
    NameTable names;
    CatalogRecord record{
        .version = {1}, .name = {}, .valid_from = Instant::min(), .hash = {}, .files = {}};
    record.files = {
        {"catalog.yaml",
         around("      - {usage: data, price: 1 per MB}\n      - {usage: sms, price: nothing}\n")}};
    ASSERT_FALSE(compile(record, names));
    EXPECT_TRUE(names.rows().empty());
    record.files[0].text = around("      - {usage: data, price: 1 per MB}\n");
    const auto first = compile(record, names);
    record.files[0].text = around(
        "      - {usage: sms, price: 1 per message}\n      - {usage: data, price: 2 per MB}\n");
    const auto second = compile(record, names);
    ASSERT_TRUE(first && second);
    EXPECT_EQ((*first)->plans[0].charges[0].id, (*second)->plans[0].charges[1].id);
    EXPECT_EQ(names.name_of(NameTable::Kind::component, (*first)->plans[0].charges[0].id.value),
              "p/data");
}

TEST(Compile, FurtherFilesAreMergedByTopLevelKeys) {
    const std::string plan =
        "plans:\n  - plan: q\n    charges: [{usage: data, price: 1 per MB}]\nmeters: {energy: "
        "{unit: joule}}\n";
    const auto merged =
        compile_files({{"catalog.yaml", around("      - {usage: data, price: 1 per MB}\n")},
                       {"more.yaml", plan},
                       {"feeds/f.yaml", "feed: x"}});
    ASSERT_TRUE(merged) << told(merged);
    EXPECT_NE((*merged)->plan_named("q"), nullptr);
    EXPECT_NE((*merged)->meter_named("energy"), nullptr);
    const auto twice =
        compile_files({{"catalog.yaml", around("      - {usage: data, price: 1 per MB}\n")},
                       {"more.yaml", "currency: USD\n"}});
    EXPECT_EQ(told(twice),
              "more.yaml:1:1: `currency` stands in two files, first at catalog.yaml:2:1 "
              "(duplicate_key). Say it in one of the files.\n");
}

TEST(Compile, DayFeesDiscountsAndSharesOfThePlan) {
    const auto compiled = compile_text(
        around("      - {fee: a, amount: 1, per: account month, in: advance, prorate: none, "
               "uncovered: owe}\n"
               "      - {usage: data, price: 1 per MB, shares: []}\n"
               "      - {usage: data, price: 1 per MB, when: {zone: eu}}\n",
               "    shares: [{partner: vendor, percent: 12.5}]\n"
               "    discounts: [{percent: 10, on: data}, {amount: 5.00, on: a}, {percent: 1, on: "
               "data}]\n"));
    ASSERT_TRUE(compiled) << told(compiled);
    const Plan& plan = (*compiled)->plans.front();
    EXPECT_EQ(plan.fees[0].per, FeePer::account);
    EXPECT_EQ(plan.fees[0].timing, FeeTiming::advance);
    EXPECT_EQ(plan.fees[0].prorate, Prorate::none);
    EXPECT_TRUE(plan.fees[0].owed_if_uncovered);
    EXPECT_EQ(plan.fees[0].shares[0].percent, Exact(25, 2));
    EXPECT_TRUE(plan.charges[0].shares.empty());
    EXPECT_EQ(plan.charges[1].shares.size(), 1U);
    EXPECT_EQ(
        plan.discounts[0].on,
        (std::vector{plan.charges[0].id, plan.charges[1].id}));  // a meter's name: all its charges
    EXPECT_EQ(plan.discounts[1].on, std::vector{plan.fees[0].id});
    EXPECT_EQ(plan.discounts[2].name, "discount on data 2");
}

TEST(Snapshot, TheVersionInForceGoesByValidFrom) {
    const std::string text = around("      - {usage: data, price: 1 per MB}\n");
    auto january = *compile_files({{"catalog.yaml", text}}, Instant::from_seconds(1'000));
    auto june = *compile_files({{"catalog.yaml", text}}, Instant::from_seconds(2'000));
    const Snapshot snapshot({june, january});
    EXPECT_EQ(snapshot.at(Instant::from_seconds(999)), nullptr);
    EXPECT_EQ(snapshot.at(Instant::from_seconds(1'000)), january.get());
    EXPECT_EQ(snapshot.at(Instant::from_seconds(2'000)), june.get());
    EXPECT_EQ(snapshot.in_force_until(Instant::from_seconds(1'500)), Instant::from_seconds(2'000));
    EXPECT_EQ(snapshot.in_force_until(Instant::from_seconds(2'500)), Instant::max());
    EXPECT_EQ(&snapshot.newest(), june.get());
}

}  // namespace
}  // namespace farthing::catalog
