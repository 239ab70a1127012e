// A session is charged while it happens, its record comes in a file, in any order: it costs what
// the record alone does, and the archive has all of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr std::string_view kCatalog = R"(catalog: once
valid_from: 2026-01-01
currency: EUR
time_zone: UTC
meters: {data: {unit: byte}}
plans:
  - plan: plan
    charges:
      - {usage: data, PLAN}
)";
constexpr std::string_view kPlans[] = {
    "price: 0.0333 per 7 B",
    "round_up: 8 B per session, connection_fee: 0.25, price: 0.05 per B",
    "graduated: [{to: 40 B, price: 0.10 per B}, {to: 90 B, price: 0.05 per B}, {price: 0.02 per "
    "B}]",
    "volume: [{to: 60 B, price: 0.10 per B}, {price: 0.05 per B}], round_up: 3 B per session",
    "price: 0.01 per B, minimum: 0.30, connection_fee: 0.05",
};
constexpr std::string_view kFeed = R"(feed: cdrs
format: {delimited: ",", header: true}
record:
  id: {field: id}
  service: {constant: data}
  start: {field: start, time: rfc3339}
  quantity: {field: bytes}
guide: [{by: imsi, field: imsi}]
same_record: [id]
charged_online: {charging_id: session, rating_group: group, last: {field: last, equals: "yes"}}
late: {accept: 400 days}
)";

// A data folder with one customer, charged from 2026-01-05 on.
class World {
  public:
    explicit World(std::string_view plan) {
        std::string name = (std::filesystem::temp_directory_path() / "farthing-once-XXXXXX");
        folder_ = ::mkdtemp(name.data());
        now = *parse_rfc3339("2026-01-05T10:00:00Z");
        open();
        publish(plan);
        EXPECT_TRUE(engine->add_feed("cdrs.yaml", std::string(kFeed)));
        AccountChange account;
        account.name = "anna";
        EXPECT_TRUE(engine->apply(account));
        SubscriptionChange change;
        change.account = "anna";
        change.name = "sim";
        change.plan = "plan";
        change.from = Date::of(2026, 1, 1);
        change.identities = {{IdentityKind::imsi, "248010000000001"}};
        EXPECT_TRUE(engine->apply(std::span(&change, 1)));
    }
    ~World() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        engine.reset();
        auto opened = Engine::open(folder_ / "data", Clock{[this] { return now; }});
        ASSERT_TRUE(opened) << opened.error().to_string();
        engine = *std::move(opened);
    }
    void publish(std::string_view plan) {
        std::string text(kCatalog);
        text.replace(text.find("PLAN"), 4, plan);
        const auto done = engine->publish({{"catalog.yaml", text}}, std::nullopt);
        ASSERT_TRUE(done);
    }
    void pass_minutes(int minutes) { now = now.plus_micros(minutes * 60'000'000LL); }
    std::string charge(const std::string& session, std::uint32_t number, ChargeAction action,
                       std::int64_t used) {
        ChargeQuestion question;
        question.session = session;
        question.number = number;
        question.action = action;
        question.subscription = "sim";
        ChargeQuestion::Service service;
        service.group = 7;
        service.meter = "data";
        service.asks = action != ChargeAction::end;
        if (used >= 0) service.used.push_back({std::to_string(used), {}, {}});
        question.services.push_back(std::move(service));
        const auto answers = engine->charge(std::span(&question, 1));
        if (!answers) return answers.error().to_string();
        return answers->front() ? answers->front()->why : answers->front().error().to_string();
    }
    // Lines "id,session,bytes,last".
    Report import(const std::vector<std::string>& lines) {
        const auto path = folder_ / ("f" + std::to_string(++files_) + ".csv");
        std::ofstream file(path);
        file << "id,session,bytes,last,group,start,imsi\n";
        for (const std::string& line : lines)
            file << line << ",7,2026-01-05T10:00:00Z,248010000000001\n";
        file.close();
        const auto report = engine->import_files("cdrs", std::span(&path, 1));
        EXPECT_TRUE(report) << report.error().to_string();
        return report ? *report : Report();
    }
    std::string total() {
        const auto report = engine->balance("anna");
        return report ? report->balance->to_string() : report.error().to_string();
    }
    std::string faults() {
        std::string text;
        const auto checks = engine->check("all");
        if (!checks) return checks.error().to_string();
        for (const CheckLine& line : *checks) {
            if (!line.ok) text += line.name + ": " + line.text + "\n";
        }
        return text;
    }

    Instant now;
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
    int files_ = 0;
};

