// Two processes charge on one data folder: each sees what the other did before it grants anything.
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "engine/test_data_folder.h"

namespace farthing::engine {
namespace {

constexpr std::string_view kCatalog = R"(catalog: online
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {sms: {unit: message}, data: {unit: byte}}
plans:
  - plan: simple
    charges:
      - {usage: sms, price: 1.00 per message}
      - {usage: data, graduated: [{to: 5 MB, price: 1.00 per MB}, {price: 0.50 per MB}]}
)";

constexpr std::string_view kSmsFeed = R"(feed: sms
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {constant: sms}
  start: {field: at, time: rfc3339}
  quantity: {field: n}
guide: [{by: subscription, field: who}]
same_record: [id]
)";

class OnlineEngine : public DataFolder {
  protected:
    OnlineEngine() {
        const auto engine = open();
        EXPECT_TRUE(engine->publish({{"catalog.yaml", std::string(kCatalog)}}, std::nullopt));
        AccountChange account;
        account.name = "anna";
        EXPECT_TRUE(engine->apply(account));
        SubscriptionChange subscription;
        subscription.account = "anna";
        subscription.name = "sim";
        subscription.plan = "simple";
        subscription.from = Date::of(2026, 1, 1);
        EXPECT_TRUE(engine->apply(std::span(&subscription, 1)));
    }
    static ChargeQuestion asks(std::string session, std::uint32_t number, ChargeAction action,
                               std::string meter, std::string quantity) {
        ChargeQuestion question;
        question.session = std::move(session);
        question.number = number;
        question.action = action;
        question.subscription = "sim";
        ChargeQuestion::Service service;
        service.meter = std::move(meter);
        service.asks = action != ChargeAction::end;
        if (service.asks) service.quantity = quantity;
        if (action == ChargeAction::end) service.used.push_back({quantity, {}});
        question.services.push_back(std::move(service));
        return question;
    }
    static std::string told(Engine& engine, const ChargeQuestion& question) {
        const auto answers = engine.charge(std::span(&question, 1));
        if (!answers) return answers.error().code;
        const auto& answer = answers->front();
        if (!answer) return answer.error().code;
        return answer->services.empty() ? answer->why : answer->services.front().why;
    }
    static std::string balance(Engine& engine) {
        const auto report = engine.balance("anna");
        return report ? report->balance->to_string() + " held " + report->held.to_string()
                      : report.error().code;
    }
};

TEST_F(OnlineEngine, EC38_two_processes_never_spend_the_same_cent) {
    const auto one = open();
    const auto other = open();
    ASSERT_TRUE(one->top_up("anna", "7.00", "p1"));
    int passed = 0;
    for (int i = 0; i < 10; ++i) {
        Engine& engine = i % 2 == 0 ? *one : *other;
        const auto question = asks("e" + std::to_string(i), 0, ChargeAction::debit, "sms", "1");
        const std::string why = told(engine, question);
        EXPECT_EQ(why, i < 7 ? "granted" : "no_money");
        passed += why == "granted" ? 1 : 0;
    }
    EXPECT_EQ(passed, 7);
    EXPECT_EQ(balance(*one), "0.00 held 0.00");
    EXPECT_EQ(balance(*other), "0.00 held 0.00");
}

// Refunds over Diameter are numbered by a hash: those that agree in 32 bits are two all the same.
TEST_F(OnlineEngine, EC39_wide_numbers_are_told_apart_to_their_last_bit) {
    auto engine = open();
    ASSERT_TRUE(engine->top_up("anna", "10.00", "p1"));
    EXPECT_EQ(told(*engine, asks("e", 0, ChargeAction::debit, "sms", "5")), "granted");
    EXPECT_EQ(balance(*engine), "5.00 held 0.00");
    ChargeQuestion refund = asks("e", 7, ChargeAction::refund, "sms", "1");
    for (const std::uint64_t above : {std::uint64_t{1} << 63, std::uint64_t{3} << 62}) {
        refund.number = above | 7;
        for (int again = 0; again < 2; ++again) {
            EXPECT_EQ(told(*engine, refund), "granted");
            engine.reset();  // what is remembered is what was stored
            engine = open();
        }
    }
    EXPECT_EQ(balance(*engine), "7.00 held 0.00");
}

TEST_F(OnlineEngine, EC39_a_session_goes_on_in_another_process) {
    const auto one = open();
    const auto other = open();
    ASSERT_TRUE(one->top_up("anna", "10.00", "p1"));
    EXPECT_EQ(told(*one, asks("s", 0, ChargeAction::start, "data", "6 MB")), "granted");
    EXPECT_EQ(balance(*other), "10.00 held 5.50");
    EXPECT_EQ(told(*other, asks("s", 1, ChargeAction::end, "data", "6 MB")), "granted");
    EXPECT_EQ(told(*one, asks("s", 1, ChargeAction::end, "data", "6 MB")), "granted");  // again
    EXPECT_EQ(balance(*one), "4.50 held 0.00");
    // The counter goes on where the other process left it.
    EXPECT_EQ(told(*one, asks("t", 0, ChargeAction::start, "data", "4 MB")), "granted");
    EXPECT_EQ(balance(*other), "4.50 held 2.00");
    const auto checks = other->check("all");
    ASSERT_TRUE(checks);
    for (const CheckLine& line : *checks) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
}

