#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalog/test_catalogs.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

Compiled with(const std::string& csv, const std::string& more = "") {
    return compile_text(
        around("      - {usage: voice, deck: d}\n", "decks: {d: {file: deck.csv" + more + "}}\n"),
        csv);
}

Instant local(int day, int seconds_before_midnight) {
    return TimeZone::named("Europe/Tallinn")
        ->start_of(Date::of(2026, 2, 1).plus_days(day))
        .plus_micros(-seconds_before_midnight * kMicrosPerSecond);
}

TEST(Deck, EC25ThePrefixIsTheLongestThatIsValid) {
    const auto compiled =
        with("prefix,price,valid_from,valid_until\n372,0.01,,\n3725,0.10,,2026-01-31\n");
    ASSERT_TRUE(compiled) << told(compiled);
    const Deck& deck = (*compiled)->decks.at("d");
    EXPECT_EQ(deck.match("37251234567", local(0, 1))->price.text, "0.10 per minute");
    EXPECT_EQ(deck.match("37251234567", local(0, 0))->price.text, "0.01 per minute");
    EXPECT_EQ(deck.match("3726123456", local(0, 1))->price.text, "0.01 per minute");
    EXPECT_EQ(deck.match("371", local(0, 1)), nullptr);
    EXPECT_EQ(deck.match("", local(0, 1)), nullptr);
    EXPECT_EQ(deck.match("37", local(0, 1)), nullptr);
    EXPECT_EQ(deck.match("372x", local(0, 1))->prefix, "372");
}

TEST(Deck, EC26TheSamePrefixTwiceAtATimeIsRefused) {
    const auto overlap = with(
        "prefix,price,valid_from,valid_until\n372,0.01,2026-01-01,2026-01-31\n371,1,,\n372,0.02,"
        "2026-01-31,\n");
    EXPECT_TRUE(told(overlap).starts_with(
        "deck.csv:4: `372` is priced twice at the same time, also at deck.csv:2 (deck_overlap)"))
        << told(overlap);
    const auto apart = with(
        "prefix,price,valid_from,valid_until\n372,0.01,2026-01-01,2026-01-31\n372,0.02,2026-02-01,"
        "\n");
    ASSERT_TRUE(apart) << told(apart);
    const Deck& deck = (*apart)->decks.at("d");
    EXPECT_EQ(deck.match("3721", local(0, 1))->price.text, "0.01 per minute");
    EXPECT_EQ(deck.match("3721", local(0, 0))->price.text, "0.02 per minute");
    EXPECT_EQ(deck.match("3721", local(-40, 0)), nullptr);
    const auto hidden = with(
        "prefix,price,valid_from,valid_until\n1,1,2026-01-01,2026-12-31\n1,2,2026-02-01,2026-02-"
        "02\n1,3,2026-05-01,2026-05-02\n");
    ASSERT_FALSE(hidden);
    EXPECT_EQ(hidden.error().size(), 2U);  // both lie inside the first, though not beside it
}

