// The feeds of catalogs/feeds that read what switches and exports write, each with its sample.
#include <gtest/gtest.h>

#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

using Lines = std::vector<std::string>;

// The whole sample of a feed; `called` of each record that is on its way, too.
Lines sample_of(const std::string& name, const std::string& extension) {
    return decoded(stored_feed(name), slurp("catalogs/feeds/" + name + ".sample." + extension), 2);
}
std::vector<std::string> called_in(const Feed& feed, std::string_view bytes) {
    const catalog::Version version = meters();
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    decoder.next(chunk);
    std::vector<std::string> called;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (chunk.live(row)) called.emplace_back(chunk.called[row]);
    }
    return called;
}
bool tells(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(SwitchFeeds, FreeSwitchCsv_EC14_EC22) {
    EXPECT_EQ(sample_of("freeswitch-csv", "csv"),
              (Lines{"1 37255501001 voice 2026-01-05T08:00:00Z 73",
                     "2 37255501003 voice 2026-01-05T08:05:00Z 0",
                     "3 37255501004 voice 2026-10-25T00:50:00Z 1200", "4 unparseable",
                     "5 missing_field"}));
    const Feed feed = stored_feed("freeswitch-csv");
    EXPECT_EQ(called_in(feed, slurp("catalogs/feeds/freeswitch-csv.sample.csv")),
              (Lines{"37255501002", "442079460000", "37255501005"}));
}

TEST(SwitchFeeds, FreeSwitchJson) {
    const Lines lines = sample_of("freeswitch-json", "jsonl");
    EXPECT_EQ(lines, (Lines{"1 37255501001 voice 2026-01-05T08:00:00Z 73", "2 filtered",
                            "3 37255501003 voice 2026-01-05T08:05:00Z 0",
                            "4 37255501004 voice 2026-01-05T08:06:40Z 60", "5 unparseable"}));
    const Feed feed = stored_feed("freeswitch-json");
    const std::string bytes = slurp("catalogs/feeds/freeswitch-json.sample.jsonl");
    EXPECT_EQ(called_in(feed, bytes), (Lines{"37255501002", "442079460000", "37255501005"}));
    // One document to a file, without a newline behind it.
    EXPECT_EQ(decoded(feed, bytes.substr(0, bytes.find('\n'))), Lines{lines[0]});
}

TEST(SwitchFeeds, KamailioCallRecords) {
    EXPECT_EQ(
        sample_of("kamailio-cdrs", "log"),
        (Lines{"1 442079460000 voice 2026-01-05T08:00:00Z 73",
               "2 \"sales\" voice 2026-01-05T08:05:00Z 0", "3 missing_field", "4 unparseable"}));
}

TEST(SwitchFeeds, OpenSipsTransactions_EC14) {
    EXPECT_EQ(
        sample_of("opensips-acc", "log"),
        (Lines{"1 4930123456 voice 2026-01-05T08:00:00Z 125",
               "2 4930123456 voice 2026-01-05T08:03:20Z 0",
               "3 4930123457 voice 2026-01-05T08:05:00Z 0", "4 filtered", "5 missing_field"}));
}

TEST(SwitchFeeds, CiscoLinesOfNamesAndTypes) {
    EXPECT_EQ(sample_of("cisco-cucm", "csv"),
              (Lines{"3 7001 voice 2026-01-05T08:00:00Z 73", "4 7002 voice 2026-01-05T08:03:20Z 0",
                     "5 missing_field", "6 filtered", "7 7003 voice 2026-01-05T08:08:20Z 120"}));
    EXPECT_EQ(called_in(stored_feed("cisco-cucm"), slurp("catalogs/feeds/cisco-cucm.sample.csv")),
              (Lines{"12125550147", "7001", "442079460000"}));
}

TEST(SwitchFeeds, BroadWorksXml_EC53) {
    const std::string bytes = slurp("catalogs/feeds/broadworks.sample.xml");
    const Feed feed = stored_feed("broadworks");
    EXPECT_EQ(sample_of("broadworks", "xml"),
              (Lines{"5 12125550101 voice 2026-01-05T08:00:00.104Z 73",
                     "31 12125550102 voice 2026-01-05T08:05:00Z 0", "47 filtered", "53 unparseable",
                     "54 12125550103 voice 2026-01-05T08:20:00Z 60"}));
    EXPECT_EQ(called_in(feed, bytes), (Lines{"442079460000", "12125550199", "12125550104"}));
    // The same records wherever a chunk is cut and from wherever reading starts again.
    for (std::int64_t from = 0; from <= 5; ++from) {
        const catalog::Version version = meters();
        Decoder decoder(feed, version, bytes);
        decoder.skip_to(from);
        UsageChunk chunk;
        const bool more = decoder.next(chunk);
        EXPECT_EQ(more, from < 5);
        EXPECT_EQ(chunk.size(), static_cast<std::size_t>(5 - from));
    }
}

TEST(SwitchFeeds, RecordsOfSpreadsheetsWithCommas) {
    EXPECT_EQ(sample_of("mobile-export", "csv"),
              (Lines{"4 8949020000012345678 data 2026-01-05T09:00:00Z 1500000",
                     "5 8949020000012345678 sms 2026-01-05T09:30:00Z 1",
                     "7 8949020000012345686 data 2026-01-07T22:59:59Z 1", "8 bad_number",
                     "9 missing_field", "10 nonexistent_time"}));
}

const std::string kXml =
    "feed: x\nformat: {xml: {record: cdrs/day/cdr}}\nrecord:\n  id: {field: \"@id\"}\n"
    "  service: {constant: voice}\n  start: {field: at, time: rfc3339}\n"
    "  quantity: {field: call/seconds}\nguide: [{by: device, field: call/@from}]\n"
    "same_record: [id]\n";
std::string cdr(const std::string& id, const std::string& rest = {}) {
    return "<cdr id='" + id + "'><at>2026-01-05T10:00:00Z</at><call from='D&amp;" + id +
           "'><seconds>7</seconds></call>" + rest + "</cdr>";
}
std::string cdrs(const std::string& inside) {
    return "<?xml version='1.0'?>\n<cdrs><day>\n" + inside + "\n</day></cdrs>\n";
}

TEST(Xml, OneBrokenRecordNeverHarmsTheNext_EC53) {
    const Feed feed = feed_of(kXml);
    const std::string good = "voice 2026-01-05T10:00:00Z 7";
    const auto around = [&](const std::string& broken, int line_after = 4) {
        const Lines lines = decoded(feed, cdrs(cdr("1") + "\n" + broken + "\n" + cdr("2")));
        ASSERT_EQ(lines.size(), 3u) << broken;
        EXPECT_EQ(lines[0], "3 D&1 " + good);
        EXPECT_EQ(lines[1], "4 unparseable") << broken;
        EXPECT_EQ(lines[2], std::to_string(line_after + 1) + " D&2 " + good) << broken;
    };
    around("<cdr id='3'><at>2026-01-05T10:00:00Z</at>");  // never closed
    around("<cdr id='3'><at>2026</cdr>");                 // crossed
    around("<cdr id='3' <at>x</at></cdr>");               // broken start
    around("<cdr id='3'><at>x</at></cdr ");               // broken end
    around("<cdr id='3'><!-- never closed <at>x</at></cdr>");
    around("<cdr id='3'><![CDATA[ never closed</cdr>");
    around("<cdr id='3'>&undeclared;</cdr>");
    around("<cdr id='3' id='4'/>");
    around("<cdr id='3\"><at>x</at></cdr>");            // the wrong quote
    around(cdr("3", "<at>2026-01-06T10:00:00Z</at>"));  // a field twice
    around(cdr("3", "<!DOCTYPE x [<!ENTITY a 'b'>]>"));
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "<a>";
    for (int i = 0; i < 100; ++i) deep += "</a>";
    around(cdr("3", deep));
}

TEST(Xml, OnlyElementsAtThePathAreRecords) {
    const Feed feed = feed_of(kXml);
    EXPECT_EQ(decoded(feed, cdrs("<late>" + cdr("9") + "</late>" + cdr("1"))),
              Lines{"3 D&1 voice 2026-01-05T10:00:00Z 7"});
    EXPECT_EQ(decoded(feed, cdrs("<!-- " + cdr("9") + " --><x a='>'/><![CDATA[" + cdr("8") + "]]>" +
                                 cdr("1"))),
              Lines{"3 D&1 voice 2026-01-05T10:00:00Z 7"});
    EXPECT_EQ(decoded(feed, cdrs("")), Lines{});
    EXPECT_EQ(decoded(feed, cdrs("<cdr/>")), Lines{"3 missing_field"});
}

TEST(Xml, RefusesFilesThatAreCutShortOrForeign_EC49) {
    const Feed feed = feed_of(kXml);
    const std::string whole = cdrs(cdr("1") + cdr("2"));
    EXPECT_FALSE(seal(feed, whole).rejected);
    EXPECT_EQ(seal(feed, whole).records, 2);
    EXPECT_EQ(seal(feed, whole.substr(0, whole.size() - 9)).rejected,
              RejectReason::trailer_missing);
    EXPECT_EQ(seal(feed, "<other/>").rejected, RejectReason::header_missing);
    EXPECT_EQ(seal(feed, "").rejected, RejectReason::header_missing);
    std::string latin = whole;
    latin.replace(latin.find("'1.0'"), 5, "'1.0' encoding='ISO-8859-1'");
    EXPECT_EQ(seal(feed, latin).rejected, RejectReason::encoding_unknown);
}

TEST(Xml, ARecordOutOfSuspenseIsReadWithoutItsFile_EC51) {
    const Feed feed = feed_of(kXml);
    const std::string file = cdrs(cdr("1"));
    const std::string header = seal(feed, file).header;
    const std::string raw = cdr("1");
    const catalog::Version version = meters();
    Decoder decoder(feed, version, raw, header);
    UsageChunk chunk;
    ASSERT_TRUE(decoder.next(chunk));
    ASSERT_EQ(chunk.size(), 1u);
    EXPECT_TRUE(chunk.live(0));
    EXPECT_EQ(chunk.raw[0], raw);
    const std::string told =
        describe_failure(feed, version, "<cdr id='1'><at>noon</at><call from='D'/></cdr>", {},
                         SuspenseReason::bad_time);
    EXPECT_TRUE(tells(told, "field at, character 17: \"noon\"")) << told;
}

TEST(Delimited, LinesBeforeTheRecordsAreNoRecords) {
    const Feed feed = feed_of(
        "feed: x\nformat: {delimited: \",\", skip_lines: 2, columns: [at, device]}\nrecord:\n"
        "  service: {constant: sms}\n  start: {field: at, time: unix_seconds}\n  quantity: 1\n"
        "guide: [{by: device, field: device}]\nsame_record: [identity, start]\n");
    const std::string bytes = "a title, \"with a quote\n\n1767600000,D-1\nbad\n";
    EXPECT_EQ(decoded(feed, bytes), (Lines{"3 D-1 sms 2026-01-05T08:00:00Z 1", "4 missing_field"}));
    const catalog::Version version = meters();
    Decoder alone(feed, version, "1767600000,D-1", "\n");  // as the engine says it
    UsageChunk chunk;
    EXPECT_TRUE(alone.next(chunk));
    EXPECT_TRUE(tells(describe_failure(feed, version, "noon,D-1", {}, SuspenseReason::bad_time),
                      "column 1, character 1: \"noon\""));
}

TEST(Quantities, TheTimeBetweenTwoFields) {
    const auto feed = [](const std::string& fraction) {
        return feed_of(
            "feed: x\nformat: {delimited: \",\", columns: [a, b, device]}\nrecord:\n"
            "  service: {constant: voice}\n  start: {field: a, time: rfc3339}\n"
            "  quantity: {from: a, to: b, time: rfc3339" +
            fraction + "}\nguide: [{by: device, field: device}]\nsame_record: [identity, start]\n");
    };
    const std::string bytes =
        "2026-01-05T10:00:00Z,2026-01-05T10:01:00.25Z,D\n"
        "2026-01-05T10:00:00Z,2026-01-05T11:01:00+01:00,D\n"
        "2026-01-05T10:00:00Z,,D\n2026-01-05T10:00:00Z,x,D\n"
        "2026-01-05T10:00:00Z,2026-01-05T09:59:59Z,D\n";
    const std::string at = " D voice 2026-01-05T10:00:00Z ";
    EXPECT_EQ(decoded(feed(""), bytes), (Lines{"1 bad_number", "2" + at + "60", "3 missing_field",
                                               "4 bad_time", "5 session_reversed"}));
    EXPECT_EQ(decoded(feed(", fraction: up"), bytes)[0], "1" + at + "61");
    EXPECT_EQ(decoded(feed(", fraction: down"), bytes)[0], "1" + at + "60");
    EXPECT_TRUE(tells(mistake("feed: x\nformat: {json_lines: true}\nrecord:\n"
                              "  service: {constant: voice}\n"
                              "  start: {field: a, time: rfc3339}\n"
                              "  quantity: {from: a, to: b, time: rfc3339, fraction: off}\n"),
                      "`fraction` must be up or down"));
}

TEST(ReadFeed, RefusesFormatsThatCanNotBe) {
    const auto format = [](const std::string& text) {
        return mistake("feed: x\nformat: " + text + "\nrecord: {}\n");
    };
    EXPECT_TRUE(tells(format("{xml: {record: cdrs//cdr}}"), "is no path of elements"));
    EXPECT_TRUE(tells(format("{xml: {}}"), "`xml` lacks the key `record`"));
    EXPECT_TRUE(tells(format("{xml: {record: a}, json_lines: true}"), "a format is exactly one"));
    EXPECT_TRUE(tells(format("{delimited: \",\", header_lines: 2}"), "the format has no header"));
    EXPECT_TRUE(tells(format("{delimited: \",\", skip_lines: -1}"), "is no number from 0"));
    EXPECT_TRUE(tells(mistake("feed: x\nkind: inventory\nformat: {delimited: \",\", header: true, "
                              "skip_lines: 1}\nrecord: {}\n"),
                      "not supported for an inventory"));
    EXPECT_TRUE(tells(format("{json_lines: true, percent_encoded: maybe}"), "true or false"));
}

}  // namespace
}  // namespace farthing::mediation
