// Packages that a plan sells: what is read, and what is refused by name.
#include <gtest/gtest.h>

#include "catalog/catalog.h"
#include "catalog/describe.h"
#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

constexpr std::string_view kGood = "on: data, quantity: 1 GB, price: 5.00, valid: 30 days";

Compiled selling(const std::string& package,
                 const std::string& charge = "usage: data, price: 1 per MB") {
    return compile_text(around("      - {" + charge + "}\n",
                               "    packages:\n      - {package: big, " + package + "}\n"));
}

TEST(Packages, SayWhatTheyHoldForHowLongAndWhatTheyCost) {
    const auto version = selling(std::string(kGood) + ", rollover: 500 MB, priority: 3");
    ASSERT_TRUE(version) << told(version);
    const Plan& plan = (*version)->plans[0];
    const Package* const big = plan.package_named("big");
    ASSERT_NE(big, nullptr);
    EXPECT_EQ(big->charge, plan.charges[0].id);
    EXPECT_EQ(big->quantity, 1'000'000'000);
    EXPECT_EQ(big->rollover, 500'000'000);
    EXPECT_EQ(big->priority, 3);
    EXPECT_EQ(big->fee.title, "1 GB for 30 days");
    EXPECT_EQ(to_string(big->until(Date::of(2026, 1, 10))), "2026-02-09");
    EXPECT_EQ(package_words(*big, plan),
              "5.00 per package, 1 GB for 30 days of data, priority 3, rollover 500 MB");
    EXPECT_NE(price_list(**version).find("| 1 GB for 30 days | 5.00 per package |"),
              std::string::npos);
}

TEST(Packages, AMonthEndsWithTheCalendars) {
    const auto version = selling("on: data, quantity: 1 MB, price: 1, valid: month, rollover: all");
    ASSERT_TRUE(version) << told(version);
    const Package& package = (*version)->plans[0].packages[0];
    EXPECT_EQ(package.rollover, INT64_MAX);
    EXPECT_EQ(to_string(package.until(Date::of(2026, 1, 31))), "2026-02-01");
    EXPECT_EQ(to_string(package.until(Date::of(2026, 2, 1))), "2026-03-01");
}

TEST(Packages, MistakesAreToldWithPlaceAndMend) {
    const std::pair<std::string, std::string> mistakes[] = {
        {"on: data, quantity: 1 GB, price: 5.00", "a package needs the key `valid`"},
        {"on: dta, quantity: 1 GB, price: 5.00, valid: 30 days",
         "the plan `p` has no price of usage `dta` (unknown_charge). Did you mean `data`?"},
        {"on: data, quantity: 0 GB, price: 5.00, valid: 30 days", "a package of nothing"},
        {"on: data, quantity: 3 minute, price: 5.00, valid: 30 days", "`minute` doesn't measure"},
        {"on: data, quantity: 1 GB, price: 5.001, valid: 30 days",
         "the price `5.001` has more digits than a line (bad_value). Write it with at most 2."},
        {"on: data, quantity: 1 GB, price: 5.00, valid: 0 days",
         "`0 days` is not how long a package is valid"},
        {"on: data, quantity: 1 GB, price: 5.00, valid: 30 hours",
         "`30 hours` is not how long a package is valid"},
        {std::string(kGood) + ", priority: first", "the priority `first` is no number"},
        {std::string(kGood) + ", rollover: some", "some"},
        {std::string(kGood) + ", meter: data",
         "`meter` is not priced by this release (not_supported). Write `on`"},
    };
    for (const auto& [package, message] : mistakes) {
        const auto version = selling(package);
        EXPECT_NE(told(version).find(message), std::string::npos) << told(version);
        EXPECT_TRUE(told(version).starts_with("catalog.yaml:1")) << told(version);
    }
    const auto twice =
        compile_text(around("      - {fee: big, amount: 1, per: subscription month}\n      - "
                            "{usage: data, price: 1 per "
                            "MB}\n",
                            "    packages:\n      - {package: big, " + std::string(kGood) + "}\n"));
    EXPECT_NE(told(twice).find("two charges called `big`"), std::string::npos) << told(twice);
}

TEST(Packages, ChargesThatTheyCannotCoverAreRefusedWithTheReason) {
    const std::pair<std::string, std::string> charges[] = {
        {"usage: data, volume: [{to: 1 MB, price: 2 per MB}, {price: 1 per MB}]",
         "fewer units of a volume price may cost more"},
        {"usage: data, window: day, graduated: [{to: 1 MB, price: 2 per MB}, {price: 1 per MB}]",
         "hours and days are counted each by itself"},
        {"usage: data, price: 1 per MB, minimum: 0.10", "a minimum is of all that a session used"},
        {"usage: data, on_change: restart, graduated: [{to: 1 MB, price: 2 per MB}, {price: 1 per "
         "MB}]",
         "its tiers begin anew"},
        {"usage: data, price: 1 per MB, paid_by: sponsor", "a sponsor pays for its usage"},
        {"usage: data, price: 1 per MB, allowance: {quantity: 1 MB per subscription, rollover: "
         "{months: 1}}",
         "its allowance has a rollover of its own"},
        {"usage: data, price: 1 per MB, allowance: {quantity: 1 MB per pool, shared_by: account, "
         "overage: members}",
         "its allowance counts members one by one"},
    };
    for (const auto& [charge, why] : charges) {
        const auto version = selling(std::string(kGood), charge);
        EXPECT_NE(told(version).find("a package on `data`: " + why), std::string::npos)
            << told(version);
    }
    const auto special = compile_text(
        around("      - {usage: data, price: 2 per MB}\n",
               "    packages:\n      - {package: big, " + std::string(kGood) +
                   "}\nspecial_prices: [{plan: p, usage: data, account: a, price: 1 per MB}]\n"));
    EXPECT_NE(told(special).find("a special price of `data`"), std::string::npos) << told(special);
}

TEST(Packages, DifferencesAreTold) {
    const auto before = selling(std::string(kGood));
    const auto after = selling("on: data, quantity: 2 GB, price: 5.00, valid: 30 days");
    ASSERT_TRUE(before && after);
    const auto differences = diff(**before, **after);
    ASSERT_EQ(differences.size(), 2U);
    EXPECT_NE(differences[0].text.find("2 GB for 30 days of data"), std::string::npos);
}

}  // namespace
}  // namespace farthing::catalog
