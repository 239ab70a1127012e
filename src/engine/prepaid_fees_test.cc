// Fees of prepaid accounts, beside other processes and over restarts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr std::string_view kPrepaidCatalog = R"(catalog: prepaid
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
rounding: {line: half_even 2, payable: half_even 2}
meters: {sms: {unit: message}}
plans:
  - plan: basic
    charges:
      - {fee: base, amount: 2.00, per: subscription month, in: advance}
      - {usage: sms, price: 0.10 per message}
)";

class PrepaidFees : public testing::Test {
  protected:
    PrepaidFees() {
        std::string name = (std::filesystem::temp_directory_path() / "farthing-fees-XXXXXX");
        folder_ = ::mkdtemp(name.data());
        now_ = *parse_rfc3339("2026-01-01T10:00:00Z");
        const auto engine = open();
        EXPECT_TRUE(
            engine->publish({{"catalog.yaml", std::string(kPrepaidCatalog)}}, std::nullopt));
        for (const char* account : {"anna", "bea", "carl"}) {
            AccountChange change;
            change.name = account;
            EXPECT_TRUE(engine->apply(change));
            SubscriptionChange subscription;
            subscription.account = account;
            subscription.name = std::string("sim-") + account;
            subscription.plan = "basic";
            subscription.from = Date::of(2026, 1, 1);
            EXPECT_TRUE(engine->apply(std::span(&subscription, 1)));
        }
    }
    ~PrepaidFees() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<Engine> open() {
        auto engine = Engine::open(folder_, Clock{[this] { return now_; }});
        EXPECT_TRUE(engine) << engine.error().to_string();
        return *std::move(engine);
    }
    static std::string balance(Engine& engine, const std::string& account) {
        const auto report = engine.balance(account);
        if (!report) return report.error().code;
        return report->balance->to_string() + (report->suspended.empty() ? "" : " suspended");
    }
    void pass_to(std::string_view when) { now_ = *parse_rfc3339(when); }

    std::filesystem::path folder_;
    Instant now_;
};

TEST_F(PrepaidFees, EC71_once_per_due_date_whoever_takes_them) {
    const auto one = open();
    const auto other = open();
    ASSERT_TRUE(one->top_up("anna", "5.00", "p1"));
    for (Engine* engine : {one.get(), other.get(), one.get()}) ASSERT_TRUE(engine->take_fees());
    EXPECT_EQ(balance(*one, "anna"), "3.00");
    EXPECT_EQ(balance(*other, "anna"), "3.00");
    pass_to("2026-02-01T00:00:00Z");
    for (Engine* engine : {other.get(), one.get()}) ASSERT_TRUE(engine->take_fees("anna"));
    EXPECT_EQ(balance(*open(), "anna"), "1.00");
    pass_to("2026-03-01T00:00:00Z");
    ASSERT_TRUE(other->take_fees());
    EXPECT_EQ(balance(*one, "anna"), "1.00 suspended");
    ASSERT_TRUE(one->top_up("anna", "1.00", "p2"));
    EXPECT_EQ(balance(*other, "anna"), "0.00");
    EXPECT_EQ(balance(*open(), "anna"), "0.00");
    const auto fees = one->fees("anna");
    ASSERT_TRUE(fees);
    EXPECT_EQ(fees->size(), 4u);  // three taken, one not covered before
    const auto checked = one->check("all");
    ASSERT_TRUE(checked);
    for (const CheckLine& line : *checked) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
}

