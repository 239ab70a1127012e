#include "billing/billing_world.h"

namespace farthing::billing {
namespace {

const DatePeriod kJanuary = month(2026, 1);

World committed(catalog::FeePer per, std::string_view amount = "100.00") {
    World world;
    catalog::Plan& plan = world.plan();
    catalog::Fee& floor = world.fee(plan, amount);
    floor.per = per;
    floor.minimum = catalog::Minimum{{ComponentId{2}}, "data"};
    world.usage(plan, "0.10", "MB");
    world.account("A");
    return world;
}
void use(World& world, std::uint32_t subscription, std::int64_t megabytes) {
    world.counter(ComponentId{2}, OwnerKind::subscription, subscription, kJanuary, AccountId{1},
                  megabytes * 1'000'000);
}

TEST(Minimums, EC63_FillUpToTheProratedAmount) {
    World world = committed(catalog::FeePer::account);
    world.subscribe("A", PlanId{1}, Date::of(2026, 1, 16));
    use(world, 1, 300);
    const Bill bill = world.bill("A", kJanuary);
    EXPECT_EQ(shown(bill.invoice), (std::vector<std::string>{"1 21.61", "300 30.00"}));
    EXPECT_EQ(moved(bill.entries, {LedgerKind::revenue, 1}), -world.money("21.61").atoms);
    EXPECT_TRUE(world.bill("A", kJanuary, world.after(bill)).invoice.lines.empty());
}

TEST(Minimums, EC63_AreNotAskedForWhereMoreWasSpent) {
    World world = committed(catalog::FeePer::account);
    world.subscribe("A", PlanId{1}, kJanuary.first);
    use(world, 1, 1'001);
    EXPECT_EQ(shown(world.bill("A", kJanuary).invoice), (std::vector<std::string>{"1001 100.10"}));
}

TEST(Minimums, EC63_ComparesEachSubscriptionByItself) {
    World world = committed(catalog::FeePer::subscription, "5.00");
    for (int i = 0; i < 3; ++i) world.subscribe("A", PlanId{1}, kJanuary.first);
    use(world, 1, 100);
    use(world, 2, 20);
    const Bill bill = world.bill("A", kJanuary);
    EXPECT_EQ(shown(bill.invoice), (std::vector<std::string>{"2 8.00", "120 12.00"}));
    ASSERT_EQ(bill.invoice.lines[0].details.size(), 2U);
    EXPECT_EQ(bill.invoice.lines[0].details[0].attributed, world.money("3.00"));
}

// However the month is split into usage that came in time and late: both documents together reach
// the minimum, and no more.
TEST(Minimums, EC63_LateUsageGivesTheMinimumBack) {
    for (const int late : {0, 1, 500, 700, 2'000}) {
        World world = committed(catalog::FeePer::account);
        world.subscribe("A", PlanId{1}, kJanuary.first);
        use(world, 1, 300);
        const Bill first = world.bill("A", kJanuary);
        world.counters[0]->segments[0].quantity += std::int64_t{late} * 1'000'000;
        Bill second = world.bill("A", kJanuary, world.after(first));
        const Money sum = *checked_add(first.invoice.lines_total, second.invoice.lines_total);
        const std::string expected = late == 2'000 ? "230.00" : "100.00";
        EXPECT_EQ(sum.to_string(2), expected) << late;
    }
}

}  // namespace
}  // namespace farthing::billing
