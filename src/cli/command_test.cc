#include "cli/command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "cli/help.h"

namespace farthing::cli {
namespace {

struct Answer {
    Exit exit;
    std::string out;
    std::string err;
};
Answer ask(const std::vector<std::string>& line) {
    std::ostringstream out;
    std::ostringstream err;
    const Exit exit = run(line, out, err);
    return {exit, out.str(), err.str()};
}
bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Commands, EachHasTwoExamplesThatCallItAndHelpOfAtMost24Lines) {
    for (const Command& command : commands()) {
        EXPECT_EQ(command.examples.size(), 2u) << command.name();
        for (const std::string_view example : command.examples) {
            EXPECT_TRUE(example.starts_with("farthing " + command.name())) << example;
        }
        const std::string help = help_of(command);
        // One command opens all ports: it has the settings of three protocols and of webhooks.
        const long lines_max = command.name() == "serve" ? 32 : 24;
        EXPECT_LE(std::ranges::count(help, '\n'), lines_max) << help;
        EXPECT_FALSE(command.summary.ends_with('.')) << command.name();
        EXPECT_NE(command.handler, nullptr) << command.name();
    }
}

TEST(Commands, NamesAreUnique) {
    std::set<std::string> names;
    for (const Command& command : commands())
        EXPECT_TRUE(names.insert(command.name()).second) << command.name();
}

TEST(Commands, OverviewFitsAScreenAndNamesEveryNoun) {
    const Answer answer = ask({"--help"});
    EXPECT_EQ(answer.exit, Exit::done);
    EXPECT_LT(std::ranges::count(answer.out, '\n'), 24);
    for (const std::string& noun : noun_names()) {
        const std::regex word("(^|[ ,])" + noun + "([ ,]|\n|$)");
        EXPECT_TRUE(std::regex_search(answer.out, word)) << noun;
    }
}

TEST(Run, SuggestsTheNounTheVerbAndTheOptionThatWereMeant) {
    const Answer noun = ask({"catalogue", "check"});
    EXPECT_EQ(noun.exit, Exit::error);
    EXPECT_TRUE(contains(noun.err, "Did you mean \"catalog\"?")) << noun.err;
    const Answer verb = ask({"invoice", "lst"});
    EXPECT_EQ(verb.exit, Exit::error);
    EXPECT_TRUE(
        contains(verb.err, "unknown command \"lst\" for \"invoice\". Did you mean \"list\"?"))
        << verb.err;
    const Answer option = ask({"rate", "a.csv", "--catalogg", "x"});
    EXPECT_EQ(option.exit, Exit::error);
    EXPECT_TRUE(contains(option.err, "Did you mean \"--catalog\"?")) << option.err;
}

TEST(Run, MissingArgumentsAndBadValuesAreBadUsage) {
    EXPECT_EQ(ask({}).exit, Exit::error);
    EXPECT_EQ(ask({"catalog"}).exit, Exit::error);
    EXPECT_EQ(ask({"catalog", "check"}).exit, Exit::error);
    EXPECT_EQ(ask({"version", "--output", "xml"}).exit, Exit::error);
    EXPECT_EQ(ask({"version", "--progress", "loud"}).exit, Exit::error);
    EXPECT_EQ(ask({"version", "--now", "yesterday"}).exit, Exit::error);
    EXPECT_EQ(ask({"version", "surplus"}).exit, Exit::error);
    // A mistyped data folder is no folder whose books are right.
    EXPECT_EQ(ask({"check", "all", "--home", "no-such-folder"}).exit, Exit::error);
}

TEST(Run, AnswersGoToOutAndMessagesToErr) {
    const Answer version = ask({"version", "--json"});
    EXPECT_EQ(version.exit, Exit::done);
    EXPECT_TRUE(contains(version.out, "\"version\""));
    EXPECT_EQ(version.err, "");
    const Answer wrong = ask({"nothing-like-this"});
    EXPECT_EQ(wrong.out, "");
    EXPECT_NE(wrong.err, "");
}

TEST(Help, EveryTopicIsThereAndAnUnknownOneSuggests) {
    for (const std::string& topic : topic_names())
        EXPECT_EQ(ask({"help", topic}).exit, Exit::done) << topic;
    const Answer wrong = ask({"help", "mony"});
    EXPECT_EQ(wrong.exit, Exit::error);
    EXPECT_TRUE(contains(wrong.err, "\"money\"")) << wrong.err;
}

TEST(Completion, EveryShellKnowsEveryNoun) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const Answer answer = ask({"completion", shell});
        EXPECT_EQ(answer.exit, Exit::done);
        for (const std::string& noun : noun_names())
            EXPECT_TRUE(contains(answer.out, noun)) << shell << " " << noun;
    }
    EXPECT_EQ(ask({"completion", "cmd"}).exit, Exit::error);
}

TEST(Manual, NamesEveryCommandAndEverySuspenseReason) {
    const std::string text = manual();
    for (const Command& command : commands())
        EXPECT_TRUE(contains(text, "## farthing " + command.name() + "\n")) << command.name();
    EXPECT_TRUE(contains(errors_manual(), "### unknown_identity"));
    EXPECT_TRUE(contains(errors_manual(), "### count_mismatch"));
}

}  // namespace
}  // namespace farthing::cli
