// What a charge says about its counter: windows, packages, percentages, caps, changes.
#include <gtest/gtest.h>

#include "catalog/describe.h"
#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

Compiled shop(const std::string& keys) {
    return compile_text(around("      - {usage: data, " + keys + "}\n"));
}

Compiled till(const std::string& keys, const std::string& unit = "EUR") {
    return compile_text(
        "catalog: shop\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
        "meters: {sales: {unit: " +
        unit + "}}\nplans: [{plan: p, charges: [{usage: sales, " + keys + "}]}]\n");
}

std::string words(const std::string& keys) {
    const auto version = shop(keys);
    EXPECT_TRUE(version) << keys << "\n" << told(version);
    if (!version) return {};
    return price_text((*version)->plans[0].charges[0], *(*version)->meter_named("data"));
}

TEST(Shapes, AreToldInThePriceList) {
    EXPECT_EQ(words("window: hour, graduated: [{to: 10 MB, price: 0 per MB}, {price: 2 per MB}]"),
              "0 per MB up to 10 MB, then 2 per MB, in each hour");
    EXPECT_EQ(words("package: 5.00 per 100 MB, price_cap: 30.00"),
              "5.00 per 100 MB, each one begun, at most 30");
    EXPECT_EQ(words("round_up: 1 MB per day, price: 1 per MB"),
              "1 per MB, in each day rounded up to 1 MB");
    EXPECT_EQ(words("on_change: restart, volume: [{to: 1 MB, price: 2 per MB}, {price: 1 per MB}]"),
              "2 per MB up to 1 MB, then 1 per MB (the band reached prices all of it), anew where "
              "the price or the payer changes");
}

TEST(Shapes, AreCompiled) {
    const auto version = shop(
        "window: day, round_up: 1 MB per day, allowance: {quantity: 5 MB per subscription}, "
        "package: 5.00 per 100 MB, price_cap: 9.50");
    ASSERT_TRUE(version) << told(version);
    const UsageCharge& charge = (*version)->plans[0].charges[0];
    EXPECT_EQ(charge.window, Window::day);
    EXPECT_EQ(charge.step, 1'000'000);
    EXPECT_EQ(charge.block, 100'000'000);
    EXPECT_EQ(charge.cap->to_string(), "9.5");
    EXPECT_FALSE(charge.restarts);
    EXPECT_EQ(charge.increments, Increments{});
}

