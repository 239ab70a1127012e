#include <gtest/gtest.h>

#include "mediation/test_feeds.h"
#include "model/open_session.h"

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

TEST(ChargedOnline, SessionsAreKnownByTheirChargingIdAndRatingGroup) {
    const Feed feed = feed_of(call_feed(
        "same_record: [identity, start]\ncharged_online: {charging_id: session, rating_group: "
        "cause}\n"));
    EXPECT_EQ(feed.partials.counted_online(), CountedOnline::totals);
    const auto parts = parts_of(feed, kPartHeader +
                                          "4711,1767600000,1,37255501,7\n"
                                          "4711,1767600000,1,37255502,\n"
                                          ",1767600000,1,37255503,7\n");
    ASSERT_EQ(parts.size(), 3u);
    EXPECT_EQ(parts[0].session, charged_session("4711", 7));
    EXPECT_EQ(parts[1].session, charged_session("4711", 0));
    EXPECT_EQ(parts[2].session, Hash128{});
}

TEST(ChargedOnline, RefusesWhatWouldSayTwiceWhatASessionIs) {
    const std::string online = "same_record: [identity, start]\ncharged_online: ";
    EXPECT_NE(mistake(call_feed(online + "{charging_id: session}\npartials: {by: session}\n"))
                  .find("`partials` and `charged_online` both say what a session is"),
              std::string::npos);
    EXPECT_NE(mistake(call_feed(online + "{rating_group: cause}\n"))
                  .find("`charged_online` lacks the key `charging_id`"),
              std::string::npos);
    EXPECT_NE(mistake(call_feed(online + "{charging_id: session, last: {field: cause}}\n"))
                  .find("`last` lacks the key `equals`"),
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

// A feed of calls that is rated as `ratings` says, with `carrier` in its record.
std::string rated_feed(const std::string& ratings, const std::string& carrier,
                       const std::string& rest = "guide: [{by: msisdn, field: from}]\n",
                       const std::string& same = "[start]") {
    return "feed: calls\nformat: {delimited: \",\", header: true}\nrecord:\n"
           "  service: {constant: voice}\n  start: {field: at, time: unix_seconds}\n"
           "  quantity: {field: seconds}\n" +
           carrier + rest + "same_record: " + same + "\nratings: " + ratings + "\n";
}

TEST(Ratings, SayFromWhichSidesARecordIsRated_EC52) {
    const std::string carrier = "  carrier: {field: trunk, map: {T1: voxa}}\n";
    const Feed both = feed_of(rated_feed("[cost, retail]", carrier));
    EXPECT_EQ(both.ratings, (std::vector{Perspective::retail, Perspective::cost}));
    EXPECT_EQ(feed_of(rated_feed("[retail]", "")).rates_cost(), false);
    EXPECT_EQ(feed_of(rated_feed("[cost]", carrier, "")).rates(Perspective::retail), false);

    const catalog::Version version = meters();
    Decoder decoder(both, version,
                    "at,seconds,from,trunk\n1767600000,60,1,T1\n1767600001,60,1,T2\n");
    UsageChunk chunk;
    ASSERT_TRUE(decoder.next(chunk));
    EXPECT_EQ(chunk.carrier[0], "voxa");
    EXPECT_EQ(chunk.carrier[1], "T2");  // no carrier of ours, as rating will say
}

TEST(Ratings, MistakesNameTheirPlace) {
    const std::string carrier = "  carrier: {constant: voxa}\n";
    EXPECT_EQ(mistake(rated_feed("[retail, cost]", "")),
              "feed.yaml:4:3: a record that is rated by cost lacks the key `carrier` "
              "(feed_missing_key). Add it.");
    EXPECT_EQ(mistake(rated_feed("[retail]", carrier)),
              "feed.yaml:7:12: the record says who carried it, but the feed rates no cost "
              "(feed_bad_value). Write `ratings: [retail, cost]`, or take `carrier` out.");
    EXPECT_EQ(mistake(rated_feed("[retail, profit]", carrier)),
              "feed.yaml:10:10: \"profit\" is no rating, or stands twice (feed_bad_value). Write "
              "`ratings: [retail, cost]`.");
    EXPECT_NE(mistake(rated_feed("[]", "")).find("`ratings` names none"), std::string::npos);
    EXPECT_NE(mistake(rated_feed("[cost]", carrier, "", "{slot: 60 s}")).find("feed_not_supported"),
              std::string::npos);
}

TEST(CarrierInvoice, IsReadWithAmountsAndNeverRated) {
    const auto invoice = [](const std::string& more, const std::string& same = "[start]") {
        return "feed: bill\nkind: carrier_invoice\nformat: {delimited: \",\", header: true}\n"
               "record:\n  service: {constant: voice}\n"
               "  start: {field: at, time: unix_seconds}\n  quantity: {field: seconds}\n" +
               more + "same_record: " + same + "\n";
    };
    const std::string whole = "  carrier: {constant: voxa}\n  amount: {field: sum}\n";
    const Feed feed = feed_of(invoice(whole));
    const catalog::Version version = meters();
    Decoder decoder(feed, version, "at,seconds,sum\n1767600000,60,0.0120\n");
    UsageChunk chunk;
    ASSERT_TRUE(decoder.next(chunk));
    EXPECT_TRUE(chunk.live(0));
    EXPECT_EQ(chunk.amount[0], "0.0120");

    EXPECT_NE(mistake(invoice("")).find("lacks the key `carrier`"), std::string::npos);
    EXPECT_NE(mistake(invoice("  carrier: {field: c}\n  amount: {field: sum}\n"))
                  .find("an invoice is of one carrier"),
              std::string::npos);
    EXPECT_NE(mistake(invoice(whole, "[quantity]")).find("Name some of id, service"),
              std::string::npos);
    EXPECT_NE(mistake(invoice(whole) + "guide: [{by: msisdn, field: from}]\n")
                  .find("an invoice has no `guide`"),
              std::string::npos);
    EXPECT_NE(
        mistake(rated_feed("[retail]", "  amount: {field: sum}\n")).find("usage has no amount"),
        std::string::npos);
}

}  // namespace
}  // namespace farthing::mediation
