// Whatever files come, in whatever order, and whichever is taken back: what is left is what a clean
// rating without it gives; and whatever prices change, rating again gives what rating anew does.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

std::string catalog_of(const std::string& price, const std::string& block) {
    return "catalog: calls\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
           "meters: {voice: {unit: second}}\nplans:\n  - plan: calls\n    charges:\n"
           "      - usage: voice\n        name: calls\n        increments: " +
           block +
           "\n        connection_fee: 0.013\n"
           "        graduated: [{to: 10 min, price: " +
           price +
           " per min}, {price: 0.021 per min}]\n"
           "      - {usage: voice, name: extra, adds: true, minimum: 0.05, price: 0.0007 per s}\n"
           "  - plan: pooled\n    charges:\n      - usage: voice\n        name: pool\n"
           "        allowance: {quantity: 3 min per subscription, shared_by: account}\n"
           "        price: " +
           price + " per min\n";
}
constexpr const char* kFeed =
    "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
    "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: seconds}\n"
    "guide: [{by: device, field: device}]\nsame_record: [id, start]\n"
    "partials: {by: id, last: {field: last, equals: \"yes\"}}\nlate: {accept: 400 days}\n";

constexpr int kDevices = 4;

class World {
  public:
    explicit World(const std::string& name)
        : folder_(std::filesystem::temp_directory_path() / ("farthing-take-back-" + name)) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        auto opened = Engine::open(folder_ / "data",
                                   Clock{[] { return *parse_rfc3339("2026-06-01T00:00:00Z"); }});
        engine = *std::move(opened);
    }
    ~World() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void publish(const std::string& text) {
        const auto version = engine->publish({{"catalog.yaml", text}}, std::nullopt);
        ASSERT_TRUE(version) << version.error().front().to_string();
    }
    void settle_in() {
        EXPECT_TRUE(engine->add_feed("calls.yaml", kFeed));
        AccountChange account;
        account.name = "company";
        EXPECT_TRUE(engine->apply(account));
        for (int i = 0; i < kDevices; ++i) {
            SubscriptionChange change;
            change.name = "line-" + std::to_string(i);
            change.account = "company";
            change.plan = i % 2 == 0 ? "calls" : "pooled";
            change.from = Date::of(2026, 1, 1);
            change.identities = {{IdentityKind::device, "D-" + std::to_string(i)}};
            EXPECT_TRUE(engine->apply(std::span(&change, 1)));
        }
    }
    void import(const std::string& name, const std::string& text) {
        const auto path = folder_ / name;
        std::ofstream(path) << text;
        EXPECT_TRUE(engine->import_files("calls", std::span(&path, 1)));
    }
    std::string totals() {
        std::string text;
        for (int i = 0; i < kDevices; ++i) {
            const auto charges = engine->charges("line-" + std::to_string(i));
            for (const SubscriptionCharge& charge : *charges) {
                // How a pool's charge falls on its members depends on the order of arrival.
                if (charge.charge != "pooled/pool" && charge.amount.atoms != 0)
                    text += charge.charge + " " + charge.amount.to_string() + "\n";
            }
        }
        const auto balances = engine->balances();
        for (const auto& balance : *balances) {
            if (balance.amount.atoms != 0)
                text += balance.account + " " + balance.amount.to_string() + "\n";
        }
        return text;
    }
    std::int64_t waiting() {
        std::int64_t open = 0;
        const auto lines = engine->suspense();
        for (const SuspenseLine& line : *lines) open += line.records;
        return open;
    }
    std::string document() {
        const auto invoice = engine->preview_invoice(Date::of(2026, 5, 15), "company");
        if (!invoice) return invoice.error().to_string();
        std::string text;
        for (const InvoiceLine& line : invoice->lines) {
            text +=
                line.text + " " + line.quantity.to_decimal() + " " + line.amount.to_string() + "\n";
            for (const std::int64_t used : line.usage_by_day) text += std::to_string(used) + " ";
        }
        return text + invoice->payable.to_string();
    }
    void expect_sound() {
        const auto lines = engine->check("all");
        ASSERT_TRUE(lines);
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
    }
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
};

// Ids come again, in other files too; a few with another content, and some devices are unknown.
std::vector<std::string> some_files(std::mt19937& random, bool conflicts) {
    const auto below = [&](int end) { return static_cast<int>(random() % unsigned(end)); };
    std::vector<std::string> files;
    for (int file = 0; file < 4; ++file) {
        std::string text = "id,device,at,seconds,last\n";
        const int records = 1 + below(10);
        for (int i = 0; i < records; ++i) {
            const int call = below(12);
            const int part = below(3);
            const int seconds = 20 + call * 31 + part * 7 + (conflicts && below(8) == 0 ? 1 : 0);
            text += "c" + std::to_string(call) + ",D-" + std::to_string(call % (kDevices + 1)) +
                    ",2026-05-0" + std::to_string(1 + call % 9) + "T0" + std::to_string(part) +
                    ":00:00Z," + std::to_string(seconds) + "," + (part == 2 ? "yes" : "no") + "\n";
        }
        files.push_back(text);
    }
    return files;
}

