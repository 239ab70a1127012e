// One read, two sides: each side comes to what it comes to alone, however the files are cut and
// whatever waits on the other.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr const char* kCatalog =
    "catalog: calls\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
    "meters: {voice: {unit: second}}\n"
    "decks: {az: {file: az.csv}}\n"
    "plans:\n  - plan: calls\n    charges: [{usage: voice, deck: az, margin: 10 %}]\n"
    "carriers:\n"
    "  - carrier: one\n    charges:\n"
    "      - usage: voice\n        increments: 30/6\n        connection_fee: 0.01\n"
    "        graduated: [{to: 10 minute, price: 0.05 per minute}, {price: 0.03 per minute}]\n"
    "  - carrier: two\n    charges: [{usage: voice, deck: az}]\n";
constexpr const char* kDeck = "prefix,price\n44,0.0200\n372,0.0700\n";

std::string feed_of(std::string_view ratings) {
    return "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
           "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
           "  quantity: {field: seconds}\n  called: {field: called}\n" +
           std::string(ratings == "retail" ? "" : "  carrier: {field: trunk}\n") +
           "guide: [{by: device, field: device}]\nsame_record: [id, {field: part}]\n"
           "partials: {by: id, last: {field: part, equals: [3]}}\nlate: {accept: 400 days}\n"
           "ratings: [" +
           std::string(ratings) + "]\n";
}

struct Sums {
    std::string charged;
    std::string cost;
    bool operator==(const Sums&) const = default;
};

class Home {
  public:
    Home(unsigned seed, std::string_view ratings)
        : folder_(std::filesystem::temp_directory_path() /
                  ("farthing-sides-" + std::to_string(::getpid()) + "-" + std::to_string(seed) +
                   "-" + std::string(ratings))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        auto engine = Engine::open(folder_ / "data",
                                   Clock{[] { return *parse_rfc3339("2026-06-01T00:00:00Z"); }});
        engine_ = *std::move(engine);
        EXPECT_TRUE(engine_->publish({{"az.csv", kDeck}, {"catalog.yaml", kCatalog}}, {}));
        const auto added = engine_->add_feed("calls.yaml", feed_of(ratings));
        EXPECT_TRUE(added) << added.error().front().to_string();
        AccountChange account;
        account.name = "company";
        EXPECT_TRUE(engine_->apply(account));
        subscribe("D-0");
        subscribe("D-1");
    }
    ~Home() { std::filesystem::remove_all(folder_); }

    void subscribe(const std::string& device) {
        SubscriptionChange change;
        change.name = device;
        change.account = "company";
        change.plan = "calls";
        change.from = Date::of(2026, 1, 1);
        change.identities.emplace_back(IdentityKind::device, device);
        EXPECT_TRUE(engine_->apply(std::span(&change, 1)));
    }
    void import(const std::vector<std::string>& rows) {
        const auto path = folder_ / ("calls-" + std::to_string(++files_) + ".csv");
        std::ofstream file(path);
        file << "id,part,device,trunk,at,seconds,called\n";
        for (const std::string& row : rows) file << row << '\n';
        file.close();
        EXPECT_TRUE(engine_->import_files("calls", std::span(&path, 1)));
    }
    void retry(std::optional<Perspective> side) {
        SuspenseFilter filter;
        filter.side = side;
        (void)engine_->retry(filter);  // nothing may wait
    }
    void expect_closed() {
        const auto lines = engine_->check("all");
        ASSERT_TRUE(lines);
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
    }
    Sums sums() {
        Sums sums;
        i128 atoms = 0;
        for (const char* device : {"D-0", "D-1", "D-2"}) {
            const auto charges = engine_->charges(device);
            if (!charges) continue;
            for (const SubscriptionCharge& charge : *charges) atoms += charge.amount.atoms;
        }
        sums.charged = to_string(atoms);
        for (const char* carrier : {"one", "two"})
            sums.cost += engine_->carrier_cost(carrier)->to_string() + " ";
        return sums;
    }
    MarginReport margin() { return *engine_->margin(MarginBy::carrier); }
    void take_back(int file, std::optional<Perspective> side = {}) {
        const auto done =
            engine_->take_back("calls-" + std::to_string(file) + ".csv", {"a test", false, side});
        EXPECT_TRUE(done) << done.error().to_string();
    }
    // Rates all of a side again, where nothing changed.
    void expect_same_again(Perspective side) {
        RerateFilter filter;
        filter.side = side;
        const auto done = engine_->rerate(filter);
        ASSERT_TRUE(done) << done.error().to_string();
        EXPECT_EQ(done->changed, 0) << name_of(side) << " " << done->difference.amount.to_string();
    }
    void publish_deck(const std::string& deck) {
        EXPECT_TRUE(engine_->publish({{"az.csv", deck}, {"catalog.yaml", kCatalog}}, {}));
    }
    RerateReport rerate(Perspective side) {
        RerateFilter filter;
        filter.side = side;
        filter.records_at_once = 1;  // one carrier, or subscription, after the other
        auto done = engine_->rerate(filter);
        EXPECT_TRUE(done) << done.error().to_string();
        return *std::move(done);
    }