// What a process keeps in memory of sessions and balances is what one that just began reads.
TEST_F(OnlineEngine, EC38_whatever_the_other_process_did_is_seen_as_if_it_began_anew) {
    const std::unique_ptr<Engine> both[] = {open(), open()};
    ASSERT_TRUE(both[0]->add_feed("sms.yaml", std::string(kSmsFeed)));
    const auto all = [](Engine& engine) {
        const auto report = engine.balance("anna");
        if (!report) return report.error().code;
        return report->balance->to_string() + " held " + report->held.to_string() + " spent " +
               report->spent.to_string() + " available " +
               (report->available ? report->available->to_string() : "all");
    };
    std::uint64_t chance = 7;
    const auto pick = [&](std::uint64_t of) {
        chance = chance * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        return static_cast<int>((chance >> 33) % of);
    };
    for (int i = 0; i < 90; ++i) {
        Engine& engine = *both[pick(2)];
        const std::string number = std::to_string(i);
        const int session = pick(4);
        const auto told_of = [&](ChargeAction action, const std::string& quantity) {
            return told(engine, asks("s" + std::to_string(session), static_cast<std::uint32_t>(i),
                                     action, "data", quantity));
        };
        now_ = now_.plus_micros(1'000'000);
        switch (pick(7)) {
            case 0: ASSERT_TRUE(engine.top_up("anna", "3.00", "p" + number)); break;
            case 1: told(engine, asks("e" + number, 0, ChargeAction::debit, "sms", "1")); break;
            case 2: told_of(ChargeAction::start, "1 MB"); break;
            case 3: told_of(ChargeAction::update, "2 MB"); break;
            case 4: told_of(ChargeAction::end, "1 MB"); break;
            case 5: {
                const std::string cap = pick(3) == 0 ? "none" : std::to_string(20 + i) + ".00";
                ASSERT_TRUE(engine.limit({"anna", std::to_string(pick(4)) + ".00", cap}));
                break;
            }
            default: {
                const auto path = folder_ / ("f" + number + ".csv");
                std::ofstream(path) << "id,at,who,n\n" << number << ",2026-01-05T09:00:00Z,sim,1\n";
                Engine& reader = *both[0];
                const auto report = reader.import_files("sms", std::span(&path, 1));
                ASSERT_TRUE(report) << report.error().to_string();
            }
        }
        const std::string anew = all(*open());
        for (int which : {pick(2), pick(2)}) ASSERT_EQ(all(*both[which]), anew) << i;
    }
    const auto checks = both[1]->check("all");
    ASSERT_TRUE(checks);
    for (const CheckLine& line : *checks) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
}

// Charging goes on in one process while another reads files of the same customer (R4).
TEST_F(OnlineEngine, EC38_files_are_read_beside_a_process_that_charges) {
    constexpr int kFiles = 6;
    constexpr int kRecords = 300;
    constexpr int kEvents = 150;
    const auto reader = open();
    ASSERT_TRUE(reader->add_feed("sms.yaml", std::string(kSmsFeed)));
    ASSERT_TRUE(reader->top_up("anna", "10000.00", "p1"));
    int granted = 0;
    std::thread charging([&] {
        const auto engine = open();
        for (int i = 0; i < kEvents; ++i) {
            const auto question = asks("e" + std::to_string(i), 0, ChargeAction::debit, "sms", "1");
            granted += told(*engine, question) == "granted" ? 1 : 0;
        }
    });
    for (int i = 0; i < kFiles; ++i) {
        const auto path = folder_ / ("f" + std::to_string(i) + ".csv");
        std::ofstream file(path);
        file << "id,at,who,n\n";  // every second file tells one record of the file before again
        for (int record = 0; record < kRecords; ++record)
            file << (i - i % 2) * kRecords + record + (i % 2) * (kRecords - 1)
                 << ",2026-01-05T09:00:00Z,sim,1\n";
        file.close();
        const auto report = reader->import_files("sms", std::span(&path, 1));
        ASSERT_TRUE(report) << report.error().to_string();
    }
    charging.join();
    EXPECT_EQ(granted, kEvents);
    constexpr int kDifferent = kFiles / 2 * (2 * kRecords - 1);
    EXPECT_EQ(balance(*reader), std::to_string(10'000 - kEvents - kDifferent) + ".00 held 0.00");
    const auto checks = reader->check("all");
    ASSERT_TRUE(checks);
    for (const CheckLine& line : *checks) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
}

TEST_F(OnlineEngine, WhatCanNotBeAskedIsToldByName) {
    const auto engine = open();
    EXPECT_EQ(told(*engine, asks("", 0, ChargeAction::start, "data", "1")), "charge_malformed");
    EXPECT_EQ(told(*engine, asks("s", 0, ChargeAction::start, "date", "1")), "charge_malformed");
    EXPECT_EQ(told(*engine, asks("s", 0, ChargeAction::start, "data", "-1")), "charge_malformed");
    EXPECT_EQ(told(*engine, asks("s", 4, ChargeAction::update, "data", "1")), "unknown_session");
    EXPECT_EQ(engine->balance("bob").error().code, "unknown_account");
    EXPECT_EQ(engine->top_up("anna", "0", "p").error().code, "amount_malformed");
    EXPECT_EQ(engine->top_up("anna", "1.00", "").error().code, "reference_missing");
    AccountChange below;
    below.name = "lab";
    below.parent = "anna";
    below.pays = false;
    ASSERT_TRUE(engine->apply(below));
    EXPECT_EQ(engine->top_up("lab", "1.00", "p").error().code, "account_does_not_pay");
    EXPECT_EQ(engine->revoke_api_key("gateway").error().code, "api_key_unknown");
    EXPECT_EQ(balance(*engine), "0.00 held 0.00");  // postpaid until somebody pays in
}

}  // namespace
}  // namespace farthing::engine