TEST(Shapes, PercentagesAreOfMoneyInMillionths) {
    const auto version = till(
        "graduated: [{to: 1000.00, percent: 15}, {to: 2000.5 EUR, price: 0.12 per EUR}, "
        "{percent: 10}]");
    ASSERT_TRUE(version) << told(version);
    const UsageCharge& charge = (*version)->plans[0].charges[0];
    EXPECT_EQ(charge.bands[0].to, 1'000'000'000);
    EXPECT_EQ(charge.bands[1].to, 2'000'500'000);
    EXPECT_EQ(charge.bands[0].price.exact(), Exact(15, 100'000'000));
    EXPECT_EQ(charge.bands[1].price.exact(), Exact(12, 100'000'000));
    const Meter& meter = *(*version)->meter_named("sales");
    EXPECT_EQ(price_text(charge, meter),
              "15 % up to 1000.00 EUR, then 0.12 per EUR up to 2000.50 EUR, then 10 %");
}

TEST(Shapes, WhatCanNotBePricedIsRefusedByName) {
    const std::string allowance = "allowance: {quantity: 1 MB per subscription}";
    const std::string tiers = "graduated: [{to: 1 MB, price: 2 per MB}, {price: 1 per MB}]";
    const std::pair<std::string, std::string> cases[] = {
        {"round_up: 1 MB per day, " + tiers, "rounding up per day what tiers, packages, a cap"},
        {"round_up: 1 MB per day, price: 1 per MB, " + allowance, "rounding up per day what tiers"},
        {"round_up: 1 MB per day, price: 1 per MB, price_cap: 5", "rounding up per day what tiers"},
        {"round_up: 1 MB per day, price: 1 per MB, minimum: 1", "a minimum with an allowance"},
        {"window: day, price_cap: 5, price: 1 per MB, connection_fee: 1",
         "a cap beside `connection_fee` is not priced"},
        {"price_cap: 5, price: 1 per MB, minimum: 1", "a cap beside `minimum` is not priced"},
        {"on_change: restart, " + tiers + ", " + allowance,
         "giving an allowance anew where the price or the payer changes is not priced"},
    };
    for (const auto& [keys, message] : cases) {
        const std::string text = told(shop(keys));
        EXPECT_NE(text.find(message), text.npos) << keys << "\n" << text;
        EXPECT_NE(text.find("(not_supported)"), text.npos) << text;
    }
    for (const std::string key :
         {"window: day", "price_cap: 5", "on_change: restart", "round_up: 1 MB per day"}) {
        const auto version =
            compile_text(around("      - {usage: data, price_list: roaming, " + key + "}\n",
                                "price_lists: {roaming: {file: deck.csv, by: mcc-mnc, per: MB}}\n"),
                         "network,price\n248,1\n");
        EXPECT_NE(told(version).find(
                      "beside a deck or price list is not priced by this release (not_supported)"),
                  std::string::npos)
            << told(version);
    }
    const std::string bands =
        told(compile_text(around("      - {usage: data, price: 1 per MB, price_cap: 9, time_bands: "
                                 "[{band: peak, price: 1 per MB}]}\n",
                                 "time_bands: {peak: {days: mon-fri}}\n")));
    EXPECT_NE(bands.find("time bands with an allowance, tiers, packages, a cap or hours and days"),
              bands.npos)
        << bands;
}

TEST(Shapes, MistakesAreTold) {
    const std::pair<std::string, std::string> cases[] = {
        {"window: hour, price: 1 per MB", "one price for all is the same in each hour and day"},
        {"window: week, price: 1 per MB", "`window` is `week` (bad_value)"},
        {"window: hour, round_up: 1 MB per day, price: 1 per MB",
         "it is rounded up per day, and counted per hour"},
        {"on_change: restart, price: 1 per MB", "one price for all has no tiers"},
        {"price_cap: -1, price: 1 per MB", "`-1` is negative"},
        {"package: 5.00", "`5.00` doesn't say for how much it is"},
        {"package: 5.00 per 0 MB", "a price per `0 MB` is no price"},
        {"package: 5.00 per MB, price: 1 per MB", "two prices, `price` and `package`"},
        {"percent: 15", "`percent` is of amounts, and the meter `data` counts byte"},
        {"graduated: [{to: 1 MB}, {price: 1 per MB}]", "a band says neither `price` and `percent`"},
        {"graduated: [{price: 1 per MB, percent: 1}]", "a band says both `price` and `percent`"},
        {"round_up: 1 MB per week, price: 1 per MB", "`round_up` is `1 MB per week`"},
    };
    for (const auto& [keys, message] : cases) {
        const std::string text = told(shop(keys));
        EXPECT_NE(text.find(message), text.npos) << keys << "\n" << text;
    }
    const std::pair<std::string, std::string> of_money[] = {
        {"percent: 101", "`101` is more than 100 percent"},
        {"price: 15 % per EUR", "`15 % per EUR` is a percentage (bad_value). Write `percent: 15`"},
        {"graduated: [{to: 0.0000001, percent: 1}, {percent: 2}]",
         "Amounts on a meter have up to six decimals."},
        {"price: 1 per USD", "`USD` doesn't measure what the meter `sales` counts"},
    };
    for (const auto& [keys, message] : of_money) {
        const std::string text = told(till(keys));
        EXPECT_NE(text.find(message), text.npos) << keys << "\n" << text;
    }
    const std::string dollars = told(till("percent: 15", "USD"));
    EXPECT_NE(dollars.find("a percentage of USD is no amount of EUR"), dollars.npos) << dollars;
    EXPECT_TRUE(till("price: 0.14 per USD", "USD"));
}

TEST(Shapes, APercentageNeedsACurrencyAndSaysSoOnce) {
    const auto none = compile_text(
        "catalog: shop\nvalid_from: 2026-01-01\ntime_zone: UTC\nmeters: {sales: {unit: EUR}}\n"
        "plans: [{plan: p, charges: [{usage: sales, percent: 15}]}]\n");
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().size(), 1U) << told(none);
    EXPECT_NE(told(none).find("currency"), std::string::npos) << told(none);
}

TEST(Shapes, DifferencesAreTold) {
    const auto before = shop("package: 5.00 per 100 MB");
    const std::string others[] = {
        "package: 5.00 per 100 MB, price_cap: 30", "package: 5.00 per 100 MB, window: day",
        "package: 5.00 per 100 MB, on_change: restart", "price: 5.00 per 100 MB"};
    for (const std::string& keys : others) {
        const auto after = shop(keys);
        ASSERT_TRUE(before && after) << told(after);
        EXPECT_EQ(diff(**before, **after).size(), 1U) << keys;
    }
}

}  // namespace
}  // namespace farthing::catalog
