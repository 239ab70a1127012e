#include "charging/caps.h"

#include <gtest/gtest.h>

#include <memory>

namespace farthing::charging {
namespace {

constexpr ComponentId kData{5};
constexpr std::int64_t kUnit = 1'000'000'000;  // atoms of one EUR

class CapsTest : public ::testing::Test {
  protected:
    void publish(catalog::CapAction action, bool per_account) {
        auto version = std::make_shared<catalog::Version>();
        version->number = {1};
        version->currency = *Currency::named("EUR");
        catalog::Plan plan;
        plan.id = {3};
        plan.spending_cap = catalog::SpendingCap{{5, 0}, action, per_account, {}, {}, {}};
        version->plans.push_back(std::move(plan));
        version->capped[kData] = 0;
        plan_ = &version->plans.front();
        catalog_ = catalog::Snapshot({version});
        caps_ = std::make_unique<Caps>(catalog_, [this](const CapKey& key) {
            asked_.push_back(key);
            return committed_;
        });
    }

    std::optional<CapKey> key_of(OwnerKind kind, std::uint32_t owner) const {
        return Caps::key_of(
            plan_, {Perspective::retail, kind, owner, kData, 0, Date::of(2026, 1, 1)}, {7});
    }
    i128 room(const CapKey& key) const { return caps_->room(key, *plan_); }

    void charge(OwnerKind kind, std::uint32_t owner, std::int64_t atoms) {
        RatedChunk rated;
        rated.version = {{1}};
        rated.component = {kData};
        rated.owner_kind = {kind};
        rated.owner = {owner};
        rated.payer = {{7}};
        rated.window_first = {Date::of(2026, 1, 1)};
        rated.charge_atoms = {atoms};
        caps_->charge(rated, 0);
    }

    const catalog::Plan* plan_ = nullptr;
    catalog::Snapshot catalog_;
    std::unique_ptr<Caps> caps_;
    i128 committed_ = 0;
    std::vector<CapKey> asked_;
};

TEST_F(CapsTest, WhatIsCommittedChargedAndHeldTakesFromTheRoom) {
    publish(catalog::CapAction::block, false);
    committed_ = kUnit;
    const CapKey key = *key_of(OwnerKind::subscription, 9);
    charge(OwnerKind::subscription, 9, kUnit);  // before anybody asked
    EXPECT_TRUE(room(key) == 3 * kUnit);
    charge(OwnerKind::subscription, 9, kUnit);
    caps_->hold(key, kUnit / 2);
    EXPECT_TRUE(room(key) == kUnit + kUnit / 2);
    EXPECT_EQ(asked_.size(), 1U);  // of the store once
}

TEST_F(CapsTest, WhatOthersCommittedIsAskedForAgainAndNothingCountsTwice) {
    publish(catalog::CapAction::block, false);
    const CapKey key = *key_of(OwnerKind::subscription, 9);
    charge(OwnerKind::subscription, 9, kUnit);
    EXPECT_TRUE(room(key) == 4 * kUnit);
    committed_ = kUnit;
    caps_->committed();
    EXPECT_TRUE(room(key) == 4 * kUnit);
    committed_ = 3 * kUnit;
    caps_->follow();
    EXPECT_TRUE(room(key) == 2 * kUnit);
}

TEST_F(CapsTest, OfASubscriptionOnlyItsOwnUsageCounts) {
    publish(catalog::CapAction::block, false);
    EXPECT_FALSE(key_of(OwnerKind::account, 9));
    charge(OwnerKind::account, 9, kUnit);
    charge(OwnerKind::subscription, 8, kUnit);
    EXPECT_TRUE(room(*key_of(OwnerKind::subscription, 9)) == 5 * kUnit);
}

TEST_F(CapsTest, OfAnAccountAllThatItPaysForCounts) {
    publish(catalog::CapAction::throttle, true);
    charge(OwnerKind::account, 9, kUnit);
    charge(OwnerKind::subscription, 8, kUnit);
    EXPECT_TRUE(room(*key_of(OwnerKind::account, 9)) == 3 * kUnit);
}

TEST_F(CapsTest, OneThatOnlyTellsBoundsNothing) {
    publish(catalog::CapAction::notify, false);
    EXPECT_FALSE(key_of(OwnerKind::subscription, 9));
    plan_ = nullptr;
    EXPECT_FALSE(key_of(OwnerKind::subscription, 9));
}

}  // namespace
}  // namespace farthing::charging
