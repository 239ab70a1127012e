// Whatever people do to waiting records, in whatever order: each record is somewhere, once.
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
    "plans: [{plan: calls, charges: [{usage: voice, price: 0.06 per minute}]}]\n";
constexpr const char* kFeed =
    "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
    "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: seconds}\n"
    "guide: [{by: device, field: device}]\nsame_record: [id]\nlate: {accept: 400 days}\n";

class Workplace {
  public:
    explicit Workplace(unsigned seed)
        : random_(seed),
          folder_(std::filesystem::temp_directory_path() /
                  ("farthing-workplace-" + std::to_string(seed))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        auto engine = Engine::open(folder_ / "data",
                                   Clock{[] { return *parse_rfc3339("2026-06-01T00:00:00Z"); }});
        engine_ = *std::move(engine);
        EXPECT_TRUE(engine_->publish({{"catalog.yaml", kCatalog}}, std::nullopt));
        EXPECT_TRUE(engine_->add_feed("calls.yaml", kFeed));
        AccountChange account;
        account.name = "company";
        EXPECT_TRUE(engine_->apply(account));
        subscribe("D-0");
        subscribe("D-1");
    }
    ~Workplace() { std::filesystem::remove_all(folder_); }

    void import_some() {
        const auto path = folder_ / ("calls-" + std::to_string(++files_) + ".csv");
        std::ofstream file(path);
        file << "id,device,at,seconds\n";
        const int records = 1 + below(12);
        for (int i = 0; i < records; ++i) {
            // Some ids come again with another content, some fields can't be read.
            file << below(60) << ",D-" << below(6) << ",2026-05-0" << 1 + below(5) << "T00:00:00Z,"
                 << (below(6) == 0 ? "some" : std::to_string(60 * (1 + below(3)))) << '\n';
        }
        file.close();
        received_ += records;
        EXPECT_TRUE(engine_->import_files("calls", std::span(&path, 1)));
    }

    void do_something() {
        const SuspenseFilter filter = some_filter();
        const bool preview = below(4) == 0;
        const auto before = preview ? totals() : std::string();
        switch (below(5)) {
            case 0: (void)engine_->retry(filter, preview); break;
            case 1: (void)engine_->drop(filter, "test", preview); break;
            case 2:
                (void)engine_->fix(
                    filter, {{{"identity", "D-" + std::to_string(below(6))}}, "a", "b"}, preview);
                break;
            case 3: (void)engine_->fix(filter, {{{"quantity", "60"}}, "a", "b"}, preview); break;
            case 4:
                if (!preview) subscribe("D-" + std::to_string(below(6)));
                break;
        }
        if (preview) {
            EXPECT_EQ(totals(), before);
        }
    }

    // received = outcomes, suspended = recycled + dropped + open, and each waiting record is shown.
    void expect_closed() {
        const auto lines = engine_->check("all");
        ASSERT_TRUE(lines);
        for (const CheckLine& line : *lines) EXPECT_TRUE(line.ok) << line.name << ": " << line.text;
        std::int64_t open = 0;
        const auto groups = engine_->suspense();
        for (const SuspenseLine& line : *groups) open += line.records;
        const auto records = engine_->suspended_records({}, SIZE_MAX);
        EXPECT_EQ(static_cast<std::int64_t>(records->size()), open);
        EXPECT_TRUE((*lines)[0].text.starts_with(std::to_string(received_) + " ="))
            << (*lines)[0].text;
    }

  private:
    int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
    std::string totals() {
        std::string text;
        const auto lines = engine_->check("usage");
        for (const CheckLine& line : *lines) text += line.text + "\n";
        return text;
    }
    void subscribe(const std::string& device) {
        SubscriptionChange change;
        change.name = "line-" + device;
        change.account = "company";
        change.plan = "calls";
        change.from = Date::of(2026, 1, 1);
        change.identities = {{IdentityKind::device, device}};
        EXPECT_TRUE(engine_->apply(std::span(&change, 1)));
    }
    SuspenseFilter some_filter() {
        SuspenseFilter filter;
        switch (below(4)) {
            case 0: filter.identity = "D-" + std::to_string(below(6)); break;
            case 1: filter.reason = below(2) == 0 ? "bad_number" : "conflict"; break;
            case 2: {
                const auto records = engine_->suspended_records({}, 40);
                if (!records->empty())
                    filter.record = (*records)[static_cast<std::size_t>(
                                                   below(static_cast<int>(records->size())))]
                                        .id;
                break;
            }
            default: break;
        }
        return filter;
    }

    std::minstd_rand random_;
    std::filesystem::path folder_;
    std::unique_ptr<Engine> engine_;
    int files_ = 0;
    std::int64_t received_ = 0;
};

TEST(Suspense, StaysClosedWhateverIsDoneToIt) {
    for (unsigned seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        Workplace workplace(seed);
        for (int step = 0; step < 12; ++step) {
            if (step % 3 == 0) workplace.import_some();
            workplace.do_something();
            workplace.expect_closed();
            if (testing::Test::HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace farthing::engine
