// With an accepted policy totals are what they are without one: in whatever order records come, in
// whatever files and batches, and whenever the program is started again.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

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
    "        price: 0.04 per kWh\n      - {usage: alarm, price: 0.01 per event}\n";
std::string feed_of(const std::string& aggregate) {
    return "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
           "  service: {field: what}\n  start: {field: at, time: rfc3339}\n"
           "  quantity: {energy: {field: q}, alarm: 1}\n"
           "guide: [{by: device, field: lamp}]\nsame_record: [id]\n" +
           aggregate;
}
constexpr int kLamps = 5;
const std::string kHead = "id,lamp,what,at,q\n";

class City {
  public:
    City(const std::string& name, const std::string& aggregate)
        : folder_(std::filesystem::temp_directory_path() / ("farthing-windows-" + name)) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        open();
        EXPECT_TRUE(engine->publish({{"catalog.yaml", kCatalog}}, std::nullopt));
        const auto added = engine->add_feed("lamps.yaml", feed_of(aggregate));
        EXPECT_TRUE(added) << added.error().front().to_string();
        AccountChange account;
        account.name = "city";
        EXPECT_TRUE(engine->apply(account));
        for (int i = 0; i < kLamps; ++i) {
            SubscriptionChange change;
            change.name = "L-" + std::to_string(i);
            change.account = "city";
            change.plan = i % 2 == 0 ? "lamp" : "pooled";
            change.from = Date::of(2026, 1, 1);
            change.identities = {{IdentityKind::device, change.name}};
            EXPECT_TRUE(engine->apply(std::span(&change, 1)));
        }
    }
    ~City() {
        engine.reset();
        std::filesystem::remove_all(folder_);
    }
    void open() {
        engine.reset();
        engine = *Engine::open(folder_ / "data",
                               Clock{[] { return *parse_rfc3339("2026-06-03T00:00:00Z"); }});
    }
    Report import(const std::string& text) {
        const auto path = folder_ / ("f" + std::to_string(++files_) + ".csv");
        std::ofstream(path) << kHead << text;
        const auto report = engine->import_files("lamps", std::span(&path, 1));
        EXPECT_TRUE(report) << report.error().to_string();
        return report ? *report : Report();
    }
    std::string totals() {
        std::string text;
        const auto balances = engine->balances();
        for (const auto& balance : *balances)
            text += balance.account + " " + balance.amount.to_string() + "\n";
        const auto invoice = engine->preview_invoice(Date::of(2026, 6, 15), "city");
        if (!invoice) return text + invoice.error().to_string();
        for (const InvoiceLine& line : invoice->lines)
            text +=
                line.text + " " + line.quantity.to_decimal() + " " + line.exact.to_decimal() + "\n";
        return text;
    }
    void expect_sound() {
        const auto lines = engine->check("all");
        ASSERT_TRUE(lines) << lines.error().to_string();
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << " " << line.text;
    }
    std::unique_ptr<Engine> engine;

  private:
    std::filesystem::path folder_;
    int files_ = 0;
};

std::vector<std::string> records(std::mt19937_64& random) {
    std::vector<std::string> lines;
    const auto number = [&](int below) {
        return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    for (int i = 0; i < 300; ++i) {
        const bool alarm = number(6) == 0;
        lines.push_back("r" + std::to_string(i) + ",L-" + std::to_string(number(kLamps + 1)) +
                        (alarm ? ",alarm," : ",energy,") + "2026-06-0" +
                        std::to_string(1 + number(2)) + "T0" + std::to_string(number(4)) + ":" +
                        std::to_string(10 + number(50)) + ":00Z," +
                        std::to_string(number(400'000)) + "\n");
        if (number(10) == 0) lines.push_back(lines.back());
    }
    return lines;
}

TEST(AggregatedUsage, CostsWhatItCostsByItselfInAnyOrderBatchingAndRestart) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        std::mt19937_64 random(seed);
        std::vector<std::string> lines = records(random);
        City plain("plain", "");
        std::string all;
        for (const std::string& line : lines) all += line;
        plain.import(all);
        const std::string expected = plain.totals();
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

}  // namespace
}  // namespace farthing::engine
