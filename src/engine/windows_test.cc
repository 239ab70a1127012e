// With an accepted policy totals are what they are without one: in whatever order records come, in
// whatever files and batches, and whenever the program is started again.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/hash.h"
#include "engine/edge.h"
#include "engine/test_city.h"

namespace farthing::engine {
namespace {

constexpr const char* kCatalog =
    "catalog: city\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: Europe/Tallinn\n"
    "rounding: {line: half_even 4}\n"
    "meters: {energy: {unit: joule}, alarm: {unit: event}}\nplans:\n  - plan: lamp\n    charges:\n"
    "      - usage: energy\n        name: tiers\n"
    "        graduated: [{to: 1 kWh, price: 0.05 per kWh}, {to: 5 kWh, price: 0.03 per kWh}, "
    "{price: 0.011 per kWh}]\n"
    "      - {usage: energy, name: burst, adds: true, window: hour, graduated: [{to: 0.2 kWh, "
    "price: 0 per kWh}, {price: 0.07 per kWh}]}\n"
    "      - {usage: alarm, package: 0.10 per 3 events}\n"
    "  - plan: pooled\n    charges:\n      - usage: energy\n        name: pool\n"
    "        allowance: {quantity: 1 kWh per subscription, shared_by: account}\n"
    "        price: 0.04 per kWh\n      - {usage: alarm, price: 0.01 per event}\n"
    "  - plan: steep\n    charges:\n      - usage: energy\n"
    "        graduated: [{to: 1000000000 kWh, price: 0.01 per kWh}, {price: 100 per kWh}]\n";
std::string feed_of(const std::string& aggregate) {
    return "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
           "  service: {field: what}\n  start: {field: at, time: rfc3339}\n"
           "  quantity: {energy: {field: q}, alarm: 1}\n"
           "guide: [{by: device, field: lamp}]\nsame_record: [id]\n" +
           aggregate;
}
const std::string kHead = "id,lamp,what,at,q\n";

class City : public testing::City {
  public:
    City(const std::string& name, const std::string& aggregate)
        : testing::City(name, kCatalog, feed_of(aggregate)) {}
    Report import(const std::string& records) { return testing::City::import(kHead + records); }
};

std::vector<std::string> records(std::mt19937_64& random) {
    std::vector<std::string> lines;
    const auto number = [&](int below) {
        return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    for (int i = 0; i < 300; ++i) {
        const bool alarm = number(6) == 0;
        lines.push_back("r" + std::to_string(i) + ",L-" + std::to_string(number(City::kLamps + 1)) +
                        (alarm ? ",alarm," : ",energy,") + "2026-06-0" +
                        std::to_string(1 + number(2)) + "T0" + std::to_string(number(4)) + ":" +
                        std::to_string(10 + number(50)) + ":00Z," +
                        std::to_string(number(400'000)) + "\n");
        if (number(10) == 0) lines.push_back(lines.back());
    }
    return lines;
}

// What they come to where each is charged by itself.
std::string cost_of_each(const std::vector<std::string>& lines) {
    City plain("plain", "");
    std::string all;
    for (const std::string& line : lines) all += line;
    plain.import(all);
    return plain.totals();
}

TEST(AggregatedUsage, CostsWhatItCostsByItselfInAnyOrderBatchingAndRestart) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        std::vector<std::string> lines = records(random);
        const std::string expected = cost_of_each(lines);
        for (const char* window : {"5 minutes", "15 minutes", "1 hour"}) {
            City city("city",
                      "aggregate: {time_zone: Europe/Tallinn, quantity: {alarm: count}, "
                      "window: " +
                          std::string(window) + "}\n");
            std::ranges::shuffle(lines, random);
            std::int64_t windows = 0;
            for (std::size_t first = 0; first < lines.size();) {
                const std::size_t end = std::min(lines.size(), first + 1 + random() % 150);
                std::string some;
                for (; first < end; ++first) some += lines[first];
                windows += city.import(some).windows;
                if (random() % 3 == 0) city.open();
            }
            EXPECT_LT(windows, 250);
            EXPECT_EQ(city.totals(), expected) << "seed " << seed << ", " << window;
            city.expect_sound();
        }
    }
}

TEST(AggregatedUsage, IsExplainedDownToItsParts) {
    City city("explain", "aggregate: {window: 15 minutes, time_zone: Europe/Tallinn}\n");
    city.import(
        "a,L-0,energy,2026-06-01T00:07:00Z,3600000\n"
        "b,L-0,energy,2026-06-01T00:01:00Z,3600000\n"
        "c,L-0,energy,2026-06-01T00:15:00Z,50\n");
    const auto largest = city.engine->largest_charge();
    ASSERT_TRUE(largest);
    const auto told = city.engine->explain(*largest, true);
    ASSERT_TRUE(told) << told.error().to_string();
    EXPECT_EQ(told->source_records, 2);
    ASSERT_EQ(told->sources.size(), 2U);
    EXPECT_EQ(told->sources[0].text, "b,L-0,energy,2026-06-01T00:01:00Z,3600000");
    EXPECT_EQ(told->sources[1].text, "a,L-0,energy,2026-06-01T00:07:00Z,3600000");
    EXPECT_TRUE(told->verify && told->verify->equal);
    std::string words;
    for (const std::string& line : told->arithmetic) words += line + "\n";
    EXPECT_NE(words.find("2 records of a window, 2026-06-01T00:01:00Z to 2026-06-01T00:07:00Z"),
              std::string::npos)
        << words;
    EXPECT_NE(words.find("the archive holds them all"), std::string::npos);
}

TEST(AggregatedUsage, BeyondWhatAPostingHoldsWaitsAndHarmsNobodyElse) {
    City city("absurd", "aggregate: {window: 15 minutes, time_zone: Europe/Tallinn}\n");
    const Report report = city.import(
        "a,L-0,energy,2026-06-01T00:01:00Z,9007199254740992\n"
        "b,L-0,energy,2026-06-01T00:02:00Z,9007199254740992\n"
        "c,L-0,energy,2026-06-01T00:03:00Z,3600\n");
    EXPECT_EQ(report.count(Outcome::aggregated) + report.count(Outcome::suspended), 3);
    EXPECT_GE(report.count(Outcome::suspended), 1);
    city.expect_sound();
}

// Each window can be charged by itself; after the first one the second one costs more than a
// posting holds, which shows when its turn comes.
TEST(AggregatedUsage, ThatCanNotBeChargedOnceItsTurnComesIsTakenRecordByRecord) {
    const std::string lines =
        "a,steep,energy,2026-06-01T00:01:00Z,2160000000000000\n"
        "b,steep,energy,2026-06-01T00:16:00Z,2160000000000000\n"
        "c,steep,energy,2026-06-01T00:17:00Z,3600\n"
        "d,L-2,energy,2026-06-01T00:17:00Z,3600\n";
    City plain("plain", "");
    plain.subscribe("steep", "steep");
    EXPECT_EQ(plain.import(lines).count(Outcome::suspended), 1);
    City city("together", "aggregate: {window: 15 minutes, time_zone: Europe/Tallinn}\n");
    city.subscribe("steep", "steep");
    const Report report = city.import(lines);
    EXPECT_EQ(report.files, 1);
    EXPECT_EQ(report.received, 4);
    EXPECT_EQ(report.count(Outcome::aggregated), 3);
    EXPECT_EQ(report.suspended_by_reason,
              (std::vector<std::pair<std::string, std::int64_t>>{{"charge_out_of_range", 1}}));
    EXPECT_EQ(city.totals(), plain.totals());
    const std::string more = "x,L-2,energy,2026-06-02T00:17:00Z,3600\n" + lines;
    EXPECT_EQ(plain.import(more).count(Outcome::duplicate), 3);
    EXPECT_EQ(city.import(more).count(Outcome::duplicate), 3);
    // What waits is tried again, with more of its kind.
    const auto again = city.engine->retry({});
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->count(Outcome::suspended), 2);
    EXPECT_EQ(city.totals(), plain.totals());
    city.expect_sound();
}

constexpr const char* kPolicy =
    "aggregate: {window: 15 minutes, time_zone: Europe/Tallinn, quantity: {alarm: count}, "
    "lateness: 30 minutes}\n";

// An edge beside the gateway of a city, whose files the city's centre reads.
class Gateway {
  public:
    explicit Gateway(City& city) : city_(city) {
        policy_ = *city.engine->edge_policy("lamps");
        EXPECT_TRUE(city.engine->add_feed("edge.yaml", *edge_feed("policy.yaml", policy_)));
        std::filesystem::create_directories(in());
    }
    std::filesystem::path in() const { return city_.folder() / "in"; }
    std::filesystem::path out() const { return city_.folder() / "out"; }
    Result<std::unique_ptr<Edge>> open(const std::string& policy = {}) {
        return Edge::open({"policy.yaml", policy.empty() ? policy_ : policy, "gw-1",
                           city_.folder() / "edge", out()},
                          Clock{[] { return *parse_rfc3339("2026-06-03T00:00:00Z"); }});
    }
    // As a process of its own.
    EdgeReport run(const std::string& records, bool all = false) {
        const auto path = in() / (std::to_string(++files_) + ".csv");
        std::ofstream(path) << kHead << records;
        const auto edge = open();
        EXPECT_TRUE(edge) << edge.error().to_string();
        const auto taken = (*edge)->take_files(std::span(&path, 1));
        EXPECT_TRUE(taken) << taken.error().to_string();
        if (all) {
            EXPECT_TRUE((*edge)->send_all());
        }
        return (*edge)->report();
    }
    Report deliver() {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator(out()))
            files.push_back(entry.path());
        std::ranges::sort(files);
        const auto report = city_.engine->import_files("lamps-edge", files);
        EXPECT_TRUE(report) << report.error().to_string();
        return *report;
    }
    // In whatever order and pieces, delivered now and then, and all of it in the end.
    EdgeReport run_in_pieces(std::vector<std::string> lines, std::mt19937_64& random) {
        std::ranges::shuffle(lines, random);
        for (std::size_t first = 0; first < lines.size();) {
            const std::size_t end = std::min(lines.size(), first + 1 + random() % 150);
            std::string some;
            for (; first < end; ++first) some += lines[first];
            run(some);
            if (random() % 2 == 0) deliver();
        }
        const EdgeReport report = run("", true);
        deliver();
        return report;
    }
    const std::string& policy() const { return policy_; }

  private:
    City& city_;
    std::string policy_;
    int files_ = 0;
};

TEST(AnEdge, SendsWhatCostsTheSameInAnyOrderAndOverAnyRestart) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        const std::vector<std::string> lines = records(random);
        const std::string expected = cost_of_each(lines);
        City city("city", kPolicy);
        Gateway gateway(city);
        const EdgeReport report = gateway.run_in_pieces(lines, random);
        EXPECT_EQ(report.received, static_cast<std::int64_t>(lines.size()));
        EXPECT_EQ(report.held, 0);
        EXPECT_LT(report.records, report.aggregated);
        EXPECT_EQ(city.totals(), expected) << "seed " << seed;
        city.expect_sound();
        const auto edges = city.engine->feed_edges("lamps-edge");
        ASSERT_TRUE(edges && edges->size() == 1);
        EXPECT_TRUE(edges->front().ok) << edges->front().text;
    }
}

