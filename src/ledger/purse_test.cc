#include "ledger/purse.h"

#include <gtest/gtest.h>

namespace farthing::ledger {
namespace {

constexpr Date kJanuary = Date::of(2026, 1, 1);

TEST(Purse, WhatIsHeldIsNotThereTwice) {
    Purse purse;
    purse.credit = 0;
    purse.balance = 10;
    purse.hold(6);
    EXPECT_TRUE(purse.room(kJanuary).atoms == 4);
    purse.hold(-6);
    EXPECT_TRUE(purse.charge(kJanuary, 3) == 0);
    EXPECT_TRUE(purse.room(kJanuary).atoms == 7);
}

TEST(Purse, EC42_what_lies_beyond_the_limit_is_an_overrun) {
    Purse purse;
    purse.credit = 2;
    purse.balance = 5;
    EXPECT_TRUE(purse.charge(kJanuary, 6) == 0);  // the credit covers it
    EXPECT_TRUE(purse.charge(kJanuary, 4) == 3);
    EXPECT_TRUE(purse.charge(kJanuary, 4) == 4);
    EXPECT_TRUE(purse.charge(kJanuary, -4) == 0);  // given back
    EXPECT_TRUE(purse.balance == -5);
}

TEST(Purse, EC44_the_cap_of_a_cycle_bounds_before_the_money_does) {
    Purse purse;
    purse.credit = 0;
    purse.balance = 100;
    purse.cap = 30;
    (void)purse.charge(kJanuary, 25);
    EXPECT_TRUE(purse.room(kJanuary).atoms == 5);
    EXPECT_EQ(purse.room(kJanuary).bound, Bound::cap);
    const Date february = Date::of(2026, 2, 1);
    EXPECT_TRUE(purse.room(february).atoms == 30);
    purse.balance = 3;
    EXPECT_EQ(purse.room(february).bound, Bound::money);
    purse.credit.reset();
    EXPECT_EQ(purse.room(february).bound, Bound::cap);
    purse.cap.reset();
    EXPECT_FALSE(purse.limited());
}

}  // namespace
}  // namespace farthing::ledger
