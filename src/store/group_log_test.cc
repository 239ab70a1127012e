// The log of groups as a file: what was appended is read back in order, what was broken off is the
// end, and what was lost before something that is there is damage.
#include "store/group_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "store/test_folder.h"

namespace farthing::store {
namespace {

GroupLog opened_log(const TestFolder& folder) {
    auto log = GroupLog::open(folder.path());
    EXPECT_TRUE(log) << log.error().to_string();
    EXPECT_TRUE(log->make());
    return *std::move(log);
}

std::vector<std::string> read_all(GroupLog& log, LogPlace place = {}) {
    std::vector<std::string> groups;
    while (true) {
        auto group = log.next(place);
        EXPECT_TRUE(group) << group.error().to_string();
        if (!group || !*group) return groups;
        groups.push_back(**std::move(group));
    }
}

void overwrite(const std::filesystem::path& file, std::int64_t offset, const std::string& bytes) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(offset);
    out << bytes;
    ASSERT_TRUE(out.flush());
}

TEST(GroupLog, TellsWhatWasAppended) {
    const TestFolder folder;
    GroupLog log = opened_log(folder);
    EXPECT_TRUE(read_all(log).empty());
    LogPlace place;
    for (const std::string group : {"first", "", "a third one"})
        ASSERT_TRUE(log.append(place, group));
    EXPECT_EQ(place.number, 3U);
    auto beside = GroupLog::open(folder.path());  // as another process
    EXPECT_EQ(read_all(*beside), (std::vector<std::string>{"first", "", "a third one"}));
    LogPlace second;
    ASSERT_TRUE(beside->next(second));
    EXPECT_EQ(read_all(*beside, second), (std::vector<std::string>{"", "a third one"}));
    EXPECT_TRUE(*beside->ends(place));
    EXPECT_FALSE(beside->empty());
    ASSERT_TRUE(beside->clear());
    EXPECT_TRUE(beside->empty());
    EXPECT_TRUE(read_all(log).empty());
}

TEST(GroupLog, GoesOnInTheOtherFile) {
    const TestFolder folder;
    GroupLog log = opened_log(folder);
    const std::string large(7 << 20, 'x');
    EXPECT_FALSE(GroupLog::fits_at_all(large.size() * 3));
    LogPlace place;
    std::vector<LogPlace> places = {place};
    for (const std::string size : {"1", "2", "3", "4", "5", "6"}) {
        ASSERT_TRUE(log.append(place, size + large));
        places.push_back(place);
    }
    EXPECT_EQ(places[2].file, 0U);
    EXPECT_EQ(places[3].file, 1U);
    EXPECT_EQ(places[5].file, 0U);  // over the first two
    const auto rest = read_all(log, places[2]);
    ASSERT_EQ(rest.size(), 4U);
    EXPECT_EQ(rest.front().front(), '3');
    EXPECT_EQ(rest.back().front(), '6');
    EXPECT_TRUE(read_all(log, places[1]).empty());  // what was overwritten is not told as another
}

TEST(GroupLog, EndsWhereWritingWasBrokenOff) {
    const TestFolder folder;
    LogPlace place;
    LogPlace before;
    {
        GroupLog log = opened_log(folder);
        ASSERT_TRUE(log.append(place, "whole"));
        before = place;
        ASSERT_TRUE(log.append(place, "broken off"));
    }
    overwrite(folder.path() / "groups-0.log", place.offset - 12, "????");
    GroupLog log = opened_log(folder);
    EXPECT_EQ(read_all(log), std::vector<std::string>{"whole"});
    EXPECT_TRUE(*log.ends(before));
    // It goes on over it.
    place = before;
    ASSERT_TRUE(log.append(place, "again"));
    EXPECT_EQ(read_all(log), (std::vector<std::string>{"whole", "again"}));
}

TEST(GroupLog, KnowsTheEndFromDamage) {
    const TestFolder folder;
    GroupLog log = opened_log(folder);
    LogPlace place;
    ASSERT_TRUE(log.append(place, "whole"));
    const LogPlace before = place;
    ASSERT_TRUE(log.append(place, "lost"));
    const LogPlace lost = place;
    ASSERT_TRUE(log.append(place, "there"));
    overwrite(folder.path() / "groups-0.log", lost.offset - 8, "?");
    EXPECT_EQ(read_all(log), std::vector<std::string>{"whole"});
    EXPECT_FALSE(*log.ends(before));
    EXPECT_TRUE(*log.ends(place));
}

}  // namespace
}  // namespace farthing::store
