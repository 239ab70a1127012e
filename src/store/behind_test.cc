#include "store/behind.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "store/store.h"

namespace farthing::store {
namespace {

TEST(Behind, WorksInOrderAndIsDoneWhenItSaysSo) {
    std::vector<int> done;  // by the thread alone until finish
    Behind behind;
    for (int i = 0; i < 500; ++i) {
        ASSERT_TRUE(behind.order([&done, i]() -> Result<void> {
            done.push_back(i);
            return {};
        }));
        if (i % 100 == 0) {
            ASSERT_TRUE(behind.finish());
        }
    }
    ASSERT_TRUE(behind.finish());
    ASSERT_EQ(done.size(), 500U);
    EXPECT_TRUE(std::ranges::is_sorted(done));
}

TEST(Behind, TellsTheFirstFailureAndBeginsNothingAfterIt) {
    std::atomic<int> begun = 0;
    Behind behind;
    const auto task = [&]() -> Result<void> {
        if (++begun == 2) return fail(StoreReason::archive_failed, "the disk is full");
        return {};
    };
    for (int i = 0; i < 10; ++i) (void)behind.order(task);
    const Result<void> finished = behind.finish();
    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().message.find("the disk is full"), std::string::npos);
    EXPECT_FALSE(behind.order(task));
    EXPECT_EQ(begun, 2);
}

TEST(Behind, StartsNoThreadWithoutWork) {
    Behind behind;
    EXPECT_TRUE(behind.finish());
    EXPECT_FALSE(behind.started());
}

}  // namespace
}  // namespace farthing::store