TEST_F(PrepaidFees, EC71_a_clock_asks_each_account_once_a_day_in_short_turns) {
    const auto engine = open();
    pass_to("2026-01-02T00:00:00Z");
    for (const char* account : {"anna", "bea", "carl"})
        ASSERT_TRUE(engine->limit({account, "0", ""}));  // prepaid from now on
    pass_to("2026-02-01T00:00:01Z");
    for (const char* account : {"anna", "bea"})
        ASSERT_TRUE(engine->top_up(account, "4.00", account));
    EXPECT_EQ(balance(*engine, "carl"), "0.00");
    int turns = 1;
    for (;; ++turns) {
        const auto more = engine->take_fees_of_day(1);
        ASSERT_TRUE(more) << more.error().to_string();
        if (!*more) break;
    }
    EXPECT_EQ(turns, 3);
    EXPECT_EQ(balance(*engine, "carl"), "0.00 suspended");
    EXPECT_EQ(balance(*engine, "anna"), "2.00");
    EXPECT_FALSE(*engine->take_fees_of_day(1));  // of the same day no more
    SubscriptionChange more;                     // but of who changed
    more.account = "anna";
    more.name = "second";
    more.plan = "basic";
    more.from = Date::of(2026, 2, 1);
    ASSERT_TRUE(open()->apply(std::span(&more, 1)));
    EXPECT_FALSE(*engine->take_fees_of_day(64));
    EXPECT_EQ(balance(*engine, "anna"), "0.00");
    pass_to("2026-03-01T00:00:01Z");
    EXPECT_TRUE(*engine->take_fees_of_day(1));
}

TEST_F(PrepaidFees, EC71_each_move_explains_itself) {
    const auto engine = open();
    ASSERT_TRUE(engine->top_up("anna", "1.50", "p1"));
    ASSERT_TRUE(engine->top_up("anna", "1.00", "p2"));
    for (const char* id : {"fee-1", "fee-2"}) {
        const auto told = engine->explain(id, true);
        ASSERT_TRUE(told) << told.error().to_string();
        ASSERT_TRUE(told->verify);
        EXPECT_TRUE(told->verify->equal) << told->verify->recomputed << " " << told->verify->stored;
        EXPECT_NE(told->rule.find("basic › base"), std::string::npos) << told->rule;
    }
    const auto taken = engine->explain("fee-2", false);
    EXPECT_EQ(taken->ledger,
              (std::vector<std::string>{"unbilled/anna 2.00 EUR", "revenue/basic/base -2.00 EUR"}));
    EXPECT_EQ(engine->explain("fee-9", false).error().code, "charge_unknown");
    EXPECT_EQ(engine->explain("fee-x", false).error().code, "id_malformed");
}

TEST_F(PrepaidFees, VouchersAndTransfersBesideAnotherProcess) {
    const auto one = open();
    const auto other = open();
    VoucherOrder order;
    order.name = "spring";
    order.amount = "5.00";
    order.until = Date::of(2026, 6, 1);
    order.codes = {"AAAA-1111", "BBBB-2222"};
    order.secret = "a key";
    ASSERT_TRUE(one->make_vouchers(order));
    order.name = "summer";
    order.secret = "another key, which is not taken";
    order.codes = {"CCCC-3333"};
    ASSERT_TRUE(other->make_vouchers(order));
    ASSERT_TRUE(one->redeem("bea", "aaaa1111"));
    EXPECT_EQ(other->redeem("carl", "AAAA-1111").error().code, "voucher_redeemed");
    ASSERT_TRUE(other->redeem("bea", "CCCC 3333"));
    EXPECT_EQ(balance(*one, "bea"), "8.00");  // less the fee that fell due
    ASSERT_TRUE(other->transfer({"bea", "carl", "6.00", "t1"}));
    EXPECT_EQ(balance(*one, "bea"), "2.00");
    EXPECT_EQ(one->transfer({"bea", "carl", "3.00", "t2"}).error().code, "transfer_not_covered");
    ASSERT_TRUE(one->transfer({"bea", "carl", "6.00", "t1"}));  // the same once more
    EXPECT_EQ(balance(*other, "carl"), "4.00");
    const auto shown = other->vouchers("spring");
    ASSERT_TRUE(shown);
    ASSERT_EQ(shown->redeemed.size(), 1u);
    EXPECT_EQ(shown->redeemed.front().account, "bea");
    const auto checked = one->check("all");
    ASSERT_TRUE(checked);
    for (const CheckLine& line : *checked) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
}

}  // namespace
}  // namespace farthing::engine
