#include "assurance/stuck_readings.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

namespace farthing::assurance {
namespace {

constexpr std::int64_t kHour = 3'600 * kMicrosPerSecond;
constexpr StuckRule kDay{24 * kHour, 10};

// A reading each hour of `hours`, of the value that `value` gives.
template <class Value>
void report(std::vector<KeptReading>& readings, std::uint32_t device, std::int64_t from,
            std::int64_t hours, Value value) {
    for (std::int64_t hour = from; hour < from + hours; ++hour)
        readings.push_back({{device}, {hour * kHour}, value(hour)});
}

std::vector<StuckReading> findings_of(StuckRule rule, const std::vector<KeptReading>& readings,
                                      std::size_t cut = SIZE_MAX) {
    const std::span<const KeptReading> all(readings);
    StuckReadings stuck(rule);
    const std::size_t at = std::min(cut, all.size());
    stuck.survey(all.first(at));
    stuck.survey(all.subspan(at));
    if (!stuck.choose_suspects()) return {};
    stuck.collect(all.subspan(at));
    stuck.collect(all.first(at));
    return stuck.findings();
}

const auto kTicks = [](std::int64_t hour) { return hour % 5; };
const auto kStands = [](std::int64_t) { return std::int64_t{42}; };

TEST(StuckReadings, NamesTheDeviceThatStandsStillWhileOthersChange) {
    std::vector<KeptReading> readings;
    report(readings, 1, 0, 72, kTicks);
    report(readings, 2, 0, 72, kTicks);
    report(readings, 3, 0, 10, kTicks);
    report(readings, 3, 10, 40, kStands);
    report(readings, 3, 50, 22, kTicks);
    const std::vector<StuckReading> expected{{{3}, 42, {10 * kHour}, {49 * kHour}, 40, 2, 2}};
    EXPECT_EQ(findings_of(kDay, readings), expected);
}

TEST(StuckReadings, StandsExactlyAsLongAsTheRule) {
    std::vector<KeptReading> readings;
    report(readings, 1, 0, 72, kTicks);
    report(readings, 2, 7, 25, kStands);  // 24 hours from the first to the last
    EXPECT_EQ(findings_of(kDay, readings).size(), 1U);
    readings.pop_back();
    EXPECT_TRUE(findings_of(kDay, readings).empty());
}

TEST(StuckReadings, AsksForEnoughRecords) {
    std::vector<KeptReading> readings;
    report(readings, 1, 0, 72, kTicks);
    readings.push_back({{2}, {0}, 42});
    readings.push_back({{2}, {60 * kHour}, 42});
    EXPECT_TRUE(findings_of(kDay, readings).empty());
    EXPECT_EQ(findings_of({kDay.micros, 2}, readings).size(), 1U);
}

TEST(StuckReadings, BlamesNobodyWhenMostStandStill) {
    std::vector<KeptReading> readings;
    report(readings, 1, 0, 72, kTicks);
    report(readings, 2, 0, 72, kStands);
    report(readings, 3, 0, 72, kStands);
    EXPECT_TRUE(findings_of(kDay, readings).empty());
    report(readings, 4, 0, 72, kTicks);
    EXPECT_EQ(findings_of(kDay, readings).size(), 2U);  // 2 of 3 others changed
}

TEST(StuckReadings, KnowsNothingOfADeviceAlone) {
    std::vector<KeptReading> readings;
    report(readings, 1, 0, 72, kStands);
    EXPECT_TRUE(findings_of(kDay, readings).empty());
}

TEST(StuckReadings, CountsStepsBeforeTheEpoch) {
    std::vector<KeptReading> readings;
    report(readings, 1, -72, 72, [](std::int64_t hour) { return -hour % 5; });
    report(readings, 2, -60, 40, kStands);
    EXPECT_EQ(findings_of(kDay, readings).size(), 1U);
}

// The definition, word for word: sort, cut into stretches of one value, look at everybody else.
std::vector<StuckReading> by_definition(StuckRule rule, std::vector<KeptReading> readings) {
    std::sort(readings.begin(), readings.end());
    const std::int64_t step = rule.micros / 2;
    const auto floor_of = [&](Instant at) {
        return (at.micros - (at.micros % step + step) % step) / step;
    };
    std::set<SubscriptionId> devices;
    for (const auto& reading : readings) devices.insert(reading.subscription);
    std::vector<StuckReading> found;
    for (std::size_t begin = 0; begin < readings.size();) {
        std::size_t end = begin;
        while (end < readings.size() &&
               readings[end].subscription == readings[begin].subscription &&
               readings[end].value == readings[begin].value)
            end += 1;
        const KeptReading& first = readings[begin];
        const Instant until = readings[end - 1].at;
        const auto records = static_cast<std::int64_t>(end - begin);
        begin = end;
        if (until.micros - first.at.micros < rule.micros || records < rule.records) continue;
        std::map<SubscriptionId, std::set<std::int64_t>> values;
        for (const auto& reading : readings) {
            if (floor_of(reading.at) >= floor_of(first.at) &&
                floor_of(reading.at) <= floor_of(until))
                values[reading.subscription].insert(reading.value);
        }
        values.erase(first.subscription);
        const auto changed = std::ranges::count_if(
            values, [](const auto& device) { return device.second.size() > 1; });
        const auto others = static_cast<std::int64_t>(devices.size()) - 1;
        if (2 * changed > others)
            found.push_back(
                {first.subscription, first.value, first.at, until, records, others, changed});
    }
    return found;
}

TEST(StuckReadings, AreWhatTheDefinitionSaysInWhateverOrderAndCut) {
    rc::check([] {
        const StuckRule rule{*rc::gen::inRange<std::int64_t>(2, 12),
                             *rc::gen::inRange<std::int64_t>(2, 5)};
        std::set<std::pair<std::uint32_t, std::int64_t>> taken;
        std::vector<KeptReading> readings;
        const int records = *rc::gen::inRange(0, 120);
        for (int i = 0; i < records; ++i) {
            const KeptReading reading{{*rc::gen::inRange<std::uint32_t>(1, 6)},
                                      {*rc::gen::inRange<std::int64_t>(-20, 40)},
                                      *rc::gen::weightedElement<std::int64_t>({{9, 0}, {1, 1}})};
            if (taken.insert({reading.subscription.value, reading.at.micros}).second)
                readings.push_back(reading);
        }
        const auto expected = by_definition(rule, readings);
        RC_CLASSIFY(!expected.empty(), "with findings");
        RC_ASSERT(findings_of(rule, readings, *rc::gen::inRange<std::size_t>(0, 121)) == expected);
    });
}

}  // namespace
}  // namespace farthing::assurance
