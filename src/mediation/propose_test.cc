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

TEST(ProposeFixedWidth, RecordsWithCodesAndShortYears) {
    const std::string bytes =
        "10ACMETELECOM 20260106 000417                               \n"
        "20000001493031939071    444855128937    2601051930400003752N\n"
        "20000002493081282193    447891869609    2601051714120001063R\n"
        "20000003493072608285    446340888752    2601050414400002618N\n"
        "20000004493070220193    448654989331    2601050210480003184N\n"
        "20000005493040435460    443350403033    2601050830380003374R\n"
        "20000006493095848836    446128638683    2601051828590002983N\n"
        "20000007493049059218    440418563100    2601051513160000557R\n"
        "9000000007000000017531                                      \n";
    const Proposed feed = proposed(bytes);
    EXPECT_TRUE(feed.has("header: {starts_with: \"10\"}")) << feed.yaml;
    EXPECT_TRUE(feed.has("trailer: {starts_with: \"90\", count: 3-10, sum: 11-22}")) << feed.yaml;
    EXPECT_TRUE(feed.has("id: {at: 1-8}")) << feed.yaml;
    EXPECT_TRUE(feed.has("start: {at: 41-52, time: \"%y%m%d%H%M%S\"}")) << feed.yaml;
    EXPECT_TRUE(feed.has("not used: at: 60-60 holds N, R")) << feed.yaml;
    EXPECT_EQ(feed.preview,
              R"({"line":2,"id":"20000001","msisdn":"493031939071","service":"voice",)"
              R"("start":"2026-01-05T19:30:40Z","quantity":3752,"unit":"second",)"
              R"("called":"444855128937"})");
    EXPECT_FALSE(seal(feed_of(feed.yaml), bytes).rejected);
    EXPECT_EQ(seal(feed_of(feed.yaml), bytes).records, 7);
}

TEST(ProposeFixedWidth, CardsAndVolumes) {
    const Proposed feed = proposed(
        "8937204016150000010 248010000000000 2026-01-05T20:54:00Z    323224429     56525606\r\n"
        "8937204016150000011 248010000007919 2026-01-05T16:53:00Z    414320747     77044037\r\n"
        "8937204016150000012 248010000015838 2026-01-05T11:34:00Z    628218551     54703916\r\n"
        "8937204016150000013 248010000023757 2026-01-05T18:14:00Z    970879270     45199844\r\n"
        "8937204016150000014 248010000031676 2026-01-05T21:58:00Z    997447756      3846739\r\n");
    EXPECT_TRUE(feed.has("start: {at: 37-56, time: \"rfc3339\"}")) << feed.yaml;
    // Larger numbers have room; the second one is told.
    EXPECT_TRUE(feed.has("quantity: {at: 58-69, unit: byte}")) << feed.yaml;
    EXPECT_TRUE(feed.has("guide: [{by: iccid, at: 1-19}]")) << feed.yaml;
    EXPECT_TRUE(feed.has("not used: at: 70-82 holds")) << feed.yaml;
    EXPECT_FALSE(feed.has("called:")) << feed.yaml;
}

TEST(ProposeFixedWidth, HexadecimalNamesAreOneField) {
    const Proposed feed = proposed(
        "47997b6bdb3d1150 1767600000 sensor-0     00000 OK\n"
        "9b16f809fdb17f54 1767600061 sensor-37    00011 OK\n"
        "b2109307abd8952c 1767600122 sensor-74    00022 OK\n"
        "b2d87d5e29c0e596 1767600183 sensor-111   00033 OK\n");
    EXPECT_TRUE(feed.has("format: {fixed_width: true}  #")) << feed.yaml;
    EXPECT_TRUE(feed.has("id: {at: 1-16}")) << feed.yaml;
    EXPECT_TRUE(feed.has("start: {at: 18-27, time: \"unix_seconds\"}")) << feed.yaml;
}