// Where windows are worth their greatest or their last part, the edge sends the one that it held,
// and the centre charges what that adds.
TEST(AnEdge, SendsThePartsThatCountAndTheCentreChargesWhatTheyAdd) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        const std::string policy =
            "aggregate: {window: 15 minutes, time_zone: Europe/Tallinn, quantity: {energy: " +
            std::string(seed % 2 == 0 ? "max" : "last") +
            ", alarm: count}, lateness: 10 minutes}\n";
        std::mt19937_64 random(seed);
        const std::vector<std::string> lines = records(random);
        City direct("direct", policy);
        std::string all;
        for (const std::string& line : lines) all += line;
        direct.import(all);
        City city("city", policy);
        Gateway gateway(city);
        gateway.run_in_pieces(lines, random);
        EXPECT_EQ(city.totals(), direct.totals()) << "seed " << seed;
        city.expect_sound();
        const auto edges = city.engine->feed_edges("lamps-edge");
        ASSERT_TRUE(edges && edges->size() == 1);
        EXPECT_TRUE(edges->front().ok) << edges->front().text;
    }
}

TEST(AnEdge, SendsAWindowOnceItsLatenessIsOver) {
    City city("lateness", kPolicy);
    Gateway gateway(city);
    const std::string first =
        "a,L-0,energy,2026-06-01T00:01:00Z,5\nb,L-0,energy,2026-06-01T00:14:00Z,6\n";
    EXPECT_TRUE(gateway.run(first).sent.empty());
    EXPECT_TRUE(gateway.run("c,L-0,energy,2026-06-01T00:44:59Z,7\n").sent.empty());
    const EdgeReport sent = gateway.run("d,L-0,energy,2026-06-01T00:45:00Z,8\n");
    EXPECT_EQ(sent.sent, std::vector<std::string>{"gw-1-000001.csv"});
    EXPECT_EQ(sent.aggregated, 2);
    EXPECT_EQ(sent.held, 2);
    // What comes later still is a further record of its window, and a copy of a file is left alone.
    EXPECT_EQ(gateway.run("e,L-0,energy,2026-06-01T00:02:00Z,9\n").sent.size(), 1U);
    EXPECT_EQ(gateway.run(first).again, 1);
    std::ifstream file(gateway.out() / "gw-1-000001.csv");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_NE(text.find("gw-1-1-1,energy,L-0,2026-06-01T00:01:00Z,2026-06-01T00:14:00Z,11,2,"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("#total records=1 received=4 aggregated=2 held=2 duplicate=0 suspended=0 "
                        "filtered=0\n"),
              std::string::npos)
        << text;
}

// Version 1 of the state knew no greatest part of a window.
TEST(AnEdge, GoesOnFromTheStateOfAnEarlierRelease) {
    City city("earlier", kPolicy);
    Gateway gateway(city);
    gateway.run("a,L-0,energy,2026-06-01T00:01:00Z,5\n");
    const auto path = city.folder() / "edge" / "state";
    std::ifstream file(path);
    std::string earlier = "farthing-edge-state 1\n";
    std::string line;
    std::getline(file, line);
    EXPECT_EQ(line, "farthing-edge-state 2");
    while (std::getline(file, line)) {
        if (line.starts_with("end ")) break;
        if (line.starts_with("window ")) line.resize(line.rfind(' '));
        earlier += line + "\n";
    }
    EXPECT_NE(earlier.find("\nwindow "), std::string::npos);
    std::ofstream(path) << earlier << "end " << sha256_hex(earlier) << "\n";
    const EdgeReport report = gateway.run("b,L-0,energy,2026-06-01T00:02:00Z,6\n", true);
    EXPECT_EQ(report.aggregated, 2);
    EXPECT_EQ(report.records, 1);
}

TEST(AnEdge, SetsAsideWhatItCanNotReadAndSaysHowMuch) {
    City city("aside", kPolicy);
    Gateway gateway(city);
    const EdgeReport report = gateway.run(
        "a,L-0,energy,2026-06-01T00:01:00Z,5\na,L-0,energy,2026-06-01T00:01:00Z,6\n"
        "b,L-0,energy,yesterday,5\na,L-0,energy,2026-06-01T00:01:00Z,5\n",
        true);
    EXPECT_EQ(report.suspended, 2);
    EXPECT_EQ(report.duplicate, 1);
    std::ifstream file(city.folder() / "edge" / "suspended" / "000001.jsonl");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_NE(text.find("\"reason\":\"conflict\""), std::string::npos) << text;
    EXPECT_NE(text.find("\"reason\":\"bad_time\""), std::string::npos) << text;
    EXPECT_NE(text.find("b,L-0,energy,yesterday,5"), std::string::npos) << text;
}

TEST(AnEdge, ReadsAStreamAndSaysWhatIsDurable) {
    City city("stream", kPolicy);
    Gateway gateway(city);
    const auto path = city.folder() / "stream.csv";
    std::string text = kHead;
    for (int i = 0; i < 3000; ++i)
        text += "r" + std::to_string(i) + ",L-1,energy,2026-06-01T0" + std::to_string(i % 8) +
                ":00:00Z,10\n";
    std::ofstream(path) << text;
    for (int again = 0; again < 2; ++again) {  // the sender was not sure and sends it all again
        std::FILE* stream = std::fopen(path.c_str(), "r");
        const auto edge = gateway.open();
        ASSERT_TRUE(edge) << edge.error().to_string();
        std::int64_t durable = 0;
        ASSERT_TRUE(
            (*edge)->take_stream(fileno(stream), [&](std::int64_t records) { durable = records; }));
        std::fclose(stream);
        EXPECT_EQ(durable, 3000);
        EXPECT_EQ((*edge)->report().duplicate, 3000 * again);
    }
}

TEST(AnEdge, RefusesByNameWhatItCanNotWorkBy) {
    City city("refusals", kPolicy);
    Gateway gateway(city);
    gateway.run("a,L-0,energy,2026-06-01T00:01:00Z,5\n");
    const auto changed = gateway.open(gateway.policy() + "# changed\n");
    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().code, "edge_policy_changed");
    {
        const auto working = gateway.open();
        EXPECT_TRUE(working);
        EXPECT_EQ(gateway.open().error().code, "edge_busy");
    }
    const auto unfit = gateway.open(feed_of(kPolicy));
    ASSERT_FALSE(unfit);
    EXPECT_EQ(unfit.error().code, "edge_policy_unfit");
    const auto added = city.engine->add_feed("policy.yaml", gateway.policy());
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().front().code, "feed_is_policy");
    EXPECT_EQ(city.engine->edge_policy("lamps-edge").error().code, "feed_without_windows");
    std::ofstream(city.folder() / "edge" / "state") << "farthing-edge-state 1\nend 00\n";
    EXPECT_EQ(gateway.open().error().code, "edge_state_damaged");
    EXPECT_EQ(Edge::open({"p", gateway.policy(), "../gw", city.folder() / "x", gateway.out()},
                         Clock{[] { return Instant{}; }})
                  .error()
                  .code,
              "edge_name_malformed");
}

