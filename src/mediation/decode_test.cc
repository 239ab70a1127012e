#include "mediation/decode.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/hash.h"
#include "mediation/collect.h"
#include "mediation/decode_time.h"
#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

const std::string kSimple =
    "feed: simple\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Tallinn\nrecord:\n"
    "  id: {field: id}\n  service: {constant: data}\n  start: {field: at, time: \"%Y-%m-%d "
    "%H:%M:%S\"}\n"
    "  quantity: {field: bytes, unit: byte}\nguide: [{by: device, field: device}]\nsame_record: "
    "[id]\n";
const std::string kLampColumns = "id,device,at,bytes\n";

TEST(Samples, Lamps) {
    const Feed feed = stored_feed("lamps");
    const std::string bytes = slurp("catalogs/feeds/lamps.sample.csv");
    EXPECT_EQ(decoded(feed, bytes, 2), (Lines{"2 L-0001 energy 2026-06-01T00:00:00Z 3000",
                                              "3 L-0002 energy 2026-06-01T00:00:00Z 2950",
                                              "4 L-0003 energy 2026-06-01T00:00:05.25Z 0",
                                              "5 L-0001 energy 2026-06-01T00:01:00Z 3001",
                                              "6 L-0002 energy 2026-06-01T00:01:00Z 2949"}));
    const std::string hostile =
        "event_id,lamp,time,energy_j,light,fault\n"
        "e-1,L-1,2026-02-30T00:00:00Z,1,0,0\ne-2,L-1,2026-06-01T00:00:00,1,0,0\n"
        "e-3,L-1,2026-06-01T00:00:00Z,1,dim,0\ne-4,L-1,2026-06-01T00:00:00Z,30";
    EXPECT_EQ(decoded(feed, hostile),
              (Lines{"2 bad_time", "3 bad_time", "4 bad_number", "5 missing_field"}));
}

TEST(Samples, SimSessionsKeepVolumesExact_EC37) {
    const Feed feed = stored_feed("sim-sessions");
    const std::string bytes = slurp("catalogs/feeds/sim-sessions.sample.csv");
    EXPECT_EQ(decoded(feed, bytes),
              (Lines{"2 8937204016150000001 data 2026-01-05T10:00:00Z 40000000",
                     "3 8937204016150000028 data 2026-01-05T11:30:00Z 5368709240",
                     "4 8937204016150000035 data 2026-01-05T23:59:59Z 512"}));
    const catalog::Version version = meters();
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    decoder.next(chunk);
    EXPECT_EQ(chunk.network[0], NetworkKey::parse("248-01"));
    EXPECT_EQ(chunk.network[1], NetworkKey::parse("310410"));
    EXPECT_EQ(chunk.end[0], *parse_rfc3339("2026-01-05T10:15:00Z"));
    const std::string head =
        "start;end;iccid;bytes_up;bytes_down;mcc;mnc\n2026-01-05 10:00:00;2026-01-05 10:15:00;89;";
    EXPECT_EQ(decoded(feed, head + "1;2;248;5\n"), Lines{"2 unparseable"});
    EXPECT_EQ(decoded(feed, head + "1;9007199254740992;248;01\n"),
              Lines{"2 quantity_out_of_range"});
}

TEST(Samples, AsteriskQuotesAndFilter) {
    const Feed feed = stored_feed("asterisk-master");
    const std::string bytes = slurp("catalogs/feeds/asterisk-master.sample.csv");
    EXPECT_EQ(decoded(feed, bytes), (Lines{"1 acme voice 2026-01-05T08:00:00Z 73", "2 filtered",
                                           "3 37255599999 voice 2026-01-05T08:05:00Z 60"}));
    EXPECT_EQ(decoded(feed, bytes.substr(0, 100)), Lines{"1 unparseable"});
}

