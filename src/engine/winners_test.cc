// What holds a slot is found again however much of the archive is read at once.
#include "engine/winners.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/decode_ahead.h"
#include "engine/engine.h"
#include "engine/standing.h"
#include "mediation/dedup.h"

namespace farthing::engine {
namespace {

constexpr const char* kPrices =
    "catalog: lamps\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
    "meters: {energy: {unit: joule}}\n"
    "plans:\n  - plan: lamp\n    charges: [{usage: energy, price: 0.05 per kWh}]\n";
constexpr const char* kReports =
    "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n"
    "  service: {constant: energy}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: joules}\nguide: [{by: device, field: device}]\n"
    "same_record: {slot: 480 s}\nlate: {accept: 400 days}\n";

class LampHome {
  public:
    LampHome() {
        std::string name = (std::filesystem::temp_directory_path() / "farthing-winners-XXXXXX");
        folder_ = ::mkdtemp(name.data());
        const auto engine = open();
        EXPECT_TRUE(engine->publish({{"catalog.yaml", kPrices}}, std::nullopt));
        EXPECT_TRUE(engine->add_feed("lamps.yaml", kReports));
        AccountChange account;
        account.name = "city";
        EXPECT_TRUE(engine->apply(account));
        for (const char* lamp : {"L-1", "L-2"}) {
            SubscriptionChange change;
            change.name = lamp;
            change.account = "city";
            change.plan = "lamp";
            change.from = Date::of(2026, 1, 1);
            change.identities = {{IdentityKind::device, lamp}};
            EXPECT_TRUE(engine->apply(std::span(&change, 1)));
        }
        // In two batches, of which the second has the times between those of the first.
        for (const int first : {0, 1}) {
            const auto path = reports(fmt::format("reports-{}", first), first, 0);
            EXPECT_TRUE(engine->import_files("lamps", std::span(&path, 1)));
        }
    }
    ~LampHome() { std::filesystem::remove_all(folder_); }
    LampHome(const LampHome&) = delete;
    LampHome& operator=(const LampHome&) = delete;

    // Each second slot of two days, somewhere in it, and more in each.
    std::filesystem::path reports(const std::string& name, int first, int more) const {
        const auto path = folder_ / name;
        std::ofstream file(path);
        file << "device,at,joules\n";
        for (int slot = first; slot < 2 * 180; slot += 2) {
            const int second = slot * 480 + slot % 480;
            file << fmt::format("L-{},2026-05-{:02}T{:02}:{:02}:{:02}Z,{}\n", 1 + slot / 2 % 2,
                                1 + second / 86'400, second / 3'600 % 24, second / 60 % 60,
                                second % 60, slot + more);
        }
        return path;
    }
    std::unique_ptr<Engine> open() const {
        return *Engine::open(folder_ / "data",
                             Clock{[] { return TimeZone::utc().start_of(Date::of(2026, 5, 4)); }});
    }
    std::unique_ptr<Engine::State> state() const {
        auto state = std::make_unique<Engine::State>();
        state->store = *store::Store::open(folder_ / "data");
        EXPECT_TRUE(state->load_catalog());
        EXPECT_TRUE(state->load_directory());
        return state;
    }

  private:
    std::filesystem::path folder_;
};

TEST(Winners, AreTheSameHoweverManyAreReadAtOnce) {
    const LampHome home;
    const auto state = home.state();
    const auto feed = mediation::read_feed("lamps.yaml", kReports);
    ASSERT_TRUE(feed);
    for (const int at_once : {1, 5, 40, 1'000'000}) {
        for (const int more : {0, 1}) {
            Winners winners(*state, *feed, at_once);
            const std::vector<std::filesystem::path> files = {home.reports("again-0", 0, more),
                                                              home.reports("again-1", 1, more)};
            DecodeAhead ahead(*feed, state->catalog.newest(), state->directory, {},
                              TimeZone::utc().start_of(Date::of(2026, 5, 4)), files);
            int told = 0;
            while (auto step = ahead.next()) {
                for (std::size_t row = 0; step->chunk && row < step->chunk->size(); ++row) {
                    ASSERT_TRUE(step->chunk->live(row));
                    EXPECT_EQ(*winners.agrees(*step->chunk, row), more == 0) << at_once;
                    told += 1;
                }
                if (step->chunk) ahead.give_back(*std::move(step));
            }
            EXPECT_EQ(told, 360);
        }
    }
}

// The archive of this release names no first device; the one before it named all; older ones none.
TEST(Winners, EC48_a_device_that_was_not_kept_is_the_first_of_its_subscription) {
    const LampHome home;
    ASSERT_TRUE(home.open()->identify("L-1", IdentityKind::device, "L-1b",
                                      TimeZone::utc().start_of(Date::of(2026, 1, 1))));
    const auto state = home.state();
    const auto feed = mediation::read_feed("lamps.yaml", kReports);
    ASSERT_TRUE(feed);
    store::UsageRow row;
    row.subscription = state->directory.subscription_named("L-1");
    const auto slot_content_of = [&](const std::string& identity) {
        row.identity = identity;
        const UsageChunk chunk = keyed_chunk_of(*state, *feed, {&row});
        EXPECT_EQ(chunk.is_further(0), identity == "device L-1b") << identity;
        return mediation::slot_content(chunk, 0);
    };
    EXPECT_EQ(slot_content_of(""), slot_content_of("device L-1"));
    EXPECT_NE(slot_content_of(""), slot_content_of("device L-1b"));
}

}  // namespace
}  // namespace farthing::engine