TEST(TheCentre, RefusesAFileOfAnEdgeThatWasChanged) {
    City city("changed", kPolicy);
    Gateway gateway(city);
    gateway.run("a,L-0,energy,2026-06-01T00:01:00Z,5\nb,L-1,energy,2026-06-01T00:14:00Z,6\n", true);
    const auto path = gateway.out() / "gw-1-000001.csv";
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto refusal = [&](const std::string& from, const std::string& to) {
        std::string changed = text;
        const std::size_t at = changed.find(from);
        EXPECT_NE(at, std::string::npos) << from << " is not in\n" << text;
        changed.replace(at, from.size(), to);
        std::ofstream(path) << changed;
        const Report report = gateway.deliver();
        return report.refused.empty() ? "taken" : report.refused.front().error.code;
    };
    const std::string digest = text.substr(text.find("digest="), 8);  // with its first digit
    EXPECT_EQ(refusal("#farthing-edge 1", "#something"), "header_missing");
    EXPECT_EQ(refusal(",5,1,", ",4,1,"), "sum_mismatch");
    EXPECT_EQ(refusal(digest, digest.ends_with('0') ? "digest=1" : "digest=0"), "sum_mismatch");
    EXPECT_EQ(refusal("records=2 parts=2", "records=2 parts=3"), "sum_mismatch");
    EXPECT_EQ(refusal("#sum records=2", "#sum records=3"), "count_mismatch");
    EXPECT_EQ(refusal("received=2", "received=3"), "trailer_missing");
    EXPECT_EQ(refusal("#total", ""), "trailer_missing");
    EXPECT_EQ(refusal("T00:14:00Z,6", "T00:15:00Z,6"), "windows_differ");
    EXPECT_EQ(refusal("id,service", "id,what"), "header_unknown_fields");
    EXPECT_EQ(refusal("edge=gw-1", "edge=gw-1"), "taken");
    const auto edges = city.engine->feed_edges("lamps-edge");
    EXPECT_EQ(edges->front().text,
              "1 files, 2 records of 2 parts came; it received 2 = 2 aggregated + 0 held; 0.0 % "
              "never travelled");
    city.expect_sound();
}