TEST(Samples, CarrierCountsAndSums_EC49) {
    const Feed feed = stored_feed("carrier-uk");
    const std::string bytes = slurp("catalogs/feeds/carrier-uk.sample.cdr");
    EXPECT_EQ(decoded(feed, bytes), (Lines{"2 442071234567 voice 2026-01-05T10:00:00Z 73",
                                           "3 442071234567 sms 2026-01-05T10:01:00Z 1",
                                           "4 442071234567 voice 2026-07-05T09:00:00Z 125",
                                           "5 442071234567 voice 2026-07-05T09:02:00Z 0"}));
    std::string short_by_one = bytes;
    short_by_one.erase(short_by_one.find("UK0000000002"), 77);
    EXPECT_EQ(seal(feed, short_by_one).rejected, RejectReason::count_mismatch);
    EXPECT_EQ(seal(feed, short_by_one).detail, "the header names a count of 4, the records give 3");
    std::string longer_call = bytes;
    longer_call.replace(longer_call.find("00000073"), 8, "00000074");
    EXPECT_EQ(seal(feed, longer_call).rejected, RejectReason::sum_mismatch);
    EXPECT_EQ(seal(feed, bytes.substr(0, bytes.find("TRL"))).rejected,
              RejectReason::trailer_missing);
    EXPECT_EQ(seal(feed, bytes.substr(19)).rejected, RejectReason::header_missing);
    // A record out of suspense comes without the lines around it.
    const catalog::Version version = meters();
    const std::string_view record = std::string_view(bytes).substr(19, 76);
    Decoder retry(feed, version, record, seal(feed, bytes).header);
    UsageChunk chunk;
    ASSERT_TRUE(retry.next(chunk));
    EXPECT_EQ(chunk.quantity[0], 73);
}

TEST(Samples, CloudEvents) {
    const Feed feed = stored_feed("cloudevents");
    const std::string bytes = slurp("catalogs/feeds/cloudevents.sample.jsonl");
    EXPECT_EQ(decoded(feed, bytes), (Lines{"1 L-0001 energy 2026-06-01T00:00:00Z 45000",
                                           "2 L-0002 energy 2026-06-01T00:00:00.123456Z 0",
                                           "3 M-1 data 2026-06-01T00:00:10Z 5368709121"}));
    const catalog::Version version = meters();
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    decoder.next(chunk);
    EXPECT_NE(chunk.key[0], chunk.key[1]) << "the same id of two sources";
    EXPECT_EQ(chunk.reading[1][1], 1);

    const auto event = [](const std::string& rest) {
        return "{\"id\":\"1\",\"source\":\"s\",\"type\":\"com.example.lamp.report\",\"subject\":"
               "\"L\",\"time\":\"2026-06-01T00:00:00Z\"," +
               rest + "}\n";
    };
    std::string deep = "\"x\":";
    deep.append(10'000, '[').append(10'000, ']');
    EXPECT_EQ(decoded(feed, event("\"data\":{\"energy\":1,\"energy\":2}")), Lines{"1 unparseable"});
    EXPECT_EQ(
        decoded(feed, event("\"data\":{\"energy\":1e400}") + event("\"data\":{\"energy\":NaN}") +
                          event("\"data\":{\"energy\":-1}") + event("\"data\":{\"energy\":1e-12}") +
                          event("\"data\":{}") + event("\"data\":{\"energy\":1},") +
                          "{\"id\":\"2\n[]\n" + event("\"data\":{\"energy\":\"2\"}")),
        (Lines{"1 bad_number", "2 unparseable", "3 quantity_out_of_range", "4 bad_number",
               "5 missing_field", "6 unparseable", "7 unparseable", "8 unparseable",
               "9 L energy 2026-06-01T00:00:00Z 7200000"}));
    const Lines after_deep = decoded(feed, event(deep) + event("\"data\":{\"energy\":1}"));
    ASSERT_EQ(after_deep.size(), 2U);
    EXPECT_EQ(after_deep[1], "2 L energy 2026-06-01T00:00:00Z 3600000");
}

TEST(Samples, NumbersInventory) {
    const Feed feed = stored_feed("numbers-inventory");
    const auto rows = decode_inventory(feed, slurp("catalogs/feeds/numbers-inventory.sample.csv"));
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].number, "3726001001");
    EXPECT_EQ(rows[1].number, "3726001002");
    EXPECT_EQ(rows[2].number, "3726001001");
    EXPECT_TRUE(rows[1].add);
    EXPECT_FALSE(rows[2].add);
    EXPECT_EQ(to_string(rows[2].date), "2026-02-25");
    const auto hostile =
        decode_inventory(feed,
                         "date,line,number,action\n2026-02-30,a,1,ADD\n2026-02-01,,1,ADD\n"
                         "2026-02-01,a,1,MOVE\n2026-02-01,a,1,DEL\n");
    ASSERT_EQ(hostile.size(), 4U);
    EXPECT_EQ(hostile[0].error->code, "bad_time");
    EXPECT_EQ(hostile[1].error->code, "missing_field");
    EXPECT_EQ(hostile[2].error->code, "unparseable");
    EXPECT_FALSE(hostile[3].error);
}

