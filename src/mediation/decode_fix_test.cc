#include "mediation/decode_fix.h"

#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

constexpr std::string_view kMeterColumns = "id,device,from,time,up,down";
constexpr const char* kCalls =
    "feed: calls\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Tallinn\nrecord:\n"
    "  id: {field: id}\n  service: {constant: data}\n"
    "  start: {field: time, time: \"%Y-%m-%d %H:%M:%S\"}\n"
    "  quantity: {sum: [up, down], unit: kB}\n"
    "  calling: {field: from, number: {country: 372, national: \"\"}}\n"
    "guide: [{by: device, field: device}, {by: msisdn, from: calling}]\nsame_record: [id]\n"
    "late: {accept: 400 days}\n";

// "device 2026-10-25T00:30:00Z 5000", or why the record waits.
std::string read_with(const Feed& feed, std::string_view record,
                      const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<FieldFix> fixes;
    for (const auto& [field, value] : fields) {
        const auto fix = read_fix(feed, field, value);
        if (!fix) return fix.error().code;
        fixes.push_back(*fix);
    }
    const catalog::Version version = meters();
    Decoder decoder(feed, version, record, kMeterColumns, fixes);
    UsageChunk chunk;
    if (!decoder.next(chunk)) return "nothing";
    if (chunk.outcome[0] != Outcome::rated) return std::string(name_of(chunk.reason[0]));
    return std::string(chunk.identity[0]) + " " + to_rfc3339(chunk.start[0]) + " " +
           std::to_string(chunk.quantity[0]);
}

TEST(Fix, IsReadAsIfTheSourceHadWrittenIt) {
    const Feed feed = feed_of(kCalls);
    const std::string record = "7,D-1,5551234,2026-10-25 03:30:00,2,3\n";
    EXPECT_EQ(read_with(feed, record, {}), "ambiguous_time");
    EXPECT_EQ(read_with(feed, record, {{"start", "2026-10-25T03:30:00+03:00"}}),
              "D-1 2026-10-25T00:30:00Z 5000");
    EXPECT_EQ(
        read_with(feed, record,
                  {{"start", "2026-10-25T03:30:00+02:00"}, {"identity", "D-2"}, {"quantity", "7"}}),
        "D-2 2026-10-25T01:30:00Z 7000");
    // The later one of the same field holds.
    EXPECT_EQ(
        read_with(
            feed, record,
            {{"start", "2026-10-25T03:30:00+03:00"}, {"identity", "D-2"}, {"identity", "D-3"}}),
        "D-3 2026-10-25T00:30:00Z 5000");
}

TEST(Fix, FillsWhatWasMissing) {
    const Feed feed = feed_of(kCalls);
    const std::string record = "7,,,2026-10-24 03:30:00,many,\n";
    EXPECT_EQ(read_with(feed, record, {}), "missing_field");
    EXPECT_EQ(read_with(feed, record, {{"calling", "+372 555 1234"}, {"quantity", "1"}}),
              "3725551234 2026-10-24T00:30:00Z 1000");
    EXPECT_EQ(read_with(feed, record, {{"calling", "+372 555 1234"}, {"quantity", "one"}}),
              "bad_number");
}

TEST(Fix, AWholeTimeReplacesADayAndItsClock) {
    const Feed feed = feed_of(
        "feed: calls\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Tallinn\n"
        "record:\n  service: {constant: voice}\n"
        "  start: {join: [id, time], time: \"%Y-%m-%d %H:%M:%S\"}\n"
        "  end: {field: up, time: \"%Y-%m-%d %H:%M:%S\"}\n"
        "  quantity: {from: from, to: up, time: \"%Y-%m-%d %H:%M:%S\"}\n"
        "guide: [{by: device, field: device}]\nsame_record: [identity, start]\n");
    const std::string record = "2026-10-25,D-1,2026-10-25 02:59:00,03:30:00,2026-10-25 03:40:00,\n";
    EXPECT_EQ(read_with(feed, record, {}), "ambiguous_time");
    EXPECT_EQ(read_with(feed, record, {{"start", "2026-10-25T03:30:00+03:00"}}), "ambiguous_time");
    EXPECT_EQ(
        read_with(feed, record,
                  {{"start", "2026-10-25T03:30:00+03:00"}, {"end", "2026-10-25T03:40:00+03:00"}}),
        "D-1 2026-10-25T00:30:00Z 2460");
    EXPECT_EQ(read_with(feed, record, {{"quantity", "7"}}), "fix_field_not_mapped");
}

TEST(Fix, IsRefusedWhereTheFeedReadsNoSuchField) {
    const Feed feed = feed_of(kCalls);
    const std::string record = "7,D-1,5551234,2026-10-24 03:30:00,2,3\n";
    EXPECT_EQ(read_with(feed, record, {{"colour", "red"}}), "fix_unknown_field");
    for (const char* field : {"service", "end", "duration", "called", "network"})
        EXPECT_EQ(read_with(feed, record, {{field, "1"}}), "fix_field_not_mapped") << field;
    EXPECT_EQ(read_with(feed, record, {{"start", "2026-10-24 03:30:00"}}), "fix_bad_value");
    EXPECT_EQ(read_with(feed, record, {{"identity", ""}}), "fix_bad_value");
}

TEST(Fix, DoesNotMendARecordThatCantBeTakenApart) {
    EXPECT_EQ(read_with(feed_of(kCalls), "7,D-1,5551234,2026-10-24 03:30:00,2,3,4,5\n",
                        {{"quantity", "1"}}),
              "unparseable");
}

}  // namespace
}  // namespace farthing::mediation