TEST(AFeed, SaysWhatItsKeysCost) {
    City city("keys", "");
    std::string text;
    for (int i = 0; i < 1000; ++i)
        text += "r" + std::to_string(i) + ",L-1,energy,2026-06-01T01:00:00Z,10\n";
    city.import(text);
    const auto told = city.engine->feed_keys("lamps");
    ASSERT_TRUE(told) << told.error().to_string();
    ASSERT_EQ(told->size(), 3U);
    EXPECT_NE((*told)[0].find("keys of 128 bits"), std::string::npos);
    EXPECT_NE((*told)[1].find("on the disk: 1 000 keys"), std::string::npos) << (*told)[1];
    EXPECT_NE((*told)[2].find("in memory, of 2026-06-01: 1 000 keys"), std::string::npos)
        << (*told)[2];
}

TEST(TheCentre, TellsTheFilesOfAnEdgeThatDidNotCome) {
    City city("missing", kPolicy);
    Gateway gateway(city);
    for (const char* hour : {"00", "02", "04"})
        gateway.run("a" + std::string(hour) + ",L-0,energy,2026-06-01T" + hour + ":01:00Z,5\n",
                    true);
    std::filesystem::remove(gateway.out() / "gw-1-000002.csv");
    gateway.deliver();
    const auto edges = city.engine->feed_edges("lamps-edge");
    ASSERT_TRUE(edges && edges->size() == 1);
    EXPECT_FALSE(edges->front().ok);
    EXPECT_NE(edges->front().text.find("files missing: 2"), std::string::npos);
}

