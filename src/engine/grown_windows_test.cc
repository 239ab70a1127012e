// Windows worth the greatest of their parts, the last of them, or how many different values these
// have: whatever comes in whatever order, files and batches, they cost what a slow count over all
// records says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "engine/test_city.h"

namespace farthing::engine {
namespace {

using testing::City;

constexpr const char* kPrices =
    "catalog: city\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: Europe/Tallinn\n"
    "rounding: {line: half_even 4}\n"
    "meters: {peak: {unit: joule}, visitor: {unit: number}, level: {unit: joule}}\nplans:\n"
    "  - plan: lamp\n    charges:\n"
    "      - usage: peak\n        graduated: [{to: 2 kWh, price: 0.05 per kWh}, {to: 5 kWh, price: "
    "0.03 per kWh}, {price: 0.011 per kWh}]\n"
    "      - {usage: visitor, package: 0.10 per 3 numbers}\n"
    "      - {usage: level, volume: [{to: 0.7 kWh, price: 0.09 per kWh}, {price: 0.04 per kWh}]}\n"
    "      - {usage: level, name: of the day, adds: true, window: day, package: 0.01 per 70 Wh}\n"
    "  - plan: pooled\n    charges:\n      - usage: peak\n        name: pool\n"
    "        allowance: {quantity: 1 kWh per subscription, shared_by: account}\n"
    "        price: 0.04 per kWh\n      - {usage: visitor, price: 0.01 per number}\n"
    "      - usage: level\n        name: levels\n"
    "        allowance: {quantity: 0.3 kWh per subscription, shared_by: account}\n"
    "        price: 0.04 per kWh\n        price_cap: 0.03\n";

std::string described(const std::string& aggregate, const std::string& visitors = "1") {
    return "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
           "  service: {field: what}\n  start: {field: at, time: rfc3339}\n"
           "  quantity: {peak: {field: q}, level: {field: q}, visitor: " +
           visitors +
           "}\n  called: {field: to}\nguide: [{by: device, field: lamp}]\nsame_record: [id]\n" +
           aggregate;
}
std::string policy(const std::string& window) {
    return "aggregate: {window: " + window +
           ", time_zone: Europe/Tallinn, quantity: {peak: max, level: last, visitor: distinct "
           "called}}\n";
}
const std::string kColumns = "id,lamp,what,at,q,to\n";

enum class What { peak, visitor, level };
struct Record {
    int id = 0;
    int lamp = 0;
    What what = What::peak;
    int minute = 0;  // of two days
    int quantity = 0;
    int called = 0;
    std::string text() const {
        const char* const names[] = {"peak", "visitor", "level"};
        return fmt::format("r{},L-{},{},2026-06-{:02}T{:02}:{:02}:00Z,{},{}\n", id, lamp,
                           names[static_cast<int>(what)], 1 + minute / 1440, minute / 60 % 24,
                           minute % 60, quantity,
                           called == 0 ? std::string() : fmt::format("44{}", called));
    }
};

std::vector<Record> records(std::mt19937_64& random, int count) {
    const auto number = [&](int below) {
        return static_cast<int>(random() % static_cast<unsigned>(below));
    };
    std::vector<Record> made;
    for (int i = 0; i < count; ++i) {
        made.push_back({i, number(City::kLamps), static_cast<What>(number(3)),
                        200 * number(8) + number(60), number(400'000), number(7)});
        if (number(10) == 0) made.push_back(made.back());
    }
    return made;
}

// What they come to where each window is one record, of what it is worth.
std::string cost_of(const std::vector<Record>& all, int window_minutes) {
    struct Worth {
        int minute = 0;
        int greatest = 0;
        std::pair<int, int> last;  // minute, and of two the greater
        std::set<int> called;
        int of(What what) const {
            if (what == What::visitor) return static_cast<int>(called.size());
            return what == What::peak ? greatest : last.second;
        }
    };
    std::map<std::tuple<int, What, int>, Worth> windows;
    for (const Record& record : all) {
        const int window = (record.minute + 180) / window_minutes;  // Tallinn's summer
        Worth& worth = windows[{record.lamp, record.what, window}];
        worth.minute = record.minute;
        worth.greatest = std::max(worth.greatest, record.quantity);
        worth.last = std::max(worth.last, {record.minute, record.quantity});
        if (record.called != 0) worth.called.insert(record.called);
    }
    std::string text = kColumns;
    int id = 0;
    for (const auto& [key, worth] : windows) {
        const auto& [lamp, what, window] = key;
        text += Record{id++, lamp, what, worth.minute, worth.of(what), 0}.text();
    }
    City plain("plain", kPrices, described("", "{field: q}"));
    plain.import(text);
    return plain.totals();
}

std::string file_of(std::span<const Record> some) {
    std::string text = kColumns;
    for (const Record& record : some) text += record.text();
    return text;
}

// Cuts them into files, in whatever order.
std::vector<std::vector<Record>> shuffled(std::vector<Record> all, std::mt19937_64& random) {
    std::ranges::shuffle(all, random);
    std::vector<std::vector<Record>> files;
    for (std::size_t first = 0; first < all.size();) {
        const std::size_t end = std::min(all.size(), first + 1 + random() % 100);
        files.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(first),
                           all.begin() + static_cast<std::ptrdiff_t>(end));
        first = end;
    }
    return files;
}

TEST(GrownWindows, CostWhatASlowCountSaysInAnyOrderBatchingAndRestart) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937_64 random(seed);
        const std::vector<Record> all = records(random, 300);
        for (const auto& [window, minutes] :
             {std::pair("15 minutes", 15), std::pair("1 hour", 60), std::pair("1 day", 1440)}) {
            City city("grown", kPrices, described(policy(window)));
            for (const auto& some : shuffled(all, random)) {
                city.import(file_of(some));
                if (random() % 3 == 0) city.open();
            }
            EXPECT_EQ(city.totals(), cost_of(all, minutes)) << "seed " << seed << ", " << window;
            city.expect_sound();
        }
    }
}

TakeBackRequest request() {
    TakeBackRequest asked;
    asked.because = "sent by mistake";
    return asked;
}

// Files that came last go first, and come again in another order.
TEST(GrownWindows, AreWhatTheyWereWhenTheLastFilesAreTakenBack) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        std::mt19937_64 random(seed);
        const std::vector<Record> all = records(random, 200);
        const auto files = shuffled(all, random);
        City city("again", kPrices, described(policy("1 hour")));
        for (const auto& some : files) city.import(file_of(some));
        const std::size_t kept = files.size() / 2;
        for (std::size_t i = files.size(); i > kept; --i) {
            const auto gone = city.engine->take_back("f" + std::to_string(i) + ".csv", request());
            ASSERT_TRUE(gone) << gone.error().to_string();
        }
        std::vector<Record> left;
        for (std::size_t i = 0; i < kept; ++i)
            left.insert(left.end(), files[i].begin(), files[i].end());
        EXPECT_EQ(city.totals(), cost_of(left, 60)) << "seed " << seed;
        city.expect_sound();
        for (std::size_t i = files.size(); i > kept; --i) city.import(file_of(files[i - 1]));
        EXPECT_EQ(city.totals(), cost_of(all, 60)) << "seed " << seed;
        city.expect_sound();
    }
}