  private:
    std::filesystem::path folder_;
    std::unique_ptr<Engine> engine_;
    int files_ = 0;
};

std::vector<std::string> some_rows(std::mt19937& random) {
    const auto below = [&](unsigned n) { return std::to_string(random() % n); };
    constexpr std::array<const char*, 3> kTrunks = {"one", "two", "three"};
    constexpr std::array<const char*, 3> kCalled = {"44207", "3725", "999"};
    std::vector<std::string> rows;
    for (int i = 0; i < 80; ++i) {
        const std::string id = std::to_string(i / 3);
        const unsigned shape = (static_cast<unsigned>(i) / 3) * 7;
        std::string row = id + "," + std::to_string(i % 3 + 1) + ",D-" + std::to_string(shape % 4) +
                          "," + kTrunks[shape % 3] + ",2026-05-0" + std::to_string(1 + shape % 5) +
                          "T00:00:0" + std::to_string(i % 3) + "Z," + below(200) + "," +
                          kCalled[shape / 3 % 3];
        rows.push_back(row);
        if (random() % 8 == 0) rows.push_back(row);  // comes again
    }
    return rows;
}

TEST(Sides, EachSideComesToWhatItComesToAlone) {
    for (unsigned seed = 1; seed <= 6; ++seed) {
        std::mt19937 random(seed);
        const std::vector<std::string> rows = some_rows(random);
        Home both(seed, "retail, cost");
        Home sold(seed, "retail");
        Home carried(seed, "cost");
        for (Home* home : {&both, &sold, &carried}) home->expect_closed();
        // The same records, cut otherwise in each.
        for (Home* home : {&both, &sold, &carried}) {
            std::vector<std::string> some;
            for (const std::string& row : rows) {
                some.push_back(row);
                if (random() % 10 == 0) home->import(std::exchange(some, {}));
            }
            home->import(some);
            home->expect_closed();
        }
        EXPECT_EQ(both.sums().charged, sold.sums().charged);
        EXPECT_EQ(both.sums().cost, carried.sums().cost);
        EXPECT_EQ(sold.sums().cost, "0.00 0.00 ");

        // A device that nobody knew: one side is retried, the other stays as it is.
        const std::string cost = both.sums().cost;
        for (Home* home : {&both, &sold}) {
            home->subscribe("D-2");
            home->retry(Perspective::retail);
            home->expect_closed();
        }
        EXPECT_EQ(both.sums().charged, sold.sums().charged);
        EXPECT_EQ(both.sums().cost, cost);
        both.retry({});
        both.expect_closed();
        EXPECT_EQ(both.sums().charged, sold.sums().charged);
        EXPECT_EQ(both.sums().cost, cost);
    }
}

// Margins meet what a retry brought with what came first, and add up to both sides.
TEST(Sides, MarginIsTheDifferenceOfWhatBothSidesHave) {
    Home home(99, "retail, cost");
    std::mt19937 random(99);
    home.import(some_rows(random));
    home.subscribe("D-2");
    home.subscribe("D-3");
    home.retry({});
    home.expect_closed();
    const MarginReport report = home.margin();
    EXPECT_GT(report.total.records, 0);
    i128 margin = 0;
    std::int64_t records = 0;
    for (const MarginRow& row : report.rows) {
        margin += row.margin().atoms;
        records += row.records;
    }
    EXPECT_EQ(margin == report.total.margin().atoms, true);
    EXPECT_EQ(records, report.total.records);
}

