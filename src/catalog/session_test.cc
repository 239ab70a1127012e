// Session rules, time bands and holidays: what is read, and what is refused by name.
#include <gtest/gtest.h>

#include "catalog/describe.h"
#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

constexpr std::string_view kBands =
    "time_bands: {peak: {days: mon-fri, hours: 08:00-20:00}, late: {days: \"fri-sat, mon\", hours: "
    "\"22:00-06:00, 12:00-13:00\", time_zone: Europe/London}}\n"
    "holidays: {days: [2026-02-24], as: sun}\n";

Compiled calls(const std::string& keys) {
    return compile_text(around("      - {usage: voice, " + keys + "}\n", std::string(kBands)));
}

TEST(Sessions, TimeBandsAreRead) {
    const auto compiled = calls(
        "price: 0.06 per minute, connection_fee: 0.05, time_bands: [{band: peak, price: 0.12 per "
        "minute, title: Peak}, {band: late, price: 0.03 per minute}], at_time_band: block");
    ASSERT_TRUE(compiled) << told(compiled);
    const Version& version = **compiled;
    ASSERT_EQ(version.time_bands.size(), 2U);
    const TimeBand& late = version.time_bands[0];
    EXPECT_EQ(late.zone.name(), "Europe/London");
    using Hours = std::vector<TimeBand::Hours>;
    const Hours hours = {{0, 360}, {720, 780}, {1320, 1440}};
    EXPECT_EQ(late.days[0], hours);
    EXPECT_EQ(late.days[1], Hours{});
    EXPECT_EQ(late.days[4], hours);
    EXPECT_EQ(late.days[5], hours);
    EXPECT_EQ(late.days[6], Hours{});
    EXPECT_EQ(version.time_bands[1].text, "mon-fri 08:00-20:00");
    EXPECT_EQ(version.holidays.at(Date::of(2026, 2, 24)), 6U);
    const Plan& plan = version.plans[0];
    ASSERT_EQ(plan.charges.size(), 3U);
    ASSERT_EQ(plan.charges[0].in_bands.size(), 2U);
    EXPECT_EQ(plan.charges[0].at_band, AtEdge::block);
    const UsageCharge& peak = plan.charges[plan.charges[0].in_bands[0].charge];
    EXPECT_EQ(version.time_bands[plan.charges[0].in_bands[0].band].name, "peak");
    EXPECT_EQ(peak.name, "voice peak");
    EXPECT_EQ(peak.title, "Peak");
    EXPECT_TRUE(peak.connection_fee.has_value());
    EXPECT_EQ(band_text(peak, version), "mon-fri 08:00-20:00");
    const MeterId voice = version.meter_named("voice")->id;
    EXPECT_EQ(plan.applying(voice, {}), std::vector<std::uint32_t>{0});
}

TEST(Sessions, RulesAreRead) {
    const auto compiled = calls("deck: d, minimum: 0.03, fee_on_answer: true");
    EXPECT_TRUE(told(compiled).starts_with("catalog.yaml:10:30: no deck is called `d`"))
        << told(compiled);
    const auto good =
        calls("price: 0.12 per minute, minimum: 0.03, grace: 3 second, increments: 60/6");
    ASSERT_TRUE(good) << told(good);
    const UsageCharge& charge = (*good)->plans[0].charges[0];
    EXPECT_EQ(charge.minimum->to_string(), "0.03");
    EXPECT_EQ(charge.grace, 3);
    EXPECT_EQ(session_text(charge, *(*good)->meter_named("voice")),
              "at least 0.03 per session, free up to 3 second");
}

TEST(Sessions, WhatCanNotBePricedIsRefusedByName) {
    const std::string tiers =
        "graduated: [{to: 1 minute, price: 1 per minute}, {price: 2 per minute}]";
    const std::string allowance =
        "price: 1 per minute, allowance: {quantity: 1 minute per subscription}";
    const std::pair<std::string, std::string> cases[] = {
        {tiers + ", minimum: 1", "a minimum with an allowance, tiers, packages"},
        {allowance + ", minimum: 1", "a minimum with an allowance, tiers, packages"},
        {tiers + ", at_price_change: split", "splitting sessions in tiers is not priced"},
        {"price: 1 per minute, minimum: 1, at_price_change: block",
         "splitting sessions with a minimum is not priced"},
        {"price: 1 per minute, adds: true, name: x, at_price_change: split",
         "splitting sessions of surcharges is not priced"},
        {tiers + ", time_bands: [{band: peak, price: 1 per minute}]",
         "time bands with an allowance, tiers, packages"},
        {"price: 1 per minute, time_bands: [{band: peak, graduated: [{price: 1 per minute}]}]",
         "tiers and packages inside a time band are not priced"},
    };
    for (const auto& [keys, message] : cases) {
        const std::string text = told(calls(keys));
        EXPECT_NE(text.find(message), text.npos) << keys << "\n" << text;
        EXPECT_NE(text.find("(not_supported)"), text.npos) << text;
    }
}

TEST(Sessions, MistakesAreTold) {
    const std::pair<std::string, std::string> cases[] = {
        {"price: 1 per minute, at_time_band: block", "the charge has no time bands"},
        {"price: 1 per minute, fee_on_answer: true", "there is no connection fee to be charged"},
        {"price: 1 per minute, fee_on_answer: maybe", "`fee_on_answer` is `maybe`"},
        {"price: 1 per minute, grace: 3 MB", "MB"},
        {"price: 1 per minute, connection_fee: 1, fee_on_answer: true, grace: 3 second",
         "an answered call within the grace is free"},
        {"price: 1 per minute, time_bands: [{band: peek, price: 1 per minute}]",
         "Did you mean `peak`?"},
        {"price: 1 per minute, time_bands: [{band: peak}]", "the charge has no price"},
        {"price: 1 per minute, time_bands: [{band: peak, price: 1 per minute}, {band: peak, price: "
         "1 per minute}]",
         "two charges called `voice peak`"},
    };
    for (const auto& [keys, message] : cases) {
        const std::string text = told(calls(keys));
        EXPECT_NE(text.find(message), text.npos) << keys << "\n" << text;
    }
    const std::pair<std::string, std::string> of_the_head[] = {
        {"time_bands: {a: {}}\n", "says neither `days` nor `hours`"},
        {"time_bands: {a: {days: monday}}\n", "`monday` are no days of the week"},
        {"time_bands: {a: {hours: 8-20}}\n", "`8-20` are no hours of the day"},
        {"time_bands: {a: {hours: 08:00-24:30}}\n", "are no hours of the day"},
        {"time_bands: {a: {hours: 08:00-08:00}}\n", "are no hours of the day"},
        {"time_bands: {a: {days: mon, time_zone: Mars}}\n", "no time zone is called `Mars`"},
        {"holidays: {days: [2026-02-30], as: sun}\n", "`2026-02-30` is no day"},
        {"holidays: {days: [2026-02-24], as: sunday}\n", "`sunday` is no day of the week"},
    };
    for (const auto& [yaml, message] : of_the_head) {
        const std::string text =
            told(compile_text(around("      - {usage: voice, price: 1 per minute}\n", yaml)));
        EXPECT_NE(text.find(message), text.npos) << yaml << "\n" << text;
    }
}

TEST(Sessions, ASessionInDataCountsAtItsStart) {
    const std::string text = told(
        compile_text(around("      - {usage: data, price: 1 per MB, at_price_change: split}\n")));
    EXPECT_NE(text.find("`at_price_change` is about sessions that are counted in time"), text.npos)
        << text;
}

}  // namespace
}  // namespace farthing::catalog
