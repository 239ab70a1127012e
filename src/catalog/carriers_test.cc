// What carriers charge, in the words of a plan.
#include <gtest/gtest.h>

#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

constexpr const char* kSold = "      - {usage: data, price: 1 per MB}\n";

std::string first_mistake(const std::string& carriers) {
    const auto compiled = compile_text(around(kSold, carriers));
    return compiled ? "none" : compiled.error().front().to_string();
}

TEST(Carriers, AreReadLikePlansAndSeenByNoCustomer) {
    const auto version = compile_text(
        around(kSold,
               "carriers:\n  - carrier: voxa\n    title: Voxa Ltd\n    account: theirs\n"
               "    charges:\n      - {usage: voice, price: 0.077 per minute}\n"));
    ASSERT_TRUE(version) << version.error().front().to_string();
    ASSERT_EQ((*version)->carriers.size(), 1u);
    const Carrier& carrier = (*version)->carriers.front();
    EXPECT_EQ(carrier.title, "Voxa Ltd");
    EXPECT_EQ(carrier.account, "theirs");
    EXPECT_EQ((*version)->carrier(carrier.id), &carrier);
    EXPECT_EQ((*version)->plan(carrier.prices.id), &carrier.prices);
    EXPECT_EQ((*version)->plan_named("voxa"), nullptr);
    EXPECT_EQ((*version)->plan_named("carrier/voxa"), nullptr);
    EXPECT_EQ(price_list(**version).find("0.077"), std::string::npos);
}

TEST(Carriers, ADifferenceOfTheirPricesIsTold) {
    const auto with = [](const std::string& price) {
        return *compile_text(around(kSold,
                                    "carriers: [{carrier: voxa, charges: [{usage: voice, "
                                    "price: " +
                                        price + " per minute}]}]\n"));
    };
    const auto told = diff(*with("0.02"), *with("0.03"));
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told.front().text, "carrier voxa, usage voice: 0.02 per minute → 0.03 per minute");
}

TEST(Carriers, WhatACarrierDoesNotChargeIsRefused) {
    const auto charge = [](const std::string& keys) {
        return "carriers: [{carrier: v, charges: [{" + keys + "}]}]\n";
    };
    EXPECT_EQ(first_mistake(charge("fee: x, amount: 1, per: account month")),
              "catalog.yaml:11:41: `fee` among the charges of a carrier (not_supported). A carrier "
              "charges usage only: take it out.");
    EXPECT_EQ(first_mistake(charge("usage: data, price: 1 per MB, margin: 1 %")),
              "catalog.yaml:11:74: `margin` among the charges of a carrier (not_supported). Put "
              "the margin on the charge of the plan.");
    for (const char* key : {"shares: []", "tax: standard", "minimum_commitment: m", "paid_by: x"}) {
        EXPECT_NE(first_mistake(charge("usage: data, price: 1 per MB, " + std::string(key)))
                      .find("among the charges of a carrier"),
                  std::string::npos)
            << key;
    }
    for (const char* key :
         {"discounts: []", "currency: USD", "shares: []", "tax: t", "margin: 1"}) {
        EXPECT_NE(first_mistake("carriers: [{carrier: v, " + std::string(key) +
                                ", charges: [{usage: data, price: 1 per MB}]}]\n")
                      .find("not_supported"),
                  std::string::npos)
            << key;
    }
}

TEST(Carriers, MistakesNameTheirPlace) {
    const std::string good = "charges: [{usage: data, price: 1 per MB}]}";
    EXPECT_EQ(first_mistake("carriers: [{carrier: v, " + good + ", {carrier: v, " + good + "]\n"),
              "catalog.yaml:11:69: the carrier `v` stands twice, first at catalog.yaml:11:12 "
              "(duplicate_name). Give one of them another name.");
    EXPECT_EQ(first_mistake("carriers: [{carrier: v/w, " + good + "]\n"),
              "catalog.yaml:11:22: `v/w` can't be the name of a carrier (bad_value). A name has 1 "
              "to 80 characters and no slash.");
    EXPECT_TRUE(first_mistake("carriers: [{carrier: v}]\n")
                    .starts_with("catalog.yaml:11:12: a carrier needs the key `charges`"));
    EXPECT_TRUE(first_mistake("carriers: {v: 1}\n")
                    .starts_with("catalog.yaml:11:11: `carriers` must be a list"));
}

TEST(Fees, AMarginRaisesTheAmountExactly) {
    const auto fee = [](const std::string& keys) {
        const auto version =
            compile_text(around("      - {fee: x, per: account month, " + keys + "}\n"));
        return version ? (*version)->plans.front().fees.front().text
                       : version.error().front().to_string();
    };
    EXPECT_EQ(fee("amount: 0.80, margin: 0 %"), "0.80 per account and month");
    EXPECT_EQ(fee("amount: 0.80, margin: 10 %"), "0.88 per account and month");
    EXPECT_EQ(fee("amount: 0.333, margin: 12.5 %"), "0.374625 per account and month");
    EXPECT_NE(fee("amount: 0.000000000000000001, margin: 1 %").find("more than 18 digits"),
              std::string::npos);
    EXPECT_NE(fee("amount: 1, margin: 20000 %").find("Write 0 % to 10000 %."), std::string::npos);
}

}  // namespace
}  // namespace farthing::catalog