// Whichever file is taken back, both sides come to what they come to without it; and where one side
// of it is taken back, the other keeps what it had (EC52).
TEST(Sides, AFileIsTakenBackOnBothSidesOrOnOne) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        std::mt19937 random(seed);
        std::vector<std::vector<std::string>> files(1);
        for (const std::string& row : some_rows(random)) {
            if (random() % 12 == 0) files.emplace_back();
            files.back().push_back(row);
        }
        const std::size_t gone = random() % files.size();
        Home home(seed, "retail, cost");
        Home clean(seed + 100, "retail, cost");
        for (std::size_t i = 0; i < files.size(); ++i) {
            home.import(files[i]);
            if (i != gone) clean.import(files[i]);
        }
        if (seed % 2 == 0) {
            for (Home* one : {&home, &clean}) one->subscribe("D-2");
            home.retry({});
            clean.retry({});
        }
        if (files[gone].empty()) continue;
        home.take_back(static_cast<int>(gone) + 1);
        home.expect_closed();
        EXPECT_EQ(home.sums().charged, clean.sums().charged) << seed;
        EXPECT_EQ(home.sums().cost, clean.sums().cost) << seed;
        EXPECT_EQ(home.margin().total.records, clean.margin().total.records);
        for (const Perspective side : {Perspective::retail, Perspective::cost})
            home.expect_same_again(side);
        home.expect_closed();
        for (Home* one : {&home, &clean}) one->import(files[gone]);
        home.expect_closed();
        EXPECT_EQ(home.sums().charged, clean.sums().charged) << seed;
        EXPECT_EQ(home.sums().cost, clean.sums().cost) << seed;
    }
}

TEST(Sides, OneSideOfAFileIsTakenBackAndTheOtherStays) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        std::mt19937 random(seed);
        // Known devices and carriers: nothing waits for both sides.
        std::vector<std::vector<std::string>> files(2);
        for (const std::string& row : some_rows(random)) {
            const bool known = row.find(",D-2,") == std::string::npos &&
                               row.find(",D-3,") == std::string::npos &&
                               row.find(",999") == std::string::npos;
            if (!known) continue;
            if (files.back().size() > 12) files.emplace_back();
            files.back().push_back(row);
        }
        const Perspective side = seed % 2 == 0 ? Perspective::retail : Perspective::cost;
        Home home(seed, "retail, cost");
        Home clean(seed + 100, "retail, cost");
        for (std::size_t i = 0; i < files.size(); ++i) {
            home.import(files[i]);
            if (i != 1) clean.import(files[i]);
        }
        const Sums before = home.sums();
        home.take_back(2, side);
        home.expect_closed();
        const Sums after = home.sums();
        EXPECT_EQ(side == Perspective::cost ? after.charged : after.cost,
                  side == Perspective::cost ? before.charged : before.cost);
        // Duplicates of its records stay duplicates: they count on the other side.
        home.take_back(2);
        home.expect_closed();
        EXPECT_EQ(home.sums().charged, clean.sums().charged) << seed;
        EXPECT_EQ(home.sums().cost, clean.sums().cost) << seed;
    }
}

// A deck that costs more: rating again gives what rating anew does, on the side that is named.
TEST(Sides, CostsAreRatedAgainAlone) {
    constexpr const char* kDearer = "prefix,price\n44,0.0310\n372,0.0900\n";
    for (unsigned seed = 1; seed <= 4; ++seed) {
        std::mt19937 random(seed);
        const std::vector<std::string> rows = some_rows(random);
        Home home(seed, "retail, cost");
        Home clean(seed + 100, "retail, cost");
        home.import(rows);
        for (Home* one : {&home, &clean}) one->publish_deck(kDearer);
        clean.import(rows);
        const Sums before = home.sums();
        const RerateReport done = home.rerate(Perspective::cost);
        EXPECT_GT(done.changed, 0);
        EXPECT_EQ(home.sums().charged, before.charged);
        EXPECT_EQ(home.sums().cost, clean.sums().cost);
        home.expect_closed();
        EXPECT_EQ(home.rerate(Perspective::cost).changed, 0);
        (void)home.rerate(Perspective::retail);
        EXPECT_EQ(home.sums().charged, clean.sums().charged);
        EXPECT_EQ(home.margin().total.retail.to_string(), clean.margin().total.retail.to_string());
        EXPECT_EQ(home.margin().total.cost.to_string(), clean.margin().total.cost.to_string());
        home.expect_closed();
    }
}

}  // namespace
}  // namespace farthing::engine
