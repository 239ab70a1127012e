#include "base/stages.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace farthing {
namespace {

std::int64_t spent_on(Stage stage) {
    return stage_times()[static_cast<std::size_t>(stage)];
}

void work() {
    std::uint64_t mixed = 0;
    for (std::uint64_t i = 0; i < 3'000'000; ++i) mixed = mix64(mixed, i);
    ASSERT_NE(mixed, 0U);
}

TEST(Stages, whatOneCountsWithinAnotherIsItsOwn) {
    const std::int64_t rate = spent_on(Stage::rate);
    const std::int64_t window = spent_on(Stage::window);
    {
        const Timed outer(Stage::window);
        {
            const Timed inner(Stage::rate);
            work();
            work();
        }
        const Timed again(Stage::window);
        work();
    }
    const std::int64_t in_rate = spent_on(Stage::rate) - rate;
    const std::int64_t in_window = spent_on(Stage::window) - window;
    EXPECT_GT(in_window, 0);
    EXPECT_GT(in_rate, in_window);  // twice the work
}

TEST(Stages, eachHasANameAndATitle) {
    for (std::size_t i = 0; i < kStages; ++i) {
        EXPECT_FALSE(name_of(static_cast<Stage>(i)).empty());
        EXPECT_FALSE(title_of(static_cast<Stage>(i)).empty());
    }
}

}  // namespace
}  // namespace farthing
