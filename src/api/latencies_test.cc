#include "api/latencies.h"

#include <gtest/gtest.h>

namespace farthing::api {
namespace {

TEST(Latencies, AreCountedToASixtyFourth) {
    LatencyCount count;
    EXPECT_EQ(count.told().p99, 0);
    for (std::int64_t micros = 1; micros <= 100'000; ++micros) count.add(micros);
    count.refuse();
    count.deny();
    const Latencies told = count.told();
    EXPECT_EQ(told.requests, 100'001);
    EXPECT_EQ(told.refused, 1);
    EXPECT_EQ(told.denied, 1);
    const auto near = [](std::int64_t exact, std::int64_t found) {
        return found >= exact && found <= exact + exact / 64 + 1;
    };
    EXPECT_TRUE(near(50'000, told.p50)) << told.p50;
    EXPECT_TRUE(near(99'000, told.p99)) << told.p99;
    EXPECT_TRUE(near(99'900, told.p999)) << told.p999;
    EXPECT_EQ(told.max, 100'000);
    count.clear();
    count.add(63);
    count.add(64);
    count.add(INT64_MAX);
    EXPECT_EQ(count.told().p50, 64);
    EXPECT_EQ(count.told().max, INT64_MAX);
}

}  // namespace
}  // namespace farthing::api