TEST(Delimited, OneBadRecordNeverHarmsTheNext_EC53) {
    const Feed feed = feed_of(kSimple);
    const std::string good = "2026-01-05 12:00:00,7\n";
    EXPECT_EQ(decoded(feed, "\xef\xbb\xbf" + kLampColumns + "\r\n1,d," +
                                "2026-01-05 12:00:00,7\r\n" + "2,\"stray," + good + "3,d,x," +
                                good + "4\n" + std::string("5,d\0,", 5) + good + "6,d\xff," + good +
                                "7,\"a\nb\"\"c\"," + good + "8,d,1970-01-01 12:00:00,007"),
              (Lines{"3 d data 2026-01-05T10:00:00Z 7", "4 unparseable", "5 unparseable",
                     "6 missing_field", "7 unparseable", "8 unparseable",
                     "9 a\nb\"c data 2026-01-05T10:00:00Z 7", "11 d data 1970-01-01T09:00:00Z 7"}));
    const std::string megabyte(1'000'000, 'x');
    EXPECT_EQ(decoded(feed, kLampColumns + megabyte + "\n1,d," + good).back(),
              "3 d data 2026-01-05T10:00:00Z 7");
    EXPECT_TRUE(decoded(feed, kLampColumns).empty());
    EXPECT_TRUE(decoded(feed, "").empty());
}

TEST(Delimited, AbsurdQuantities) {
    const Feed feed = feed_of(kSimple);
    for (const auto& [text, result] : std::vector<std::pair<std::string, std::string>>{
             {"-1", "quantity_out_of_range"},
             {"9223372036854775808", "quantity_out_of_range"},
             {"1e-12", "bad_number"},
             {"0.000000000000000000001", "bad_number"},
             {"NaN", "bad_number"},
             {"1e400", "bad_number"},
             {"", "missing_field"},
             {"12.5", "bad_number"},
             {"12.000", "d data 2026-01-05T10:00:00Z 12"},
             {"0", "d data 2026-01-05T10:00:00Z 0"}}) {
        EXPECT_EQ(decoded(feed, kLampColumns + "1,d,2026-01-05 12:00:00," + text + "\n"),
                  Lines{"2 " + result})
            << text;
    }
}

// Sealing passes over blocks of plain lines at once; `decoded` holds its count against reading.
RC_GTEST_PROP(Delimited, SealingCountsTheRecordsThatAreRead, ()) {
    const bool quotes = *rc::gen::arbitrary<bool>();
    const Feed feed = feed_of(
        "feed: f\nformat: {delimited: \",\", columns: [at, bytes], comment: \"#\"" +
        std::string(quotes ? "" : ", quote: none") +
        "}\nrecord:\n  service: {constant: data}\n  start: {field: at, time: unix_seconds}\n"
        "  quantity: {field: bytes, unit: byte}\nguide: [{by: device, field: bytes}]\n"
        "same_record: [at]\n");
    const std::vector<std::string> pieces = {
        "1767600000,5\n", "1767600001,123456789012345\n", "1767600002,7\r\n",   "\n", "\r\n",
        "# a remark\n",   "\"1767600003\",8\n",           "\"two\nlines\",9\n", "\r", "1,2,3\n",
        "\"stray\n",      "plain text without an end"};
    std::string bytes;
    const auto count = *rc::gen::inRange(0, 60);
    for (int i = 0; i < count; ++i) {
        const auto piece = *rc::gen::inRange<std::size_t>(0, pieces.size() * 4);
        bytes += pieces[piece < pieces.size() ? piece : piece % 3];
    }
    decoded(feed, bytes);
    RC_ASSERT(!::testing::Test::HasFailure());
}