std::int64_t upto(std::mt19937& random, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random);
}

// Also when the archive has all of it.
void expect_same(World& both, World& alone, unsigned seed) {
    EXPECT_EQ(both.total(), alone.total()) << "seed " << seed;
    EXPECT_EQ(both.faults(), "") << "seed " << seed;
    ASSERT_TRUE(both.engine->tidy(0, false));
    EXPECT_EQ(both.faults(), "") << "seed " << seed;
    EXPECT_EQ(both.total(), alone.total()) << "seed " << seed;
}

TEST(OnePrice, EC10_a_session_and_its_record_cost_what_the_record_alone_does) {
    for (unsigned seed = 0; seed < 15; ++seed) {
        std::mt19937 random(seed);
        const std::string_view plan = kPlans[seed % std::size(kPlans)];
        World both(plan);
        World alone(plan);
        std::vector<std::string> records;
        for (int i = 0; i < 4; ++i) {
            const std::string session = "s" + std::to_string(i);
            std::int64_t online = 0;
            std::uint32_t number = 0;
            if (upto(random, 4) > 0) {
                EXPECT_EQ(both.charge(session, number++, ChargeAction::start, -1), "granted");
                for (std::int64_t left = upto(random, 3); left > 0; --left) {
                    both.pass_minutes(5);
                    const std::int64_t used = upto(random, 40);
                    online += used;
                    EXPECT_EQ(both.charge(session, number++, ChargeAction::update, used),
                              "granted");
                }
                if (upto(random, 1) == 0) {
                    EXPECT_EQ(both.charge(session, number++, ChargeAction::end, 0), "granted");
                }
            }
            // The record in parts; it tells no less.
            std::int64_t left = online + (upto(random, 1) == 0 ? 0 : upto(random, 50));
            for (int part = 0; left > 0 || part == 0; ++part) {
                const std::int64_t bytes = part == 2 ? left : upto(random, left);
                left -= bytes;
                records.push_back(session + "-" + std::to_string(part) + "," + session + "," +
                                  std::to_string(bytes) + (left == 0 ? ",yes" : ",no"));
            }
        }
        both.pass_minutes(10);
        alone.pass_minutes(300);
        if (seed % 3 == 0) both.open();  // a new process knows what the last one counted
        const std::size_t half = records.size() / 2;
        (void)both.import({records.begin(), records.begin() + static_cast<std::ptrdiff_t>(half)});
        (void)both.import({records.begin() + static_cast<std::ptrdiff_t>(half), records.end()});
        (void)alone.import(records);
        expect_same(both, alone, seed);
    }
}

// What came after its session's end is retried before its record comes, between its parts, or after
// them.
TEST(OnePrice, EC10_usage_that_waited_costs_what_its_record_alone_does) {
    SuspenseFilter online;
    online.feed = "online";
    for (unsigned seed = 0; seed < 15; ++seed) {
        std::mt19937 random(seed);
        const std::string_view plan = kPlans[seed % std::size(kPlans)];
        World both(plan);
        World alone(plan);
        std::vector<std::string> records;
        for (int i = 0; i < 3; ++i) {
            const std::string session = "s" + std::to_string(i);
            std::uint32_t number = 0;
            std::int64_t used = 0;
            const auto report = [&](ChargeAction action, const std::string& told) {
                const std::int64_t more = upto(random, 40);
                used += more;
                const std::string why = both.charge(session, number++, action, more);
                EXPECT_EQ(why, more == 0 && told != "granted" ? "session_ended" : told);
            };
            EXPECT_EQ(both.charge(session, number++, ChargeAction::start, -1), "granted");
            report(ChargeAction::update, "granted");
            report(ChargeAction::end, "granted");
            report(ChargeAction::update, "session_ended");
            report(ChargeAction::update, "session_ended");
            const std::int64_t first = upto(random, used);
            const auto record = [&](std::int64_t bytes, const char* last) {
                records.push_back(session + last + "," + session + "," + std::to_string(bytes) +
                                  "," + last);
            };
            record(first, "no");
            record(used - first + upto(random, 1) * upto(random, 9), "yes");
        }
        both.pass_minutes(30);
        alone.pass_minutes(300);
        std::ranges::shuffle(records, random);
        const std::span<const std::string> all(records);
        const std::size_t half = all.size() / 2;
        const std::int64_t when = upto(random, 2);
        for (std::int64_t step = 0; step < 3; ++step) {
            if (step == 1) (void)both.import({all.begin(), all.begin() + half});
            if (step == 2) (void)both.import({all.begin() + half, all.end()});
            if (step != when) continue;
            if (seed % 2 == 0) both.open();
            const std::string before = both.total();
            ASSERT_TRUE(both.engine->retry(online, true));
            EXPECT_EQ(both.total(), before) << "a preview";
            const auto done = both.engine->retry(online);
            ASSERT_TRUE(done) << done.error().to_string();
            EXPECT_EQ(done->count(Outcome::suspended), 0);
            if (seed % 3 == 0) both.open();
            EXPECT_EQ(both.engine->retry(online).error().code, "suspense_empty");
        }
        (void)both.engine->retry({});  // parts that told less than was reported, before it all was
        (void)alone.import(records);
        expect_same(both, alone, seed);
        const auto again = both.engine->rerate({}, false);
        ASSERT_TRUE(again) << again.error().to_string();
        EXPECT_EQ(again->changed, 0) << "seed " << seed;
        EXPECT_EQ(both.total(), alone.total()) << "seed " << seed;
    }
}

