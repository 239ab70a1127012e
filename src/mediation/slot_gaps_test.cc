#include "mediation/slot_gaps.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

constexpr std::int64_t kMinute = 60 * kMicrosPerSecond;
const Date kFirst = Date::of(2026, 6, 1);
const std::int64_t kMidnight = std::int64_t{kFirst.days} * 1440;  // its slot

using Slots = std::set<std::pair<std::uint32_t, std::int64_t>>;

// A feed's files of keys, written as batches write them.
struct Stored {
    Feed feed;
    std::vector<StoredKeys> keys;
    std::map<std::string, std::string> bytes;
    int reads = 0;

    Stored() { feed.slots.micros = kMinute; }

    void add(const Slots& slots, bool takes_back = false) {
        UsageChunk chunk;
        chunk.resize(slots.size());
        std::size_t row = 0;
        for (const auto& [subscription, slot] : slots) {
            chunk.subscription[row] = {subscription};
            chunk.start[row++] = Instant{slot * kMinute + 7};
        }
        Dedup dedup(feed, [this](const std::string& path) { return bytes[path]; });
        for (const StoredKeys& file : keys)
            dedup.add_segment(file.path, file.first_day, file.last_day);
        if (takes_back) {
            dedup.take_back(chunk);
        } else {
            dedup.check(chunk);
        }
        Dedup::Delta delta = takes_back ? dedup.taken_back() : dedup.delta();
        if (delta.keys == 0) return;
        const std::string path = std::to_string(keys.size());
        bytes[path] = delta.bytes.all();
        keys.push_back({path, delta.first_day, delta.last_day});
    }
    Result<SlotGaps::Found> gaps(std::int64_t at_once = std::int64_t{1} << 28) {
        const Dedup::Reader reader = [this](const std::string& path) {
            reads += 1;
            return bytes[path];
        };
        return slot_gaps(feed, keys, reader, at_once);
    }
};

TEST(SlotGaps, LieBetweenTheFirstAndTheLastSlotOfEachSubscription) {
    Stored stored;
    stored.add({{1, kMidnight}, {1, kMidnight + 3}, {2, kMidnight + 5}, {9, kMidnight + 1}});
    stored.add({{9, kMidnight + 2}, {9, kMidnight + 4}});
    const auto found = stored.gaps();
    ASSERT_TRUE(found) << found.error().to_string();
    EXPECT_EQ(found->subscriptions, 3);
    EXPECT_EQ(found->came, 6);
    EXPECT_EQ(found->missing, 3);
    EXPECT_EQ(found->gaps, 2);
    EXPECT_EQ(found->longest,
              (std::vector<SlotGaps::Gap>{{{1}, kMidnight + 1, 2}, {{9}, kMidnight + 3, 1}}));
}

TEST(SlotGaps, GoThroughMidnightAndOverDaysWithoutAReport) {
    Stored stored;
    stored.add({{1, kMidnight + 1439}, {2, kMidnight + 1438}, {3, kMidnight + 1439}});
    stored.add({{1, kMidnight + 1440}, {2, kMidnight + 1441}, {3, kMidnight + 4 * 1440}});
    EXPECT_EQ(stored.gaps()->longest, (std::vector<SlotGaps::Gap>{{{3}, kMidnight + 1440, 3 * 1440},
                                                                  {{2}, kMidnight + 1439, 2}}));
}

TEST(SlotGaps, AreWhatWasTakenBackUntilItComesAgain) {
    Stored stored;
    stored.add({{1, kMidnight}, {1, kMidnight + 1}, {1, kMidnight + 2}, {2, kMidnight}});
    stored.add({{1, kMidnight + 1}, {2, kMidnight}}, true);
    EXPECT_EQ(stored.gaps()->longest, (std::vector<SlotGaps::Gap>{{{1}, kMidnight + 1, 1}}));
    EXPECT_EQ(stored.gaps()->subscriptions, 1);
    stored.add({{1, kMidnight + 1}});
    EXPECT_EQ(stored.gaps()->missing, 0);
}

TEST(SlotGaps, AreAllCountedAndTheLongestTold) {
    Stored stored;
    Slots slots;
    for (std::int64_t i = 0, slot = kMidnight; i < 40; slot += 2 + i++) slots.insert({1, slot});
    stored.add(slots);
    const auto found = stored.gaps();
    EXPECT_EQ(found->gaps, 39);
    EXPECT_EQ(found->missing, 39 * 40 / 2);
    ASSERT_EQ(found->longest.size(), SlotGaps::kToldMax);
    EXPECT_EQ(found->longest.front().length, 39);
    EXPECT_EQ(found->longest.back().length, 20);
}

TEST(SlotGaps, CantBeToldFromFilesOfAnotherRuleOrDamagedOnes) {
    Stored stored;
    stored.add({{1, kMidnight}});
    stored.feed.slots.micros = 2 * kMinute;
    EXPECT_EQ(stored.gaps().error().code, "segment_of_other_rule");
    EXPECT_EQ(require_same_rule(stored.feed, stored.bytes["0"], "0").error().code,
              "segment_of_other_rule");
    stored.feed.slots.micros = kMinute;
    EXPECT_TRUE(require_same_rule(stored.feed, stored.bytes["0"], "0"));
    stored.bytes["0"].back() = static_cast<char>(stored.bytes["0"].back() ^ 1);
    EXPECT_EQ(stored.gaps().error().code, "segment_damaged");
}

// Days of one file that lie far apart cost no reading for those between them.
TEST(SlotGaps, ReadAFileOnceForEachDayThatItTellsOf) {
    Stored stored;
    stored.add({{1, kMidnight}, {1, kMidnight + std::int64_t{1440} * 3650}});
    ASSERT_TRUE(stored.gaps());
    EXPECT_EQ(stored.reads, 3);
}

RC_GTEST_PROP(SlotGapsLaw, TheyAreWhatASetOfSlotsLacksHoweverMuchIsReadAtOnce, ()) {
    Stored stored;
    Slots all;
    const auto files = *rc::gen::inRange(1, 5);
    for (int file = 0; file < files; ++file) {
        Slots some;
        for (int i = *rc::gen::inRange(1, 60); i > 0; --i) {
            const auto subscription = *rc::gen::inRange<std::uint32_t>(1, 6);
            const auto day = *rc::gen::inRange<std::int64_t>(-1, 3);
            const auto slot = *rc::gen::inRange<std::int64_t>(1420, 1460);
            some.insert({subscription * 3, kMidnight + day * 1440 + slot});
        }
        stored.add(some);
        all.insert(some.begin(), some.end());
    }
    std::int64_t missing = 0;
    for (auto at = all.begin(); std::next(at) != all.end(); ++at) {
        const auto next = std::next(at);
        if (at->first == next->first) missing += next->second - at->second - 1;
    }
    for (const std::int64_t at_once : {1, 2 * 23 * 8, 1 << 20}) {
        const auto found = stored.gaps(at_once);
        RC_ASSERT(found->came == static_cast<std::int64_t>(all.size()));
        RC_ASSERT(found->missing == missing);
    }
}

}  // namespace
}  // namespace farthing::mediation
