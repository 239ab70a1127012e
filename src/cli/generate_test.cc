#include "cli/generate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "cli/session.h"

namespace farthing::cli {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> fields_of(const std::string& line) {
    std::stringstream in(line);
    std::vector<std::string> fields;
    for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
    return fields;
}

TEST(GenerateLamps, DistrictsAndDaysMakeTheSameFilesOneByOne) {
    const TemporaryFolder whole, parts;
    const auto city = generate_lamps(whole.path(), 24);
    ASSERT_TRUE(city);
    std::int64_t records = 0;
    for (const std::int64_t day : {10, 12, 13}) {
        for (const char* district : {"market", "university"}) {
            const auto slice = generate_lamps(parts.path(), 24, {}, {day, district});
            ASSERT_TRUE(slice) << slice.error().to_string();
            records += slice->records;
            for (const auto& file : slice->files) {
                const auto same = whole.path() / std::filesystem::relative(file, parts.path());
                EXPECT_EQ(lines_of(file), lines_of(same)) << file;
            }
        }
    }
    // Two lamps each; one day comes twice, one hour late.
    EXPECT_EQ(records, (6 * 1440 + 1440) * 2);
    EXPECT_FALSE(generate_lamps(parts.path(), 24, {}, {31, ""}));
    EXPECT_FALSE(generate_lamps(parts.path(), 24, {}, {1, "moon"}));
}

TEST(GenerateLamps, EveryLampBurns13Point2KilowattHoursAndEachFaultIsThere) {
    const TemporaryFolder folder;
    const auto city = generate_lamps(folder.path(), 24);
    ASSERT_TRUE(city) << city.error().to_string();
    EXPECT_EQ(city->faults.reports, 24 * 30 * 1440);
    EXPECT_EQ(city->faults.repeated, 2 * 1440);
    EXPECT_EQ(city->faults.conflicts, 1);
    EXPECT_EQ(city->faults.rogue, 120);
    EXPECT_EQ(city->faults.unknown_lamps, 3);
    EXPECT_EQ(city->files.size(), 12u * 30 + 2);

    std::map<std::string, std::int64_t> joules;
    std::set<std::string> ids;
    std::int64_t records = 0;
    std::int64_t twice = 0;
    for (const auto& file : city->files) {
        const auto lines = lines_of(file);
        for (std::size_t i = 1; i < lines.size(); ++i) {
            const auto fields = fields_of(lines[i]);
            records += 1;
            if (ids.insert(fields[0]).second) {
                joules[fields[1]] += std::stoll(fields[3]);
            } else {
                twice += 1;
            }
        }
    }
    EXPECT_EQ(records, city->records);
    EXPECT_EQ(records, city->faults.reports + 2 * 1440 + 1 + 120);
    EXPECT_EQ(twice, 2 * 1440 + 1);
    EXPECT_EQ(joules.size(), 25u);
    for (const auto& [lamp, sum] : joules) {
        EXPECT_EQ(sum, lamp == "SIM-77" ? 120 * 2'400 : 19'800 * 2'400) << lamp;
    }
    EXPECT_EQ(lines_of(folder.path() / "subscriptions.csv").size(), 1u + 21);
    EXPECT_EQ(lines_of(folder.path() / "unknown-lamps.csv").size(), 1u + 3);
    EXPECT_EQ(lines_of(folder.path() / "accounts.csv").size(), 1u + 13);
}

TEST(GenerateLamps, TheSilentHourIsMissingAndComesTheNextDay) {
    const TemporaryFolder folder;
    ASSERT_TRUE(generate_lamps(folder.path(), 24));
    const auto inbox = folder.path() / "inbox" / "university";
    EXPECT_EQ(lines_of(inbox / "2026-06-12.csv").size(), 1u + 2 * (1440 - 60));
    const auto late = lines_of(inbox / "2026-06-13-late.csv");
    ASSERT_EQ(late.size(), 1u + 2 * 60);
    EXPECT_EQ(fields_of(late[1])[2], "2026-06-12T19:00:00Z");  // 22:00 in Tallinn
}

TEST(GenerateLamps, RefusesACityWithoutRoomForItsFaults) {
    const TemporaryFolder folder;
    EXPECT_FALSE(generate_lamps(folder.path(), 23));
    EXPECT_FALSE(generate_lamps(folder.path(), 1'000'000));
}

TEST(GenerateSessions, TheSameArgumentsGiveTheSameBytes) {
    const TemporaryFolder one;
    const TemporaryFolder two;
    const auto first = generate_sessions(one.path(), 10, 500);
    const auto second = generate_sessions(two.path(), 10, 500);
    ASSERT_TRUE(first && second);
    ASSERT_EQ(first->files.size(), 1u);
    EXPECT_EQ(lines_of(first->files[0]), lines_of(second->files[0]));
    EXPECT_EQ(lines_of(first->files[0]).size(), 501u);
}

TEST(GenerateSessions, FaultsAreFewAndFollowTheSeed) {
    const TemporaryFolder one, two, other;
    const auto first = generate_sessions(one.path(), 10, 20'000, {7, true});
    const auto second = generate_sessions(two.path(), 10, 20'000, {7, true});
    const auto third = generate_sessions(other.path(), 10, 20'000, {8, true});
    ASSERT_TRUE(first && second && third);
    auto lines = lines_of(first->files[0]);
    EXPECT_EQ(lines, lines_of(second->files[0]));
    EXPECT_NE(lines, lines_of(third->files[0]));
    ASSERT_EQ(lines.size(), 20'001u);
    lines.erase(lines.begin());
    std::int64_t twice = 0, late = 0, unknown = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        twice += lines[i] == lines[i - 1] ? 1 : 0;
        late += lines[i].substr(0, 19) < lines[i - 1].substr(0, 19) ? 1 : 0;
        // Known cards end in 01 to 10.
        unknown += std::stoll(lines[i].substr(40, 18)) > 893'720'401'600'000'010 ? 1 : 0;
    }
    for (const std::int64_t count : {twice, late}) {
        EXPECT_GT(count, 20);
        EXPECT_LT(count, 80);
    }
    EXPECT_GT(unknown, 5);
    EXPECT_LT(unknown, 50);
}

TEST(GenerateCalls, WritesEighteenColumns) {
    const TemporaryFolder folder;
    const auto made = generate_calls(folder.path(), 10, 100);
    ASSERT_TRUE(made);
    for (const std::string& line : lines_of(made->files[0]))
        EXPECT_EQ(std::ranges::count(line, ','), 17) << line;
}

}  // namespace
}  // namespace farthing::cli
