// Usage that is old is deleted: what needs it still has it, the books prove themselves as before,
// and what can't be answered any more says so by name.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr const char* kDeletionCatalog =
    "catalog: calls\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: Europe/Tallinn\n"
    "meters: {voice: {unit: second}}\n"
    "plans:\n  - plan: calls\n    charges:\n      - usage: voice\n"
    "        allowance: {quantity: 5 min per subscription, shared_by: account}\n"
    "        graduated: [{to: 30 min, price: PRICE per min}, {price: 0.021 per min}]\n"
    "carriers:\n  - carrier: one\n    charges: [{usage: voice, price: 0.01 per min}]\n";
constexpr const char* kDeletionFeed =
    "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
    "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: seconds}\n  carrier: {constant: one}\n"
    "guide: [{by: device, field: device}]\n"
    "late: {accept: DAYS days}\n";
constexpr const char* kBothSides = "same_record: [id]\nratings: [retail, cost]\n";
constexpr const char* kParts =
    "same_record: [id, start]\nratings: [retail, cost]\n"
    "partials: {by: id, last: {field: last, equals: \"1\"}}\n";

class OldUsage {
  public:
    explicit OldUsage(const std::string& name, const std::string& more = kBothSides)
        : folder_(std::filesystem::temp_directory_path() / ("farthing-delete-" + name)),
          more_(more) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        open();
        publish("0.05");
        add_feed(35);
        AccountChange account;
        account.name = "company";
        EXPECT_TRUE(engine->apply(account));
        EXPECT_TRUE(engine->set_pays("company", true, Date::of(2026, 1, 1)));
        for (int i = 0; i < 3; ++i) {
            SubscriptionChange change;
            change.name = "line-" + std::to_string(i);
            change.account = "company";
            change.plan = "calls";
            change.from = Date::of(2026, 1, 1);
            change.identities = {{IdentityKind::device, "D-" + std::to_string(i)}};
            EXPECT_TRUE(engine->apply(std::span(&change, 1)));
        }
    }
    ~OldUsage() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        engine.reset();
        auto opened = Engine::open(
            folder_ / "data",
            Clock{[this] { return TimeZone::utc().start_of(today).plus_micros(36'000'000'000); }});
        ASSERT_TRUE(opened) << opened.error().to_string();
        engine = *std::move(opened);
    }
    void publish(const std::string& price) {
        std::string text = kDeletionCatalog;
        text.replace(text.find("PRICE"), 5, price);
        EXPECT_TRUE(engine->publish({{"catalog.yaml", text}}, std::nullopt));
    }
    void add_feed(int days) {
        std::string feed = kDeletionFeed;
        feed.replace(feed.find("DAYS"), 4, std::to_string(days));
        const auto added = engine->add_feed("calls.yaml", feed + more_);
        EXPECT_TRUE(added) << added.error().front().to_string();
    }
    Report import(const std::string& name, const std::string& rows) {
        const auto path = folder_ / (name + ".csv");
        std::ofstream(path) << "id,device,at,seconds,last\n" << rows;
        const auto report = engine->import_files("calls", std::span(&path, 1));
        EXPECT_TRUE(report) << report.error().to_string();
        return report ? *report : Report{};
    }
    // Calls of a month, on days 1 to 28, and a duplicate of one.
    void import_month(unsigned month, std::mt19937& random) {
        today = Date::of(2026, month, 28);
        std::string rows;
        for (int i = 0; i < 30; ++i) {
            rows += "m" + std::to_string(month) + "-" + std::to_string(i) + ",D-" +
                    std::to_string(random() % 3) + "," +
                    to_string(Date::of(2026, month, 1).plus_days(static_cast<int>(random() % 28))) +
                    "T0" + std::to_string(random() % 9) + ":00:00Z," +
                    std::to_string(random() % 300) + ",1\n";
        }
        rows += rows.substr(0, rows.find('\n') + 1);
        import("month-" + std::to_string(month), rows);
    }
    void send(unsigned month) {
        const WhichCycle which(Date::of(2026, month, 2));
        const auto prepared = engine->bill_run(which);
        ASSERT_TRUE(prepared) << prepared.error().to_string();
        const auto sent = engine->send(which);
        ASSERT_TRUE(sent) << sent.error().to_string();
        EXPECT_EQ(sent->invoices.size(), 1u);
    }
    Result<DeletionReport> remove(Date before, bool preview = false) {
        return engine->delete_usage({before, "anna", "a year is over", preview});
    }
    DeletionReport removed(Date before) {
        const auto report = remove(before);
        EXPECT_TRUE(report) << report.error().to_string();
        return report ? *report : DeletionReport{};
    }
    void expect_sound() {
        const auto lines = engine->check("all");
        ASSERT_TRUE(lines);
        for (const CheckLine& line : *lines) {
            EXPECT_TRUE(line.ok || line.name == "anomalies") << line.name << ": " << line.text;
        }
    }
    std::vector<UsageLogRow> log() {
        UsageLogFilter all;
        all.account = "company";
        return *engine->usage_log(all);
    }
    std::string held_by(Date before) {
        const auto report = remove(before, true);
        EXPECT_TRUE(report) << report.error().to_string();
        std::string text;
        for (const auto& hold : report->holds)
            text += to_string(hold.since) + " " + hold.because + "\n";
        return text;
    }

    Date today = Date::of(2026, 1, 28);
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
    std::string more_;
};

// January to March came and were sent; it is the end of May.
void live_through_spring(OldUsage& world) {
    std::mt19937 random(1);
    for (const unsigned month : {1U, 2U, 3U}) {
        world.import_month(month, random);
        world.today = Date::of(2026, month + 1, 5);
        world.send(month);
    }
    world.today = Date::of(2026, 5, 28);
}

template <class Value>
void expect_deleted(const Result<Value>& answer) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "usage_deleted");
    EXPECT_NE(answer.error().message.find("by anna: a year is over"), std::string::npos)
        << answer.error().message;
}

