// A feed keeps the rule by which it told duplicates, and what can't be told of one feed keeps
// nothing from the others.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/test_city.h"
#include "store/store.h"

namespace farthing::engine {
namespace {

using testing::City;

constexpr const char* kPrices =
    "catalog: lamps\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
    "meters: {energy: {unit: joule}}\n"
    "plans:\n  - plan: lamp\n    charges: [{usage: energy, price: 0.05 per kWh}]\n"
    "  - plan: pooled\n    charges: [{usage: energy, price: 0.05 per kWh}]\n";

std::string reports(const std::string& same_record, const std::string& name = "lamps") {
    return "feed: " + name +
           "\nformat: {delimited: \",\", header: true}\nrecord:\n"
           "  id: {field: n}\n  service: {constant: energy}\n"
           "  start: {field: at, time: rfc3339}\n  quantity: {field: joules}\n"
           "  keep: {n: {field: n}}\nguide: [{by: device, field: device}]\n"
           "same_record: " +
           same_record + "\n";
}
std::string file_of(const std::string& lamp, int records = 1) {
    std::string text = "n,device,at,joules\n";
    for (int i = 0; i < records; ++i)
        text += std::to_string(i) + "," + lamp + ",2026-06-01T0" + std::to_string(i / 3600) + ":" +
                std::to_string(100 + i / 60 % 60).substr(1) + ":" +
                std::to_string(100 + i % 60).substr(1) + "Z,5\n";
    return text;
}

bool says(const std::vector<std::string>& lines, const std::string& part) {
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return line.find(part) != line.npos; });
}

TEST(FeedRule, IsKeptOnceThereAreKeys) {
    City city("rule", kPrices, reports("{slot: 60 s}"));
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", reports("[id]")));
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", reports("{slot: 60 s}")));
    city.import(file_of("L-1"));
    for (const char* other : {"{slot: 120 s}", "{slot: 500 ms}", "[id]", "{sequence: n}"}) {
        const auto refused = city.engine->add_feed("lamps.yaml", reports(other));
        ASSERT_FALSE(refused) << other;
        EXPECT_EQ(refused.error().front().code, "segment_of_other_rule");
        EXPECT_NE(refused.error().front().to_string().find("new feed name"), std::string::npos);
    }
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", reports("{slot: 60 s}") + "title: Lamps\n"));
    EXPECT_TRUE(city.engine->add_feed("other.yaml", reports("[id]", "other")));
    city.expect_sound();
}

// Fields have no part in the rule that is stored with keys.
TEST(FeedRule, OfFieldsMayRenameThemAndLeaveNoneOut) {
    City city("fields", kPrices, reports("[{field: joules}, id]"));
    city.import(file_of("L-1"));
    EXPECT_EQ(city.engine->add_feed("lamps.yaml", reports("[id]")).error().front().code,
              "segment_of_other_rule");
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", reports("[{field: energy}, id]")));
}

// As releases left it that took any change.
TEST(FeedRule, ThatWasChangedIsToldOfItsFeedAloneAndCanBeMended) {
    City city("changed", kPrices, reports("{slot: 60 s}"));
    city.import(file_of("L-1"));
    for (const char* other : {"{sequence: n}", "{slot: 120 s}"}) {
        ASSERT_TRUE(
            (*store::Store::open(city.folder() / "data"))->save_feed("lamps", reports(other)));
        city.open();
        const auto lines = city.engine->check("all");
        ASSERT_TRUE(lines) << lines.error().to_string();
        const auto wrong = std::ranges::find(*lines, false, &CheckLine::ok);
        ASSERT_NE(wrong, lines->end()) << other;
        EXPECT_NE(wrong->text.find("segment_of_other_rule"), std::string::npos) << wrong->text;
        EXPECT_EQ(std::ranges::count(*lines, false, &CheckLine::ok), 1);
        const auto keys = city.engine->feed_keys("lamps");
        ASSERT_TRUE(keys) << keys.error().to_string();
        EXPECT_TRUE(says(*keys, "segment_of_other_rule"));
        EXPECT_TRUE(city.engine->feed_numbers("lamps"));
    }
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", reports("{slot: 60 s}")));
    city.expect_sound();
    EXPECT_EQ(city.import(file_of("L-1")).outcomes[static_cast<std::size_t>(Outcome::duplicate)],
              1);
}

TEST(FeedKeys, TellWhatAMillionTakeOfManyAlone) {
    City city("keys", kPrices, reports("[id]"));
    city.import(file_of("L-1", 3));
    const auto few = city.engine->feed_keys("lamps");
    ASSERT_TRUE(few);
    EXPECT_TRUE(says(*few, "on the disk: 3 keys in "));
    EXPECT_TRUE(says(*few, "in memory, of 2026-06-01: 3 keys in "));
    EXPECT_FALSE(says(*few, "each million"));
    city.import(file_of("L-2", 12'000));
    const auto many = city.engine->feed_keys("lamps");
    ASSERT_TRUE(many);
    EXPECT_TRUE(says(*many, " MB for each million")) << many->back();
}

}  // namespace
}  // namespace farthing::engine
