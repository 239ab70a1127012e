#include "directory/import.h"

#include <gtest/gtest.h>

namespace farthing::directory {
namespace {

using Places = std::vector<std::pair<std::string, std::string>>;

// Each error's code and place.
Places places_of(const Errors& errors) {
    Places places;
    for (const Error& error : errors) places.emplace_back(error.code, error.place);
    return places;
}

TEST(ImportAccounts, columns_come_in_any_order) {
    const auto imported = parse_accounts(
        "a.csv",
        "\xEF\xBB\xBF"
        "Title;account;bill_day;address;parent;pays;from;tax_number\r\n"
        "\"City; streets\";city;15;1 Main Street | 10111 Tallinn;;yes;2026-01-01;EE1\r\n"
        ";hr;;;city;;;\r\n");
    EXPECT_EQ(imported.errors, Errors{});
    ASSERT_EQ(imported.rows.size(), 2U);
    const AccountRow& city = imported.rows[0];
    EXPECT_EQ(city.line, 2);
    EXPECT_EQ(city.account, "city");
    EXPECT_EQ(city.title, "City; streets");
    EXPECT_EQ(city.address, (std::vector<std::string>{"1 Main Street", "10111 Tallinn"}));
    EXPECT_EQ(city.tax_number, "EE1");
    EXPECT_EQ(city.bill_day, 15U);
    EXPECT_TRUE(city.pays);
    EXPECT_EQ(city.from, Date::of(2026, 1, 1));
    const AccountRow& department = imported.rows[1];
    EXPECT_EQ(department.parent, "city");
    EXPECT_FALSE(department.pays);
    EXPECT_EQ(department.bill_day, 1U);
    EXPECT_EQ(department.from, Date::of(1970, 1, 1));
}

TEST(ImportAccounts, absent_columns_have_defaults) {
    const auto imported = parse_accounts("a.csv", "account\ncity\n");
    ASSERT_EQ(imported.rows.size(), 1U);
    EXPECT_TRUE(imported.rows[0].pays);
    EXPECT_EQ(imported.rows[0].bill_day, 1U);
}

TEST(ImportAccounts, each_bad_row_is_told_and_the_others_come_through) {
    const auto imported = parse_accounts("a.csv",
                                         "account,bill_day,pays,from\n"
                                         "one,32,,\n"
                                         "two,1,,2026-02-30\n"
                                         "three,1,maybe,\n"
                                         ",1,,\n"
                                         "five,1\n"
                                         "\"six,1,,\n"
                                         "seven \xFF,1,,\n"
                                         "eight,x,perhaps,\n"
                                         "good,31,no,2026-02-28\n");
    ASSERT_EQ(imported.rows.size(), 1U);
    EXPECT_EQ(imported.rows[0].account, "good");
    EXPECT_EQ(imported.rows[0].line, 10);
    EXPECT_EQ(places_of(imported.errors), (Places{{"bad_bill_day", "a.csv:2:5"},
                                                  {"bad_date", "a.csv:3:8"},
                                                  {"bad_row", "a.csv:4:9"},
                                                  {"bad_row", "a.csv:5:1"},
                                                  {"bad_row", "a.csv:6:1"},
                                                  {"bad_row", "a.csv:7:1"},
                                                  {"bad_row", "a.csv:8:1"},
                                                  {"bad_bill_day", "a.csv:9:7"},
                                                  {"bad_row", "a.csv:9:9"}}));
    EXPECT_EQ(imported.errors[0].message, "bill_day \"32\" is not a whole number from 1 to 31");
    EXPECT_EQ(imported.errors[1].message, "from \"2026-02-30\" is not a date");
    EXPECT_EQ(imported.errors[1].mend, "Write it as 2026-01-31.");
}

TEST(ImportAccounts, a_header_that_is_not_understood_lets_nothing_through) {
    const auto imported = parse_accounts("a.csv", "acount,parent,parent\ncity,,\n");
    EXPECT_TRUE(imported.rows.empty());
    EXPECT_EQ(places_of(imported.errors), (Places{{"bad_column", "a.csv:1:1"},
                                                  {"bad_column", "a.csv:1:15"},
                                                  {"bad_column", "a.csv:1:1"}}));
    EXPECT_EQ(imported.errors[0].message,
              "column \"acount\" is not known: did you mean \"account\"?");
    EXPECT_EQ(imported.errors[2].message, "column \"account\" is missing");
    EXPECT_EQ(places_of(parse_accounts("a.csv", "").errors), (Places{{"bad_column", "a.csv:1:1"}}));
}

TEST(ImportSubscriptions, identities_stand_in_columns_of_their_kind) {
    const auto imported = parse_subscriptions(
        "s.csv",
        "subscription,account,plan,quantity,from,until,group,iccid,msisdn\n"
        "SIM-1,city,pooled-50,,2026-01-01,,pool,8944000000000000001,37255500001\n"
        "lines,city,number-monthly,50,2026-01-16,2026-01-31,,,\n");
    EXPECT_EQ(imported.errors, Errors{});
    ASSERT_EQ(imported.rows.size(), 2U);
    const SubscriptionRow& sim = imported.rows[0];
    EXPECT_EQ(sim.subscription, "SIM-1");
    EXPECT_EQ(sim.plan, "pooled-50");
    EXPECT_EQ(sim.quantity, 1);
    EXPECT_EQ(sim.group, "pool");
    EXPECT_EQ(sim.until, std::nullopt);
    EXPECT_EQ(sim.identities, (std::vector<std::pair<IdentityKind, std::string>>{
                                  {IdentityKind::iccid, "8944000000000000001"},
                                  {IdentityKind::msisdn, "37255500001"}}));
    const SubscriptionRow& lines = imported.rows[1];
    EXPECT_EQ(lines.quantity, 50);
    EXPECT_EQ(lines.from, Date::of(2026, 1, 16));
    EXPECT_EQ(lines.until, Date::of(2026, 1, 31));
    EXPECT_TRUE(lines.identities.empty());
}

TEST(ImportSubscriptions, each_bad_row_is_told) {
    const auto imported = parse_subscriptions("s.csv",
                                              "subscription,account,plan,from,quantity,until\n"
                                              "a,city,lamp,,1,\n"
                                              "b,city,lamp,1.1.2026,1,\n"
                                              "c,city,lamp,2026-01-01,-1,\n"
                                              "d,city,lamp,2026-01-02,1,2026-01-01\n"
                                              "e,city,,2026-01-01,1,\n"
                                              "f,city,lamp,2026-01-01,0,2026-01-01\n");  // one day
    ASSERT_EQ(imported.rows.size(), 1U);
    EXPECT_EQ(imported.rows[0].quantity, 0);
    EXPECT_EQ(places_of(imported.errors), (Places{{"bad_row", "s.csv:2:13"},
                                                  {"bad_date", "s.csv:3:13"},
                                                  {"bad_quantity", "s.csv:4:24"},
                                                  {"bad_date", "s.csv:5:26"},
                                                  {"bad_row", "s.csv:6:8"}}));
}

}  // namespace
}  // namespace farthing::directory