TEST(ProposeDelimited, DecimalCommasAndColumnsWithoutNames) {
    const Proposed commas = proposed(
        "Datum;Uhrzeit;ICCID;Menge MB\n"
        "05.01.2026;10:00:00;8949020000012345678;1,5\n"
        "06.01.2026;11:00:00;8949020000012345679;2,25\n");
    EXPECT_TRUE(commas.has("decimal_point: \",\"")) << commas.yaml;
    EXPECT_NE(commas.preview.find("\"quantity\":1500000"), std::string::npos) << commas.preview;
    const Proposed plain = proposed(
        "1000,2026-01-01,10:00:00,37255501000,37255502000,60,ANSWER\n"
        "1001,2026-01-02,10:01:00,37255501001,37255502001,67,ANSWER\n"
        "1002,2026-01-03,10:02:00,37255501002,37255502002,74,ANSWER\n"
        "1003,2026-01-04,10:03:00,37255501003,37255502003,81,ANSWER\n"
        "1004,2026-01-05,10:04:00,37255501004,37255502004,88,ANSWER\n");
    EXPECT_TRUE(plain.has("start: {join: [{column: 2}, {column: 3}]")) << plain.yaml;
    EXPECT_TRUE(plain.has("quantity: {column: 6, unit: second}")) << plain.yaml;
    EXPECT_TRUE(plain.has("called: {column: 5")) << plain.yaml;
}

TEST(ProposeDelimited, NamesAsSwitchesWriteThem) {
    const Proposed feed = proposed(
        "\"CDR ID\",\"Customer\",\"A-Number\",\"B-Number\",\"Start Time\",\"End Time\",\"Duration "
        "(s)\","
        "\"Billable Seconds\",\"Disposition\"\n"
        "\"1\",\"acme\",\"+3725501\",\"+4420712\",\"2026-06-03T10:00:00+03:00\","
        "\"2026-06-03T10:01:06+03:00\",\"66\",\"61\",\"ANSWERED\"\n"
        "\"2\",\"acme\",\"+3725501\",\"+4477009\",\"2026-06-03T10:05:00+03:00\","
        "\"2026-06-03T10:05:20+03:00\",\"20\",\"0\",\"NO ANSWER\"\n");
    EXPECT_TRUE(feed.has("id: {field: \"CDR ID\"}")) << feed.yaml;
    EXPECT_TRUE(feed.has("guide: [{by: msisdn, field: \"A-Number\"}]")) << feed.yaml;
    EXPECT_TRUE(feed.has("called: {field: \"B-Number\"")) << feed.yaml;
    EXPECT_TRUE(feed.has("quantity: {field: \"Billable Seconds\", unit: second}")) << feed.yaml;
    EXPECT_TRUE(feed.has("answered: {field: \"Disposition\", equals: \"ANSWERED\"}")) << feed.yaml;
    const Proposed german = proposed(
        "Anruf-ID;Anrufer;Beginn;Dauer\nx1;493012345;03.06.2026 10:00:01;61\n"
        "x2;493012345;03.06.2026 10:10:01;3600\n");
    EXPECT_TRUE(german.has("id: {field: \"Anruf-ID\"}")) << german.yaml;
    EXPECT_TRUE(german.has("guide: [{by: msisdn, field: \"Anrufer\"}]")) << german.yaml;
    EXPECT_TRUE(german.has("quantity: {field: \"Dauer\", unit: second}")) << german.yaml;
}

TEST(ProposeFixedWidth, ATelephoneNumberIsNoDuration) {
    const Proposed feed = proposed(
        "0120260603100000372555000010000000442071234567000006100A\n"
        "0220260603100500372555000010000000447700900123000000000N\n"
        "0320260603110000372555000020000000037260012340000360000A\n");
    EXPECT_TRUE(feed.has("quantity: {at: 47-55, unit: second}")) << feed.yaml;
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
