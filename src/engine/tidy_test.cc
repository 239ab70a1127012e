// Files of days that are over are rewritten, and nothing that is asked of the archive answers
// otherwise.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr const char* kCatalog =
    "catalog: calls\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
    "meters: {voice: {unit: second}}\n"
    "plans:\n  - plan: calls\n    charges:\n      - usage: voice\n"
    "        graduated: [{to: 10 min, price: PRICE per min}, {price: 0.021 per min}]\n"
    "carriers:\n  - carrier: one\n    charges: [{usage: voice, price: 0.01 per min}]\n";
constexpr const char* kFeed =
    "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
    "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: seconds}\n  called: {field: called}\n  carrier: {constant: one}\n"
    "guide: [{by: device, field: device}]\nsame_record: [id]\n"
    "late: {accept: 400 days}\nratings: [retail, cost]\n";

class World {
  public:
    explicit World(const std::string& name)
        : folder_(std::filesystem::temp_directory_path() / ("farthing-tidy-" + name)) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        open();
        publish("0.05");
        EXPECT_TRUE(engine->add_feed("calls.yaml", kFeed));
        AccountChange account;
        account.name = "company";
        EXPECT_TRUE(engine->apply(account));
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
    ~World() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        engine.reset();
        auto opened = Engine::open(
            folder_ / "data",
            Clock{[this] { return TimeZone::utc().start_of(today).plus_micros(3'600'000'000); }});
        engine = *std::move(opened);
    }
    void publish(const std::string& price) {
        std::string text = kCatalog;
        text.replace(text.find("PRICE"), 5, price);
        EXPECT_TRUE(engine->publish({{"catalog.yaml", text}}, std::nullopt));
    }
    void import(int number, std::mt19937& random) {
        const auto path = folder_ / ("f" + std::to_string(number) + ".csv");
        std::ofstream file(path);
        file << "id,device,at,seconds,called\n";
        for (int i = 0; i < 20; ++i) {
            file << number * 15 + i << ",D-" << random() % 4 << ",2026-05-0" << 1 + random() % 5
                 << "T0" << random() % 9 << ":00:00Z," << random() % 300 << ",44" << random() % 9
                 << '\n';
        }
        file.close();
        EXPECT_TRUE(engine->import_files("calls", std::span(&path, 1)));
    }
    // All that can be asked of the archive.
    std::string answers() {
        std::string text;
        UsageLogFilter all;
        all.account = "company";
        const auto log = engine->usage_log(all);
        for (const UsageLogRow& row : *log) {
            text += row.id + " " + to_rfc3339(row.start) + " " + row.subscription + " " +
                    std::to_string(row.quantity) + " " + row.called + " " + row.outcome + " " +
                    row.charge.to_string() + " " + std::to_string(row.line) + "\n";
            const auto why = engine->explain(row.id, true);
            text += why ? why->sentence + "\n" : why.error().to_string();
        }
        for (const char* line : {"line-0", "line-1", "line-2"}) {
            const auto charges = engine->charges(line);
            for (const SubscriptionCharge& charge : *charges)
                text += charge.amount.to_string() + "\n";
        }
        EXPECT_TRUE(engine->each_rated_record([&](const RatedRecord& record) {
            text += record.id + " " + record.file + " " + std::to_string(record.line) + " " +
                    record.amount.to_string() + "\n";
        }));
        const auto margin = engine->margin(MarginBy::account);
        for (const MarginRow& row : margin->rows) text += row.margin().to_string() + "\n";
        return text + engine->carrier_cost("one")->to_string();
    }
    void expect_sound() {
        const auto lines = engine->check("all");
        ASSERT_TRUE(lines);
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
    }
    // What a record is explained as is what it comes to now.
    void expect_explained() {
        UsageLogFilter all;
        all.account = "company";
        const auto log = engine->usage_log(all);
        EXPECT_FALSE(log->empty());
        for (const UsageLogRow& row : *log) {
            const auto why = engine->explain(row.id, true);
            ASSERT_TRUE(why) << why.error().to_string();
            EXPECT_TRUE(why->rounded.starts_with(row.charge.to_string() + " "))
                << row.id << " " << row.charge.to_string() << " but " << why->rounded;
        }
    }
    const std::filesystem::path& folder() const { return folder_; }
    std::size_t files() { return engine->archive_files()->size(); }

    Date today = Date::of(2026, 5, 10);
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
};

TEST(Tidy, AnswersStayWhenFilesBecomeSortedOnes) {
    World world("answers");
    std::mt19937 random(1);
    for (int i = 0; i < 6; ++i) {
        if (i == 4) world.today = Date::of(2026, 5, 11);
        world.import(i, random);
    }
    const std::string before = world.answers();
    const std::size_t files = world.files();
    // The day that is not over stays as it is.
    EXPECT_EQ(world.engine->tidy(7)->files_before, 8);
    EXPECT_EQ(world.files(), files - 6);
    EXPECT_EQ(world.answers(), before);
    world.expect_sound();
    world.today = Date::of(2026, 5, 12);
    EXPECT_EQ(world.engine->tidy(7)->files_after, 2);
    EXPECT_EQ(world.engine->tidy(7)->files_before, 0) << "there is nothing left to do";
    EXPECT_EQ(world.answers(), before);
    world.open();
    EXPECT_EQ(world.answers(), before);
    world.expect_sound();
}

TEST(Tidy, CorrectionsFindTheirRecordsInRewrittenFiles) {
    World tidied("corrections");
    World plain("plain");
    for (World* world : {&tidied, &plain}) {
        std::mt19937 random(2);
        for (int i = 0; i < 5; ++i) world->import(i, random);
        ASSERT_TRUE(world->engine->take_back("f1.csv", {"a test", false, {}}));
        world->import(5, random);
        world->today = Date::of(2026, 5, 12);
    }
    ASSERT_TRUE(tidied.engine->tidy(0));
    for (World* world : {&tidied, &plain}) {
        ASSERT_TRUE(world->engine->take_back("f2.csv", {"a test", false, {}}));
        world->publish("0.07");
        for (const Perspective side : {Perspective::retail, Perspective::cost}) {
            RerateFilter filter;
            filter.side = side;
            ASSERT_TRUE(world->engine->rerate(filter));
        }
        world->expect_sound();
        world->expect_explained();
        const auto gone = world->engine->explain("rec-2-0", false);
        ASSERT_FALSE(gone);
        EXPECT_EQ(gone.error().code, "charge_taken_back");
    }
    EXPECT_EQ(tidied.engine->carrier_cost("one"), plain.engine->carrier_cost("one"));
    for (const char* line : {"line-0", "line-1", "line-2"}) {
        const auto got = tidied.engine->charges(line);
        const auto wanted = plain.engine->charges(line);
        EXPECT_EQ(got->front().amount, wanted->front().amount);
    }
}

TEST(Tidy, WhatACrashLeftIsGone) {
    World world("orphans");
    std::mt19937 random(4);
    world.import(0, random);
    const auto files = world.files();
    const std::filesystem::path archive = world.folder() / "data" / "archive" / "usage";
    std::ofstream(archive / "77-1.tmp") << "half";
    std::ofstream(archive / std::string(64, 'a')) << "whole, but of no batch";
    EXPECT_EQ(world.engine->tidy(7, true)->orphans, 0);
    EXPECT_EQ(world.engine->tidy(7)->orphans, 2);
    EXPECT_EQ(world.files(), files);
    world.expect_sound();
}

TEST(Tidy, WhatWasRewrittenIsDeletedWhenNobodyNeedsItsVersionAnyMore) {
    World world("deleted");
    std::mt19937 random(3);
    for (int i = 0; i < 3; ++i) world.import(i, random);
    world.today = Date::of(2026, 5, 12);
    EXPECT_EQ(world.engine->tidy(7)->deleted, 0);
    world.today = Date::of(2026, 5, 18);
    EXPECT_EQ(world.engine->tidy(7)->deleted, 0);
    world.today = Date::of(2026, 5, 20);
    const std::string before = world.answers();
    EXPECT_EQ(world.engine->tidy(7)->deleted, 6);
    EXPECT_EQ(world.engine->tidy(7)->deleted, 0);
    EXPECT_EQ(world.answers(), before);
    world.expect_sound();
}

}  // namespace
}  // namespace farthing::engine