std::string name_of_file(std::size_t number) {
    return "f" + std::to_string(number) + ".csv";
}

TEST(TakeBack, LeavesWhatACleanRatingWithoutTheFileGives) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random(seed);
        const auto files = some_files(random, false);
        const std::size_t gone = random() % files.size();
        World world("one");
        World clean("two");
        for (World* one : {&world, &clean}) {
            one->publish(catalog_of("0.037", "30/6"));
            one->settle_in();
        }
        for (std::size_t i = 0; i < files.size(); ++i) {
            world.import(name_of_file(i), files[i]);
            if (i != gone) clean.import(name_of_file(i), files[i]);
        }
        const std::string before = world.totals();
        const auto preview = world.engine->take_back(name_of_file(gone), {"test", true, {}});
        ASSERT_TRUE(preview) << preview.error().to_string();
        EXPECT_EQ(world.totals(), before);
        const auto done = world.engine->take_back(name_of_file(gone), {"test", false, {}});
        ASSERT_TRUE(done) << done.error().to_string();
        EXPECT_EQ(done->retail.amount, preview->retail.amount);
        EXPECT_EQ(world.totals(), clean.totals());
        EXPECT_EQ(world.waiting(), clean.waiting());
        EXPECT_EQ(world.document(), clean.document());
        world.expect_sound();
        // And it can come again.
        world.import(name_of_file(gone), files[gone]);
        clean.import(name_of_file(gone), files[gone]);
        EXPECT_EQ(world.totals(), clean.totals());
        EXPECT_EQ(world.document(), clean.document());
        world.expect_sound();
    }
}

TEST(TakeBack, KeepsTheBooksClosedWhateverIsTakenBackAndComesAgain) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random(seed * 77);
        const auto files = some_files(random, true);
        World world("three");
        world.publish(catalog_of("0.037", "30/6"));
        world.settle_in();
        std::vector<bool> in(files.size());
        for (int step = 0; step < 10; ++step) {
            const std::size_t file = random() % files.size();
            if (in[file]) {
                const auto done = world.engine->take_back(name_of_file(file), {"test", false, {}});
                ASSERT_TRUE(done) << done.error().to_string();
            } else {
                world.import(name_of_file(file), files[file]);
            }
            in[file] = !in[file];
            world.expect_sound();
        }
        for (std::size_t file = 0; file < files.size(); ++file) {
            if (!in[file]) continue;
            ASSERT_TRUE(world.engine->take_back(name_of_file(file), {"test", false, {}}));
        }
        EXPECT_EQ(world.totals(), "");
        EXPECT_EQ(world.waiting(), 0);
        world.expect_sound();
    }
}

TEST(Rerate, GivesWhatACleanRatingWithTheNewPricesDoes) {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random(seed * 31);
        const auto files = some_files(random, false);
        World world("four");
        World clean("five");
        world.publish(catalog_of("0.037", "30/6"));
        world.settle_in();
        for (std::size_t i = 0; i < files.size(); ++i) world.import(name_of_file(i), files[i]);
        world.publish(catalog_of("0.041", "60/1"));
        RerateFilter week;
        week.period = DatePeriod{Date::of(2026, 5, 3), Date::of(2026, 5, 6)};
        if (seed % 2 == 0) {
            const auto part = world.engine->rerate(week);
            EXPECT_TRUE(part || part.error().code == "rerate_nothing");
            world.expect_sound();
        }
        if (seed % 3 == 0) (void)world.engine->take_back("f1.csv", {"test", false, {}});
        RerateFilter in_turns;  // a few subscriptions at once, while the next ones are read
        in_turns.rows_at_once = 1 + seed % 5 * 10;
        if (seed % 2 == 0) in_turns.records_at_once = in_turns.rows_at_once;
        const auto preview = world.engine->rerate({}, true);
        const auto done = world.engine->rerate(in_turns);
        ASSERT_TRUE(done) << done.error().to_string();
        EXPECT_EQ(preview->difference.amount, done->difference.amount);
        EXPECT_EQ(preview->records, done->records);
        const auto again = world.engine->rerate({});
        EXPECT_EQ(again->difference.amount.atoms, 0);
        EXPECT_EQ(again->changed, 0);
        clean.publish(catalog_of("0.041", "60/1"));
        clean.settle_in();
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (i != 1 || seed % 3 != 0) clean.import(name_of_file(i), files[i]);
        }
        EXPECT_EQ(world.totals(), clean.totals());
        EXPECT_EQ(world.document(), clean.document());
        world.expect_sound();
    }
}

}  // namespace
}  // namespace farthing::engine