TEST(DeleteUsage, WhatWasDeletedIsToldByNameAndTheRestStays) {
    OldUsage world("told");
    live_through_spring(world);
    const auto before = world.log();
    const auto balances = world.engine->balances();
    const DeletionReport report = world.removed(Date::of(2026, 3, 1));
    EXPECT_EQ(report.before, Date::of(2026, 3, 1));
    EXPECT_TRUE(report.holds.empty());
    EXPECT_EQ(report.tables.front().records, 62);  // of 31 lines a month, the duplicate too
    EXPECT_EQ(report.tables.front().files, 2);
    world.expect_sound();
    std::string old;
    std::size_t stay = 0;
    for (const UsageLogRow& row : before) {
        if (row.start < *parse_rfc3339("2026-02-28T22:00:00Z")) {
            old = row.id;
        } else {
            stay += 1;
            const auto why = world.engine->explain(row.id, true);
            EXPECT_TRUE(why) << why.error().to_string();
        }
    }
    EXPECT_EQ(world.log().size(), stay);
    expect_deleted(world.engine->explain(old, false));
    expect_deleted(world.engine->explain(old + "-cost", false));
    expect_deleted(world.engine->take_back("month-2.csv", {"a test", false, {}}));
    expect_deleted(world.engine->margin(MarginBy::account));
    expect_deleted(world.engine->rerate({}));
    RerateFilter february;
    february.period = DatePeriod{Date::of(2026, 2, 1), Date::of(2026, 4, 1)};
    expect_deleted(world.engine->rerate(february));
    const DatePeriod march{Date::of(2026, 3, 1), Date::of(2026, 4, 1)};
    EXPECT_TRUE(world.engine->margin(MarginBy::account, march));
    const auto line = world.engine->explain("1/1", true);  // of January
    ASSERT_TRUE(line) << line.error().to_string();
    EXPECT_TRUE(line->verify->equal);
    EXPECT_TRUE(line->parts.back().starts_with("records of it are no longer kept"));
    EXPECT_EQ(world.engine->balances()->size(), balances->size());
    for (std::size_t i = 0; i < balances->size(); ++i)
        EXPECT_EQ((*world.engine->balances())[i].amount, (*balances)[i].amount);
    const auto rows = world.engine->deletions();
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ(rows->front().usage, 62);
    EXPECT_EQ(rows->front().charged, report.charged);
}

