// A server beside which files are imported reads again what they moved, and only that: it stands
// where one would that just began.
#include "engine/test_followed.h"

namespace farthing::engine {
namespace {

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

class FollowedAnyhow : public FollowedEngine {
  protected:
    using FollowedEngine::FollowedEngine;
    void walk();
};

void FollowedAnyhow::walk() {
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
            case 0: {
                const int account = pick(4);
                if (!pays(account)) break;
                ASSERT_TRUE(either.top_up(account_of(account), "6.00", named));
                break;
            }
            case 1: told(either, asks(card, ChargeAction::debit, "sms", "3")); break;
            case 2:
            case 3:
            case 4: told(either, asks(card, kActions[pick(3)], "data", "2 MB")); break;
            case 5: {
                const int account = pick(4);
                LimitChange change{account_of(account), std::to_string(pick(9)) + ".00",
                                   pick(2) == 0 ? "none" : std::to_string(9 + i) + ".00"};
                if (!pays(account)) change.credit.clear();
                ASSERT_TRUE(either.limit(change));
                break;
            }
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

TEST_F(FollowedAnyhow, EC38_what_files_and_others_did_is_seen_as_if_it_began_anew) {
    walk();
}

class FollowedCompany : public FollowedAnyhow {
  protected:
    FollowedCompany() : FollowedAnyhow(true) {}
};

TEST_F(FollowedCompany, EC45_so_it_is_on_each_level_of_a_company) {
    walk();
}

TEST_F(FollowedCompany, AFileCountsForTheCapsOnItsPath) {
    const auto server = open();
    const auto files = open();
    ASSERT_TRUE(server->limit({"a1", "", "2.00"}));
    ASSERT_TRUE(server->limit({"a3", "", "1.00"}));
    EXPECT_EQ(told(*server, asks(67, ChargeAction::debit, "sms", "5")), "granted 5 0.50");
    EXPECT_EQ(money_of(*server, 3), "a0 held 0.00 spent 0.50 of 0.50");
    import(*files, 67, "2026-01-05T09:00:00Z", 's', 3);
    EXPECT_EQ(money_of(*server, 3), "a0 held 0.00 spent 0.80 of 0.20");
    import(*files, 1, "2026-01-05T09:00:00Z", 's', 11);
    EXPECT_EQ(money_of(*server, 3), "a0 held 0.00 spent 0.80 of 0.10");
    EXPECT_EQ(money_of(*server, 1), "a0 held 0.00 spent 1.90 of 0.10");
    EXPECT_EQ(told(*server, asks(67, ChargeAction::debit, "sms", "2")), "cap_reached 0 0.00");
    EXPECT_EQ(told(*server, asks(67, ChargeAction::debit, "sms", "1")), "granted 1 0.10");
    EXPECT_EQ(money_of(*open(), 1), "a0 held 0.00 spent 2.00 of 0.00");
    expect_sound(*files);
}

}  // namespace
}  // namespace farthing::engine
