// Proposals from files that nobody described, each written as some system writes them.
#include <gtest/gtest.h>

#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

struct Proposed {
    std::string yaml;
    std::string preview;  // of the first record
    std::string notes;
    bool has(std::string_view part) const { return yaml.find(part) != std::string::npos; }
};
Proposed proposed(std::string_view bytes) {
    const auto proposal = propose_feed("in/export.txt", bytes);
    if (!proposal) {
        ADD_FAILURE() << proposal.error().to_string();
        return {};
    }
    Proposed result{proposal->yaml, proposal->preview.empty() ? "" : proposal->preview[0], {}};
    for (const std::string& note : proposal->notes) result.notes += note + "\n";
    return result;
}

TEST(ProposeFixedWidth, ACarriersFile) {
    const std::string bytes = slurp("catalogs/feeds/carrier-uk.sample.cdr");
    const Proposed feed = proposed(bytes);
    EXPECT_TRUE(feed.has("header: {starts_with: \"HDR\", count: 11-18}")) << feed.yaml;
    EXPECT_TRUE(feed.has("trailer: {starts_with: \"TRL\", count: 11-18, sum: 19-30}")) << feed.yaml;
    EXPECT_TRUE(feed.has("start: {at: 23-36, time: \"%Y%m%d%H%M%S\"}")) << feed.yaml;
    EXPECT_TRUE(feed.has("quantity: {at: 67-74, unit: second}")) << feed.yaml;
    EXPECT_TRUE(feed.has("called: {at: 52-66, number: {}}")) << feed.yaml;
    EXPECT_TRUE(feed.has("guide: [{by: msisdn, at: 37-51}]")) << feed.yaml;
    EXPECT_TRUE(feed.has("# not used: at: 75-76 holds AF, NF")) << feed.yaml;
    EXPECT_NE(feed.notes.find("check each against the description"), std::string::npos);
    // What it proposes reads the file, and guards it.
    const Feed read = feed_of(feed.yaml);
    EXPECT_FALSE(seal(read, bytes).rejected);
    EXPECT_EQ(seal(read, bytes).records, 4);
    std::string short_by_one = bytes;
    short_by_one.erase(short_by_one.find("UK0000000002"), 77);
    EXPECT_EQ(seal(read, short_by_one).rejected, RejectReason::count_mismatch);
}

TEST(ProposeFixedWidth, TextFilledWithBlanksAndNumbersBehindThem) {
    const Proposed feed = proposed(
        "000001  Tallinn     37255501001      73  2026-01-05 10:00:00\n"
        "000002  Tartu       3725550100     1204  2026-01-05 10:05:00\n"
        "000003  Narva       37255501003       7  2026-01-05 10:07:30\n");
    EXPECT_TRUE(feed.has("id: {at: 1-6}")) << feed.yaml;
    EXPECT_TRUE(feed.has("{join: [{at: 42-51}, {at: 53-60}], time: \"%Y-%m-%d %H:%M:%S\"}"))
        << feed.yaml;
    EXPECT_TRUE(feed.has("quantity: {at: 36-39, unit: second}")) << feed.yaml;
    EXPECT_TRUE(feed.has("guide: [{by: msisdn, at: 21-35}]")) << feed.yaml;
    EXPECT_TRUE(feed.has("not used: at: 9-20 holds Narva, Tallinn, Tartu")) << feed.yaml;
    EXPECT_EQ(feed.preview, R"({"line":1,"id":"000001","msisdn":"37255501001","service":"voice",)"
                            R"("start":"2026-01-05T10:00:00Z","quantity":73,"unit":"second"})");
}

TEST(ProposeFixedWidth, RefusesWhatHasNoCommonLength) {
    EXPECT_FALSE(propose_feed("prose.txt", "no table here\nnone here either, it seems\n"));
    EXPECT_FALSE(propose_feed("one.txt", "0000012026010510000037255501001\n"));
    EXPECT_FALSE(propose_feed("no_time.txt", "AAAA 0001\nAAAB 0002\nAAAC 0003\n"));
}

TEST(ProposeTimes, ADayAndAClockInTwoColumns) {
    const Proposed feed = proposed(
        "Call Date;Call Time;Calling Number;Called Number;Duration (seconds)\n"
        "31.01.2026;23:59:58;37255501001;37255501002;60\n"
        "01.02.2026;00:00:01;37255501001;37255501003;61\n");
    EXPECT_TRUE(
        feed.has("start: {join: [{field: \"Call Date\"}, {field: \"Call Time\"}], time: "
                 "\"%d.%m.%Y %H:%M:%S\"}"))
        << feed.yaml;
    EXPECT_EQ(
        feed.preview,
        R"({"line":2,"msisdn":"37255501001","service":"voice","start":"2026-01-31T23:59:58Z",)"
        R"("quantity":60,"unit":"second","called":"37255501002"})");
}

TEST(ProposeTimes, TheDayThatCouldBeTheMonthIsTold) {
    const Proposed feed =
        proposed("date,time,device,bytes\n01/02/2026,10:00,D-1,100\n03/04/2026,11:00,D-2,200\n");
    EXPECT_TRUE(feed.has("%d/%m/%Y %H:%M")) << feed.yaml;
    EXPECT_NE(feed.notes.find("whether the day or the month comes first"), std::string::npos);
    const Proposed american =
        proposed("date,time,device,bytes\n01/25/2026,10:00,D-1,100\n03/04/2026,11:00,D-2,200\n");
    EXPECT_TRUE(american.has("%m/%d/%Y %H:%M")) << american.yaml;
}

TEST(ProposeTimes, AnEndInTwoColumnsToo) {
    const Proposed feed = proposed(
        "start_day,start_clock,end_day,end_clock,iccid,bytes\n"
        "2026-01-05,10:00:00,2026-01-05,10:10:00,8937204016150000001,100\n"
        "2026-01-05,23:59:00,2026-01-06,00:10:00,8937204016150000002,200\n");
    EXPECT_TRUE(feed.has("end: {join: [{field: \"end_day\"}, {field: \"end_clock\"}]"))
        << feed.yaml;
    EXPECT_TRUE(feed.has("by: iccid")) << feed.yaml;
}

}  // namespace
}  // namespace farthing::mediation
