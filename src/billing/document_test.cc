#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "billing/billing_world.h"

namespace farthing::billing {
namespace {

using Lines = std::vector<std::string>;

// One account with a fee of that amount.
World one_fee(std::string_view amount, int digits = 2) {
    World world("EUR", digits);
    world.fee(world.plan(), amount);
    world.account("A");
    world.subscribe("A", PlanId{1}, day(1, 1));
    return world;
}
Adjustment adjustment(const World& world, std::string_view amount,
                      std::optional<std::uint32_t> line = {}) {
    return {"Goodwill", "outage", line, world.money(amount)};
}

TEST(Discounts, EC65_OrderIsDeclared) {
    World percent_first = one_fee("100.00");
    catalog::Plan& plan = percent_first.version->plans[0];
    percent_first.discount(plan, {ComponentId{1}}, 10);
    percent_first.discount(plan, {ComponentId{1}}, 0, "5.00");
    const Bill first = percent_first.bill("A", kJune);
    EXPECT_EQ(shown(first.invoice), (Lines{"1 100.00", "0 -10.00", "0 -5.00"}));
    EXPECT_EQ(total(first.invoice), "85.00");
    EXPECT_EQ(first.invoice.lines[1].arithmetic, "10 % of 100");

    World amount_first = one_fee("100.00");
    catalog::Plan& other = amount_first.version->plans[0];
    amount_first.discount(other, {ComponentId{1}}, 0, "5.00");
    amount_first.discount(other, {ComponentId{1}}, 10);
    EXPECT_EQ(total(amount_first.bill("A", kJune).invoice), "85.50");
}

TEST(Discounts, EC65_NeverMakeTheDocumentNegative) {
    World world = one_fee("0.135");
    catalog::Plan& plan = world.version->plans[0];
    world.fee(plan, "0.135");
    world.discount(plan, {ComponentId{1}, ComponentId{2}}, 0, "50.00");
    const Bill bill = world.bill("A", kJune);
    EXPECT_EQ(shown(bill.invoice), (Lines{"1 0.14", "1 0.14", "0 -0.28"}));  // exact 0.27
    EXPECT_EQ(total(bill.invoice), "0.00");
    EXPECT_EQ(bill.invoice.lines[2].exact, Exact(-27, 100));
}

TEST(Discounts, SharesAreOfWhatTheyLeave) {
    World world = one_fee("100.00");
    catalog::Plan& plan = world.version->plans[0];
    plan.fees[0].shares = {World::share(1, 30)};
    world.discount(plan, {ComponentId{1}}, 10);
    const Bill bill = world.bill("A", kJune);
    ASSERT_EQ(bill.statements.size(), 1U);
    EXPECT_EQ(bill.statements[0].share.to_string(2), "27.00");
    EXPECT_EQ(bill.statements[0].kept.to_string(2), "63.00");
    EXPECT_EQ(bill.statements[0].charged.to_string(2), "90.00");
}

TEST(Tax, EC58_IsOfTheCategorysNet) {
    World world = one_fee("0.33");
    catalog::Plan& plan = world.version->plans[0];
    world.fee(plan, "0.33");
    world.fee(plan, "0.33");
    world.tax("standard", "VAT 20 %", 20);
    const Bill bill = world.bill("A", kJune);
    EXPECT_EQ(bill.invoice.tax.to_string(2), "0.20");
    EXPECT_EQ(bill.invoice.payable.to_string(2), "1.19");
    EXPECT_EQ(bill.invoice.taxes[0].rule, "catalog.yaml:9");
    EXPECT_EQ(bill.invoice.lines[0].tax.rule, "catalog.yaml:9");
}

TEST(Tax, EC57_GoesByTheLastDayOfTheService) {
    World world = one_fee("1000.00");
    world.tax("standard", "GST 8 %", 8);
    world.tax("standard", "GST 9 %", 9);
    world.version->taxes[0].days.end = Date::of(2026, 6, 30);
    world.version->taxes[1].days.first = Date::of(2026, 6, 30);
    EXPECT_EQ(world.bill("A", kJune).invoice.tax.to_string(2), "90.00");
    world.version->taxes[0].days.end = world.version->taxes[1].days.first = Date::of(2026, 7, 1);
    EXPECT_EQ(world.bill("A", kJune).invoice.tax.to_string(2), "80.00");
    world.version->taxes.pop_back();
    world.version->taxes[0].days.end = Date::of(2026, 6, 30);
    EXPECT_EQ(world.try_bill("A", kJune).error().code, "tax_unknown");
}

TEST(Tax, EC58_WithinThePriceNeverRoundsAway) {
    for (const std::string_view price : {"0.01", "0.05", "9.99", "10.00", "1234.56"}) {
        World world = one_fee(price);
        world.tax("standard", "GST 9 %", 9);
        world.version->taxes[0].included = true;
        const Bill bill = world.bill("A", kJune);
        EXPECT_EQ(bill.invoice.payable, world.money(price));
        const Sent sent = *finish(*world.version, bill.invoice, 1, kJune.end);
        for (const Entry& entry : sent.entries) EXPECT_TRUE(ledger::is_balanced(entry));
        EXPECT_EQ(moved(sent.entries, {LedgerKind::tax, 0}), -bill.invoice.tax.atoms);
        EXPECT_EQ(moved(sent.entries, {LedgerKind::rounding, 0}), 0);
    }
}

TEST(Tax, EC73_PayableIsNetPlusTaxAtThePayableScale) {
    struct Case {
        std::string_view lines;
        std::int64_t percent;
        std::string net, payable;
    };
    for (const Case& c :
         {Case{"275.8064", 20, "275.81", "330.97"}, Case{"296.4285", 20, "296.43", "355.72"},
          Case{"275.8064", 9, "275.81", "300.63"}, Case{"296.4285", 9, "296.43", "323.11"}}) {
        World world = one_fee(c.lines, 4);
        world.tax("standard", "tax", c.percent);
        const Bill bill = world.bill("A", kJune);
        EXPECT_EQ(bill.invoice.net.to_string(2), c.net);
        EXPECT_EQ(bill.invoice.payable.to_string(2), c.payable);
    }
}

TEST(Tax, CategoriesSumToTheNet) {
    World world = one_fee("0.3333", 4);
    world.fee(world.version->plans[0], "0.3333").tax_category = "reduced";
    world.tax("standard", "VAT 20 %", 20);
    world.tax("reduced", "VAT 9 %", 9);
    const Bill bill = world.bill("A", kJune);
    EXPECT_EQ(bill.invoice.net.to_string(2), "0.67");
    ASSERT_EQ(bill.invoice.taxes.size(), 2U);
    EXPECT_TRUE(bill.invoice.taxes[0].net.atoms + bill.invoice.taxes[1].net.atoms ==
                bill.invoice.net.atoms);
}

TEST(Adjustments, StandUnderTheirLine) {
    const World world = one_fee("100.00");
    const Bill bill =
        world.bill("A", kJune, {}, {adjustment(world, "-5.00", 1), adjustment(world, "2.50")});
    EXPECT_EQ(total(bill.invoice), "97.50");
    EXPECT_EQ(bill.invoice.lines[1].arithmetic, "by hand, on line 1: outage");
    EXPECT_TRUE(moved(bill.entries, {LedgerKind::adjustment, 1}) == world.money("2.50").atoms);
    EXPECT_TRUE(moved(bill.entries, {LedgerKind::unbilled, 1}) == world.money("97.50").atoms);
}

TEST(Adjustments, AreRefusedWithAReason) {
    const World world = one_fee("100.00");
    const auto code = [&](const Adjustment& a) {
        const auto result = world.try_bill("A", kJune, {}, {a});
        return result ? std::string("none") : result.error().code;
    };
    EXPECT_EQ(code(adjustment(world, "-100.01")), "discount_too_large");
    EXPECT_EQ(code(adjustment(world, "-100.00")), "none");
    EXPECT_EQ(code(adjustment(world, "-1.00", 2)), "line_unknown");
    EXPECT_EQ(code(adjustment(world, "-0.005")), "amount_too_fine");
    EXPECT_EQ(code(adjustment(World("USD", 2), "-1.00")), "currency_mixed");
}

TEST(Finish, GivesTheNumberAndMakesItReceivable) {
    World world = one_fee("275.8064", 4);
    world.tax("standard", "VAT 20 %", 20);
    const Bill bill = world.bill("A", kJune);
    const auto sent = finish(*world.version, bill.invoice, 7, day(7, 2));
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(sent->invoice.number, "INV-2026-0007");
    EXPECT_EQ(sent->invoice.state, InvoiceState::sent);
    EXPECT_EQ(to_string(sent->invoice.due), "2026-07-16");
    EXPECT_TRUE(moved(sent->entries, {LedgerKind::receivable, 1}) == world.money("330.97").atoms);
    EXPECT_TRUE(moved(sent->entries, {LedgerKind::tax, 0}) == -world.money("55.16").atoms);
    EXPECT_TRUE(moved(sent->entries, {LedgerKind::rounding, 0}) == -world.money("0.0036").atoms);
    EXPECT_TRUE(moved(sent->entries, {LedgerKind::unbilled, 1}) +
                    moved(bill.entries, {LedgerKind::unbilled, 1}) ==
                0);
    const auto again = finish(*world.version, sent->invoice, 8, day(7, 3));
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error().code, "already_sent");
}

TEST(Series, ExpandsDateAndNumber) {
    const catalog::Version version;
    const std::string& usual = series_of(version, Invoice());
    EXPECT_EQ(series_prefix(usual, day(3, 1)), "INV-2026-");
    EXPECT_EQ(series_number(usual, day(3, 1), 12), "INV-2026-0012");
    EXPECT_EQ(series_number(usual, day(3, 1), 123456), "INV-2026-123456");
    Invoice note;
    note.kind = DocumentKind::note;
    EXPECT_EQ(series_number(series_of(version, note), day(3, 1), 1), "CN-2026-0001");
    EXPECT_EQ(series_prefix("{year}{month}/{number}-X", day(3, 1)), "202603/");
    EXPECT_EQ(series_number("{year}{month}/{number}-X", day(3, 1), 12), "202603/12-X");
}

TEST(PayerIndexTest, KnowsWhoPaysForWhomAndWhen) {
    World world("EUR", 2);
    world.plan();
    world.account("Top");
    world.account("Below", "Top", false);
    world.pays_from("Below", day(3, 1), true);
    world.subscribe("Below", PlanId{1}, day(1, 1));
    const auto directory = world.directory();
    const PayerIndex index(directory);
    const Date begin = Date::of(2020, 1, 1);
    const std::vector<PaidStretch> top{{AccountId{1}, {begin, Date::max()}},
                                       {AccountId{2}, {begin, day(3, 1)}}};
    const std::vector<PaidStretch> below{{AccountId{2}, {day(3, 1), Date::max()}}};
    EXPECT_TRUE(std::ranges::equal(index.of(AccountId{1}), top));
    EXPECT_TRUE(std::ranges::equal(index.of(AccountId{2}), below));
    EXPECT_TRUE(index.of(AccountId{3}).empty());
    EXPECT_EQ(index.payers({day(1, 1), day(2, 1)}), std::vector{AccountId{1}});
}

// Departments that come and go as payers, with random quantities, fees, shares and discounts.
struct RandomTree {
    World world;
    std::vector<std::string> names{"top", "a", "b"};
};
RandomTree random_tree(bool steady_quantities) {
    const auto rounding =
        *rc::gen::element(Rounding::half_even, Rounding::half_away, Rounding::toward_zero);
    RandomTree tree;
    tree.world = World("EUR", *rc::gen::inRange(2, 5), rounding);
    World& world = tree.world;
    catalog::Plan& plan = world.plan();
    const int fees = *rc::gen::inRange(1, 4);
    for (int i = 0; i < fees; ++i) {
        catalog::Fee& fee = world.fee(plan, std::to_string(*rc::gen::inRange(1, 99999)) + ".37");
        fee.amount.scale = *rc::gen::inRange(2, 6);
        if (*rc::gen::inRange(0, 3) == 0) fee.every = catalog::FeeEvery::day;
        fee.shares = {World::share(1, *rc::gen::inRange(1, 60)),
                      World::share(2, *rc::gen::inRange(1, 40))};
    }
    if (*rc::gen::arbitrary<bool>())
        world.discount(plan, {ComponentId{1}}, *rc::gen::inRange(1, 101));
    world.account("top");
    world.account("a", "top", false);
    world.account("b", "a", false);
    const int flips = *rc::gen::inRange(0, 4);
    for (int i = 0; i < flips; ++i) {
        world.pays_from(*rc::gen::element<std::string>("a", "b"),
                        day(6, *rc::gen::inRange(1U, 31U)), *rc::gen::arbitrary<bool>());
    }
    const int subscriptions = *rc::gen::inRange(1, 6);
    for (int i = 0; i < subscriptions; ++i) {
        const auto id =
            world.subscribe(*rc::gen::elementOf(tree.names), plan.id,
                            day(5, *rc::gen::inRange(1U, 31U)), *rc::gen::inRange(1, 50));
        if (!steady_quantities && *rc::gen::arbitrary<bool>()) {
            world.quantity(id, day(6, *rc::gen::inRange(1U, 31U)), *rc::gen::inRange(0, 50));
        }
    }
    return tree;
}

TEST(Properties, AFeeSumsToTheWholeOverItsPayers) {
    rc::check("per department, whoever pays", [] {
        RandomTree tree = random_tree(true);
        tree.world.version->documents.group_per_account = true;
        tree.world.version->plans[0].discounts.clear();
        World alone = tree.world;
        std::erase_if(alone.facts.pays,
                      [](const PaysFact& fact) { return fact.account != AccountId{1}; });
        std::map<std::pair<AccountId, ComponentId>, i128> parts;
        const auto add = [&](const Invoice& invoice, int sign) {
            for (const InvoiceLine& line : invoice.lines) {
                parts[{line.department, line.component}] += sign * line.amount.atoms;
            }
        };
        for (const std::string& name : tree.names) {
            if (const auto bill = tree.world.try_bill(name, kJune)) add(bill->invoice, 1);
        }
        add(alone.bill("top", kJune).invoice, -1);
        // Subscriptions of a department change hands together, so each department's line is split,
        // never re-rounded.
        for (const auto& [key, difference] : parts) RC_ASSERT(difference == 0);
    });
}

TEST(Properties, EntriesBalanceAndUnbilledStandsAtTheLines) {
    rc::check("in any tree", [] {
        const RandomTree tree = random_tree(false);
        const World& world = tree.world;
        for (const std::string& name : tree.names) {
            const auto bill = world.try_bill(name, kJune);
            if (!bill) continue;
            for (const Entry& entry : bill->entries) RC_ASSERT(ledger::is_balanced(entry));
            const LedgerAccount unbilled{LedgerKind::unbilled, world.account_ids.at(name).value};
            RC_ASSERT(moved(bill->entries, unbilled) == bill->invoice.lines_total.atoms);
            RC_ASSERT(bill->invoice.lines_total.atoms >= 0);
            for (const Statement& statement : bill->statements) {
                RC_ASSERT(-moved(bill->entries, {LedgerKind::partner, statement.partner.value}) ==
                          statement.share.atoms);
            }
            if (bill->statements.size() == 2) {
                const auto& [one, two] = std::pair(bill->statements[0], bill->statements[1]);
                RC_ASSERT(one.kept.atoms + one.share.atoms + two.share.atoms == one.charged.atoms);
            }
            const auto again = world.bill(name, kJune, world.after(*bill));
            RC_ASSERT(again.invoice.lines.empty());
            RC_ASSERT(again.entries.empty());
        }
    });
}

}  // namespace
}  // namespace farthing::billing