// Records are mapped side by side, column by column.
RC_GTEST_PROP(Delimited, EachRecordReadsAsAlone, ()) {
    const Feed feed = feed_of(
        "feed: f\nformat: {delimited: \",\", columns: [id, kind, what, from, to, card, name, up, "
        "down, "
        "net, called, rest]}\ntime_zone: Europe/Tallinn\nrecord:\n  id: {field: id}\n"
        "  service: {field: what, map: {d: data, t: sms}}\n"
        "  start: {field: from, time: \"%Y-%m-%d %H:%M:%S\"}\n  end: {field: to}\n"
        "  quantity: {sum: [{field: up}, {field: down}], unit: byte}\n"
        "  network: {field: net}\n  called: {field: called}\n  keep: {rest: {field: rest}}\n"
        "filter: [{field: kind, keep: [u]}]\n"
        "guide: [{by: iccid, field: card}, {by: device, field: name}]\nsame_record: [id]\n");
    const std::vector<std::vector<std::string>> some = {
        {"1", "2", ""},
        {"u", "u", "u", "x"},
        {"d", "t", "d", "z", ""},
        {"2026-01-05 10:00:00", "2026-01-05 10:00:07", "2026-10-25 03:30:00", "2026-03-29 03:30:00",
         "soon"},
        {"2026-01-05 10:15:00", "2026-01-06 00:00:00", "2026-10-25 03:40:00", ""},
        {"89 372", "893", ""},
        {"lamp", "", "\"a \"\"b\"\"\""},
        {"7", "1.5", "9007199254740992"},
        {"0", "x", "12"},
        {"24801", "248-01", "24", ""},
        {"+372 5", "4"},
        {"3", "", "dim"}};
    std::string bytes;
    const auto count = *rc::gen::inRange(0, 150);
    for (int i = 0; i < count; ++i) {
        std::string line;
        for (const auto& of_field : some) {
            const bool usual = *rc::gen::inRange(0, 4) != 0;
            line += of_field[usual ? 0 : *rc::gen::inRange<std::size_t>(0, of_field.size())] + ",";
        }
        line.back() = '\n';
        bytes += *rc::gen::inRange(0, 16) == 0 ? "cut short\n" : line;
    }
    const Lines alone = decoded(feed, bytes, 1);
    RC_ASSERT(decoded(feed, bytes, 200) == alone);
    RC_ASSERT(decoded(feed, bytes, 3) == alone);
}

TEST(Delimited, RestartsAtAnyRecordAndCutsAnywhere) {
    const Feed feed = stored_feed("asterisk-master");
    const std::string sample = slurp("catalogs/feeds/asterisk-master.sample.csv");
    std::string bytes;
    for (int i = 0; i < 20; ++i) bytes += sample + "\"broken\n\"two\nlines\",x\n";
    const Lines whole = decoded(feed, bytes);
    EXPECT_EQ(decoded(feed, bytes, 1), whole);
    const catalog::Version version = meters();
    for (std::size_t from = 0; from <= whole.size(); from += 7) {
        Decoder decoder(feed, version, bytes);
        decoder.skip_to(static_cast<std::int64_t>(from));
        UsageChunk chunk;
        const bool more = decoder.next(chunk, 1);
        ASSERT_EQ(more, from < whole.size());
        if (!more) continue;
        EXPECT_TRUE(whole[from].starts_with(std::to_string(chunk.line[0]) + " "));
    }
    for (std::size_t size = 0; size < 700; ++size) decoded(feed, bytes.substr(0, size));
}

