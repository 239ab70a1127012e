// A server beside which files are imported reads again what they moved, and only that: it stands
// where one would that just began.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr std::string_view kPlans = R"(catalog: followed
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

constexpr std::string_view kFiles = R"(feed: files
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {field: what, map: {d: data, s: sms}}
  start: {field: at, time: rfc3339}
  quantity: {field: n}
guide: [{by: subscription, field: who}]
same_record: [id]
)";

constexpr int kCards = 140;  // their counters lie in three blocks
constexpr const char* kPlanOf[] = {"tiers", "pool", "own"};

class FollowedEngine : public testing::Test {
  protected:
    FollowedEngine() {
        std::string name = (std::filesystem::temp_directory_path() / "farthing-follow-XXXXXX");
        folder_ = ::mkdtemp(name.data());
        now_ = *parse_rfc3339("2026-01-05T10:00:00Z");
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
            EXPECT_TRUE(engine->apply(account));
        }
        EXPECT_TRUE(engine->apply(cards));
        EXPECT_TRUE(engine->add_feed("files.yaml", std::string(kFiles)));
    }
    ~FollowedEngine() override { std::filesystem::remove_all(folder_); }

    static constexpr int kAccounts = 4;
    static std::string account_of(int i) { return "a" + std::to_string(i % kAccounts); }
    static std::string name_of(int card) { return "card-" + std::to_string(card); }

    std::unique_ptr<Engine> open() {
        auto engine = Engine::open(folder_, Clock{[this] { return now_; }});
        EXPECT_TRUE(engine) << engine.error().to_string();
        return *std::move(engine);
    }
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
        return fmt::format("{} held {} spent {} of {}", one.balance.to_string(),
                           one.held.to_string(), one.spent.to_string(),
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
    std::filesystem::path folder_;
    Instant now_;
    std::uint32_t number_ = 0;
    std::map<int, int> ended_;  // sessions, by card
};

TEST_F(FollowedEngine, EC45_a_file_moves_the_counter_that_an_open_session_holds_on) {
    const auto server = open();
    const auto files = open();
    ASSERT_TRUE(server->top_up("a0", "10.00", "p"));
    EXPECT_EQ(told(*server, asks(0, ChargeAction::start, "data", "6 MB")), "granted 6000000 0.00");
    EXPECT_EQ(money_of(*server, 0), "10.00 held 5.50 spent 0.00 of 4.50");
    import(*files, 0, "2026-01-05T09:00:00Z", 'd', 3'000'000);
    EXPECT_EQ(money_of(*server, 0), "7.00 held 4.00 spent 3.00 of 3.00");
    EXPECT_EQ(told(*server, asks(0, ChargeAction::update, "data", "4 MB")), "granted 4000000 1.00");
    EXPECT_EQ(money_of(*server, 0), "6.00 held 2.50 spent 4.00 of 3.50");
    import(*files, 0, "2026-01-05T09:00:00Z", 'd', 1'000'000);
    EXPECT_EQ(money_of(*server, 0), "5.00 held 2.00 spent 5.00 of 3.00");
    EXPECT_EQ(told(*server, asks(0, ChargeAction::update, "data", "4 MB")), "granted 4000000 0.50");
    EXPECT_EQ(money_of(*server, 0), "4.50 held 2.00 spent 5.50 of 2.50");
    EXPECT_EQ(money_of(*open(), 0), "4.50 held 2.00 spent 5.50 of 2.50");
    expect_sound(*files);
}

TEST_F(FollowedEngine, EC45_a_file_moves_the_counter_of_another_only) {
    const auto server = open();
    const auto files = open();
    ASSERT_TRUE(server->top_up("a0", "10.00", "p"));
    EXPECT_EQ(told(*server, asks(0, ChargeAction::start, "data", "6 MB")), "granted 6000000 0.00");
    import(*files, 132, "2026-01-05T09:00:00Z", 'd', 2'000'000);  // of the same account
    EXPECT_EQ(money_of(*server, 0), "8.00 held 5.50 spent 2.00 of 2.50");
    import(*files, 66, "2026-01-05T09:00:00Z", 'd', 2'000'000);  // of another
    EXPECT_EQ(money_of(*server, 0), "8.00 held 5.50 spent 2.00 of 2.50");
    EXPECT_EQ(money_of(*server, 2), "-2.00 held 0.00 spent 2.00 of all");
    EXPECT_EQ(told(*server, asks(0, ChargeAction::update, "data", "5 MB")), "granted 5000000 1.00");
    EXPECT_EQ(money_of(*server, 0), "7.00 held 4.50 spent 3.00 of 2.50");
    expect_sound(*files);
}

