#include "api/intake.h"

#include <gtest/gtest.h>

#include <thread>

namespace farthing::api {
namespace {

using Requests = Intake<int>;
using Kind = Requests::Kind;

bool put(Requests& intake, int request, Kind kind) {
    return intake.put(request, kind);
}

std::size_t put_all(Requests& intake, std::size_t count, Kind kind) {
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count; ++i) taken += put(intake, static_cast<int>(i), kind);
    return taken;
}

// So long that no test waits for it.
constexpr std::chrono::hours kApart(1);

TEST(Intake, WhatBeginsIsRefusedFirstAndNothingIsLost) {
    Requests intake{std::chrono::seconds(0)};
    EXPECT_EQ(put_all(intake, 5'000, Kind::begins), Requests::kBeginnings);
    EXPECT_EQ(put_all(intake, 5'000, Kind::goes_on), Requests::kWaiting - Requests::kBeginnings);
    EXPECT_FALSE(put(intake, 0, Kind::other));
    EXPECT_EQ(intake.take().charges.size(), Requests::kGroup);
    EXPECT_TRUE(put(intake, 0, Kind::begins));
    EXPECT_EQ(intake.take().charges.size(), Requests::kGroup);
    EXPECT_EQ(intake.take().charges.size(), 1U);
}

TEST(Intake, WhoIsAloneWaitsForNobody) {
    Requests intake(kApart);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(put(intake, i, Kind::begins));
        EXPECT_EQ(intake.take().charges, std::vector{i});
    }
}

TEST(Intake, AfterACrowdChargesWaitForEachOtherAndOthersDoNot) {
    Requests intake(kApart);
    put_all(intake, Requests::kCrowd, Kind::goes_on);
    EXPECT_EQ(intake.take().charges.size(), Requests::kCrowd);
    put_all(intake, 3, Kind::goes_on);
    EXPECT_TRUE(put(intake, 42, Kind::other));
    const Requests::Group first = intake.take();
    EXPECT_EQ(first.others, std::vector{42});
    EXPECT_TRUE(first.charges.empty());
    put_all(intake, Requests::kEnough - 3, Kind::goes_on);
    EXPECT_EQ(intake.take().charges.size(), Requests::kEnough);
}

TEST(Intake, WhoSleepsIsWokenByWhatDoesNotWait) {
    Requests intake(kApart);
    put_all(intake, Requests::kCrowd, Kind::goes_on);
    intake.take();
    put_all(intake, 1, Kind::goes_on);
    std::vector<std::size_t> sizes;
    std::thread takes([&] {
        for (auto group = intake.take(); !group.empty(); group = intake.take())
            sizes.push_back(group.others.size() + group.charges.size());
    });
    put(intake, 42, Kind::other);
    put_all(intake, Requests::kEnough - 1, Kind::goes_on);
    intake.end();
    takes.join();
    std::size_t all = 0;
    for (const std::size_t size : sizes) all += size;
    EXPECT_EQ(all, Requests::kEnough + 1);
}

TEST(Intake, WhatWaitsWhenItEndsIsStillTaken) {
    Requests intake(kApart);
    put_all(intake, Requests::kCrowd, Kind::goes_on);
    intake.take();
    put_all(intake, 2, Kind::goes_on);
    intake.end();
    EXPECT_FALSE(put(intake, 0, Kind::other));
    EXPECT_EQ(intake.take().charges.size(), 2U);
    EXPECT_TRUE(intake.take().empty());
}

}  // namespace
}  // namespace farthing::api