TEST(Times, RepeatedAndSkippedHour_EC22) {
    const Feed alone = feed_of(kSimple);
    EXPECT_EQ(decoded(alone, kLampColumns + "1,d,2026-10-25 03:30:00,1\n2,d,2026-03-29 "
                                            "03:30:00,1\n3,d,2026-10-25 04:00:00,1\n"),
              (Lines{"2 ambiguous_time", "3 nonexistent_time", "4 d data 2026-10-25T02:00:00Z 1"}));
    const Feed calls = stored_feed("asterisk-master");
    const auto call = [](const std::string& from, const std::string& to, int seconds) {
        return "\"a\",\"1\",\"2\",,,c,,,,\"2026-10-25 " + from + "\",,\"2026-10-25 " + to + "\"," +
               std::to_string(seconds) + ",60,ANSWERED,,u,\n";
    };
    EXPECT_EQ(
        decoded(calls, call("03:50:00", "03:10:00", 1200) + call("03:10:00", "03:50:00", 2400)),
        (Lines{"1 a voice 2026-10-25T00:50:00Z 60", "2 ambiguous_time"}));
}

// A time is read the same whatever times came before it.
TEST(Times, DoNotDependOnThoseBefore) {
    std::vector<std::pair<std::string, Lines>> cases = {
        {"%Y-%m-%d %H:%M:%S",
         {"2026-01-31 10:00:00", "2026-01-31 23:59:59", "2026-01-31 24:00:00",
          "2026-01-32 10:00:00", "2026-01-31 10:60:00", "2026-01-31T10:00:00",
          "2026-01-31 10:00:0x", "2026-02-01 00:00:00", "2026-1-31 10:00:00", "",
          "2026-01-31 10:00:00 ", "2027-01-31 10:00:00", "2026-03-29 03:30:00",
          "2026-10-25 03:30:00"}},
        {"%d.%m.%y %H%M%S",
         {"31.01.26 100000", "31.01.26 235959", "01.02.26 000000", "31.01.26 1000000",
          "31.01.27 100000", "31,01.26 100000"}},
        {"%H:%M:%S %b%d", {"10:00:00 Jan31", "11:00:00 JAN31", "12:00:01 Jan31", "12:00:01 Feb01"}},
        {"%%%Y%m%d%H%M%S", {"%20260131100000", "%20260131100001", "120260131100000"}},
        {"%S%Y-%m-%d %H:%M:%S", {"002026-01-31 10:00:00", "012026-01-31 10:00:02"}},
        {"%Y-%m-%dT%H:%M:%S%z", {"2026-01-31T10:00:00Z", "2026-01-31T10:00:00+02:00"}},
    };
    const auto zone = TimeZone::named("Europe/Tallinn");
    ASSERT_TRUE(zone);
    cases.emplace_back(
        "", std::vector<std::string>{
                "1969-12-31T23:00:00Z", "1969-12-31T23:30:00Z", "1970-01-01T00:00:00Z",
                "2026-01-31T10:00:00Z", "2026-01-31T23:59:59Z", "2026-01-31T24:00:00Z",
                "2026-01-31t10:00:00z", "2026-01-31T10:00:01z", "2026-01-31 10:00:02Z",
                "2026-01-31T10-00:03Z", "2026-01-31T10:00:0/Z", "2026-01-31T1::00:05Z",
                "2026-01-31T10:00:06+02:00", "2026-01-31T10:00:07.5Z", "2026-02-01T00:00:00Z"});
    for (const auto& [pattern, texts] : cases) {
        const TimeRules rules{pattern.empty() ? TimeRules::Kind::rfc3339 : TimeRules::Kind::pattern,
                              pattern};
        TimeReader used(rules, *zone);
        for (int round = 0; round < 2; ++round) {
            for (std::size_t i = 0; i < texts.size(); ++i) {
                const std::string& text = texts[round == 0 ? i : texts.size() - 1 - i];
                LocalReading by_used, by_fresh;
                const SuspenseReason told = used.read(text, by_used);
                EXPECT_EQ(told, TimeReader(rules, *zone).read(text, by_fresh)) << text;
                if (told != SuspenseReason::none) continue;
                EXPECT_EQ(by_used.first, by_fresh.first) << text;
            }
        }
    }
}

