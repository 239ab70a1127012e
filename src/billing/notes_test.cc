#include <random>

#include "billing/billing_world.h"
#include "billing/fees.h"

namespace farthing::billing {
namespace {

Invoice sent(const World& world, const Bill& bill) {
    return finish(*world.version, bill.invoice, 1, kJune.end)->invoice;
}

World two_charges() {
    World world;
    catalog::Plan& plan = world.plan();
    world.fee(plan, "31.00");
    world.usage(plan, "0.013", "MB");
    world.tax("standard", "VAT 20 %", 20);
    world.account("A");
    world.subscribe("A", plan.id, kJune.first, 10);
    world.counter(ComponentId{2}, OwnerKind::subscription, 1, kJune, AccountId{1}, 700'000'000);
    return world;
}

TEST(Notes, EC55_TakeWhatChangedAndNothingTwice) {
    World world = two_charges();
    const Bill first = world.bill("A", kJune);
    const Invoice original = sent(world, first);
    World::Earlier earlier = world.after(first);
    EXPECT_TRUE(world.try_note(original, earlier)->invoice.lines.empty());

    world.counters[0]->segments[0].quantity = 500'000'000;
    const Bill note = *world.try_note(original, earlier);
    EXPECT_EQ(note.invoice.kind, DocumentKind::note);
    ASSERT_EQ(note.invoice.lines.size(), 1U);
    EXPECT_EQ(note.invoice.payable.to_string(2), "-3.12");  // 2.60 and 20 %
    earlier = world.after(note, earlier);
    EXPECT_TRUE(world.try_note(original, earlier)->invoice.lines.empty());
    EXPECT_TRUE(world.bill("A", month(2026, 7), earlier).invoice.lines.front().kind ==
                LineKind::fee);
}

TEST(Notes, EC57_KeepTheTaxOfTheirInvoice) {
    World world = two_charges();
    const Bill first = world.bill("A", kJune);
    const Invoice original = sent(world, first);
    world.version->taxes[0].percent = Exact(25);
    const Bill note =
        *world.try_note(original, world.after(first), {{"", "outage", 1, world.money("-100.00")}});
    EXPECT_EQ(note.invoice.tax.to_string(2), "-20.00");
    EXPECT_EQ(note.invoice.lines[0].tax, original.lines[0].tax);
    world.quantity(SubscriptionId{1}, kJune.first, 9);
    EXPECT_EQ(world.try_note(original, world.after(first))->invoice.taxes[0].percent, Exact(20));
}

TEST(Notes, CreditNoLineBelowNothing) {
    World world = two_charges();
    const Bill first = world.bill("A", kJune);
    const Invoice original = sent(world, first);
    const auto credit = [&](std::string_view amount, std::uint32_t line) {
        const auto note =
            world.try_note(original, world.after(first), {{"", "", line, world.money(amount)}});
        return note ? std::string("none") : note.error().code;
    };
    EXPECT_EQ(credit("-310.00", 1), "none");
    EXPECT_EQ(credit("-310.01", 1), "credit_too_large");
    EXPECT_EQ(credit("1000.00", 1), "none");
    EXPECT_EQ(credit("-0.001", 1), "amount_too_fine");
    EXPECT_EQ(credit("-1.00", 7), "line_unknown");
}

// Whatever changes, and in whatever order notes and invoices take it: together they come to what
// one clean invoice would, and the ledger to what the documents say.
TEST(Notes, EC55_TogetherComeToTheCleanTotal) {
    for (unsigned seed = 0; seed < 200; ++seed) {
        std::mt19937 chance(seed);
        World world = two_charges();
        world.discount(world.version->plans[0], {ComponentId{1}}, 0, "7.77");
        const Bill first = world.bill("A", kJune);
        const Invoice original = sent(world, first);
        World::Earlier earlier = world.after(first);
        Money sum = first.invoice.lines_total;
        for (int step = 0; step < 4; ++step) {
            world.counters[0]->segments[0].quantity = chance() % 900'000'000;
            world.quantity(SubscriptionId{1},
                           kJune.first.plus_days(static_cast<int>(chance() % 30)),
                           static_cast<std::int64_t>(chance() % 20));
            const Bill note = *world.try_note(original, earlier);
            sum = *checked_add(sum, note.invoice.lines_total);
            earlier = world.after(note, earlier);
        }
        const Bill clean = world.bill("A", kJune);
        EXPECT_EQ(sum, clean.invoice.lines_total) << "seed " << seed;
        EXPECT_EQ(moved(earlier.posted, {LedgerKind::unbilled, 1}) +
                      world.counters[0]->segments[0].posted_atoms,
                  sum.atoms)
            << "seed " << seed;
    }
}

TEST(Proration, EC62_DaysAddUpAndMonthsOfThirtyAreWhole) {
    using catalog::Prorate;
    for (const auto& [first, end, days] :
         {std::tuple(Date::of(2026, 1, 16), Date::of(2026, 2, 1), 15),
          std::tuple(Date::of(2026, 2, 1), Date::of(2026, 3, 1), 30),
          std::tuple(Date::of(2026, 1, 30), Date::of(2026, 1, 31), 0),
          std::tuple(Date::of(2026, 1, 1), Date::of(2027, 1, 1), 360)}) {
        EXPECT_EQ(counted_days(Prorate::thirty_days, {first, end}), days);
        EXPECT_EQ(counted_days(Prorate::calendar_days, {first, end}), end - first);
    }
    for (const unsigned bill_day : {28u, 29u, 30u, 31u}) {
        DatePeriod cycle = cycle_of(Date::of(2026, 1, 31), bill_day);
        for (; cycle.first < Date::of(2027, 1, 1); cycle = cycle_of(cycle.end, bill_day))
            EXPECT_EQ(counted_days(Prorate::thirty_days, cycle, bill_day), 30) << to_string(cycle);
    }
    const Date first = Date::of(2026, 1, 1);
    const Date end = Date::of(2026, 7, 1);
    for (Date cut = first; cut < end; cut = cut.plus_days(1)) {
        EXPECT_EQ(counted_days(Prorate::thirty_days, {first, cut}) +
                      counted_days(Prorate::thirty_days, {cut, end}),
                  180);
    }
}

}  // namespace
}  // namespace farthing::billing
