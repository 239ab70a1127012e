#include "cli/scenario_parse.h"

#include <gtest/gtest.h>

namespace farthing::cli {
namespace {

TEST(ScenarioParse, ReadsDatesTimesWordsAndComments) {
    const auto scenarios = parse_scenarios("a.scn",
                                           "# EC01 A title\n"
                                           "account Company title \"The Company\"   # told once\n"
                                           "2026-01-05 10:00:30  usage SIM data 40 MB\n"
                                           "----\n"
                                           "charge SIM data 1.00\n");
    ASSERT_TRUE(scenarios) << scenarios.error().to_string();
    ASSERT_EQ(scenarios->size(), 1u);
    const Scenario& scenario = scenarios->front();
    EXPECT_EQ(scenario.title, "EC01 A title");
    ASSERT_EQ(scenario.steps.size(), 3u);
    EXPECT_EQ(scenario.steps[0].line.words,
              (std::vector<std::string>{"account", "Company", "title", "The Company"}));
    EXPECT_EQ(scenario.steps[1].line.date, Date::of(2026, 1, 5));
    EXPECT_EQ(scenario.steps[1].line.time, std::int64_t{36'030} * 1'000'000);
    EXPECT_EQ(scenario.steps[1].line.number, 3);
    EXPECT_FALSE(scenario.steps[1].expects);
    EXPECT_TRUE(scenario.steps[2].expects);
    EXPECT_EQ(word_after(scenario.steps[1].line, "data"), "40");
    EXPECT_EQ(word_after(scenario.steps[1].line, "network"), std::nullopt);
}

TEST(ScenarioParse, LinesOfADocumentBelongToIt) {
    const auto scenarios = parse_scenarios(
        "a.scn", "----\ninvoice A\n2026-01-01..2026-01-31  base  1  5.00\ntotal 5.00\n");
    ASSERT_TRUE(scenarios);
    ASSERT_EQ(scenarios->front().steps.size(), 1u);
    EXPECT_EQ(scenarios->front().steps[0].lines.size(), 2u);
    EXPECT_FALSE(parse_scenarios("a.scn", "----\ntotal 5.00\n"));
}

TEST(ScenarioParse, ABlockIsDedentedAndCountsOut) {
    const auto scenarios =
        parse_scenarios("a.scn", "file f a.csv:\n    id\n    r{08..11}\n\n      deeper\nnow\n");
    ASSERT_TRUE(scenarios);
    EXPECT_EQ(scenarios->front().steps[0].line.block, "id\nr08\nr09\nr10\nr11\n\n  deeper\n");
    EXPECT_EQ(scenarios->front().steps[0].line.words,
              (std::vector<std::string>{"file", "f", "a.csv"}));
    EXPECT_EQ(scenarios->front().steps[1].line.number, 6);
}

TEST(ScenarioParse, WhatStandsBeforeTheFirstScenarioIsCommonToAll) {
    const auto scenarios =
        parse_scenarios("a.scn", "catalog ..\nscenario One\nnow\nscenario Two\nretry\n");
    ASSERT_TRUE(scenarios);
    ASSERT_EQ(scenarios->size(), 2u);
    EXPECT_EQ((*scenarios)[0].title, "One");
    EXPECT_EQ((*scenarios)[1].steps.size(), 2u);
    EXPECT_EQ((*scenarios)[1].steps[0].line.verb(), "catalog");
}

TEST(ScenarioParse, MistakesNameFileLineAndMend) {
    const auto typo = parse_scenarios("a.scn", "now\nacount Company\n");
    ASSERT_FALSE(typo);
    EXPECT_EQ(typo.error().code, "scenario_unknown_word");
    EXPECT_EQ(typo.error().place, "a.scn:2");
    EXPECT_NE(typo.error().message.find("\"account\""), std::string::npos);
    const auto quote = parse_scenarios("a.scn", "drop because \"never closed\n");
    ASSERT_FALSE(quote);
    EXPECT_EQ(quote.error().place, "a.scn:1");
    EXPECT_FALSE(parse_scenarios("a.scn", ""));
    EXPECT_FALSE(parse_scenarios("a.scn", "charge SIM data 1.00\n"));
    EXPECT_FALSE(parse_scenarios("a.scn", "2026-01-01\n"));
}

}  // namespace
}  // namespace farthing::cli