TEST(Times, FinerDigitsAreCut_EC64) {
    std::string yaml = kSimple;
    yaml.replace(yaml.find("\"%Y-%m-%d %H:%M:%S\""), 19, "unix_millis");
    EXPECT_EQ(
        decoded(feed_of(yaml),
                kLampColumns +
                    "1,d,1769896799999.9999,1\n2,d,1769896800000,1\n3,d,99999999999999999,1\n"),
        (Lines{"2 d data 2026-01-31T21:59:59.999999Z 1", "3 d data 2026-01-31T22:00:00Z 1",
               "4 bad_time"}));
}

TEST(Validate, LateEarlyReversed) {
    const Feed feed = feed_of(kSimple);
    const catalog::Version version = meters();
    const std::string bytes =
        kLampColumns +
        "1,d,1970-01-01 12:00:00,1\n2,d,2106-02-07 12:00:00,1\n3,d,2026-01-05 12:00:00,1\n";
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    decoder.next(chunk);
    const Instant now = *parse_rfc3339("2026-01-05T12:00:00Z");
    validate(feed, now, chunk);
    EXPECT_EQ(chunk.reason[0], SuspenseReason::too_late);
    EXPECT_EQ(chunk.reason[1], SuspenseReason::in_the_future);
    EXPECT_TRUE(chunk.live(2));
    chunk.end[2] = chunk.start[2].plus_micros(-1);
    validate(feed, now, chunk);
    EXPECT_EQ(chunk.reason[2], SuspenseReason::session_reversed);
}

TEST(Seal, ForeignFiles) {
    const Feed feed = feed_of(kSimple);
    EXPECT_EQ(seal(feed, std::string_view("\xff\xfei\0d\0", 6)).rejected,
              RejectReason::encoding_unknown);
    EXPECT_EQ(seal(feed, std::string_view("i\0d\0,\0d\0", 8)).rejected,
              RejectReason::encoding_unknown);
    const Seal other = seal(feed, "id,device,time,bytes\n1,2,3,4\n");
    EXPECT_EQ(other.rejected, RejectReason::header_unknown_fields);
    EXPECT_EQ(
        other.detail,
        "line 1 does not name each of these fields once: at; it reads \"id,device,time,bytes\"");
    EXPECT_EQ(seal(feed, "").rejected, RejectReason::header_missing);
}

TEST(Failure, NamesFieldAndText) {
    const Feed feed = feed_of(kSimple);
    const catalog::Version version = meters();
    EXPECT_EQ(describe_failure(feed, version, "1,d,2026-01-05 12:00:00,many", kLampColumns,
                               SuspenseReason::bad_number),
              "column bytes, character 25: \"many\": a number is malformed or out of range");
    EXPECT_EQ(describe_failure(feed, version, "1,d,2026-01-05 12:00:00,1", kLampColumns,
                               SuspenseReason::unknown_identity),
              "device d: no subscription owns this identity at the time of the event");
}

TEST(Failure, NamesTheCountOfFieldsAndTheForeignByte) {
    const Feed feed = feed_of(kSimple);
    const auto told = [&](std::string_view raw, SuspenseReason reason) {
        return describe_failure(feed, meters(), raw, kLampColumns, reason);
    };
    EXPECT_EQ(told("1,d,2026-01-05 12:00:00,1,", SuspenseReason::unparseable),
              "record 1,d,2026-01-05 12:00:00,1,: it has 5 fields, not 4: the record can't be read "
              "as its feed describes it");
    EXPECT_EQ(told("1,d", SuspenseReason::missing_field),
              "record 1,d: it has 2 fields, not 4: a field that the feed needs is absent or empty");
    EXPECT_EQ(told("1,\xe9,2026-01-05 12:00:00,1", SuspenseReason::unparseable),
              "record 1,\\xe9,2026-01-05 12:00:00,1: byte 0xe9 at character 3: the record can't be "
              "read as its feed describes it");
}

