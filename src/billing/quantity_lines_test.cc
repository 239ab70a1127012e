#include "billing/quantity_lines.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "billing/bill.h"

namespace farthing::billing {
namespace {

constexpr DatePeriod kThisJanuary{Date::of(2026, 1, 1), Date::of(2026, 2, 1)};
constexpr DatePeriod kFebruary{Date::of(2026, 2, 1), Date::of(2026, 3, 1)};

Date january(unsigned day) {
    return Date::of(2026, 1, day);
}

TEST(QuantityLines, EC69_AnIncreaseOpensALineAndADecreaseMergesThem) {
    const directory::Dated<std::int64_t> levels{
        {{january(1), 50}, {january(11), 60}, {january(21), 55}}};
    const std::vector<QuantityLine> expected{{50, {january(1), january(21)}},
                                             {10, {january(11), january(21)}},
                                             {55, {january(21), kThisJanuary.end}}};
    EXPECT_EQ(cut_quantity_lines(levels, kThisJanuary), expected);
}

TEST(QuantityLines, EC01_EC02_LinesRunningAtTheStartMerge) {
    const directory::Dated<std::int64_t> levels{
        {{january(1), 50}, {january(16), 60}, {Date::of(2026, 2, 25), 55}}};
    const std::vector<QuantityLine> in_january{{50, kThisJanuary},
                                               {10, {january(16), kThisJanuary.end}}};
    const std::vector<QuantityLine> in_february{{60, {kFebruary.first, Date::of(2026, 2, 25)}},
                                                {55, {Date::of(2026, 2, 25), kFebruary.end}}};
    EXPECT_EQ(cut_quantity_lines(levels, kThisJanuary), in_january);
    EXPECT_EQ(cut_quantity_lines(levels, kFebruary), in_february);
}

TEST(QuantityLines, NothingActiveCutsNothing) {
    EXPECT_TRUE(cut_quantity_lines({}, kThisJanuary).empty());
    EXPECT_TRUE(cut_quantity_lines({{{january(1), 5}, {january(1), 0}}}, kThisJanuary).empty());
    EXPECT_TRUE(cut_quantity_lines({{{kThisJanuary.end, 5}}}, kThisJanuary).empty());
}

TEST(DepartmentLines, AMoveBetweenDepartmentsIsNoChangeOfTheQuantity) {
    const AccountId hr{2};
    const AccountId sales{3};
    const QuantityChanges changes{{january(1), {{hr, 10}}}, {january(16), {{hr, -4}, {sales, 6}}}};
    const auto lines = cut_department_lines(changes, kThisJanuary);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(lines[0].quantity == 10 && lines[0].period == kThisJanuary);
    EXPECT_TRUE(lines[0].unit_days.at(hr) == 10 * 15 + 6 * 16);
    EXPECT_TRUE(lines[0].unit_days.at(sales) == 4 * 16);
    EXPECT_TRUE(lines[1].quantity == 2);
    EXPECT_TRUE(lines[1].unit_days.at(sales) == 2 * 16);
}

TEST(DepartmentLines, UnitDaysOfTheLinesAreThoseOfTheLevels) {
    rc::check("per department and in all", [] {
        QuantityChanges changes;
        std::map<AccountId, i128> level;
        const auto steps =
            *rc::gen::container<std::vector<std::tuple<int, int, int>>>(rc::gen::tuple(
                rc::gen::inRange(-3, 35), rc::gen::inRange(1, 4), rc::gen::inRange(0, 9)));
        std::map<Date, std::map<AccountId, int>> levels;
        for (const auto& [day, department, quantity] : steps) {
            levels[january(1).plus_days(day)][AccountId{static_cast<std::uint32_t>(department)}] =
                quantity;
        }
        for (const auto& [day, set] : levels) {
            for (const auto& [department, quantity] : set) {
                changes[day][department] += quantity - level[department];
                level[department] = quantity;
            }
        }
        std::map<AccountId, i128> sums;
        for (const DepartmentLine& line : cut_department_lines(changes, kThisJanuary)) {
            i128 of_line = 0;
            for (const auto& [department, days] : line.unit_days) {
                RC_ASSERT(days > 0);
                sums[department] += days;
                of_line += days;
            }
            RC_ASSERT(of_line == line.quantity * line.period.days());
        }
        RC_ASSERT(sums == unit_days(changes, kThisJanuary));
    });
}

}  // namespace
}  // namespace farthing::billing
