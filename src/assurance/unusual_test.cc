#include "assurance/unusual.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace farthing::assurance {
namespace {

TEST(Unusual, IsMoreThanThreeTimesOrLessThanAThirdOfTheMedian) {
    const std::vector<std::int64_t> earlier{90, 100, 110};
    EXPECT_EQ(compare(300, earlier, {}), Unusual::no);
    EXPECT_EQ(compare(301, earlier, {}), Unusual::large);
    EXPECT_EQ(compare(34, earlier, {}), Unusual::no);
    EXPECT_EQ(compare(33, earlier, {}), Unusual::small);
    EXPECT_EQ(compare(0, earlier, {}), Unusual::small);
}

TEST(Unusual, TakesTheMiddleBetweenTwo) {
    const std::vector<std::int64_t> earlier{10, 10, 11, 900};  // 10.5
    EXPECT_EQ(compare(31, earlier, {}), Unusual::no);
    EXPECT_EQ(compare(32, earlier, {}), Unusual::large);
}

TEST(Unusual, LooksAtTheLatestOnly) {
    EXPECT_EQ(compare(1000, {1, 1, 1, 1, 400, 400, 400, 400, 400, 400}, {}), Unusual::no);
    EXPECT_EQ(compare(1000, {400, 400, 400, 400, 1, 1, 1, 1, 1, 1}, {}), Unusual::large);
}

TEST(Unusual, SaysNothingWithoutEnoughToCompare) {
    EXPECT_EQ(compare(1000, {1, 1}, {}), Unusual::no);
    EXPECT_EQ(compare(1000, {0, 0, 0}, {}), Unusual::no);
    EXPECT_EQ(compare(1000, {1, 1, 1}, {0, 3, 6}), Unusual::no);
    EXPECT_EQ(compare(-1000, {1, 1, 1}, {}), Unusual::no);
}

TEST(Unusual, DoesNotDependOnTheCurrencyOfTheAmounts) {
    rc::check([] {
        std::vector<std::int64_t> earlier =
            *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 1000));
        const auto amount = *rc::gen::inRange<std::int64_t>(0, 10000);
        const auto times = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000'000);
        const Unusual before = compare(amount, earlier, {});
        for (std::int64_t& one : earlier) one *= times;
        RC_ASSERT(compare(amount * times, earlier, {}) == before);
    });
}

}  // namespace
}  // namespace farthing::assurance
