#include "catalog/deck_import.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "catalog/test_catalogs.h"
#include "catalog/vendor_cells.h"

namespace farthing::catalog {
namespace {

using namespace farthing::catalog::testing;

DeckLayout layout_of(const std::string& yaml) {
    const auto layout = read_deck_layout({"layout.yaml", yaml});
    EXPECT_TRUE(layout) << (layout ? "" : layout.error().front().to_string());
    return layout.value_or(DeckLayout{});
}

std::string simple(const std::string& more = {}) {
    return "layout: v\ncolumns: {prefix: Code, destination: Name, price: Rate}\n" + more;
}

using Offer = std::expected<std::vector<DeckLine>, Errors>;

Offer offer(const std::string& yaml, const std::string& csv) {
    return read_vendor_file({"vendor.csv", csv}, layout_of(yaml));
}

std::string faults_of(const Offer& read) {
    std::string text;
    if (read) return "reads";
    for (const Error& error : read.error()) text += error.to_string() + "\n";
    return text;
}

// "44 United Kingdom 0.0120 per minute 60/1 from 2026-02-01".
std::string words(const DeckLine& line) {
    std::string text = line.prefix;
    for (const std::string& part :
         {line.destination, line.blocked ? std::string("blocked") : line.price, line.per,
          line.increments, line.connection_fee, line.origin}) {
        if (!part.empty()) text += " " + part;
    }
    if (line.from) text += " from " + to_string(*line.from);
    if (line.until) text += " until " + to_string(*line.until);
    return text;
}

std::string words(const std::vector<DeckLine>& lines) {
    std::string text;
    for (const DeckLine& line : lines) text += words(line) + "\n";
    return text;
}

TEST(DeckImport, OnePrefixInARow) {
    const auto read = offer(simple("per: minute\n"),
                            "Code,Name,Rate\n44,United Kingdom,0.0120\n+447,\"Mobile, UK\",0.05\n");
    ASSERT_TRUE(read) << faults_of(read);
    EXPECT_EQ(words(*read), "44 United Kingdom 0.0120 minute\n447 Mobile, UK 0.05 minute\n");
    EXPECT_EQ((*read)[1].line, 3);
}

TEST(DeckImport, ListsAndRangesOfPrefixesInARow) {
    const auto read =
        offer(simple(), "Code;Name;Rate\n\"44, 4420-4422 ; 447/4499\";UK;1\n3720-3;EE;2\n");
    ASSERT_TRUE(read) << faults_of(read);
    std::string prefixes;
    for (const DeckLine& line : *read) prefixes += line.prefix + " ";
    EXPECT_EQ(prefixes, "44 4420 4421 4422 447 4499 3720 3721 3722 3723 ");
}

TEST(DeckImport, ACountryCodeStandsBeforeEachAreaCode) {
    const std::string yaml =
        "layout: v\nseparator: semicolon\ndecimal: comma\nblocked: [closed]\n"
        "dates: [\"%d.%m.%Y\"]\n"
        "columns: {country: Country Code, prefix: Area Codes, destination: Destination, price: "
        "Rate EUR/min, increments: Billing, valid_from: Effective}\nignore: [Change]\n";
    const auto read = offer(yaml, text_of(std::filesystem::path(FARTHING_SOURCE_DIR) /
                                          "catalogs/wholesale-voip/vendors/2026-02.csv"));
    ASSERT_TRUE(read) << faults_of(read);
    EXPECT_EQ(words(*read),
              "44 United Kingdom 0.0150 1/1 from 2026-02-01\n"
              "4473 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4474 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4475 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4477 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4478 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4479 United Kingdom mobile 0.0480 1/1 from 2026-02-01\n"
              "4470 United Kingdom personal numbers blocked from 2026-02-01\n"
              "372 Estonia 0.0200 60/1 from 2026-02-01\n"
              "3725 Estonia mobile 0.1450 60/1 from 2026-02-01\n"
              "37281 Estonia mobile 0.1450 60/1 from 2026-02-01\n"
              "37282 Estonia mobile 0.1450 60/1 from 2026-02-01\n");
}

TEST(DeckImport, IncrementsInTwoColumnsOriginsFeesAndStatus) {
    const auto read = offer(
        "layout: v\nblocked: [Closed]\nopen: [New, No change]\ncolumns: {prefix: Code, price: "
        "Rate, "
        "first: Min, next: Inc, connection_fee: Setup, origin: From, status: State, per: Unit}\n",
        "Code,Rate,Min,Inc,Setup,From,State,Unit\n44,0.012,60s,1 sec,0.01,eea,new,min\n"
        "45,0.0001,6,6,,,NO  CHANGE,per second\n46,9,1,1,,,closed,min\n");
    ASSERT_TRUE(read) << faults_of(read);
    EXPECT_EQ(words(*read), "44 0.012 minute 60/1 0.01 eea\n45 0.0001 second 6/6\n46 blocked\n");
}

struct Refusal {
    std::string yaml;
    std::string csv;
    std::string first;
};

const std::vector<Refusal> kRefusals = {
    {simple(), "Prefix,Name,Rate\n44,UK,1\n",
     "vendor.csv:1: no line names all of `Code`, `Name`, `Rate` (header_not_found)"},
    {simple("header: 2\n"), "Code,Name,Rate\n44,UK,1\n",
     "vendor.csv:2: no line names all of `Code`, `Name`, `Rate` (header_not_found)"},
    {simple(), "Code,Name,Rate,Rate\n44,UK,1,2\n",
     "vendor.csv:1: two columns are called `rate` (column_repeated)"},
    {simple(), "Code,Name,Rate,Increase\n44,UK,1,yes\n",
     "vendor.csv:1: the layout says nothing about the column `increase` (column_undeclared)"},
    {simple(), "Code,Name,Rate\n44,UK,1,2\n",
     "vendor.csv:2: `2` stands under no column name (vendor_row)"},
    {simple(), "Code,Name,Rate\n44,\"UK,1\n",
     "vendor.csv:2: a quoted field has no closing quote (vendor_row)"},
    {simple(), "Code,Name,Rate\n4.42E+11,UK,1\n",
     "vendor.csv:2: `4.42E+11` is no prefix and no range of prefixes (vendor_prefix)"},
    {simple(), "Code,Name,Rate\n4422-4420,UK,1\n",
     "vendor.csv:2: `4422-4420` is no prefix and no range of prefixes (vendor_prefix)"},
    {simple(), "Code,Name,Rate\n,UK,1\n", "vendor.csv:2: `` names no prefix (vendor_prefix)"},
    {simple(), "Title\n\nCode,Name,Rate\n44,UK,\"0,012\"\n",
     "vendor.csv:4: `0,012` is no price (vendor_price)"},
    {simple(), "Code,Name,Rate\n44,UK,\n", "vendor.csv:2: the row has no price (vendor_price)"},
    {simple(), "Code,Name,Rate\n44,UK,-1\n", "vendor.csv:2: `-1` is no price (vendor_price)"},
    {"layout: v\ncolumns: {prefix: Code, price: Rate, increments: Inc}\n",
     "Code,Rate,Inc\n44,1,0/6\n", "vendor.csv:2: `0/6` are no increments (vendor_increments)"},
    {"layout: v\ncolumns: {prefix: Code, price: Rate, valid_from: From}\n",
     "Code,Rate,From\n44,1,31.02.2026\n",
     "vendor.csv:2: valid_from `31.02.2026` is no day (vendor_date)"},
    {"layout: v\ndates: [\"%d/%m/%Y\"]\ncolumns: {prefix: Code, price: Rate, valid_from: From}\n",
     "Code,Rate,From\n44,1,01/02/2026 13:00\n",
     "vendor.csv:2: valid_from `01/02/2026 13:00` is no day (vendor_date)"},
    {"layout: v\ndates: [\"%d/%m/%Y\", \"%m/%d/%Y\"]\n"
     "columns: {prefix: Code, price: Rate, valid_from: From}\n",
     "Code,Rate,From\n44,1,13/02/2026\n45,1,01/02/2026\n",
     "vendor.csv:3: `01/02/2026` is 2026-02-01 or 2026-01-02 (date_ambiguous)"},
    {"layout: v\nopen: [new]\ncolumns: {prefix: Code, price: Rate, status: State}\n",
     "Code,Rate,State\n44,1,closing\n",
     "vendor.csv:2: the status `closing` is neither blocked nor open (vendor_status)"},
    {simple(), "Code,Name,Rate\n44-46,UK,1\n45,UK,2\n",
     "vendor.csv:3: `45` is priced twice, also at vendor.csv:2 (prefix_repeated)"},
    {simple(), "Code,Name,Rate\n", "vendor.csv:1: no row below the column names (nothing_offered)"},
};

TEST(DeckImport, EachRefusalIsToldWithItsLineAndMend) {
    for (const Refusal& refusal : kRefusals) {
        const auto read = offer(refusal.yaml, refusal.csv);
        EXPECT_TRUE(faults_of(read).starts_with(refusal.first))
            << "wanted: " << refusal.first << "\nhave: " << faults_of(read);
        if (read) continue;
        for (const Error& error : read.error()) EXPECT_FALSE(error.mend.empty()) << error.message;
    }
}

TEST(DeckImport, LayoutsAreCheckedToo) {
    const auto first = [](const std::string& yaml) {
        const auto layout = read_deck_layout({"layout.yaml", yaml});
        return layout ? std::string("reads") : layout.error().front().to_string();
    };
    EXPECT_TRUE(
        first("layout: v\n").starts_with("layout.yaml:1:1: a layout needs the key `columns`"));
    EXPECT_TRUE(
        first(simple("decimals: comma\n"))
            .starts_with("layout.yaml:3:1: a layout has no key `decimals` (unknown_key). Did "
                         "you mean `decimal`?"));
    EXPECT_TRUE(first(simple("dates: [\"%H:%M\"]\n")).find("is no format of days") !=
                std::string::npos);
    EXPECT_TRUE(first(simple("header: 0\n")).find("is no line of the file") != std::string::npos);
    EXPECT_TRUE(first(simple("per: fortnight\n")).find("is no unit") != std::string::npos);
    EXPECT_TRUE(first("layout: v\ncolumns: {prefix: a, price: b, increments: c, first: d}\n")
                    .find("in one column and in two") != std::string::npos);
}

TEST(DeckImport, TheDecksFileIsFoundOrRefused) {
    const auto where = [](const std::string& decks) {
        CatalogRecord record;
        record.files = {{"catalog.yaml", "catalog: c\ndecks: {" + decks + "}\n"}};
        const auto path = deck_file(record, "d");
        return path ? *path : path.error().to_string();
    };
    EXPECT_EQ(where("d: {file: decks/d.csv}"), "decks/d.csv");
    EXPECT_TRUE(where("e: {file: d.csv}").find("(deck_undeclared)") != std::string::npos);
    EXPECT_TRUE(where("d: {files: [a.csv, b.csv]}").find("(deck_of_files)") != std::string::npos);
    for (const char* path : {"../d.csv", "/etc/d.csv", "decks/../../d.csv", "d.txt", ".csv"}) {
        EXPECT_TRUE(where("d: {file: " + std::string(path) + "}").find("(deck_outside)") !=
                    std::string::npos)
            << path;
    }
}

TEST(DeckImport, ALayoutIsProposedFromTheNamesOfTheColumns) {
    const auto proposal = propose_deck_layout(
        {"v.csv",
         "Example Telecom; rates\n\nDestination;Dial Codes;Rate EUR/min;Min;Inc;Effective Date;"
         "Change\nUnited Kingdom;44, 4420;0,0120;60;1;01.02.2026;increase\n"
         "Estonia;372;closed;60;60;15.02.2026;\n"});
    ASSERT_TRUE(proposal);
    EXPECT_EQ(
        layout_text(proposal->layout),
        "layout: \"vendor\"\nheader: 3\nseparator: semicolon\ndecimal: comma\nper: \"minute\"\n"
        "dates: [\"%d.%m.%Y\"]\nrows: all\nblocked: [\"closed\"]\ncolumns:\n"
        "  prefix: \"dial codes\"\n  destination: \"destination\"\n  price: \"rate eur/min\"\n"
        "  first: \"min\"\n  next: \"inc\"\n  valid_from: \"effective date\"\n"
        "ignore: [\"change\"]\n");
    const auto again = read_deck_layout({"layout.yaml", layout_text(proposal->layout)});
    ASSERT_TRUE(again) << again.error().front().to_string();
    EXPECT_EQ(layout_text(*again), layout_text(proposal->layout));
    const auto days = propose_deck_layout({"v.csv", "code,rate,effective\n44,1,01/02/2026\n"});
    ASSERT_TRUE(days);
    EXPECT_EQ(days->layout.dates.size(), 2U);  // day or month first: somebody has to say
    const auto none = propose_deck_layout({"v.csv", "a,b\n1,2\n"});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, "layout_not_found");
}

std::shared_ptr<const Version> deck_of(const std::string& csv) {
    const auto compiled = compile_text(
        around("      - {usage: voice, deck: d}\n", "decks: {d: {file: deck.csv}}\n"), csv);
    EXPECT_TRUE(compiled) << catalog::testing::told(compiled);
    return *compiled;
}

std::vector<DeckLine> merged(const std::string& present, const std::string& vendor,
                             bool changes_only, std::optional<Date> effective = {}) {
    const auto version = deck_of(present);
    const auto read = offer(
        "layout: v\ncolumns: {prefix: Code, price: Rate, valid_from: From, valid_until: To}\n",
        vendor);
    EXPECT_TRUE(read) << faults_of(read);
    return merge_offer(version->decks.at("d"), *version->meter_named("voice"), *read, effective,
                       changes_only);
}

TEST(DeckImport, AnOfferEndsWhatItFollows) {
    const std::string present = "prefix,price,valid_from\n44,1,\n45,2,2026-01-01\n46,3,\n";
    const std::string vendor = "Code,Rate,From,To\n44,1.5,2026-02-01,\n45,2.0,2026-02-01,\n";
    EXPECT_EQ(words(merged(present, vendor, false)),
              "44 1 minute 1/1 until 2026-01-31\n"
              "44 1.5 minute 1/1 from 2026-02-01\n"
              "45 2 minute 1/1 from 2026-01-01\n"  // the same price goes on
              "46 3 minute 1/1 until 2026-01-31\n");
    EXPECT_EQ(words(merged(present, vendor, true))
                  .substr(words(merged(present, vendor, true)).rfind("46")),
              "46 3 minute 1/1\n");
    const std::string undated = "Code,Rate,From,To\n44,1.5,,\n";
    EXPECT_EQ(words(merged(present, undated, false, Date::of(2026, 3, 1))),
              "44 1 minute 1/1 until 2026-02-28\n"
              "44 1.5 minute 1/1 from 2026-03-01\n"
              "45 2 minute 1/1 from 2026-01-01 until 2026-02-28\n"
              "46 3 minute 1/1 until 2026-02-28\n");
    EXPECT_EQ(words(merged(present, undated, false)), "44 1.5 minute 1/1\n");
}

TEST(DeckImport, ALaterPriceInTheSameFileEndsTheEarlier) {
    EXPECT_EQ(words(merged("prefix,price\n44,1\n",
                           "Code,Rate,From,To\n44,3,2026-03-01,\n44,2,2026-02-01,\n", true)),
              "44 1 minute 1/1 until 2026-01-31\n"
              "44 2 minute 1/1 from 2026-02-01 until 2026-02-28\n"
              "44 3 minute 1/1 from 2026-03-01\n");
}

// The changes between two versions' decks, a line each.
std::string changes_between(const Version& before, const Version& after) {
    std::string text;
    for (const DeckChange& change : compare_decks(before.decks.at("d"), after.decks.at("d")))
        text += std::string(name_of(change.kind)) + ": " + change_text(change, after.zone) + "\n";
    return text;
}

TEST(DeckImport, WhatChangesIsToldInTimeAndInPercent) {
    const auto before =
        deck_of("prefix,destination,price,valid_until\n44,UK,1,\n45,DK,2,\n46,SE,3,\n");
    const auto after = deck_of(
        "prefix,destination,price,valid_from,valid_until,blocked\n44,UK,1,,2026-01-31,\n"
        "44,UK,1.25,2026-02-01,,\n45,DK,,,,yes\n46,SE,2.9999,,,\n47,NO,4,,,\n");
    EXPECT_EQ(changes_between(*before, *after),
              "dearer: 44 UK: 1 per minute → 1.25 per minute (+25 %), from 2026-02-01\n"
              "closed: 45 DK: 2 per minute → blocked\n"
              "cheaper: 46 SE: 3 per minute → 2.9999 per minute (-0.0033… %)\n"
              "new: 47 NO: 4 per minute\n");
}

TEST(DeckImport, APrefixThatOnlyOneDeckHasIsComparedWithTheShorterOne) {
    const auto before =
        deck_of("prefix,price,valid_until\n44,1,\n447,2,2026-01-31\n37,1,\n371,3,\n");
    const auto after = deck_of(
        "prefix,price,valid_from,blocked\n44,1,,\n447,2,,\n4477,1,2026-02-01,\n4479,,,yes\n"
        "37,1,,\n372,1,,\n");
    EXPECT_EQ(changes_between(*before, *after),
              "cheaper: 371: 3 per minute → 1 per minute as 37 (-66.6666… %)\n"
              "dearer: 447: 1 per minute as 44 → 2 per minute (+100 %), from 2026-02-01\n"
              "closed: 4479: 2 per minute as 447 → blocked, to 2026-01-31\n"
              "closed: 4479: 1 per minute as 44 → blocked, from 2026-02-01\n");
}

// Whatever a merge writes is read back as the same rows, and a second import changes nothing.
RC_GTEST_PROP(DeckImport, TheSameOfferTwiceChangesNothing, ()) {
    std::string present = "prefix,price,valid_from\n";
    std::string vendor = "Code,Rate,From,To\n";
    for (int prefix = 1; prefix < 10; ++prefix) {
        if (*rc::gen::inRange(0, 3) > 0)
            present += std::to_string(prefix) + "," + std::to_string(*rc::gen::inRange(1, 4)) +
                       (*rc::gen::inRange(0, 2) > 0 ? ",2026-01-05\n" : ",\n");
        if (*rc::gen::inRange(0, 3) > 0)
            vendor += std::to_string(prefix) + "," + std::to_string(*rc::gen::inRange(1, 4)) +
                      ",2026-0" + std::to_string(*rc::gen::inRange(1, 4)) + "-10,\n";
    }
    present += "99,1,\n";
    vendor += "99,2,2026-02-01,\n";
    const bool changes_only = *rc::gen::inRange(0, 2) > 0;
    const std::string once = deck_csv(merged(present, vendor, changes_only), '.');
    RC_ASSERT(deck_csv(merged(once, vendor, changes_only), '.') == once);
}

TEST(DeckImport, AFileOfWideRangesIsRefusedAndNotKept) {
    std::string csv = "Code,Name,Rate\n";
    for (int i = 0; i < 300; ++i) {
        const std::string first = std::to_string(1'000 + i);
        csv += first + "0000-" + first + "9999,Everywhere,1\n";
    }
    const auto read = offer(simple(), csv);
    EXPECT_TRUE(faults_of(read).starts_with(
        "vendor.csv:102: the file holds more than 1000000 prefixes up to here (vendor_prefix)"))
        << faults_of(read);
}

TEST(VendorCells, Days) {
    EXPECT_EQ(to_string(*day_of("1-Feb-26", "%d-%b-%y")), "2026-02-01");
    EXPECT_EQ(to_string(*day_of("February 1, 2026", "%B %d, %Y")), "2026-02-01");
    EXPECT_EQ(to_string(*day_of("2026-02-01T00:00:00Z", "%Y-%m-%d")), "2026-02-01");
    EXPECT_EQ(to_string(*day_of("20260201", "%Y%m%d")), "2026-02-01");
    for (const char* text : {"", "2026-02", "2026-02-30", "2026-02-01 10:00", "2026-02-011", "x"})
        EXPECT_FALSE(day_of(text, "%Y-%m-%d")) << text;
}

TEST(VendorCells, PrefixesAreBounded) {
    EXPECT_FALSE(read_prefixes("", "1000000000-9999999999"));
    EXPECT_EQ(read_prefixes("", "10000-19999")->size(), 10'000U);
    EXPECT_FALSE(read_prefixes("", "10000-20000"));
    EXPECT_FALSE(read_prefixes("44", "12345678901234567"));
    EXPECT_FALSE(read_prefixes("4x", "1"));
}

}  // namespace
}  // namespace farthing::catalog
