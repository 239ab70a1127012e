#include <gtest/gtest.h>

#include <sstream>

#include "cli/session.h"

namespace farthing::cli {
namespace {

struct Answer {
    Exit exit;
    std::string out;
    std::string err;
};

Answer quote(std::vector<std::string> line) {
    const auto catalogs = std::filesystem::path(FARTHING_SOURCE_DIR) / "catalogs";
    std::ostringstream out;
    std::ostringstream err;
    line.insert(line.begin(), "quote");
    for (const char* const more : {"--at", "2026-01-05T10:00:00Z", "--catalog"})
        line.emplace_back(more);
    line.push_back((catalogs / "gallery" / "packages").string());
    const Exit exit = run(line, out, err);
    return {exit, out.str(), err.str()};
}

TEST(QuoteCommand, TellsThePriceTheQuantityAndWhatItCosts) {
    const Answer answer = quote({"top-ups", "data", "151 MB"});
    EXPECT_EQ(answer.exit, Exit::done) << answer.err;
    EXPECT_EQ(answer.out,
              "top-ups/data: 5.00 per 100 MB, each one begun, at most 30\n"
              "  counts 151 MB, after 0 byte of 50 MB included\n"
              "costs 10.00 EUR\n");
}

TEST(QuoteCommand, ABalanceThatIsTooSmallIsAnsweredByTheExitCode) {
    const Answer affords = quote({"top-ups", "data", "1", "--balance", "7.00"});
    EXPECT_EQ(affords.exit, Exit::done) << affords.err;
    EXPECT_TRUE(affords.out.ends_with("with 7.00 EUR: 150 MB for 5.00\n")) << affords.out;
    const Answer all = quote({"top-ups", "data", "1", "--balance", "30"});
    EXPECT_TRUE(all.out.ends_with("with 30 EUR: any quantity\n")) << all.out;
    const auto folder = TemporaryFolder();
    ASSERT_TRUE(write_file(folder.path() / "catalog.yaml",
                           "catalog: calls\ncurrency: EUR\ntime_zone: UTC\nvalid_from: 2026-01-01\n"
                           "meters: {voice: {unit: second}}\nplans: [{plan: p, charges: [{usage: "
                           "voice, increments: 60/60, price: 0.04 per minute}]}]\n"));
    std::ostringstream out;
    std::ostringstream err;
    const Exit exit = run({"quote", "p", "voice", "1", "--balance", "0.01", "--now", "2026-02-01",
                           "--catalog", folder.path().string()},
                          out, err);
    EXPECT_EQ(exit, Exit::no) << err.str();
    EXPECT_TRUE(out.str().ends_with("with 0.01 EUR: refuse: the first block costs 0.04\n"))
        << out.str();
}

TEST(QuoteCommand, WhatCanNotBeAnsweredIsTold) {
    const std::pair<std::vector<std::string>, std::string> cases[] = {
        {{"top-ups", "date", "1"}, "no meter is named \"date\" (quote_malformed)"},
        {{"top-ups", "data", "much"}, "\"much\" is no quantity of data (quote_malformed)"},
        {{"top-ups", "data", "1", "--network", "x"}, "\"x\" is no network (quote_malformed)"},
        {{"top-ups", "data", "1", "--balance", "x"}, "\"x\" is no amount (quote_malformed)"},
        {{"topups", "data", "1"}, "(unknown_plan)"},
    };
    for (const auto& [line, message] : cases) {
        const Answer answer = quote(line);
        EXPECT_EQ(answer.exit, Exit::error);
        EXPECT_NE(answer.err.find(message), std::string::npos) << answer.err;
    }
}

}  // namespace
}  // namespace farthing::cli