constexpr std::string_view kSelling[] = {
    "price: 0.05 per B}\n    packages:\n      - {package: big, on: data, quantity: 60 B, price: "
    "1.00, "
    "valid: 30 days",
    "graduated: [{to: 40 B, price: 0.10 per B}, {price: 0.02 per B}], round_up: 8 B per session, "
    "allowance: {quantity: 10 B per subscription}}\n    packages:\n      - {package: big, on: "
    "data, "
    "quantity: 30 B, price: 1.00, valid: 1 day",
};

void buy(World& world, const std::string& reference) {
    BucketOrder order;
    order.owner = "sim";
    order.package = "big";
    order.reference = reference;
    const auto row = world.engine->buy_bucket(order);
    ASSERT_TRUE(row) << row.error().to_string();
}

TEST(OnePrice, EC10_what_buckets_cover_is_the_same_online_and_by_file_whenever_they_are_bought) {
    for (unsigned seed = 0; seed < 12; ++seed) {
        std::mt19937 random(seed);
        const std::string_view plan = kSelling[seed % std::size(kSelling)];
        World both(plan);
        World alone(plan);
        std::vector<std::string> records;
        const std::int64_t bought = upto(random, 5);
        for (int i = 0; i < 4; ++i) {
            const std::string session = "s" + std::to_string(i);
            if (bought == i) buy(both, "one");
            EXPECT_EQ(both.charge(session, 0, ChargeAction::start, -1), "granted");
            both.pass_minutes(5);
            const std::int64_t online = upto(random, 40);
            EXPECT_EQ(both.charge(session, 1, ChargeAction::update, online), "granted");
            if (upto(random, 1) == 0) buy(both, "more " + std::to_string(i));
            EXPECT_EQ(both.charge(session, 2, ChargeAction::end, 0), "granted");
            const std::int64_t told = online + upto(random, 1) * upto(random, 30);
            records.push_back("r" + std::to_string(i) + "," + session + "," + std::to_string(told) +
                              ",yes");
        }
        if (seed % 3 == 0) both.open();
        (void)both.import(records);
        if (bought > 3) buy(both, "one");
        EXPECT_EQ(both.faults(), "") << "seed " << seed;
        // The other knows the same purchases, and all usage by file, the last first.
        const auto rows = both.engine->buckets("anna");
        ASSERT_TRUE(rows);
        std::ranges::reverse(records);
        alone.pass_minutes(300);
        for (std::size_t i = 0; i <= rows->size(); ++i) {
            if (i == rows->size() / 2) (void)alone.import(records);
            if (i < rows->size()) buy(alone, "order " + std::to_string(i));
        }
        EXPECT_EQ(both.total(), alone.total()) << "seed " << seed << " " << plan;
        EXPECT_EQ(alone.faults(), "") << "seed " << seed;
        const auto other = alone.engine->buckets("anna");
        ASSERT_TRUE(other && other->size() == rows->size());
        for (std::size_t i = 0; i < rows->size(); ++i)
            EXPECT_EQ((*rows)[i].covered, (*other)[i].covered) << "seed " << seed;
        ASSERT_TRUE(both.engine->tidy(0, false));
        const auto again = both.engine->rerate({}, false);
        ASSERT_TRUE(again) << again.error().to_string();
        EXPECT_EQ(again->changed, 0) << "seed " << seed;
        EXPECT_EQ(both.total(), alone.total()) << "seed " << seed;
        EXPECT_EQ(both.faults(), "") << "seed " << seed;
    }
}

