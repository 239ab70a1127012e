#include "base/csv.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace farthing {
namespace {

using Texts = std::vector<std::vector<std::string>>;

Texts read_all(std::string_view text, char delimiter = 0) {
    CsvReader reader(text, delimiter);
    CsvRow row;
    Texts all;
    while (reader.next(row)) {
        all.emplace_back();
        for (const CsvField& field : row.fields) all.back().push_back(field.text);
        if (!row.problem.empty()) all.back().push_back("! " + row.problem);
    }
    return all;
}

TEST(Csv, reads_what_spreadsheets_write) {
    EXPECT_EQ(read_all("\xEF\xBB\xBF"
                       "a,b\r\n1, two words \r\n\r\n\"x,\"\"y\"\"\r\nz\",\r\n"),
              (Texts{{"a", "b"}, {"1", "two words"}, {"x,\"y\"\r\nz", ""}}));
}

TEST(Csv, a_last_line_needs_no_newline) {
    EXPECT_EQ(read_all("a;b\n1;2"), (Texts{{"a", "b"}, {"1", "2"}}));
}

TEST(Csv, nothing_holds_no_rows) {
    EXPECT_TRUE(read_all("").empty());
    EXPECT_TRUE(read_all("\xEF\xBB\xBF\r\n\n").empty());
}

TEST(Csv, the_header_tells_the_separator) {
    EXPECT_EQ(detect_delimiter("prefix;\"price, net\";per\n1,2,3,4,5"), ';');
    EXPECT_EQ(detect_delimiter("a\tb"), '\t');
    EXPECT_EQ(detect_delimiter("a|b,c|d"), '|');
    EXPECT_EQ(detect_delimiter("alone"), ',');
    EXPECT_EQ(read_all("a;b\n1,5;2"), (Texts{{"a", "b"}, {"1,5", "2"}}));
}

TEST(Csv, a_stray_quote_costs_its_own_line_only) {
    EXPECT_EQ(
        read_all("a,b\n1,\"open\n3,4\n"),
        (Texts{{"a", "b"}, {"1", "\"open", "! a quoted field has no closing quote"}, {"3", "4"}}));
    EXPECT_EQ(read_all("\"a\"b,c\n1,2"),
              (Texts{{"a", "! text follows a closing quote"}, {"1", "2"}}));
}

TEST(Csv, places_count_lines_and_characters) {
    CsvReader reader("kõik, b\n\"two\nlines\",  x\n");
    CsvRow row;
    ASSERT_TRUE(reader.next(row));
    EXPECT_EQ(row.fields[1].column, 7);
    ASSERT_TRUE(reader.next(row));
    EXPECT_EQ(row.line, 2);
    EXPECT_EQ(row.fields[1].line, 3);
    EXPECT_EQ(row.fields[1].column, 10);
}

RC_GTEST_PROP(CsvLaws, what_is_quoted_comes_back,
              (const std::vector<std::vector<std::string>>& rows)) {
    std::string text;
    Texts expected;
    for (const auto& row : rows) {
        if (row.empty() || (row.size() == 1 && row[0].empty())) continue;
        expected.push_back(row);
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += i == 0 ? "\"" : ",\"";
            for (const char c : row[i]) text += c == '"' ? std::string("\"\"") : std::string(1, c);
            text += '"';
        }
        text += '\n';
    }
    RC_ASSERT(read_all(text, ',') == expected);
}

RC_GTEST_PROP(CsvLaws, what_is_written_comes_back, (const std::vector<std::string>& row)) {
    std::string text = "first,";
    for (const std::string& field : row) text += csv_field(field) + ",";
    Texts expected{{"first"}};
    expected[0].insert(expected[0].end(), row.begin(), row.end());
    expected[0].emplace_back();
    RC_ASSERT(read_all(text, ',') == expected);
}

TEST(CsvText, IsNoFormula) {
    EXPECT_EQ(csv_text("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
    EXPECT_EQ(csv_text("+44 20"), "'+44 20");
    EXPECT_EQ(csv_text("@sum(1,2)"), "\"'@sum(1,2)\"");
    EXPECT_EQ(csv_text("-A1"), "'-A1");
    EXPECT_EQ(csv_text("-12.50"), "-12.50");  // a number is none
    EXPECT_EQ(csv_text("10 \" pipe"), "\"10 \"\" pipe\"");
    EXPECT_EQ(csv_field("+44 20"), "+44 20");
}

RC_GTEST_PROP(CsvLaws, any_bytes_end, (const std::string& text)) {
    std::size_t fields = 0;
    for (const auto& row : read_all(text)) fields += row.size();
    RC_ASSERT(fields <= 2 * text.size() + 2);
}

}  // namespace
}  // namespace farthing
