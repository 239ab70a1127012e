#include <gtest/gtest.h>

#include "mediation/test_feeds.h"

namespace farthing::mediation {
namespace {

// A delimited feed of calls with a session and a part number; `rest` is what the test adds.
std::string call_feed(const std::string& rest, const std::string& start = {}) {
    const std::string time = start.empty() ? "{field: at, time: unix_seconds}" : start;
    return "feed: calls\nformat: {delimited: \",\", header: true}\ntime_zone: Europe/Tallinn\n"
           "record:\n  service: {constant: voice}\n  start: " +
           time + "\n  quantity: {field: seconds}\nguide: [{by: msisdn, field: from}]\n" + rest;
}
const std::string kParted = call_feed(
    "same_record: [{field: session}, start]\n"
    "partials: {by: session, last: {field: cause, equals: [F, X]}}\n");
const std::string kPartHeader = "session,at,seconds,from,cause\n";

// The first mistake of a description, or "none".
std::string mistake(const std::string& yaml) {
    const auto feed = read_feed("feed.yaml", yaml);
    return feed ? "none" : feed.error().front().to_string();
}

struct Part {
    Hash128 session;
    bool last = false;
};
std::vector<Part> parts_of(const Feed& feed, std::string_view bytes) {
    const catalog::Version version = meters();
    Decoder decoder(feed, version, bytes);
    UsageChunk chunk;
    std::vector<Part> parts;
    while (decoder.next(chunk, 2)) {
        for (std::size_t row = 0; row < chunk.size(); ++row)
            parts.push_back({chunk.session_of(row), chunk.closes_session(row)});
    }
    return parts;
}

TEST(Partials, PartsOfOneSessionShareItsName_EC15_EC35) {
    const std::string bytes = kPartHeader +
                              "s-1,1767600000,60,37255501,P\ns-2,1767600000,60,37255502,F\n"
                              "s-1,1767600060,60,37255501,P\ns-1,1767600120,60,37255501,X\n";
    const auto parts = parts_of(feed_of(kParted), bytes);
    ASSERT_EQ(parts.size(), 4u);
    EXPECT_NE(parts[0].session, Hash128{});
    EXPECT_EQ(parts[0].session, parts[2].session);
    EXPECT_EQ(parts[0].session, parts[3].session);
    EXPECT_NE(parts[0].session, parts[1].session);
    EXPECT_FALSE(parts[0].last || parts[2].last);
    EXPECT_TRUE(parts[1].last && parts[3].last);
}

TEST(Partials, ARecordWithoutSessionIsAWholeOne) {
    const std::string bytes =
        kPartHeader + ",1767600000,60,37255501,F\nbroken\ns-1,1767600000,60,37255501,F\n";
    const auto parts = parts_of(feed_of(kParted), bytes);
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_EQ(parts[0].session, Hash128{});
    EXPECT_FALSE(parts[0].last);
    EXPECT_EQ(parts[1].session, Hash128{});
    EXPECT_NE(parts[2].session, Hash128{});
}

TEST(Partials, SessionsOfTwoDevicesWithOneNumberDiffer) {
    const Feed feed = feed_of(call_feed(
        "same_record: [identity, start]\npartials: {by: [identity, {field: session}]}\n"));
    const auto parts = parts_of(feed, kPartHeader +
                                          "7,1767600000,1,37255501,\n7,1767600000,1,37255502,\n"
                                          ",1767600000,1,37255503,\n");
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_NE(parts[0].session, parts[1].session);
    EXPECT_EQ(parts[2].session, Hash128{});
    EXPECT_FALSE(parts[0].last);
}

TEST(Partials, AFeedWithoutThemHasNoColumns) {
    const Feed feed = feed_of(call_feed("same_record: [identity, start]\n"));
    const catalog::Version version = meters();
    Decoder decoder(feed, version, "at,seconds,from\n1767600000,60,37255501\n");
    UsageChunk chunk;
    chunk.in_parts = true;  // of another feed before
    chunk.resize(9);
    ASSERT_TRUE(decoder.next(chunk));
    EXPECT_TRUE(chunk.session.empty());
    EXPECT_EQ(chunk.session_of(0), Hash128{});
    EXPECT_FALSE(chunk.closes_session(0));
}

TEST(Partials, RefusesWhatWouldLosePartsOrNamesNoSession) {
    EXPECT_NE(mistake(call_feed("same_record: [{field: session}]\npartials: {by: session}\n"))
                  .find("the parts of a session would be one and the same record"),
              std::string::npos);
    EXPECT_NE(mistake(call_feed("same_record: [identity, start]\npartials: {by: [identity]}\n"))
                  .find("`by` needs a field that names the session"),
              std::string::npos);
    EXPECT_NE(mistake(call_feed("same_record: [identity, start]\npartials: {by: session, last: "
                                "{field: cause}}\n"))
                  .find("`last` lacks the key `equals`"),
              std::string::npos);
    EXPECT_NE(mistake(call_feed("same_record: [identity, start]\npartials: {last: {}}\n"))
                  .find("`partials` lacks the key `by`"),
              std::string::npos);
}

TEST(Times, ADayAndAClockInTwoFields) {
    const Feed feed = feed_of(call_feed("same_record: [identity, start]\n",
                                        "{join: [day, clock], time: \"%d.%m.%Y %H:%M:%S\"}"));
    const std::string head = "day,clock,seconds,from\n";
    EXPECT_EQ(decoded(feed, head + "05.01.2026,10:00:00,60,37255501\n"
                                   " 05.01.2026 , 10:00:01 ,60,37255501\n"
                                   "05.01.2026,,60,37255501\n,10:00:00,60,37255501\n"
                                   "05.01.2026,24:61:00,60,37255501\n"
                                   "29.03.2026,03:30:00,60,37255501\n"
                                   "25.10.2026,03:30:00,60,37255501\n"),
              (std::vector<std::string>{"2 37255501 voice 2026-01-05T08:00:00Z 60",
                                        "3 37255501 voice 2026-01-05T08:00:01Z 60",
                                        "4 missing_field", "5 missing_field", "6 bad_time",
                                        "7 nonexistent_time", "8 ambiguous_time"}));
    const std::string told = describe_failure(feed, meters(), "05.01.2026,24:61:00,60,37255501",
                                              head, SuspenseReason::bad_time);
    EXPECT_NE(told.find("column day: \"05.01.2026 24:61:00\""), std::string::npos) << told;
    EXPECT_NE(mistake(call_feed("same_record: [identity]\n", "{join: [day], time: rfc3339}"))
                  .find("`join` must be a list of two fields"),
              std::string::npos);
}

}  // namespace
}  // namespace farthing::mediation