TEST(OnePrice, A_record_before_the_last_report_leaves_it_nothing_to_charge) {
    World world("round_up: 8 B per session, connection_fee: 0.25, price: 0.05 per B");
    EXPECT_EQ(world.charge("s", 0, ChargeAction::start, -1), "granted");
    EXPECT_EQ(world.charge("s", 1, ChargeAction::update, 10), "granted");
    EXPECT_EQ(world.total(), "-1.05");
    const Report report = world.import({"r1,s,30,yes", "r2,later,9,yes"});
    EXPECT_EQ(report.outcomes[static_cast<std::size_t>(Outcome::rated)], 2);
    EXPECT_EQ(world.total(), "-2.90");  // 32 and 16, and two fees
    EXPECT_EQ(world.charge("s", 2, ChargeAction::update, 15), "granted");
    EXPECT_EQ(world.total(), "-2.90");  // 25 of 30
    EXPECT_EQ(world.charge("s", 3, ChargeAction::end, 8), "granted");
    EXPECT_EQ(world.total(), "-3.30");  // 33
    EXPECT_EQ(world.charge("later", 0, ChargeAction::start, -1), "granted");
    EXPECT_EQ(world.charge("later", 1, ChargeAction::end, 9), "granted");
    EXPECT_EQ(world.total(), "-3.30");  // its file came before it began here
    EXPECT_EQ(world.faults(), "");
}

TEST(OnePrice, Less_than_was_charged_waits_and_the_same_again_is_a_duplicate) {
    World world("price: 0.05 per B");
    EXPECT_EQ(world.charge("s", 0, ChargeAction::start, -1), "granted");
    EXPECT_EQ(world.charge("s", 1, ChargeAction::end, 10), "granted");
    const Report less = world.import({"r1,s,9,yes"});
    EXPECT_EQ(less.suspended_by_reason.front().first, "less_than_online");
    const Report same = world.import({"r2,s,10,yes"});
    EXPECT_EQ(same.outcomes[static_cast<std::size_t>(Outcome::duplicate)], 1);
    EXPECT_EQ(world.total(), "-0.50");
    EXPECT_EQ(world.faults(), "");
}

TEST(OnePrice, EC55_what_was_charged_online_is_archived_explained_and_rated_again) {
    World world("graduated: [{to: 20 B, price: 0.10 per B}, {price: 0.05 per B}]");
    for (const std::string session : {"a", "b"}) {
        EXPECT_EQ(world.charge(session, 0, ChargeAction::start, -1), "granted");
        EXPECT_EQ(world.charge(session, 1, ChargeAction::update, 9), "granted");
        EXPECT_EQ(world.charge(session, 2, ChargeAction::end, 7), "granted");
    }
    (void)world.import({"r1,a,20,yes"});
    EXPECT_EQ(world.total(), "-2.80");  // 36
    UsageLogFilter all;
    all.account = "anna";
    const auto log = world.engine->usage_log(all);
    ASSERT_TRUE(log) << log.error().to_string();
    ASSERT_EQ(log->size(), 5U);
    i128 sum = 0;
    for (const UsageLogRow& row : *log) {
        sum += row.charge.atoms;
        const auto why = world.engine->explain(row.id, true);
        ASSERT_TRUE(why) << row.id << why.error().to_string();
        EXPECT_TRUE(why->verify->equal) << row.id;
        const bool online = row.file.starts_with("session ");
        EXPECT_EQ(why->sources.front().file.starts_with("session "), online);
    }
    EXPECT_TRUE(sum == 2'800'000'000);
    EXPECT_EQ(world.faults(), "");
    world.pass_minutes(1);
    world.publish("graduated: [{to: 20 B, price: 0.08 per B}, {price: 0.05 per B}]");
    const auto again = world.engine->rerate({}, false);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(world.total(), "-2.40");
    EXPECT_EQ(world.faults(), "");
    const auto once_more = world.engine->rerate({}, false);
    ASSERT_TRUE(once_more) << once_more.error().to_string();
    EXPECT_EQ(once_more->changed, 0);
    // A session that goes on is charged by what it came to.
    EXPECT_EQ(world.charge("c", 0, ChargeAction::start, -1), "granted");
    EXPECT_EQ(world.charge("c", 1, ChargeAction::end, 2), "granted");
    EXPECT_EQ(world.total(), "-2.50");
    EXPECT_EQ(world.faults(), "");
}

}  // namespace
}  // namespace farthing::engine