TEST(Deck, SpreadsheetsAreReadAsTheyCome) {
    const auto compiled = with(
        "\xEF\xBB\xBFPrefix;Destination;Price;Increments;Connection Fee\r\n"
        "44;\"United; \"\"Kingdom\"\"\";0,0120;60/6;0,01\r\n;;;;\r\n\r\n+1;Côte;0,0085;;\r\n",
        ", decimal: comma, increments: 6/6");
    ASSERT_TRUE(compiled) << told(compiled);
    const auto& rows = (*compiled)->decks.at("d").rows();
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].prefix, "1");
    EXPECT_EQ(rows[0].increments, (Increments{6, 6}));
    EXPECT_EQ(rows[1].name, "United; \"Kingdom\"");
    EXPECT_EQ(rows[1].price.exact(), Exact(12, 1'000) / Exact(60));
    EXPECT_EQ(rows[1].increments, (Increments{60, 6}));
    EXPECT_EQ(rows[1].connection_fee->exact(), Exact(1, 100));
    EXPECT_EQ(rows[1].place, "deck.csv:2");
}

TEST(Deck, PricesOfDataSayWhatTheyAreFor) {
    const std::string yaml = around("      - {usage: data, price_list: l}\n",
                                    "price_lists: {l: {file: deck.csv, by: mcc-mnc}}\n");
    EXPECT_TRUE(told(compile_text(yaml, "network,price\n248,1\n"))
                    .starts_with("catalog.yaml:11:15: neither `l` nor its file says what a price "
                                 "is for (missing_key)"));
    const auto compiled = compile_text(yaml, "network,price,per\n248,1,MB\n248-01,2,100 kB\n");
    ASSERT_TRUE(compiled) << told(compiled);
    const Deck& list = (*compiled)->decks.at("l");
    EXPECT_EQ(list.row(NetworkKey::parse("248").value, Instant{})->price.per, 1'000'000);
    EXPECT_EQ(list.row(NetworkKey::parse("248-01").value, Instant{})->price.per, 100'000);
}

TEST(Deck, AMeterInMillisecondsCountsItsIncrementsInSeconds) {
    auto yaml = around("      - {usage: voice, deck: d}\n", "decks: {d: {file: deck.csv}}\n");
    yaml.replace(yaml.find("unit: second"), 12, "unit: millisecond");
    const auto compiled = compile_text(yaml, "prefix,price,increments\n44,1,60/6\n");
    ASSERT_TRUE(compiled) << told(compiled);
    const RateRow& row = (*compiled)->decks.at("d").rows().at(0);
    EXPECT_EQ(row.increments, (Increments{60'000, 6'000}));
    EXPECT_EQ(row.price.per, 60'000);
}

TEST(Deck, HalfAMillionRowsAreRead) {
    std::string csv = "prefix,destination,price,per,increments\n";
    for (int i = 0; i < 500'000; ++i)
        csv += std::to_string(1'000'000 + i) + ",Destination,0.01,minute,1/1\n";
    const auto compiled = with(csv);
    ASSERT_TRUE(compiled) << told(compiled);
    EXPECT_EQ((*compiled)->decks.at("d").rows().size(), 500'000U);
    EXPECT_EQ((*compiled)->decks.at("d").match("149999912", Instant{})->prefix, "1499999");
}

// A slow look-up over all rows is what the deck must agree with.
RC_GTEST_PROP(Deck, MatchesWhatASearchOverAllRowsFinds, ()) {
    std::vector<RateRow> rows;
    const auto count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
        RateRow row;
        row.prefix = std::to_string(*rc::gen::inRange(1, 400));
        row.key = deck_key(row.prefix);
        const int from = *rc::gen::inRange(0, 20);
        row.valid_from = Instant{from};
        row.valid_until = Instant{from + *rc::gen::inRange(1, 5)};
        const bool clashes = std::any_of(rows.begin(), rows.end(), [&](const RateRow& other) {
            return other.key == row.key && row.valid_from < other.valid_until &&
                   other.valid_from < row.valid_until;
        });
        if (!clashes) rows.push_back(row);
    }
    const std::string called = std::to_string(*rc::gen::inRange(1, 40'000));
    const Instant when{*rc::gen::inRange(0, 26)};
    const RateRow* slow = nullptr;
    for (const RateRow& row : rows) {
        const bool fits =
            called.starts_with(row.prefix) && row.valid_from <= when && when < row.valid_until;
        if (fits && (slow == nullptr || row.prefix.size() > slow->prefix.size())) slow = &row;
    }
    const Deck deck("d", rows);
    const RateRow* fast = deck.match(called, when);
    RC_ASSERT((fast == nullptr) == (slow == nullptr));
    if (fast != nullptr) {
        RC_ASSERT(fast->prefix == slow->prefix);
        RC_ASSERT(fast->valid_from == slow->valid_from);
    }
}

}  // namespace
}  // namespace farthing::catalog
