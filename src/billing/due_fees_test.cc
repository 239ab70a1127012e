// Fees of prepaid payers fall due one by one, and come to what the document of the cycle says.
#include "billing/due_fees.h"

#include "billing/billing_world.h"

namespace farthing::billing {
namespace {

// "SIM day atoms-as-money" of each.
std::vector<std::string> due_on(const World& world, const std::string& payer, Date today,
                                Date since = day(1, 1)) {
    const auto catalog = world.snapshot();
    const auto directory = world.directory();
    Input input{catalog, directory, world.account_ids.at(payer), cycle_of(today, 1), today};
    input.due_by = today;
    const auto due = due_fees(input, since);
    EXPECT_TRUE(due) << (due ? "" : due.error().to_string());
    std::vector<std::string> told;
    for (const DueFee& one : *due) {
        told.push_back(std::to_string(one.fee.subscription.value) + " " + to_string(one.fee.due) +
                       " " + Money{one.atoms, world.version->currency}.to_string());
    }
    return told;
}
using Told = std::vector<std::string>;

TEST(DueFees, EC71_in_advance_on_the_first_day_and_in_arrears_after_the_last) {
    World world;
    world.account("anna");
    auto& plan = world.plan();
    world.fee(plan, "2.00").timing = catalog::FeeTiming::advance;
    world.fee(plan, "3.00");
    world.subscribe("anna", plan.id, day(6, 16));
    EXPECT_EQ(due_on(world, "anna", day(6, 15)), Told());
    EXPECT_EQ(due_on(world, "anna", day(6, 16)), Told({"1 2026-06-16 1.00"}));
    EXPECT_EQ(due_on(world, "anna", day(7, 1)), Told({"1 2026-07-01 2.00", "1 2026-07-01 1.50"}));
    EXPECT_EQ(due_on(world, "anna", day(7, 1), day(7, 2)), Told());
}

TEST(DueFees, EC71_a_change_within_the_period_is_due_on_its_day) {
    World world;
    world.account("anna");
    auto& plan = world.plan();
    world.fee(plan, "2.00").timing = catalog::FeeTiming::advance;
    auto& whole = world.fee(plan, "5.00");
    whole.timing = catalog::FeeTiming::advance;
    whole.prorate = catalog::Prorate::none;
    const auto sim = world.subscribe("anna", plan.id, day(6, 1));
    EXPECT_EQ(due_on(world, "anna", day(6, 2)), Told({"1 2026-06-01 2.00", "1 2026-06-01 5.00"}));
    world.quantity(sim, day(6, 16), 3);
    EXPECT_EQ(due_on(world, "anna", day(6, 15)), Told({"1 2026-06-01 1.00", "1 2026-06-01 5.00"}));
    EXPECT_EQ(due_on(world, "anna", day(6, 16)), Told({"1 2026-06-01 1.00", "1 2026-06-01 5.00",
                                                       "1 2026-06-16 3.00", "1 2026-06-16 10.00"}));
}

TEST(DueFees, EC71_per_day_day_by_day_once_when_it_begins_and_of_the_account) {
    World world;
    world.account("anna");
    auto& plan = world.plan();
    world.fee(plan, "0.50").every = catalog::FeeEvery::day;
    world.fee(plan, "9.00").every = catalog::FeeEvery::once;
    auto& portal = world.fee(plan, "4.00");
    portal.per = catalog::FeePer::account;
    portal.timing = catalog::FeeTiming::advance;
    world.subscribe("anna", plan.id, day(6, 29));
    world.subscribe("anna", plan.id, day(6, 30));
    EXPECT_EQ(due_on(world, "anna", day(6, 30)),
              Told({"0 2026-06-29 0.266666667", "1 2026-06-29 0.50", "1 2026-06-29 9.00",
                    "1 2026-06-30 0.50", "2 2026-06-30 0.50", "2 2026-06-30 9.00"}));
}

TEST(DueFees, EC71_together_they_are_what_the_document_says) {
    World world;
    world.account("anna");
    auto& plan = world.plan();
    world.fee(plan, "2.00").timing = catalog::FeeTiming::advance;
    world.fee(plan, "0.10").every = catalog::FeeEvery::day;
    for (unsigned i = 1; i <= 20; ++i) {
        const auto sim = world.subscribe("anna", plan.id, day(6, i));
        if (i % 3 == 0) world.quantity(sim, day(6, i + 7), 1 + i % 4);
        if (i % 5 == 0) world.facts.plans.push_back({sim, day(6, i + 9), {}});
    }
    const auto catalog = world.snapshot();
    const auto directory = world.directory();
    Input input{catalog, directory, world.account_ids.at("anna"), kJune, day(6, 30)};
    input.due_by = day(6, 30);
    const auto due = due_fees(input, day(6, 1));
    ASSERT_TRUE(due);
    std::map<ComponentId, i128> sums;
    for (const DueFee& one : *due)
        if (one.fee.cycle == kJune) sums[one.fee.component] += one.atoms;
    const Bill bill = world.bill("anna", kJune);
    std::map<ComponentId, Exact> billed;
    for (const InvoiceLine& line : bill.invoice.lines)
        if (line.cycle == kJune) billed[line.component] += line.exact;
    ASSERT_EQ(billed.size(), 2u);
    for (const auto& [component, exact] : billed) {
        const i128 off = money_of(exact, world.version->currency)->atoms - sums[component];
        EXPECT_LE(off < 0 ? -off : off, 40) << "each part is rounded to the atom";
    }
}

TEST(DueFees, EC71_documents_pass_over_what_was_not_covered) {
    World world;
    world.account("anna");
    auto& plan = world.plan();
    world.fee(plan, "2.00").timing = catalog::FeeTiming::advance;
    world.fee(plan, "0.50").every = catalog::FeeEvery::day;
    world.subscribe("anna", plan.id, day(6, 1));
    world.subscribe("anna", plan.id, day(6, 1));
    const auto catalog = world.snapshot();
    const auto directory = world.directory();
    Input input{catalog, directory, world.account_ids.at("anna"), kJune, day(6, 30)};
    input.due_by = day(6, 30);
    input.uncovered = [](SubscriptionId subscription, ComponentId component, Date first) {
        return subscription.value == 2 &&
               (component.value == 1 || (first >= day(6, 11) && first < day(6, 21)));
    };
    const auto made = world.bill_with(std::move(input));
    ASSERT_TRUE(made) << made.error().to_string();
    EXPECT_EQ(total(made->invoice), "27.00");  // 2.00, 30 × 0.50, and 20 × 0.50
}

}  // namespace
}  // namespace farthing::billing
