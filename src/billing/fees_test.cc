#include <gtest/gtest.h>

#include "billing/billing_world.h"

namespace farthing::billing {
namespace {

using Lines = std::vector<std::string>;

// The MultiLine case study: USD 5.00 per number and month in arrears, lines cut at four digits.
World multiline() {
    World world("USD", 4, Rounding::toward_zero);
    world.fee(world.plan("number-monthly"), "5.00");
    return world;
}
constexpr PlanId kPlan{1};

TEST(Fees, EC01_AddedNumbersAreProratedFromTheirDay) {
    World world = multiline();
    world.account("Company");
    world.quantity(world.subscribe("Company", kPlan, day(1, 1), 50), day(1, 16), 60);
    const Bill bill = world.bill("Company", month(2026, 1));
    EXPECT_EQ(shown(bill.invoice), (Lines{"50 250.0000", "10 25.8064"}));
    EXPECT_EQ(total(bill.invoice), "275.8064");
    EXPECT_EQ(bill.invoice.net.to_string(2), "275.81");
    const InvoiceLine& added = bill.invoice.lines[1];
    EXPECT_EQ(added.arithmetic, "10 × 5.00 × 16/31");
    EXPECT_EQ(added.fraction.to_fraction(), "16/31");
    EXPECT_EQ(to_string(added.period), "2026-01-16..2026-01-31");
    EXPECT_EQ(added.rounding, "toward_zero, 4 digits");
    EXPECT_EQ(bill.invoice.lines[0].arithmetic, "50 × 5.00");
}

TEST(Fees, EC02_RemovedNumbersEndTheirLines) {
    World world = multiline();
    world.account("Company");
    world.quantity(world.subscribe("Company", kPlan, day(1, 1), 60), day(2, 25), 55);
    const Bill bill = world.bill("Company", month(2026, 2));
    EXPECT_EQ(shown(bill.invoice), (Lines{"60 257.1428", "55 39.2857"}));
    EXPECT_EQ(total(bill.invoice), "296.4285");
    EXPECT_EQ(bill.invoice.net.to_string(2), "296.43");
    EXPECT_EQ(to_string(bill.invoice.lines[1].period), "2026-02-25..2026-02-28");
    EXPECT_EQ(bill.invoice.lines[0].arithmetic, "60 × 5.00 × 24/28");
}

TEST(Fees, EC02_LeapFebruary) {
    World world = multiline();
    world.account("Company");
    const auto numbers = world.subscribe("Company", kPlan, Date::of(2023, 1, 1), 60);
    world.quantity(numbers, Date::of(2024, 2, 25), 55);
    const Bill bill = world.bill("Company", month(2024, 2));
    EXPECT_EQ(shown(bill.invoice), (Lines{"60 248.2758", "55 47.4137"}));
    EXPECT_EQ(total(bill.invoice), "295.6895");
}

TEST(Fees, EC03_LinesRoundAfterMultiplication) {
    World world = multiline();
    world.account("Company");
    for (int i = 0; i < 10; ++i) world.subscribe("Company", kPlan, day(1, 16));
    EXPECT_EQ(shown(world.bill("Company", month(2026, 1)).invoice), (Lines{"10 25.8064"}));
}

TEST(Fees, EC04_TheOtherSplitComesToTheSame) {
    World world = multiline();
    world.account("Company");
    catalog::Plan& leaving = world.plan("leaving");
    world.fee(leaving, "5.00");
    world.subscribe("Company", kPlan, day(1, 1), 55);
    world.quantity(world.subscribe("Company", leaving.id, day(1, 1), 5), day(2, 25), 0);
    const Bill bill = world.bill("Company", month(2026, 2));
    EXPECT_EQ(shown(bill.invoice), (Lines{"55 275.0000", "5 21.4285"}));
    EXPECT_EQ(total(bill.invoice), "296.4285");
}

TEST(Fees, EC69_IncreaseAndDecreaseInOneCycle) {
    World world = multiline();
    world.account("Company");
    const auto numbers = world.subscribe("Company", kPlan, day(1, 1), 50);
    world.quantity(numbers, day(1, 11), 60);
    world.quantity(numbers, day(1, 21), 55);
    const Bill bill = world.bill("Company", month(2026, 1));
    EXPECT_EQ(shown(bill.invoice), (Lines{"50 161.2903", "10 16.1290", "55 97.5806"}));
    EXPECT_EQ(total(bill.invoice), "274.9999");
}

TEST(Fees, EC09_CurrencyExponents) {
    World yen("JPY", 0);
    yen.fee(yen.plan(), "500");
    yen.account("A");
    yen.subscribe("A", kPlan, day(1, 16));
    EXPECT_EQ(total(yen.bill("A", month(2026, 1)).invoice), "258");
    World dinar("KWD", 3);
    dinar.fee(dinar.plan(), "10");
    dinar.account("A");
    dinar.subscribe("A", kPlan, day(1, 16));
    EXPECT_EQ(total(dinar.bill("A", month(2026, 1)).invoice), "5.161");
}

TEST(Fees, EC08_ACreditRoundsLikeItsCharge) {
    for (const auto& [rounding, expected] :
         {std::pair(Rounding::half_away, "-1.22"), std::pair(Rounding::toward_zero, "-1.21")}) {
        World world("EUR", 2, rounding);
        catalog::Plan& plan = world.plan();
        world.fee(plan, "1.215");
        world.account("A");
        world.subscribe("A", kPlan, day(1, 1));
        const Bill charge = world.bill("A", month(2026, 1));
        world.facts.quantities.push_back({SubscriptionId{1}, day(1, 1), 0});
        const Bill credit = world.bill("A", month(2026, 2), world.after(charge));
        EXPECT_EQ(total(credit.invoice), expected);
        EXPECT_EQ(credit.invoice.lines_total, -charge.invoice.lines_total);
    }
}

// Company › HR and Sales › Sales-EMEA › Sales-UK: four levels (EC60).
World hierarchy(bool sales_pays) {
    World world = multiline();
    world.account("Company");
    world.account("HR", "Company", false);
    world.account("Sales", "Company", sales_pays);
    world.account("Sales-EMEA", "Sales", false);
    world.account("Sales-UK", "Sales-EMEA", false);
    std::map<std::string, SubscriptionId> numbers;
    for (const auto& [name, id] : world.account_ids)
        numbers[name] = world.subscribe(name, kPlan, day(1, 1), 10);
    world.quantity(numbers["Sales-UK"], day(1, 16), 20);
    world.quantity(numbers["HR"], day(2, 25), 5);
    return world;
}

TEST(Hierarchy, EC60_ChargesGoToTheNearestPayer) {
    const World world = hierarchy(true);
    EXPECT_EQ(total(world.bill("Company", month(2026, 1)).invoice), "100.0000");
    EXPECT_EQ(total(world.bill("Sales", month(2026, 1)).invoice), "175.8064");
    const Bill company = world.bill("Company", month(2026, 2));
    EXPECT_EQ(shown(company.invoice), (Lines{"20 85.7142", "15 10.7142"}));
    EXPECT_EQ(total(company.invoice), "96.4284");
    EXPECT_EQ(total(world.bill("Sales", month(2026, 2)).invoice), "200.0000");
    const auto refused = world.try_bill("HR", month(2026, 1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "not_a_payer");
}

TEST(Hierarchy, LinesPerPayerTellTheDepartments) {
    const Bill bill = hierarchy(true).bill("Company", month(2026, 2));
    const auto& details = bill.invoice.lines[1].details;
    ASSERT_EQ(details.size(), 2U);
    EXPECT_EQ(details[0].subject, "Company");
    EXPECT_EQ(details[0].quantity, "10");
    EXPECT_EQ(details[0].attributed.to_string(4), "7.1428");
    EXPECT_EQ(details[1].subject, "HR");
    EXPECT_EQ(details[1].quantity, "5");
    EXPECT_EQ(details[1].attributed.to_string(4), "3.5714");
}

TEST(Hierarchy, GroupedPerDepartment) {
    World world = hierarchy(true);
    world.version->documents.group_per_account = true;
    const Bill bill = world.bill("Company", month(2026, 2));
    EXPECT_EQ(shown(bill.invoice), (Lines{"10 50.0000", "10 42.8571", "5 3.5714"}));
    EXPECT_EQ(total(bill.invoice), "96.4285");
    EXPECT_EQ(bill.invoice.lines[1].department_title, "HR");
}

TEST(Hierarchy, ADepartmentThatStopsPayingIsASectionOfTheBillAbove) {
    for (const bool grouped : {false, true}) {
        World world = hierarchy(false);
        world.version->documents.group_per_account = grouped;
        const Bill january = world.bill("Company", month(2026, 1));
        EXPECT_EQ(total(january.invoice), "275.8064");
        EXPECT_EQ(total(world.bill("Company", month(2026, 2)).invoice), "296.4285");
        if (!grouped) continue;
        Lines sections;
        for (const InvoiceLine& line : january.invoice.lines)
            sections.push_back(line.department_title);
        EXPECT_EQ(sections,
                  (Lines{"Company", "HR", "Sales", "Sales-EMEA", "Sales-UK", "Sales-UK"}));
    }
}

// The parent pays to 15 January, the department from the 16th.
World flip(std::string_view amount, int digits, Rounding rounding) {
    World world("EUR", digits, rounding);
    world.fee(world.plan(), amount);
    world.account("Parent");
    world.account("Department", "Parent", false);
    world.pays_from("Department", day(1, 16), true);
    world.subscribe("Department", kPlan, Date::of(2025, 12, 1));
    return world;
}

TEST(PayerChange, EC59_PartsSumToTheWhole) {
    struct Case {
        std::string_view amount;
        int digits;
        Rounding rounding;
        std::string parent;
        std::string department;
    };
    for (const Case& c : {Case{"31.00", 2, Rounding::half_even, "15.00", "16.00"},
                          Case{"100.00", 2, Rounding::half_even, "48.39", "51.61"},
                          Case{"100.00", 4, Rounding::toward_zero, "48.3871", "51.6129"}}) {
        const World world = flip(c.amount, c.digits, c.rounding);
        const Bill parent = world.bill("Parent", month(2026, 1));
        const Bill department = world.bill("Department", month(2026, 1));
        EXPECT_EQ(total(parent.invoice), c.parent);
        EXPECT_EQ(total(department.invoice), c.department);
        EXPECT_EQ(to_string(parent.invoice.lines[0].period), "2026-01-01..2026-01-15");
        EXPECT_EQ(total(world.bill("Department", month(2026, 2)).invoice),
                  world.money(c.amount).to_string(c.digits));
    }
}

TEST(PayerChange, DayFeesSumToTheWhole) {
    World world = flip("0.005", 2, Rounding::half_even);
    world.version->plans[0].fees[0].every = catalog::FeeEvery::day;
    const Bill parent = world.bill("Parent", month(2026, 1));
    const Bill department = world.bill("Department", month(2026, 1));
    EXPECT_EQ(shown(parent.invoice), (Lines{"15 0.08"}));  // 0.075 of 0.16
    EXPECT_EQ(shown(department.invoice), (Lines{"16 0.08"}));
}

TEST(Cycles, EC61_AnchoredToTheLastDayWithoutDrift) {
    World world("EUR", 2);
    world.fee(world.plan(), "28.00");
    world.account("A", "", true, 31);
    world.subscribe("A", kPlan, day(2, 25));
    const auto directory = world.directory();
    const DatePeriod cycle = cycle_of_payer(directory, AccountId{1}, day(2, 25));
    EXPECT_EQ(to_string(cycle), "2026-01-31..2026-02-27");
    EXPECT_EQ(to_string(cycle_of_payer(directory, AccountId{1}, cycle.end)),
              "2026-02-28..2026-03-30");
    EXPECT_EQ(total(world.bill("A", cycle).invoice), "3.00");  // 3 of 28 days
}

TEST(DayFees, CountUnitDays) {
    World world("EUR", 2);
    catalog::Fee& fee = world.fee(world.plan("lamp"), "0.10");
    fee.every = catalog::FeeEvery::day;
    fee.unit = "lamp";
    world.account("City");
    world.account("North", "City", false);
    world.subscribe("City", kPlan, day(1, 1), 100);
    world.subscribe("North", kPlan, day(6, 11), 100);
    const Bill bill = world.bill("City", month(2026, 6));
    EXPECT_EQ(shown(bill.invoice), (Lines{"5000 500.00"}));
    const InvoiceLine& line = bill.invoice.lines[0];
    EXPECT_EQ(line.unit, "lamp day");
    EXPECT_EQ(line.arithmetic, "5000 × 0.10");
    ASSERT_EQ(line.details.size(), 2U);
    EXPECT_EQ(line.details[1].quantity, "2000");
    EXPECT_EQ(line.details[1].attributed.to_string(2), "200.00");
}

TEST(OnceFees, AreOwedInTheCycleOfTheStart) {
    World world("EUR", 2);
    world.fee(world.plan(), "9.00").every = catalog::FeeEvery::once;
    world.account("A");
    const auto id = world.subscribe("A", kPlan, day(1, 20), 2);
    world.quantity(id, day(2, 10), 5);
    EXPECT_EQ(shown(world.bill("A", month(2026, 1)).invoice), (Lines{"2 18.00"}));
    EXPECT_TRUE(world.bill("A", month(2026, 2)).invoice.lines.empty());
}

TEST(UnproratedFees, AreOwedWhole) {
    World world("EUR", 2);
    world.fee(world.plan(), "9.00").prorate = catalog::Prorate::none;
    world.account("A");
    const auto id = world.subscribe("A", kPlan, day(1, 20), 2);
    world.quantity(id, day(1, 25), 3);
    EXPECT_EQ(shown(world.bill("A", month(2026, 1)).invoice), (Lines{"3 27.00"}));
}

TEST(AccountFees, AreOwedOncePerPayer) {
    World world("EUR", 2);
    world.fee(world.plan(), "31.00").per = catalog::FeePer::account;
    world.account("A");
    world.subscribe("A", kPlan, day(1, 1), 7);
    world.subscribe("A", kPlan, day(1, 10), 2);
    world.quantity(SubscriptionId{1}, day(1, 12), 0);
    world.quantity(SubscriptionId{2}, day(1, 17), 0);
    EXPECT_EQ(shown(world.bill("A", month(2026, 1)).invoice), (Lines{"1 16.00"}));
}

TEST(AdvanceFees, BillTheNextCycleAndWhatIsLeftOfThisOne) {
    World world("EUR", 2);
    world.fee(world.plan(), "31.00").timing = catalog::FeeTiming::advance;
    world.account("A");
    const auto id = world.subscribe("A", kPlan, day(1, 16));
    const Bill january = world.bill("A", month(2026, 1));
    EXPECT_EQ(shown(january.invoice), (Lines{"1 16.00", "1 31.00"}));
    EXPECT_EQ(to_string(january.invoice.lines[1].period), "2026-02-01..2026-02-28");
    // One more from 15 February: only what is added, half a month, and two of them for March.
    world.quantity(id, day(2, 15), 2);
    const Bill february = world.bill("A", month(2026, 2), world.after(january));
    EXPECT_EQ(shown(february.invoice), (Lines{"1 15.50", "2 62.00"}));
    // Ended on 1 March although March is billed: it is given back.
    world.quantity(id, day(3, 1), 0);
    const auto earlier = world.after(february, world.after(january));
    const Bill march = world.bill("A", month(2026, 3), earlier);
    EXPECT_EQ(total(march.invoice), "-62.00");
    EXPECT_EQ(march.invoice.lines[0].already_billed.to_string(2), "62.00");
    const Bill again = world.bill("A", month(2026, 3), world.after(march, earlier));
    EXPECT_TRUE(again.invoice.lines.empty());
    EXPECT_TRUE(again.entries.empty());
}

TEST(Versions, AFeeCostsWhatTheVersionOfItsPeriodsStartSays) {
    World world("EUR", 2);
    world.fee(world.plan(), "10.00");
    auto later = std::make_shared<catalog::Version>(*world.version);
    later->number = VersionNo{2};
    later->valid_from = TimeZone::utc().start_of(day(1, 10));
    later->plans[0].fees[0].amount = World::decimal("20.00");
    world.versions.push_back(later);
    world.account("A");
    world.subscribe("A", kPlan, day(1, 1));
    EXPECT_EQ(total(world.bill("A", month(2026, 1)).invoice), "10.00");
    EXPECT_EQ(total(world.bill("A", month(2026, 2)).invoice), "20.00");
}

TEST(Refusals, NameWhatIsMissing) {
    World world("EUR", 2);
    world.plan();
    world.account("A");
    world.subscribe("A", PlanId{7}, day(1, 1));
    const auto no_plan = world.try_bill("A", month(2026, 1));
    ASSERT_FALSE(no_plan.has_value());
    EXPECT_EQ(no_plan.error().code, "plan_missing");
    const auto no_catalog = world.try_bill("A", month(1960, 1));
    ASSERT_FALSE(no_catalog.has_value());
    EXPECT_EQ(no_catalog.error().code, "catalog_missing");
}

TEST(Refusals, AnAmountBeyondAPosting) {
    World world("EUR", 2);
    world.fee(world.plan(), "999999999.99");
    world.account("A");
    world.subscribe("A", kPlan, day(1, 1), INT64_MAX);
    const auto refused = world.try_bill("A", month(2026, 1));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, "amount_out_of_range");
}

}  // namespace
}  // namespace farthing::billing
