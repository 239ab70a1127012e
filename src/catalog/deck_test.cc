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

TEST(Deck, HasNoRowOfNoKey) {
    const Deck none("none", {});
    EXPECT_EQ(none.row(0, local(0, 0)), nullptr);
    EXPECT_EQ(none.row(deck_key("372"), local(0, 0)), nullptr);
    EXPECT_EQ(none.match("372", local(0, 0)), nullptr);
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

std::string with_origins(const std::string& more = "") {
    return around("      - {usage: voice, deck: d}\n",
                  "decks: {d: {file: deck.csv}}\norigin_sets: {baltic: {prefixes: [\"370\", "
                  "\"371\", \"372\"]}, estonia: {prefixes: [\"372\"]}, nordic: {prefixes: "
                  "[\"358\", \"372\"]}, us: {prefixes: [\"1\"]}}\n" +
                      more);
}

TEST(Deck, EC25RowsOfAnOriginSetNeedTheCallingNumber) {
    const auto compiled =
        compile_text(with_origins(),
                     "prefix,price,origin,valid_until\n44,9,,\n44,1,baltic,\n44,2,estonia,\n"
                     "44,3,us,2026-01-31\n447,4,us,\n");
    ASSERT_TRUE(compiled) << told(compiled);
    const Deck& deck = (*compiled)->decks.at("d");
    const auto price = [&](const char* called, const char* calling, int day = 0) {
        const RateRow* row = deck.match(called, local(day, 1), calling);
        return row == nullptr ? std::string() : row->price.amount.to_string();
    };
    EXPECT_EQ(price("4420", "37061"), "1");
    EXPECT_EQ(price("4420", "37261"), "2");  // Estonia lies inside the Baltics
    EXPECT_EQ(price("4420", "35861"), "9");  // from anywhere else
    EXPECT_EQ(price("4420", ""), "9");       // from nobody knows where
    EXPECT_EQ(price("4420", "1212"), "3");
    EXPECT_EQ(price("4420", "1212", 1), "9");  // its day is over
    EXPECT_EQ(price("4471", "1212"), "4");     // the longer prefix first
    EXPECT_EQ(price("4471", "37261"), "2");    // which is not for this caller
    for (const RateRow& row : deck.rows()) EXPECT_EQ(deck.row(row.key, local(0, 1)), &row);
}

TEST(Deck, EC26OriginSetsThatOverlapAreRefusedWithBothPlaces) {
    const auto compiled = compile_text(
        with_origins(),
        "prefix,price,origin,valid_from,valid_until\n44,1,baltic,,2026-01-31\n44,2,nordic,"
        "2026-01-31,\n45,1,baltic,,2026-01-31\n45,1,nordic,2026-02-01,\n");
    EXPECT_EQ(told(compiled),
              "deck.csv:3: `44` has two prices for the same calls: from `nordic`, and from "
              "`baltic` at deck.csv:2 (ambiguous_origin). Make one origin set lie inside the "
              "other, or let them share no number.\n");
    EXPECT_TRUE(told(compile_text(with_origins(), "prefix,price,origin\n44,1,us\n44,2,us\n"))
                    .starts_with("deck.csv:3: `44` is priced twice at the same time, also at "
                                 "deck.csv:2 (deck_overlap)"));
}

TEST(Deck, EC26SeveralFilesAreOneDeck) {
    const std::string yaml = around("      - {usage: voice, deck: d}\n",
                                    "decks: {d: {files: [fixed.csv, mobile.csv]}}\n");
    const auto compiled = [&](const std::string& mobile) {
        return compile_files({{"catalog.yaml", yaml},
                              {"fixed.csv", "prefix,price\n44,1\n"},
                              {"mobile.csv", mobile}});
    };
    const auto apart = compiled("prefix,price\n447,2\n");
    ASSERT_TRUE(apart) << told(apart);
    EXPECT_EQ((*apart)->decks.at("d").match("4471", local(0, 1))->place, "mobile.csv:2");
    EXPECT_TRUE(told(compiled("prefix,price\n447,2\n44,3\n"))
                    .starts_with("mobile.csv:3: `44` is priced twice at the same time, also at "
                                 "fixed.csv:2 (deck_overlap)"));
}

TEST(Deck, EC26TheFirstDeckThatHasTheNumberPricesIt) {
    const auto compiled = compile_files(
        {{"catalog.yaml",
          around("      - {usage: voice, decks: [special, standard], margin: 10 %}\n"
                 "      - {usage: voice, when: {zone: eu}, deck: standard}\n",
                 "decks: {special: {file: special.csv}, standard: {file: standard.csv}}\n")},
         {"special.csv", "prefix,price,blocked\n44,0.0120,\n7,,yes\n"},
         {"standard.csv", "prefix,price,connection_fee\n44,5,\n447,6,\n1,0.03,0.01\n7,1,\n"}});
    ASSERT_TRUE(compiled) << told(compiled);
    const UsageCharge& charge = (*compiled)->plans[0].charges[0];
    EXPECT_EQ(charge.rates_text, "special, then standard + 10 %");
    const Deck& deck = *(*compiled)->deck(charge);
    EXPECT_EQ(deck.match("447123", local(0, 1))->price.text, "0.0132 per minute");
    EXPECT_EQ(deck.match("1212", local(0, 1))->price.text, "0.033 per minute");
    EXPECT_EQ(deck.match("1212", local(0, 1))->connection_fee->to_string(), "0.011");
    EXPECT_TRUE(deck.match("7903", local(0, 1))->blocked);
    EXPECT_EQ(deck.match("33", local(0, 1)), nullptr);
    for (const RateRow& row : deck.rows()) EXPECT_EQ(deck.row(row.key, local(0, 1)), &row);
    // Without a margin, one deck is itself.
    EXPECT_EQ((*compiled)->deck((*compiled)->plans[0].charges[1])->name(), "standard");
}

TEST(Deck, AMarginIsExactOrRefused) {
    const auto margin = [](const std::string& text, const std::string& price = "0.0145") {
        return compile_text(around("      - {usage: voice, deck: d, margin: " + text + "}\n",
                                   "decks: {d: {file: deck.csv}}\n"),
                            "prefix,price\n44," + price + "\n");
    };
    const auto exact = margin("12.5 %");
    ASSERT_TRUE(exact) << told(exact);
    const Deck& deck = *(*exact)->deck((*exact)->plans[0].charges[0]);
    EXPECT_EQ(deck.rows()[0].price.exact(), Exact(145, 10'000) * Exact(1125, 1000) / Exact(60));
    EXPECT_EQ(deck.rows()[0].key, deck_key("44"));
    const auto none = margin("0 %");
    ASSERT_TRUE(none) << told(none);
    EXPECT_EQ((*none)->plans[0].charges[0].rates, "d");
    EXPECT_TRUE(
        told(margin("10", "0.123456789012345678"))
            .starts_with("catalog.yaml:10:9: the price of `44` at deck.csv:2 with its margin "
                         "has more than 18 digits (bad_value)"));
    EXPECT_TRUE(told(margin("-3 %")).find("is negative (bad_value)") != std::string::npos);
    EXPECT_TRUE(told(margin("10001 %")).find("a margin of 10001 percent") != std::string::npos);
}

TEST(Deck, DaysAreThoseOfItsTimeZone) {
    const auto compiled = with("prefix,price,valid_from,valid_until\n44,1,2026-02-01,2026-02-28\n",
                               ", time_zone: UTC");
    ASSERT_TRUE(compiled) << told(compiled);
    const RateRow& row = (*compiled)->decks.at("d").rows().at(0);
    EXPECT_EQ(row.valid_from, *parse_rfc3339("2026-02-01T00:00:00Z"));
    EXPECT_EQ(row.valid_until, *parse_rfc3339("2026-03-01T00:00:00Z"));
}

// What the deck must agree with: a search over all rows by the words of the manual.
const RateRow* searched(const std::vector<RateRow>& rows, const std::vector<OriginSet>& origins,
                        const std::string& called, const std::string& calling, Instant when) {
    const auto from_there = [&](const RateRow& row) {
        return row.origin == 0 || std::ranges::any_of(origins[row.origin - 1].prefixes,
                                                      [&](const std::string& prefix) {
                                                          return calling.starts_with(prefix);
                                                      });
    };
    const auto narrower = [&](const RateRow& a, const RateRow& b) {
        if (a.origin == b.origin || a.origin == 0) return false;
        return b.origin == 0 || inside(origins[a.origin - 1], origins[b.origin - 1]);
    };
    const RateRow* best = nullptr;
    for (const RateRow& row : rows) {
        const bool fits = called.starts_with(row.prefix) && from_there(row) &&
                          row.valid_from <= when && when < row.valid_until;
        if (!fits) continue;
        const bool better =
            best == nullptr || row.rank < best->rank ||
            (row.rank == best->rank && row.prefix.size() > best->prefix.size()) ||
            (row.rank == best->rank && row.prefix == best->prefix && narrower(row, *best));
        if (better) best = &row;
    }
    return best;
}

RC_GTEST_PROP(Deck, EC25MatchesWhatASearchOverAllRowsFinds, ()) {
    // One inside the next, and one apart.
    const std::vector<OriginSet> origins = {
        {"a", {"1"}, {}}, {"b", {"12", "13"}, {}}, {"c", {"123"}, {}}, {"d", {"2"}, {}}};
    std::vector<RateRow> rows;
    const auto count = *rc::gen::inRange(1, 60);
    for (int i = 0; i < count; ++i) {
        RateRow row;
        row.prefix = std::to_string(*rc::gen::inRange(1, 400));
        row.origin = static_cast<std::uint8_t>(*rc::gen::inRange(0, 5));
        row.rank = static_cast<std::uint8_t>(*rc::gen::inRange(0, 3));
        const bool plain = row.origin == 0 && row.rank == 0;
        row.key = plain
                      ? deck_key(row.prefix)
                      : item_key(std::to_string(row.rank), std::to_string(row.origin), row.prefix);
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
    const std::string calling = std::to_string(*rc::gen::inRange(1, 2'000));
    const Instant when{*rc::gen::inRange(0, 26)};
    const RateRow* slow = searched(rows, origins, called, calling, when);
    const Deck deck("d", rows, origins);
    const RateRow* fast = deck.match(called, when, calling);
    RC_ASSERT((fast == nullptr) == (slow == nullptr));
    if (fast == nullptr) return;
    RC_ASSERT(fast->key == slow->key);
    RC_ASSERT(fast->valid_from == slow->valid_from);
    RC_ASSERT(deck.row(fast->key, when) == fast);
}

}  // namespace
}  // namespace farthing::catalog
