// While a long file is decoded the next one is opened: every file still begins, goes on and ends in
// its turn, also one that can't be read and one that comes between long ones.
#include "engine/decode_ahead.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "engine/engine.h"

namespace farthing::engine {
namespace {

constexpr const char* kMeters =
    "catalog: lamps\nvalid_from: 2026-01-01\ncurrency: EUR\ntime_zone: UTC\n"
    "meters: {energy: {unit: joule}}\n"
    "plans:\n  - plan: lamp\n    charges: [{usage: energy, price: 0.05 per kWh}]\n";
constexpr const char* kLamps =
    "feed: lamps\nformat: {delimited: \",\", header: true}\nrecord:\n  id: {field: id}\n"
    "  service: {constant: energy}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: joules}\nguide: [{by: device, field: device}]\nsame_record: [id]\n";

class Inbox {
  public:
    explicit Inbox(const std::string& name)
        : folder_(std::filesystem::temp_directory_path() / ("farthing-ahead-" + name)) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~Inbox() { std::filesystem::remove_all(folder_); }
    Inbox(const Inbox&) = delete;
    Inbox& operator=(const Inbox&) = delete;

    std::filesystem::path path(const std::string& name) const { return folder_ / name; }
    std::filesystem::path file(const std::string& name, int records) const {
        std::ofstream file(path(name));
        file << "id,device,at,joules\n";
        for (int i = 0; i < records; ++i)
            file << name << i << ",L-" << i % 7 << ",2026-05-01T00:00:00Z," << i << '\n';
        return path(name);
    }

  private:
    std::filesystem::path folder_;
};

// What comes of the files, a word for each step; chunks of one file are told together.
std::vector<std::string> steps_of(std::span<const std::filesystem::path> files) {
    const auto meters = check_catalog({{"catalog.yaml", kMeters}});
    const auto feed = mediation::read_feed("lamps.yaml", kLamps);
    const auto directory = directory::Directory::fold({}, TimeZone::utc());
    DecodeAhead ahead(*feed, **meters, *directory, {}, Instant(), files);
    std::vector<std::string> told;
    std::int64_t records = 0;
    std::int64_t last = 0;  // the quantity of the record before
    while (auto step = ahead.next()) {
        const std::string name = step->file->path.filename().string();
        if (step->kind == DecodeAhead::Step::Kind::begin) {
            const bool reads = !step->file->error && !step->file->seal.rejected;
            told.push_back(name + (reads ? " begins" : " is refused"));
        } else if (step->kind == DecodeAhead::Step::Kind::end) {
            told.push_back(fmt::format("{} ends: {} records to {}", name, records, last));
            records = last = 0;
        } else {
            for (std::size_t row = 0; row < step->chunk->size(); ++row) {
                EXPECT_EQ(step->chunk->line[row], records + 2);
                records += 1;
                last = step->chunk->quantity[row];
            }
            EXPECT_EQ(step->position, records);
            ahead.give_back(*std::move(step));
        }
    }
    return told;
}

TEST(DecodeAhead, FilesComeInTheirTurnWhileTheNextIsOpened) {
    const Inbox inbox("turns");
    const std::vector<std::filesystem::path> files = {
        inbox.file("long", 70'000),    inbox.path("missing"),  inbox.file("short", 3),
        inbox.file("longer", 150'000), inbox.file("empty", 0), inbox.file("last", 80'000)};
    EXPECT_EQ(
        steps_of(files),
        (std::vector<std::string>{
            "long begins", "long ends: 70000 records to 69999", "missing is refused",
            "missing ends: 0 records to 0", "short begins", "short ends: 3 records to 2",
            "longer begins", "longer ends: 150000 records to 149999", "empty begins",
            "empty ends: 0 records to 0", "last begins", "last ends: 80000 records to 79999"}));
}

// Who stops reading does not wait for the files that are left.
TEST(DecodeAhead, EndsWhereNobodyReadsOn) {
    const Inbox inbox("ends");
    const std::vector<std::filesystem::path> files = {inbox.file("long", 600'000),
                                                      inbox.file("next", 600'000)};
    const auto meters = check_catalog({{"catalog.yaml", kMeters}});
    const auto feed = mediation::read_feed("lamps.yaml", kLamps);
    const auto directory = directory::Directory::fold({}, TimeZone::utc());
    DecodeAhead ahead(*feed, **meters, *directory, {}, Instant(), files);
    ASSERT_TRUE(ahead.next());
    EXPECT_EQ(ahead.next()->kind, DecodeAhead::Step::Kind::chunk);
}

}  // namespace
}  // namespace farthing::engine
