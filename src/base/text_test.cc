// Text from outside: UTF-8, JSON, messages, hashes.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/lean_text.h"
#include "base/reason.h"
#include "base/utf8.h"

namespace farthing {

#define FARTHING_TEST_REASONS(X) \
    X(first_reason, "the first thing is wrong", "Mend it.") X(second_reason, "b", "c")
FARTHING_REASON_ENUM(TestReason, FARTHING_TEST_REASONS)

namespace {

TEST(Json, escapes_what_json_needs_and_nothing_else) {
    EXPECT_EQ(json_escaped("a\"b\\c\n\t\r\x01"), "a\\\"b\\\\c\\n\\t\\r\\u0001");
    EXPECT_EQ(json_escaped("Põhja 谢谢 🙂"), "Põhja 谢谢 🙂");
    EXPECT_EQ(json_escaped("a\xff\xc3"), "a\uFFFD\uFFFD");
    EXPECT_EQ(json_escaped(std::string_view("\0", 1)), "\\u0000");
}

TEST(Json, writes_in_order_pretty_or_on_one_line) {
    const auto fill = [](JsonWriter& out) {
        out.begin_object()
            .field("a", 1)
            .key("b")
            .begin_array()
            .value("x")
            .value(false)
            .null()
            .end_array();
        out.key("c").begin_object().end_object().field("d", std::int64_t{INT64_MIN}).end_object();
    };
    JsonWriter line(false);
    fill(line);
    EXPECT_EQ(line.text(), R"({"a":1,"b":["x",false,null],"c":{},"d":-9223372036854775808})");
    JsonWriter pretty;
    fill(pretty);
    EXPECT_EQ(pretty.text(),
              "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    false,\n    null\n  ],\n  \"c\": {},\n"
              "  \"d\": -9223372036854775808\n}");
}

TEST(Utf8, knows_the_forbidden_forms) {
    for (const std::string_view valid : {"", "a", "é", "€", "🙂", "\xF4\x8F\xBF\xBF"})
        EXPECT_TRUE(is_utf8(valid)) << valid;
    for (const std::string_view invalid :
         {"\x80", "\xC0\xAF", "\xC1\x81", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF0\x80\x80\x80",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xFF"}) {
        EXPECT_FALSE(is_utf8(invalid)) << printable(invalid);
    }
}

RC_GTEST_PROP(Utf8, whatever_comes_in_what_goes_out_is_text, (std::vector<unsigned char> bytes)) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    RC_ASSERT(is_utf8(json_escaped(text)));
    RC_ASSERT(is_utf8(printable(text)));
    RC_ASSERT(printable(text).find('\x1b') == std::string::npos);
}

TEST(Utf8, messages_are_short_and_show_control_characters) {
    EXPECT_EQ(printable("a\x1b[2J\n\x7f\xff"), "a\\x1b[2J\\x0a\\x7f\\xff");
    EXPECT_EQ(printable("abcdef", 3), "abc…");
    EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(NearestName, suggests_a_typo_and_keeps_quiet_otherwise) {
    const std::vector<std::string> known = {"list", "show", "adjust", "send"};
    EXPECT_EQ(nearest_name("lst", known), "list");
    EXPECT_EQ(nearest_name("ilst", known), "list");
    EXPECT_EQ(nearest_name("adjsut", known), "adjust");
    EXPECT_EQ(nearest_name("frobnicate", known), "");
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("ab", "ba"), 1U);
}

TEST(Reasons, carry_their_name_sentence_and_mend) {
    EXPECT_EQ(name_of(TestReason::second_reason), "second_reason");
    EXPECT_EQ(reason_named<TestReason>("first_reason"), TestReason::first_reason);
    EXPECT_EQ(reason_named<TestReason>("third_reason"), std::nullopt);
    EXPECT_EQ(error_of(TestReason::first_reason, {}, "a.csv:3:7").to_string(),
              "a.csv:3:7: the first thing is wrong (first_reason). Mend it.");
}

TEST(Errors, travel_up) {
    const auto inner = [](bool works) -> Result<int> {
        if (!works) return fail(TestReason::first_reason);
        return 7;
    };
    const auto outer = [&](bool works) -> Result<int> {
        FARTHING_CHECK(inner(true));
        FARTHING_TRY(const int value, inner(works));
        return value + 1;
    };
    EXPECT_EQ(outer(true).value(), 8);
    EXPECT_EQ(outer(false).error().code, "first_reason");
}

TEST(LeanText, is_the_text_that_it_was_made_of) {
    for (const std::size_t size : {0U, 1U, 45U, 254U, 255U, 256U, 70'000U}) {
        const std::string text(size, size == 1 ? '\0' : 'x');
        LeanText lean = text;
        EXPECT_EQ(std::string_view(lean), text);
        EXPECT_EQ(lean.empty(), text.empty());
        const LeanText copy = lean;
        const char* const stands = std::string_view(lean).data();
        const LeanText moved = std::move(lean);
        EXPECT_EQ(std::string_view(moved).data(), stands);
        EXPECT_EQ(copy, moved);
        lean = copy;
        EXPECT_EQ(lean, moved);
        EXPECT_FALSE(lean == LeanText(text + "y"));
    }
}

TEST(Hashes, are_the_published_ones) {
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 hash;
    hash.add("a");
    hash.add("bc");
    EXPECT_EQ(hash.hex(), sha256_hex("abc"));
    EXPECT_NE(hash128("a"), hash128("b"));
    EXPECT_EQ(hash64(""), 0x2d06800538d394c2ULL);
}

}  // namespace
}  // namespace farthing