TEST(AnEdge, ThatBeganAnewLeavesTheFilesOfBeforeAlone) {
    City city("overwritten", kPolicy);
    Gateway gateway(city);
    gateway.run("a,L-0,energy,2026-06-01T00:01:00Z,5\n", true);
    std::filesystem::remove_all(city.folder() / "edge");
    std::ofstream(gateway.in() / "b.csv") << kHead << "b,L-0,energy,2026-06-02T01:01:00Z,7\n";
    const auto path = gateway.in() / "b.csv";
    const auto edge = gateway.open();
    ASSERT_TRUE(edge);
    EXPECT_TRUE((*edge)->take_files(std::span(&path, 1)));
    const auto sent = (*edge)->send_all();
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, "edge_file_taken");
    gateway.deliver();
    City direct("direct", kPolicy);
    direct.import("a,L-0,energy,2026-06-01T00:01:00Z,5\n");
    EXPECT_EQ(city.totals(), direct.totals());
}

// Its files have the numbers of earlier ones: no total tells what of them got lost.
TEST(TheCentre, TellsAnEdgeThatLostItsStateAndBeganAnew) {
    City city("anew", kPolicy);
    Gateway gateway(city);
    gateway.run("a,L-0,energy,2026-06-01T00:01:00Z,5\n", true);
    gateway.run("b,L-0,energy,2026-06-01T02:01:00Z,5\n", true);
    gateway.deliver();
    std::filesystem::remove_all(city.folder() / "edge");
    std::filesystem::remove_all(gateway.out());
    gateway.run("c,L-0,energy,2026-06-02T01:01:00Z,5\n", true);
    gateway.deliver();
    const auto edges = city.engine->feed_edges("lamps-edge");
    ASSERT_TRUE(edges && edges->size() == 1);
    EXPECT_FALSE(edges->front().ok);
    EXPECT_NE(edges->front().text.find("other content as well: 1 ("), std::string::npos)
        << edges->front().text;
}

}  // namespace
}  // namespace farthing::engine