TEST(Seal, AFileThatEndsWithinItsLastLineSaysSo) {
    const Feed feed = feed_of(kSimple);
    const std::string header = std::string(kLampColumns) + "\n";
    EXPECT_TRUE(seal(feed, header + "1,d,2026-01-05 12:00:00,1").open_end);
    EXPECT_FALSE(seal(feed, header + "1,d,2026-01-05 12:00:00,1\n").open_end);
    EXPECT_FALSE(seal(feed, header + "1,d,2026-01-05 12:00:00,1\r\n").open_end);
    EXPECT_FALSE(seal(feed, kLampColumns).open_end);
}

TEST(Collect, PlainGzipZstdAndBombs) {
    const std::string path = testing::TempDir() + "farthing_collect_test";
    const auto write = [&](std::string_view bytes) {
        std::ofstream(path, std::ios::binary) << bytes;
    };
    write("id\n1\n");
    EXPECT_EQ(Collected::open(path, 100)->bytes(), "id\n1\n");
    EXPECT_EQ(Collected::open(path, 100)->hash(), sha256_hex("id\n1\n"));
    EXPECT_EQ(Collected::open(path, 3).error().code, "too_large_when_unpacked");
    // "hello\n" as gzip (1.12) writes it.
    const std::string gzip(
        "\x1f\x8b\x08\0\0\0\0\0\0\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\0\x20\x30\x3a\x36\x06\0\0\0", 26);
    write(gzip + gzip);
    EXPECT_EQ(Collected::open(path, 100)->bytes(), "hello\nhello\n");
    EXPECT_EQ(Collected::open(path, 11).error().code, "too_large_when_unpacked");
    write(gzip.substr(0, 20));
    EXPECT_EQ(Collected::open(path, 100).error().code, "compression_broken");
    // One run-length block of 64 KiB of "a".
    const std::string zstd("\x28\xb5\x2f\xfd\xa0\0\0\x01\0\x03\0\x08\x61", 13);
    write(zstd);
    EXPECT_EQ(Collected::open(path, 65'536)->bytes(), std::string(65'536, 'a'));
    EXPECT_EQ(Collected::open(path, 65'535).error().code, "too_large_when_unpacked");
    write(zstd.substr(0, 12));
    EXPECT_EQ(Collected::open(path, 65'536).error().code, "compression_broken");
    EXPECT_EQ(Collected::open(testing::TempDir(), 100).error().code, "unreadable");
    EXPECT_EQ(Collected::open(path + ".none", 100).error().code, "unreadable");
}

TEST(ReadFeed, TellsEveryMistakeWithItsPlace) {
    const auto feed = read_feed(
        "f.yaml",
        "feed: x\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Talinn\nrecord:\n"
        "  service: {constant: data}\n  strat: {field: at, time: rfc3339}\n  quantity: {field: b, "
        "unit: gram}\n"
        "guide: [{by: serial, field: d}]\nsame_record: [id]\nratings: [retial]\n");
    ASSERT_FALSE(feed);
    std::string told;
    for (const Error& error : feed.error()) told += error.place + " " + error.code + "\n";
    EXPECT_EQ(
        told,
        "f.yaml:3:12 feed_bad_value\nf.yaml:6:3 feed_unknown_key\nf.yaml:5:3 feed_missing_key\n"
        "f.yaml:7:30 feed_bad_value\nf.yaml:10:10 feed_bad_value\nf.yaml:8:14 "
        "feed_bad_value\nf.yaml:9:15 feed_bad_value\n");
}

TEST(ReadFeed, ReadsWhatIsWatchedAndTellsMistakesInIt) {
    const std::string head =
        "feed: x\nformat: {delimited: \",\", header: true}\nrecord:\n"
        "  service: {constant: data}\n  start: {field: at, time: rfc3339}\n  quantity: 1\n"
        "  keep: {fault: f, light: l}\nguide: [{by: device, field: d}]\nsame_record: [start]\n";
    const auto feed = read_feed(
        "f.yaml", head + "watch: [{reading: light, stuck_after: 24 h}, {unknown_identity: 7}]\n");
    ASSERT_TRUE(feed) << feed.error().front().to_string();
    ASSERT_EQ(feed->watches.size(), 1U);
    EXPECT_EQ(feed->watches[0].reading, 1U);
    EXPECT_EQ(feed->watches[0].stuck_micros, kMicrosPerDay);
    EXPECT_EQ(feed->unknown_records, 7);
    for (const char* wrong :
         {"{}", "[light]", "[{reading: heat, stuck_after: 24 h}]", "[{reading: light}]",
          "[{reading: light, stuck_after: 59 min}]", "[{reading: light, stuck_after: 15 days}]",
          "[{reading: light, stuck_after: 1 day, records: 1}]", "[{unknown_identity: many}]",
          "[{reading: light, stuck_after: 1 day, when: x}]"}) {
        const auto refused = read_feed("f.yaml", head + "watch: " + wrong + "\n");
        EXPECT_FALSE(refused) << wrong;
    }
}

TEST(Propose, ReadsItsOwnProposal) {
    const auto lamps = propose_feed("lamps.csv", slurp("catalogs/feeds/lamps.sample.csv"));
    ASSERT_TRUE(lamps) << lamps.error().to_string();
    ASSERT_EQ(lamps->preview.size(), 5U);
    EXPECT_EQ(lamps->preview[0],
              R"({"line":2,"id":"e-0000001","device":"L-0001","service":"energy",)"
              R"("start":"2026-06-01T00:00:00Z","quantity":3000,"unit":"joule"})");
    const auto sims = propose_feed("in/sims.csv", slurp("catalogs/feeds/sim-sessions.sample.csv"));
    ASSERT_TRUE(sims) << sims.error().to_string();
    EXPECT_EQ(
        sims->preview[0],
        R"({"line":2,"iccid":"8937204016150000001","service":"data","start":"2026-01-05T10:00:00Z",)"
        R"("end":"2026-01-05T10:15:00Z","quantity":40000000,"unit":"byte"})");
    EXPECT_NE(sims->yaml.find("network: {mcc: {field: \"mcc\"}, mnc: {field: \"mnc\"}}"),
              std::string::npos)
        << sims->yaml;
    EXPECT_TRUE(propose_feed("ce.jsonl", slurp("catalogs/feeds/cloudevents.sample.jsonl")));
    EXPECT_FALSE(propose_feed("empty", ""));
    EXPECT_FALSE(propose_feed("prose.txt", "no table here\n"));
}

TEST(Propose, KnowsTheColumnsOfMasterCsv) {
    const auto calls =
        propose_feed("Master.csv", slurp("catalogs/feeds/asterisk-master.sample.csv"));
    ASSERT_TRUE(calls) << calls.error().to_string();
    ASSERT_GE(calls->preview.size(), 2U);
    EXPECT_EQ(
        calls->preview[0],
        R"({"line":1,"id":"1767600000.1","msisdn":"37255512345","service":"voice",)"
        R"("start":"2026-01-05T10:00:00Z","end":"2026-01-05T10:01:17Z","quantity":73,"unit":"second",)"
        R"("called":"442071234567"})");
    EXPECT_NE(calls->yaml.find("filter: [{column: 15, keep: [ANSWERED]}]"), std::string::npos);
}

TEST(Propose, FindsUnitsAndNetworksInNames) {
    const auto sessions = propose_feed(
        "export.csv",
        "Session Start|Session End|ICCID|Data Up (KB)|Data Down (KB)|Country|PLMN\n"
        "05.01.2026 10:00:00|05.01.2026 10:30:12|8937200000000000003|120|4500|Estonia|24801\n"
        "06.01.2026 11:00:00|06.01.2026 11:30:12|8937200000000000004|20|1500|Finland|24405\n");
    ASSERT_TRUE(sessions) << sessions.error().to_string();
    EXPECT_EQ(sessions->preview[0],
              R"({"line":2,"iccid":"8937200000000000003","service":"data",)"
              R"("start":"2026-01-05T10:00:00Z","end":"2026-01-05T10:30:12Z","quantity":4620000,)"
              R"("unit":"byte"})");
    EXPECT_NE(sessions->yaml.find("network: {field: \"PLMN\"}"), std::string::npos);
}

}  // namespace
}  // namespace farthing::mediation
