#include "settlement/carrier_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace farthing::settlement {
namespace {

CarriedRecord record(std::string key, std::int64_t quantity, std::int64_t billable, Exact amount,
                     int digits = 0) {
    return {std::move(key), 0, quantity, billable, std::move(amount), digits};
}

std::string told(const CarrierComparison& compared) {
    std::string text;
    for (const CarriedPair& pair : compared.differences) {
        const CarriedRecord& one = pair.theirs != nullptr ? *pair.theirs : *pair.ours;
        text += std::string(name_of(pair.kind)) + " " + one.key + "\n";
    }
    return text;
}

TEST(CarrierCheck, NamesEachDifference) {
    const std::vector<CarriedRecord> theirs = {
        record("a", 73, 73, {146, 10'000}, 4), record("b", 126, 126, {179, 10'000}, 4),
        record("c", 62, 62, {58, 1'000}, 3),   record("d", 61, 61, {59, 1'000}, 3),
        record("e", 1, 1, {1, 10}, 1),
    };
    const std::vector<CarriedRecord> ours = {
        record("f", 10, 10, {1, 100}),          record("a", 73, 73, {146, 10'000}),
        record("b", 125, 126, {1785, 100'000}), record("c", 61, 120, {58, 1'000}),
        record("d", 61, 120, {58, 1'000}),
    };
    const CarrierComparison compared = compare_carried(theirs, ours);
    EXPECT_EQ(compared.matched, 2);  // 0.0179 is 0.01785 in four digits
    EXPECT_EQ(told(compared),
              "quantity_differs c\nprice_differs d\nmissing_at_ours e\nextra_at_ours f\n");
}

TEST(CarrierCheck, AFullLastDigitIsADifference) {
    const std::vector<CarriedRecord> ours = {record("a", 60, 60, {12, 1'000})};
    for (const std::int64_t cents : {10, 11, 12, 13, 14}) {
        const std::vector<CarriedRecord> theirs = {record("a", 60, 60, {cents, 1'000}, 3)};
        EXPECT_EQ(compare_carried(theirs, ours).matched, cents == 12 ? 1 : 0) << cents;
    }
}

// Records of one key meet once each: what comes twice on the invoice is charged twice.
TEST(CarrierCheck, EveryRecordMeetsOnce) {
    const std::vector<CarriedRecord> one = {record("a", 60, 60, {1, 100})};
    const std::vector<CarriedRecord> two = {one[0], one[0]};
    EXPECT_EQ(told(compare_carried(two, one)), "missing_at_ours a\n");
    EXPECT_EQ(told(compare_carried(one, two)), "extra_at_ours a\n");
}

TEST(CarrierCheck, MatchedAndDifferingRecordsAreAllOfThem) {
    std::mt19937 random(7);
    const auto below = [&](int n) { return static_cast<std::int64_t>(random() % n); };
    for (int round = 0; round < 200; ++round) {
        std::vector<CarriedRecord> sides[2];
        for (auto& side : sides) {
            for (std::int64_t i = below(30); i > 0; --i) {
                side.push_back(
                    record(std::to_string(below(20)), 60 + below(2), 60, {10 + below(2), 100}, 2));
            }
        }
        const CarrierComparison compared = compare_carried(sides[0], sides[1]);
        const auto of_kind = [&](CarrierDifference kind) {
            return std::ranges::count(compared.differences, kind, &CarriedPair::kind);
        };
        const auto met = compared.matched + of_kind(CarrierDifference::quantity_differs) +
                         of_kind(CarrierDifference::price_differs);
        EXPECT_EQ(met + of_kind(CarrierDifference::missing_at_ours),
                  static_cast<std::int64_t>(sides[0].size()));
        EXPECT_EQ(met + of_kind(CarrierDifference::extra_at_ours),
                  static_cast<std::int64_t>(sides[1].size()));
    }
}

}  // namespace
}  // namespace farthing::settlement