TEST(GrownWindows, OfAFileThatLaterOnesRestOnAreNotTakenBack) {
    City city("rest", kPrices, described(policy("1 hour")));
    const Record low{1, 0, What::peak, 10, 1000, 0};
    const Record high{2, 0, What::peak, 20, 3000, 0};
    const Record lower{3, 0, What::peak, 30, 2000, 0};
    for (const Record& record : {low, high, lower}) city.import(file_of(std::span(&record, 1)));
    for (const char* file : {"f1.csv", "f2.csv"}) {
        const auto refused = city.engine->take_back(file, request());
        ASSERT_FALSE(refused) << file;
        EXPECT_EQ(refused.error().code, "windows_go_on");
        EXPECT_NE(refused.error().to_string().find("f3.csv first"), std::string::npos)
            << refused.error().to_string();
    }
    TakeBackRequest side = request();
    side.side = Perspective::retail;
    EXPECT_EQ(city.engine->take_back("f3.csv", side).error().code, "windows_go_on");
    EXPECT_TRUE(city.engine->take_back("f3.csv", request()));
    EXPECT_TRUE(city.engine->take_back("f2.csv", request()));
    EXPECT_EQ(city.totals(), cost_of({low}, 60));
    city.expect_sound();
}

// What is left of the windows is what their other files came to, and no less.
TEST(GrownWindows, ThatWentDownAreNotTakenBackFromUnderTheLaterFile) {
    City city("down", kPrices, described(policy("1 hour")));
    const Record first{1, 0, What::level, 10, 3000, 0};
    const Record smaller{2, 0, What::level, 30, 1000, 0};
    const Record between{3, 0, What::level, 20, 9000, 0};
    for (const Record& record : {first, smaller, between})
        city.import(file_of(std::span(&record, 1)));
    EXPECT_EQ(city.totals(), cost_of({smaller}, 60));
    const auto refused = city.engine->take_back("f1.csv", request());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "windows_go_on");
    EXPECT_TRUE(city.engine->take_back("f3.csv", request()));  // it changed nothing
    EXPECT_EQ(city.totals(), cost_of({smaller}, 60));
    EXPECT_TRUE(city.engine->take_back("f2.csv", request()));
    EXPECT_EQ(city.totals(), cost_of({first}, 60));
    city.expect_sound();
}

