// What a plan lets its subscriptions use.
#include <gtest/gtest.h>

#include "catalog/describe.h"
#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

Compiled limited(const std::string& limits, const std::string& more = "") {
    return compile_text(around("      - {usage: data, price: 1 per MB}\n" + more,
                               limits.empty() ? "" : "    limits: {" + limits + "}\n"));
}

TEST(Limits, AreCountedBesideThePrices) {
    const auto version = limited(R"(data: 60 MB, networks: ["248", "262-01"])");
    ASSERT_TRUE(version) << told(version);
    const Plan& plan = (*version)->plans[0];
    const Meter& data = *(*version)->meter_named("data");
    ASSERT_EQ(plan.charges.size(), 2U);
    const UsageCharge& limit = plan.charges[1];
    EXPECT_EQ(limit.limit, 60'000'000);
    EXPECT_EQ(price_text(limit, data), "at most 60 MB for each subscription and cycle");
    EXPECT_NE(price_list(**version).find("at most 60 MB for each"), std::string::npos);
    EXPECT_NE(price_list(**version).find("not allowed; only in 248, 262-01"), std::string::npos);
    EXPECT_EQ(plan.applying(data.id, NetworkKey::parse("248-03")),
              (std::vector<std::uint32_t>{0, 1}));
}

TEST(Limits, AllowACountryWithAllItsNetworksOrOneNetworkAlone) {
    const auto version = limited(R"(networks: ["262-01", "248"])");
    ASSERT_TRUE(version) << told(version);
    const Plan& plan = (*version)->plans[0];
    for (const std::string_view network : {"248", "248-03", "262-01"})
        EXPECT_TRUE(plan.allows(NetworkKey::parse(network))) << network;
    for (const std::string_view network : {"262", "262-02", "262-001", "310410", ""})
        EXPECT_FALSE(plan.allows(NetworkKey::parse(network))) << network;
    EXPECT_TRUE(Plan().allows(NetworkKey{}));
}

TEST(Limits, ArePartOfNoMinimumAndNoDiscount) {
    const auto version = limited(
        "data: 60 MB", "      - {minimum_commitment: least, amount: 10.00, per: account month}\n");
    ASSERT_TRUE(version) << told(version);
    const Plan& plan = (*version)->plans[0];
    ASSERT_EQ(plan.fees.size(), 1U);
    EXPECT_EQ(plan.fees[0].minimum->on, std::vector{plan.charges[0].id});
    const auto discounted = compile_text(
        around("      - {usage: data, price: 1 per MB}\n",
               "    limits: {data: 60 MB}\n    discounts: [{percent: 10, on: data}]\n"));
    ASSERT_TRUE(discounted) << told(discounted);
    const Plan& other = (*discounted)->plans[0];
    EXPECT_EQ(other.discounts[0].on, std::vector{other.charges[0].id});
}

TEST(Limits, DifferencesAreTold) {
    const auto before = limited(R"(data: 60 MB, networks: ["248"])");
    for (const std::string limits :
         {R"(data: 61 MB, networks: ["248"])", R"(data: 60 MB, networks: ["248", "262"])",
          R"(data: 60 MB)", R"(networks: ["248"])"}) {
        const auto after = limited(limits);
        ASSERT_TRUE(before && after) << told(after);
        EXPECT_EQ(diff(**before, **after).size(), 1U) << limits;
    }
}

}  // namespace
}  // namespace farthing::catalog