TEST(DeleteUsage, WhatStaysIsCorrectedAsBefore) {
    OldUsage world("corrected");
    OldUsage whole("whole");
    for (OldUsage* one : {&world, &whole}) {
        live_through_spring(*one);
        one->publish("0.06");  // a correction of both months, in one file
        RerateFilter both;
        both.period = DatePeriod{Date::of(2026, 2, 1), Date::of(2026, 4, 1)};
        ASSERT_TRUE(one->engine->rerate(both));
        one->send(4);
    }
    EXPECT_EQ(world.removed(Date::of(2026, 3, 1)).tables.back().files_cut, 1);
    world.open();
    for (const UsageLogRow& row : world.log()) {
        const auto got = world.engine->explain(row.id, true);
        const auto wanted = whole.engine->explain(row.id, true);
        ASSERT_TRUE(got && wanted) << row.id;
        EXPECT_EQ(got->rounded, wanted->rounded);
    }
    for (OldUsage* one : {&world, &whole}) {
        one->publish("0.07");
        RerateFilter march;
        march.period = DatePeriod{Date::of(2026, 3, 1), Date::of(2026, 4, 1)};
        for (const Perspective side : {Perspective::retail, Perspective::cost}) {
            march.side = side;
            const auto done = one->engine->rerate(march);
            EXPECT_TRUE(done) << done.error().to_string();
        }
        const auto back = one->engine->take_back("month-3.csv", {"a test", false, {}});
        EXPECT_TRUE(back) << back.error().to_string();
        one->expect_sound();
    }
    EXPECT_EQ(world.engine->carrier_cost("one"), whole.engine->carrier_cost("one"));
    const WhichCycle may(Date::of(2026, 5, 2));
    const auto got = world.engine->preview_invoice(may, "company");
    const auto wanted = whole.engine->preview_invoice(may, "company");
    ASSERT_TRUE(got && wanted);
    EXPECT_NE(wanted->payable.atoms, 0);  // March went out, and comes back
    EXPECT_EQ(got->payable, wanted->payable);
}

TEST(DeleteUsage, FilesThatHoldLaterDaysAreCutAndPartOnlyTheirRows) {
    OldUsage world("cut");
    live_through_spring(world);
    const DeletionReport first = world.removed(Date::of(2026, 2, 15));
    EXPECT_EQ(first.tables.front().files, 1);
    EXPECT_EQ(first.tables.front().files_cut, 1);
    EXPECT_LT(first.days->first, Date::of(2026, 1, 15));
    EXPECT_LT(first.days->end, Date::of(2026, 2, 16));
    for (const UsageLogRow& row : world.log())
        EXPECT_GE(row.start, *parse_rfc3339("2026-02-14T22:00:00Z"));
    world.expect_sound();
    expect_deleted(world.engine->take_back("month-2.csv", {"a test", false, {}}));
    const std::int64_t rest = world.removed(Date::of(2026, 3, 1)).tables.front().records;
    EXPECT_EQ(first.tables.front().records + rest, 62);
    EXPECT_EQ(world.removed(Date::of(2026, 3, 1)).records(), 0);
    EXPECT_EQ(world.engine->deletions()->size(), 2u);
    const std::size_t files = world.engine->archive_files()->size();
    world.today = Date::of(2026, 6, 10);
    EXPECT_EQ(world.engine->tidy(7)->deleted, 6);  // three of usage, three of rated usage
    EXPECT_EQ(world.engine->archive_files()->size(), files);
    world.open();
    world.expect_sound();
}

TEST(DeleteUsage, WhatIsNotInvoicedStays) {
    OldUsage world("invoiced");
    std::mt19937 random(3);
    world.import_month(1, random);
    world.import_month(2, random);
    world.today = Date::of(2026, 5, 28);
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)),
              "2026-01-01 1 account is not invoiced for 2026-01-01..2026-01-31, such as company\n"
              "2026-02-01 1 account is not invoiced for 2026-02-01..2026-02-28, such as company\n");
    EXPECT_EQ(world.removed(Date::of(2026, 3, 1)).records(), 0);
    ASSERT_TRUE(world.engine->bill_run(WhichCycle(Date::of(2026, 1, 2))));
    EXPECT_NE(world.held_by(Date::of(2026, 3, 1)).find("2026-01-01 1 account"), std::string::npos);
    world.send(1);
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)),
              "2026-02-01 1 account is not invoiced for 2026-02-01..2026-02-28, such as company\n");
    // What changed since waits for a later document.
    world.publish("0.09");
    RerateFilter january;
    january.period = DatePeriod{Date::of(2026, 1, 1), Date::of(2026, 2, 1)};
    ASSERT_TRUE(world.engine->rerate(january));
    EXPECT_TRUE(world.held_by(Date::of(2026, 3, 1)).starts_with("2026-01-01 1 account is not inv"));
    world.send(2);
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)), "");
}