// What was charged by the price of its time is given back by it, also when another is in force.
TEST(GrownWindows, GiveBackByThePriceThatCharged) {
    std::string dearer = kPrices;
    for (const auto& [from, to] : {std::pair("price: 0.09 per kWh", "price: 0.50 per kWh"),
                                   std::pair("0.01 per 70 Wh", "0.10 per 70 Wh")})
        dearer.replace(dearer.find(from), std::string_view(from).size(), to);
    City city("published", kPrices, described(policy("1 hour")));
    const Record first{1, 0, What::level, 10, 400'000, 0};
    const Record smaller{2, 0, What::level, 30, 100'000, 0};
    city.import(file_of(std::span(&first, 1)));
    ASSERT_TRUE(city.engine->publish({{"catalog.yaml", dearer}}, std::nullopt));
    city.import(file_of(std::span(&smaller, 1)));
    EXPECT_EQ(city.totals(), cost_of({smaller}, 60));
    city.expect_sound();
}

TEST(GrownWindows, ExplainWhatALaterPartGaveBack) {
    City city("explained", kPrices, described(policy("1 hour")));
    const Record first{1, 0, What::level, 10, 400'000, 0};
    const std::vector<Record> rest = {{2, 0, What::level, 30, 100'000, 0},
                                      {3, 0, What::level, 20, 900'000, 0}};
    city.import(file_of(std::span(&first, 1)));
    city.import(file_of(rest));
    std::string words;
    bool equal = true;
    const auto each = [&](const RatedRecord& record) {
        const auto told = city.engine->explain(record.id, true);
        ASSERT_TRUE(told) << told.error().to_string();
        equal = equal && told->verify && told->verify->equal;
        words += told->sentence + "\n";
        for (const std::string& line : told->arithmetic) words += line + "\n";
    };
    ASSERT_TRUE(city.engine->each_rated_record(each));
    EXPECT_TRUE(equal) << words;
    for (const char* part :
         {"gave back", "2026-06-01T00:20:00Z to 2026-06-01T00:30:00Z",
          "the last is 100000, which changes what the window came to by -300000"})
        EXPECT_NE(words.find(part), std::string::npos) << part << "\n" << words;
}

TEST(GrownWindows, TakeDuplicatesOfAFileThatIsTakenBackAgain) {
    City city("duplicates", kPrices, described(policy("1 hour")));
    const Record low{1, 0, What::peak, 10, 1000, 0};
    const Record high{2, 0, What::peak, 20, 3000, 0};
    const Record visit{3, 0, What::visitor, 20, 0, 5};
    const std::vector<Record> second = {high, visit};
    city.import(file_of(std::span(&low, 1)));
    city.import(file_of(second));
    city.import(file_of(second));
    const auto gone = city.engine->take_back("f2.csv", request());
    ASSERT_TRUE(gone) << gone.error().to_string();
    EXPECT_EQ(city.totals(), cost_of({low, high, visit}, 60));
    city.expect_sound();
    EXPECT_TRUE(city.engine->take_back("f3.csv", request()));
    EXPECT_EQ(city.totals(), cost_of({low}, 60));
    city.expect_sound();
}

TEST(GrownWindows, AreRatedAgainAsTheyAre) {
    std::mt19937_64 random(7);
    const std::vector<Record> all = records(random, 100);
    City city("rerated", kPrices, described(policy("1 hour")));
    for (const auto& some : shuffled(all, random)) city.import(file_of(some));
    const auto before = city.totals();
    const auto again = city.engine->rerate({}, false);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(again->changed, 0);
    EXPECT_EQ(city.totals(), before);
}

TEST(GrownWindows, TakeWhatWaitedInTheirTurn) {
    City city("waited", kPrices, described(policy("1 hour")));
    const Record early{1, 7, What::peak, 10, 5000, 0};
    const Record late{2, 7, What::peak, 20, 9000, 0};
    city.import(file_of(std::span(&early, 1)));
    city.import(file_of(std::span(&late, 1)));
    city.subscribe("L-7", "lamp");
    ASSERT_TRUE(city.engine->retry({}));
    const Record later{3, 7, What::peak, 30, 7000, 0};
    city.import(file_of(std::span(&later, 1)));
    const auto largest = city.engine->largest_charge();
    ASSERT_TRUE(largest);
    const auto told = city.engine->explain(*largest, true);
    ASSERT_TRUE(told) << told.error().to_string();
    EXPECT_TRUE(told->verify && told->verify->equal);
    std::string words;
    for (const std::string& line : told->arithmetic) words += line + "\n";
    EXPECT_NE(words.find("the archive holds them all; the greatest is "), std::string::npos)
        << words;
    city.expect_sound();
}

TEST(GrownWindows, KeepThePolicyThatMadeThem) {
    City city("policy", kPrices, described(policy("1 hour")));
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", described(policy("15 minutes"))));
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", described(policy("1 hour"))));
    const Record one{1, 0, What::peak, 10, 1000, 0};
    city.import(file_of(std::span(&one, 1)));
    for (const std::string& other : {policy("15 minutes"), std::string()}) {
        const auto refused = city.engine->add_feed("lamps.yaml", described(other));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().front().code, "windows_keep_policy");
    }
    EXPECT_TRUE(city.engine->add_feed("lamps.yaml", described(policy("1 hour") + "# mended\n")));
    EXPECT_EQ(city.engine->edge_policy("lamps").error().code, "edge_policy_unfit");
}

TEST(GrownWindows, KeepSoManyValuesAndTheOthersWait) {
    City city("values", kPrices, described(policy("1 day")));
    std::string text = kColumns;
    for (int i = 0; i < 65'540; ++i)
        text += "r" + std::to_string(i) + ",L-0,visitor,2026-06-01T00:10:00Z,0," +
                std::to_string(1'000'000 + i) + "\n";
    const Report report = city.import(text);
    EXPECT_EQ(report.suspended_by_reason,
              (std::vector<std::pair<std::string, std::int64_t>>{{"too_many_values", 4}}));
    EXPECT_EQ(report.count(Outcome::aggregated), 65'536);
    city.expect_sound();
}

}  // namespace
}  // namespace farthing::engine
