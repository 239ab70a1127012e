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

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// The wholesale example in a folder of its own.
class DeckCommands : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto example =
            std::filesystem::path(FARTHING_SOURCE_DIR) / "catalogs" / "wholesale-voip";
        std::filesystem::copy(example, folder_.path() / "catalog",
                              std::filesystem::copy_options::recursive);
    }
    std::string catalog() const { return (folder_.path() / "catalog").string(); }
    std::string deck() const { return *read_file(catalog() + "/vendor-az.csv"); }
    std::string vendor(const std::string& name) const { return catalog() + "/vendors/" + name; }

    Answer ask(std::vector<std::string> line) const {
        std::ostringstream out;
        std::ostringstream err;
        line.insert(line.begin(), "deck");
        const Exit exit = run(line, out, err);
        return {exit, out.str(), err.str()};
    }
    Answer import(const std::string& file, std::vector<std::string> more = {}) const {
        std::vector<std::string> line = {"import", file, "--as", "vendor-az", "--into", catalog()};
        line.insert(line.end(), more.begin(), more.end());
        return ask(line);
    }

    TemporaryFolder folder_;
};

TEST_F(DeckCommands, ALayoutIsProposedAndNothingWritten) {
    const std::string before = deck();
    const Answer answer = import(vendor("2026-02.csv"));
    EXPECT_EQ(answer.exit, Exit::done) << answer.err;
    EXPECT_TRUE(answer.out.starts_with("layout: \"vendor\"\nheader: 4\n")) << answer.out;
    EXPECT_TRUE(contains(answer.err, "nothing is written")) << answer.err;
    const Answer applied = import(vendor("2026-02.csv"), {"--apply"});
    EXPECT_EQ(applied.exit, Exit::error);
    EXPECT_TRUE(contains(applied.err, "layout_needed")) << applied.err;
    EXPECT_EQ(deck(), before);
}

TEST_F(DeckCommands, AnOfferIsShownThenWrittenThenNothingIsLeftToDo) {
    const std::string before = deck();
    const std::vector<std::string> layout = {"--layout", vendor("vendor.yaml")};
    const Answer shown = import(vendor("2026-02.csv"), layout);
    EXPECT_EQ(shown.exit, Exit::done) << shown.err;
    EXPECT_TRUE(contains(shown.err, "4 new, 1 closed, 0 dearer, 6 cheaper, 0 changed"))
        << shown.err;
    EXPECT_EQ(deck(), before);
    EXPECT_EQ(import(vendor("2026-02.csv"), {layout[0], layout[1], "--apply"}).exit, Exit::done);
    EXPECT_NE(deck(), before);
    const Answer again = import(vendor("2026-02.csv"), layout);
    EXPECT_TRUE(contains(again.err, "0 new, 0 closed, 0 dearer, 0 cheaper")) << again.err;
    EXPECT_FALSE(std::filesystem::exists(catalog() + "/vendor-az.csv.new"));
}

TEST_F(DeckCommands, ABadOfferLeavesTheDeckAlone) {
    const std::string before = deck();
    const auto file = folder_.path() / "bad.csv";
    ASSERT_TRUE(write_file(file,
                           "Destination;Country Code;Area Codes;Rate EUR/min;Billing;Effective;"
                           "Change\nUK;44;7;0.04;1/1;01.02.2026;\n"));
    const Answer answer = import(file.string(), {"--layout", vendor("vendor.yaml"), "--apply"});
    EXPECT_EQ(answer.exit, Exit::error);
    EXPECT_TRUE(contains(answer.err, "bad.csv:2: `0.04` is no price (vendor_price)")) << answer.err;
    EXPECT_EQ(deck(), before);
    EXPECT_TRUE(contains(ask({"import", file.string(), "--as", "nobody", "--into", catalog()}).err,
                         "deck_undeclared"));
}

TEST_F(DeckCommands, ADeckThatIsOnlyDeclaredIsFilled) {
    const auto yaml = catalog() + "/catalog.yaml";
    std::string text = *read_file(yaml);
    text.replace(text.find("vendor-az.csv"), 13, "vendor-new.csv");
    ASSERT_TRUE(write_file(yaml, text));
    const Answer answer =
        import(vendor("2026-02.csv"), {"--layout", vendor("vendor.yaml"), "--apply"});
    EXPECT_EQ(answer.exit, Exit::done) << answer.err;
    EXPECT_TRUE(contains(*read_file(catalog() + "/vendor-new.csv"), "\n4477,")) << answer.err;
}

TEST_F(DeckCommands, AMatchSaysWhyAndWhether) {
    const auto match = [&](const std::string& number) {
        return ask({"match", "customer-az", number, "--catalog", catalog(), "--at", "2026-01-10"});
    };
    EXPECT_EQ(match("+44 7700 900123").exit, Exit::done);
    EXPECT_TRUE(contains(match("447700900123").out, "prices the call"));
    EXPECT_EQ(match("447012345678").exit, Exit::no);
    EXPECT_TRUE(contains(match("447012345678").out, "blocks the call"));
    EXPECT_EQ(match("372").exit, Exit::no);
    EXPECT_EQ(ask({"match", "nobody", "44", "--catalog", catalog()}).exit, Exit::error);
}

TEST_F(DeckCommands, ADiffAnswersByItsExitCode) {
    const auto example = std::string(FARTHING_SOURCE_DIR) + "/catalogs/wholesale-voip";
    EXPECT_EQ(ask({"diff", example, catalog()}).exit, Exit::done);
    ASSERT_TRUE(write_file(catalog() + "/vendor-az.csv", "prefix,destination,price\n44,UK,0.02\n"));
    const Answer answer = ask({"diff", example, catalog(), "--deck", "vendor-az", "-o", "csv"});
    EXPECT_EQ(answer.exit, Exit::no);
    EXPECT_TRUE(contains(answer.out, "+33.333333…")) << answer.out;
    EXPECT_EQ(ask({"diff", example, catalog(), "--deck", "nobody"}).exit, Exit::error);
}

}  // namespace
}  // namespace farthing::cli
