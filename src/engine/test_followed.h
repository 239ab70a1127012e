// A server and those who write to its folder beside it, in tests of this room.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "engine/test_data_folder.h"

namespace farthing::engine {

inline constexpr std::string_view kPlans = R"(catalog: followed
valid_from: 2025-01-01
currency: EUR
time_zone: UTC
meters: {sms: {unit: message}, data: {unit: byte}}
plans:
  - plan: tiers
    charges:
      - {usage: sms, price: 0.10 per message}
      - {usage: data, graduated: [{to: 5 MB, price: 1.00 per MB}, {price: 0.50 per MB}]}
    limits: {sms: 40}
    spending_cap: {amount: 30.00, action: block}
  - plan: pool
    charges:
      - {usage: sms, price: 0.10 per message}
      - usage: data
        allowance:
          quantity: 4 MB per pool
          shared_by: account
          rollover: {months: 2, cap: 10 MB}
        price: 0.20 per MB
  - plan: own
    charges:
      - {usage: sms, volume: [{to: 20, price: 0.10 per message}, {price: 0.05 per message}]}
      - usage: data
        allowance: {quantity: 2 MB per subscription}
        price: 0.30 per MB
    packages:
      - {package: more, on: data, quantity: 4 MB, price: 1.00, valid: 30 days, rollover: 2 MB}
)";

inline constexpr std::string_view kFiles = R"(feed: files
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {field: what, map: {d: data, s: sms}}
  start: {field: at, time: rfc3339}
  quantity: {field: n}
guide: [{by: subscription, field: who}]
same_record: [id]
)";

inline constexpr int kCards = 140;  // their counters lie in three blocks
inline constexpr const char* kPlanOf[] = {"tiers", "pool", "own"};

class FollowedEngine : public DataFolder {
  protected:
    // `company`: a1 is below a0, and a3 below a1; both are paid for.
    explicit FollowedEngine(bool company = false) : company_(company) {
        const auto engine = open();
        EXPECT_TRUE(engine->publish({{"catalog.yaml", std::string(kPlans)}}, std::nullopt));
        std::vector<SubscriptionChange> cards(kCards);
        for (int i = 0; i < kCards; ++i) {
            SubscriptionChange& card = cards[static_cast<std::size_t>(i)];
            card.account = account_of(i);
            card.name = name_of(i);
            card.plan = kPlanOf[i % 3];
            card.from = Date::of(2025, 1, 1);
        }
        for (int i = 0; i < kAccounts; ++i) {
            AccountChange account;
            account.name = account_of(i);
            if (!pays(i)) account.parent = i == 1 ? "a0" : "a1";
            account.pays = pays(i);
            EXPECT_TRUE(engine->apply(account));
        }
        EXPECT_TRUE(engine->apply(cards));
        EXPECT_TRUE(engine->add_feed("files.yaml", std::string(kFiles)));
    }
    static constexpr int kAccounts = 4;
    static std::string account_of(int i) { return "a" + std::to_string(i % kAccounts); }
    bool pays(int account) const { return !company_ || account % 2 == 0; }
    static std::string name_of(int card) { return "card-" + std::to_string(card); }

    ChargeQuestion asks(int card, ChargeAction action, std::string meter, std::string quantity) {
        ChargeQuestion question;
        question.number = number_++;
        question.action = action;
        question.subscription = name_of(card);
        int& ended = ended_[card];
        if (action != ChargeAction::enquire) question.session = "s" + std::to_string(card);
        if (ended > 0 && action != ChargeAction::enquire)
            question.session += "-" + std::to_string(ended);
        if (action == ChargeAction::end) ended += 1;
        if (action == ChargeAction::debit) question.session += "e" + std::to_string(number_);
        ChargeQuestion::Service service;
        service.meter = std::move(meter);
        service.asks = action != ChargeAction::end;
        if (service.asks) service.quantity = quantity;
        if (action == ChargeAction::update) service.used.push_back({"1 MB", {}});
        if (action == ChargeAction::end) service.used.push_back({quantity, {}});
        question.services.push_back(std::move(service));
        return question;
    }
    static std::string told(Engine& engine, const ChargeQuestion& question) {
        const auto answers = engine.charge(std::span(&question, 1));
        if (!answers) return answers.error().code;
        const auto& answer = answers->front();
        if (!answer) return answer.error().code;
        if (answer->services.empty()) return answer->why;
        const auto& one = answer->services.front();
        const bool enquires = question.action == ChargeAction::enquire;
        return fmt::format("{} {} {}", one.why, one.granted,
                           (enquires ? one.cost : one.charged).to_string());
    }
    static std::string money_of(Engine& engine, int account) {
        const auto report = engine.balance(account_of(account));
        if (!report) return report.error().code;
        const auto& one = *report;
        return fmt::format("{} held {} spent {} of {}",
                           one.balance ? one.balance->to_string() : one.payer, one.held.to_string(),
                           one.spent.to_string(),
                           one.available ? one.available->to_string() : "all");
    }
    void import(Engine& engine, int card, std::string_view at, char what, std::int64_t n) {
        const auto path = folder_ / fmt::format("f{}.csv", number_);
        std::ofstream(path) << "id,at,who,what,n\n"
                            << number_++ << ',' << at << ',' << name_of(card) << ',' << what << ','
                            << n << '\n';
        const auto report = engine.import_files("files", std::span(&path, 1));
        ASSERT_TRUE(report) << report.error().to_string();
    }
    // All that an engine tells of money: of accounts, and of what usage would cost now.
    std::string all_of(Engine& engine) {
        std::string all;
        for (int i = 0; i < kAccounts; ++i) all += money_of(engine, i) + '\n';
        for (const int card : kUsed) {
            all += told(engine, asks(card, ChargeAction::enquire, "data", "4 MB")) + '\n';
            all += told(engine, asks(card, ChargeAction::enquire, "sms", "25")) + '\n';
        }
        return all;
    }
    static void expect_sound(Engine& engine) {
        const auto checks = engine.check("all");
        ASSERT_TRUE(checks);
        for (const CheckLine& line : *checks) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
    }

    // Two of each plan, in different blocks where there are more.
    static constexpr int kUsed[] = {0, 1, 2, 66, 67, 68, 133, 134};
    bool company_;
    std::uint32_t number_ = 0;
    std::map<int, int> ended_;  // sessions, by card
};

}  // namespace farthing::engine