// Until a feed tells of sessions, what those that go on came to stands nowhere else.
TEST_F(FollowedEngine, EC42_a_feed_that_tells_of_sessions_finds_those_that_were_before_it) {
    auto server = open();
    const auto files = open();
    ASSERT_TRUE(server->top_up("a0", "20.00", "p"));
    for (const int card : {0, 12, 24}) {  // of one account; each used 1 MB: 1.00
        told(*server, asks(card, ChargeAction::start, "data", "2 MB"));
        told(*server, asks(card, ChargeAction::update, "data", "2 MB"));
        if (card != 0) continue;
        now_ = now_.plus_micros(2 * kMicrosPerDay);  // it is forgotten
        told(*server, asks(66, ChargeAction::debit, "sms", "1"));
    }
    told(*server, asks(12, ChargeAction::end, "data", "1 MB"));
    EXPECT_EQ(money_of(*server, 0), "16.00 held 2.00 spent 4.00 of 14.00");
    ASSERT_TRUE(files->add_feed("told.yaml", R"(feed: told
format: {delimited: ",", header: true}
record:
  id: {field: session}
  service: {constant: data}
  start: {field: at, time: rfc3339}
  quantity: {field: n}
guide: [{by: subscription, field: who}]
same_record: [id]
charged_online: {charging_id: session, rating_group: group}
late: {accept: 400 days}
)"));
    const auto path = folder_ / "told.csv";
    std::ofstream(path) << "session,at,who,n,group\n"
                           "s0,2026-01-05T10:00:00Z,card-0,1000000,0\n"
                           "s12,2026-01-07T10:00:00Z,card-12,2000000,0\n"
                           "s24,2026-01-07T10:00:00Z,card-24,3000000,0\n";
    const auto report = files->import_files("told", std::span(&path, 1));
    ASSERT_TRUE(report) << report.error().to_string();
    // Only of the one that goes on more is told than was charged: 2 MB of it.
    EXPECT_EQ(money_of(*server, 0), "14.00 held 2.00 spent 6.00 of 12.00");
    told(*server, asks(24, ChargeAction::update, "data", "2 MB"));
    EXPECT_EQ(money_of(*server, 0), "14.00 held 2.00 spent 6.00 of 12.00");
    told(*server, asks(24, ChargeAction::end, "data", "2 MB"));
    EXPECT_EQ(money_of(*open(), 0), "13.00 held 0.00 spent 7.00 of 13.00");
    server = open();
    EXPECT_EQ(money_of(*server, 0), "13.00 held 0.00 spent 7.00 of 13.00");
    expect_sound(*files);
}

TEST_F(FollowedEngine, EC38_what_files_and_others_did_is_seen_as_if_it_began_anew) {
    const auto server = open();
    const auto files = open();
    std::uint64_t chance = 11;
    const auto pick = [&](std::uint64_t of) {
        chance = chance * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        return static_cast<int>((chance >> 33) % of);
    };
    constexpr std::string_view kTimes[] = {"2025-11-20T09:00:00Z", "2025-12-05T09:00:00Z",
                                           "2026-01-01T09:00:00Z", "2026-01-05T09:00:00Z"};
    constexpr ChargeAction kActions[] = {ChargeAction::start, ChargeAction::update,
                                         ChargeAction::end};
    for (int i = 0; i < 200; ++i) {
        now_ = now_.plus_micros(1'000'000);
        const int card = kUsed[pick(std::size(kUsed))];
        Engine& either = pick(4) == 0 ? *files : *server;
        const std::string named = "n" + std::to_string(i);
        switch (pick(9)) {
            case 0: ASSERT_TRUE(either.top_up(account_of(pick(4)), "6.00", named)); break;
            case 1: told(either, asks(card, ChargeAction::debit, "sms", "3")); break;
            case 2:
            case 3:
            case 4: told(either, asks(card, kActions[pick(3)], "data", "2 MB")); break;
            case 5:
                ASSERT_TRUE(either.limit({account_of(pick(4)), std::to_string(pick(9)) + ".00",
                                          pick(2) == 0 ? "none" : std::to_string(9 + i) + ".00"}));
                break;
            case 6:
                if (pick(3) == 0)
                    (void)either.buy_bucket({.owner = name_of(kUsed[2]),
                                             .package = "more",
                                             .reference = named,
                                             .given = pick(2) == 0});
                break;
            default:
                import(*files, card, kTimes[pick(4)], pick(3) == 0 ? 's' : 'd',
                       pick(3) == 0 ? 3 : 1'000'000 * (1 + pick(3)));
        }
        const std::string anew = all_of(*open());
        ASSERT_EQ(all_of(*server), anew) << i;
        Engine& seen = pick(3) == 0 ? *files : *server;
        ASSERT_EQ(all_of(seen), anew) << i;
    }
    expect_sound(*files);
}

}  // namespace
}  // namespace farthing::engine
