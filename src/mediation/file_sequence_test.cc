#include "mediation/file_sequence.h"

#include <gtest/gtest.h>

#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

Feed numbered(const std::string& files) {
    return feed_of("feed: x\nfiles: " + files +
                   "\nformat: {json_lines: true}\nrecord:\n  service: {constant: sms}\n"
                   "  start: {field: at, time: rfc3339}\n  quantity: 1\n"
                   "guide: [{by: device, field: device}]\nsame_record: [identity, start]\n");
}

// "41-44: 3 came, 42" of each run.
std::string state_of(const FileSequence& sequence) {
    std::string text;
    for (const auto& run : sequence.runs()) {
        text += (text.empty() ? "" : "; ") + run.name + (run.name.empty() ? "" : " ") +
                std::to_string(run.first) + "-" + std::to_string(run.last) + ": " +
                std::to_string(run.came) + " came";
        for (const auto& gap : run.missing) text += ", " + gap.to_string();
    }
    return text;
}
std::string after(const Feed& feed, std::initializer_list<std::string_view> files) {
    FileSequence sequence(feed);
    for (const std::string_view file : files) sequence.add(file, true);
    return state_of(sequence);
}

TEST(FileSequence, EC49_a_number_is_missing_until_its_file_comes) {
    const Feed feed = numbered("{sequence: 'UK(\\d{6})'}");
    EXPECT_EQ(after(feed, {"UK000041.cdr"}), "41-41: 1 came");
    EXPECT_EQ(after(feed, {"UK000041.cdr", "UK000043.cdr"}), "41-43: 2 came, 42");
    EXPECT_EQ(after(feed, {"UK000041.cdr", "UK000043.cdr", "UK000042.cdr"}), "41-43: 3 came");
    EXPECT_EQ(after(feed, {"UK000050.cdr", "UK000041.cdr", "UK000050.cdr.gz"}),
              "41-50: 2 came, 42-49");
    EXPECT_EQ(after(feed, {"readme.txt"}), "");
}

TEST(FileSequence, EC49_a_refused_file_leaves_its_number_open) {
    FileSequence sequence(numbered("{sequence: 'UK(\\d{6})'}"));
    EXPECT_TRUE(sequence.add("UK000041.cdr", true));
    EXPECT_TRUE(sequence.add("UK000043.cdr", false));
    EXPECT_FALSE(sequence.add("notes.txt", true));
    EXPECT_EQ(state_of(sequence), "41-43: 1 came, 42, 43 (refused)");
    EXPECT_TRUE(sequence.add("UK000045.cdr", true));
    EXPECT_EQ(state_of(sequence), "41-45: 2 came, 42, 43 (refused), 44");
    EXPECT_TRUE(sequence.add("UK000043.cdr", true));
    EXPECT_EQ(state_of(sequence), "41-45: 3 came, 42, 44");
}

TEST(FileSequence, CountersBeginAgain) {
    const Feed feed = numbered("{sequence: '(\\d+)', first: 1, last: 999}");
    EXPECT_EQ(after(feed, {"998", "999", "1", "2"}), "998-2: 4 came");
    EXPECT_EQ(after(feed, {"998", "2"}), "998-2: 2 came, 999-1");
    EXPECT_EQ(after(feed, {"1", "998"}), "998-1: 2 came, 999");  // the last of the round before
    EXPECT_EQ(after(feed, {"0", "1000"}), "");
}

TEST(FileSequence, ADeclaredStartIsExpected) {
    const Feed feed = numbered("{sequence: '(\\d+)', start: 41}");
    EXPECT_EQ(after(feed, {"43"}), "41-43: 1 came, 41-42");
    EXPECT_EQ(after(feed, {"7", "43"}), "41-43: 1 came, 41-42");  // from before
    EXPECT_EQ(after(feed, {"7"}), "41-41: 0 came");
}

TEST(FileSequence, EachNodeCountsOnItsOwn) {
    const Feed feed = numbered("{sequence: '^cdr_(\\w+_\\d+)_\\d{12}_(\\d+)$'}");
    EXPECT_EQ(after(feed, {"cdr_Cluster_01_202601051000_7", "cdr_Cluster_02_202601051000_1200",
                           "cdr_Cluster_01_202601051001_9", "cdr_Cluster_02_202601051001_1201"}),
              "Cluster_01 7-9: 2 came, 8; Cluster_02 1200-1201: 2 came");
}

TEST(FileSequence, RefusesPatternsThatNameNoNumber) {
    const auto refused = [](const std::string& files) {
        const auto feed = read_feed(
            "f.yaml", "feed: x\nfiles: " + files + "\nformat: {json_lines: true}\nrecord: {}\n");
        return feed ? "none" : feed.error().front().to_string();
    };
    EXPECT_NE(refused("{sequence: 'UK'}").find("has no part in brackets"), std::string::npos);
    EXPECT_NE(refused("{sequence: 'UK('}").find("is no regular expression"), std::string::npos);
    EXPECT_NE(refused("{start: 1}").find("`files` lacks the key `sequence`"), std::string::npos);
    EXPECT_NE(refused("{sequence: '(\\d+)', first: 9, last: 8}").find("`last`"), std::string::npos);
    EXPECT_NE(refused("{sequence: '(\\d+)', path: x}").find("not supported"), std::string::npos);
}

}  // namespace
}  // namespace farthing::mediation