TEST(DeleteUsage, WhatFeedsMaySendAgainStays) {
    OldUsage world("feeds");
    live_through_spring(world);
    world.today = Date::of(2026, 4, 10);
    EXPECT_EQ(
        world.held_by(Date::of(2026, 4, 1)),
        "2026-03-01 usage of 2026-03-01..2026-03-31 may still come\n"
        "2026-03-01 what carriers cost in 2026-03-01..2026-03-31 may still grow\n"
        "2026-03-05 feed calls takes records up to 35 days late, and tells duplicates by it\n");
    world.removed(Date::of(2026, 4, 1));
    EXPECT_EQ(world.engine->deletions()->front().before, Date::of(2026, 3, 1));
    // A feed that takes older records later takes none of what was deleted: nobody could tell
    // whether they came before.
    world.add_feed(300);
    const Report late = world.import("late",
                                     "m1-0,D-0,2026-02-28T21:59:59Z,60,1\n"
                                     "new,D-0,2026-02-28T22:00:00Z,60,1\n");
    EXPECT_EQ(late.count(Outcome::suspended), 1);
    EXPECT_EQ(late.count(Outcome::rated), 1);
    EXPECT_NE(
        world.held_by(Date::of(2026, 4, 1)).find("2026-02-28 1 record waits in suspense as too"),
        std::string::npos);
    world.expect_sound();
}

TEST(DeleteUsage, WhatWaitsStays) {
    OldUsage world("waits");
    world.import("one", "a,D-9,2026-01-05T08:00:00Z,60,1\nb,D-0,2026-01-03T08:00:00Z,60,1\n");
    world.today = Date::of(2026, 2, 5);
    world.send(1);
    world.today = Date::of(2026, 5, 28);
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)),
              "2026-01-01 usage of 2026-01-01..2026-01-31 may still come\n"
              "2026-01-01 what carriers cost in 2026-01-01..2026-01-31 may still grow\n"
              "2026-01-05 1 record waits in suspense as unknown_identity\n");
    EXPECT_EQ(world.removed(Date::of(2026, 3, 1)).records(), 0);
    ASSERT_TRUE(world.engine->drop({}, "a test lamp"));
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)), "");
}

TEST(DeleteUsage, SessionsThatReachIntoAnOpenCycleStayWhole) {
    OldUsage world("sessions", kParts);
    world.import("parts", "s,D-0,2026-01-25T08:00:00Z,400,0\nt,D-1,2026-01-10T08:00:00Z,400,1\n");
    world.today = Date::of(2026, 2, 5);
    world.import("more", "s,D-0,2026-02-02T08:00:00Z,400,1\nu,D-1,2026-02-03T08:00:00Z,400,1\n");
    world.send(1);
    world.today = Date::of(2026, 5, 28);
    EXPECT_EQ(world.held_by(Date::of(2026, 3, 1)),
              "2026-01-25 a session of it reaches into a cycle that is not closed\n"
              "2026-02-01 1 account is not invoiced for 2026-02-01..2026-02-28, such as company\n");
}

TEST(DeleteUsage, ASessionThatLostPartsIsNotRatedAgain) {
    OldUsage world("torn", kParts);
    world.import("parts", "s,D-0,2026-01-25T08:00:00Z,400,0\n");
    world.today = Date::of(2026, 2, 5);
    world.import("more", "s,D-0,2026-02-02T08:00:00Z,400,1\nt,D-1,2026-02-03T08:00:00Z,400,1\n");
    for (const unsigned month : {1U, 2U}) {
        world.today = Date::of(2026, month + 1, 5);
        world.send(month);
    }
    world.today = Date::of(2026, 5, 28);
    EXPECT_EQ(world.held_by(Date::of(2026, 2, 1)), "");
    EXPECT_EQ(world.removed(Date::of(2026, 2, 1)).tables.front().records, 1);
    world.expect_sound();
    expect_deleted(world.engine->take_back("more.csv", {"a test", false, {}}));
}

TEST(DeleteUsage, ADeletionIsSigned) {
    OldUsage world("signed");
    live_through_spring(world);
    const auto unsigned_one = world.engine->delete_usage({Date::of(2026, 3, 1), "", "why", false});
    ASSERT_FALSE(unsigned_one);
    EXPECT_EQ(unsigned_one.error().code, "deletion_unsigned");
    const std::size_t files = world.engine->archive_files()->size();
    EXPECT_GT(world.engine->delete_usage({Date::of(2026, 3, 1), "", "", true})->records(), 0);
    EXPECT_EQ(world.engine->archive_files()->size(), files);
    EXPECT_TRUE(world.engine->deletions()->empty());
}

}  // namespace
}  // namespace farthing::engine
