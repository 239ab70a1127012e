#include "mediation/number_gaps.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

NumberSet day_of(const std::vector<std::pair<std::uint32_t, std::vector<std::int64_t>>>& owners) {
    NumberSet day;
    for (const auto& [owner, numbers] : owners) {
        for (const std::int64_t number : numbers) day.insert({owner}, number);
    }
    return day;
}

TEST(NumberGaps, LieBetweenTheLowestAndTheHighestNumberOverAllDays) {
    NumberGaps gaps;
    gaps.add_day(day_of({{1, {255, 256, 258, 259}}, {2, {0}}, {7, {kNumberMax, kNumberMax - 1}}}));
    gaps.add_day(day_of({{1, {257, 262, 1000}}, {3, {5, 1'000'000}}}));
    const NumberGaps::Found found = gaps.found();
    EXPECT_EQ(found.owners, 4);
    EXPECT_EQ(found.came, 12);
    EXPECT_EQ(found.gaps, (std::vector<NumberGaps::Gap>{
                              {{1}, {260, 2}}, {{1}, {263, 737}}, {{3}, {6, 999'994}}}));
    EXPECT_EQ(found.missing, 2 + 737 + 999'994);
}

TEST(NumberGaps, DoNotLieBetweenAnEndAndANewBeginning) {
    NumberGaps gaps;
    gaps.add_day(day_of({{1, {500, 501, 503}}}));
    gaps.add_day(day_of({{1, {1, 2}}}));  // replaced
    gaps.add_day(day_of({{1, {4, 5}}}));
    EXPECT_EQ(gaps.found().gaps, (std::vector<NumberGaps::Gap>{{{1}, {502, 1}}, {{1}, {3, 1}}}));
}

TEST(NumberGaps, AreReadFromStoredSegmentsAndThoseTakenBack) {
    Feed feed;
    feed.sequence = 1;
    std::vector<std::string> stored;
    const auto add = [&](bool takes_back, std::vector<NumberRun> runs) {
        SegmentWriter writer(SegmentKind::numbers, dedup_rule(feed), takes_back);
        NumbersBody body;
        body.add(4, runs);
        writer.add_day(Date::of(2026, 6, 1), body.take());
        stored.push_back(writer.finish().all());
    };
    add(false, {{10, 5}, {20, 5}});
    add(false, {{15, 5}});
    add(true, {{12, 1}, {21, 2}});
    const std::vector<std::string> paths = {"0", "1", "2"};
    const auto reader = [&](const std::string& path) { return stored[std::stoul(path)]; };
    const auto found = number_gaps(feed, paths, reader);
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_EQ(found->came, 12);
    EXPECT_EQ(found->gaps, (std::vector<NumberGaps::Gap>{{{4}, {12, 1}}, {{4}, {21, 2}}}));
    stored[1].back() = static_cast<char>(stored[1].back() ^ 1);
    EXPECT_EQ(number_gaps(feed, paths, reader).error().code, "segment_damaged");
}

// The bytes that releases write: they are read for ever.
TEST(NumberGaps, StoredNumbersAreTheseBytes) {
    NumbersBody body;
    body.add(2, std::vector<NumberRun>{{0, 1}, {300, 200}});
    body.add(300, std::vector<NumberRun>{{kNumberMax, 1}});
    const std::string bytes = body.take();
    const std::string expected(
        "\x02\x02\x00\x01\xab\x02\xc8\x01"
        "\xaa\x02\x01\x80\x80\x80\x80\x80\x80\x80\x80\x20\x01",
        21);
    EXPECT_EQ(bytes, expected);
    std::vector<std::pair<std::uint32_t, NumberRun>> read;
    ASSERT_TRUE(read_numbers(expected, [&](std::uint32_t owner, const NumberRun& run) {
        read.emplace_back(owner, run);
    }));
    EXPECT_EQ(read, (std::vector<std::pair<std::uint32_t, NumberRun>>{
                        {2, {0, 1}}, {2, {300, 200}}, {300, {kNumberMax, 1}}}));
    for (const auto& bad :
         {std::string("\x00\x01\x00\x01", 4), std::string("\x01\x00", 2),
          std::string("\x01\x01\x00\x00", 4), std::string("\x01\x02\x00\x01\x00\x01", 6),
          std::string("\x01\x01\x00", 3),
          std::string("\x01\x01\x80\x80\x80\x80\x80\x80\x80\x80\x20\x02", 12)})
        EXPECT_FALSE(read_numbers(bad, [](std::uint32_t, const NumberRun&) {}));
}

RC_GTEST_PROP(NumberSetLaw, ItHoldsWhatASetOfPairsHolds, ()) {
    NumberSet set;
    std::set<std::pair<std::uint32_t, std::int64_t>> plain;
    const auto steps = *rc::gen::inRange(0, 400);
    for (int step = 0; step < steps; ++step) {
        const auto owner = *rc::gen::inRange<std::uint32_t>(1, 4);
        const auto number = *rc::gen::inRange<std::int64_t>(0, 700);
        if (*rc::gen::inRange(0, 4) == 0) {
            set.erase({owner}, {number, 1});
            plain.erase({owner, number});
        } else {
            RC_ASSERT(set.insert({owner}, number) == plain.insert({owner, number}).second);
        }
    }
    std::set<std::pair<std::uint32_t, std::int64_t>> told;
    set.each_owner([&](SubscriptionId owner, const std::vector<NumberRun>& runs) {
        std::int64_t end = -1;
        for (const NumberRun& run : runs) {
            RC_ASSERT(run.first > end);  // they do not touch
            for (std::int64_t number = run.first; number < run.end(); ++number)
                told.insert({owner.value, number});
            end = run.end();
        }
    });
    RC_ASSERT(told == plain);
}

}  // namespace
}  // namespace farthing::mediation
