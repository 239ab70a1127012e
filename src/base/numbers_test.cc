// Integers, decimals, fractions and roundings.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/decimal.h"
#include "base/exact.h"
#include "base/int128.h"
#include "base/rounding.h"

namespace farthing {
namespace {

constexpr i128 kSmallest = static_cast<i128>(u128{1} << 127);
constexpr i128 kLargest = -(kSmallest + 1);
constexpr std::array kRoundings = {Rounding::half_even, Rounding::half_away, Rounding::toward_zero,
                                   Rounding::away_from_zero};

std::string rounded_text(std::string_view decimal, int digits, Rounding rounding) {
    return scaled_to_string(*Decimal::parse(decimal)->exact().rounded(digits, rounding), digits);
}

TEST(Int128, overflow_is_a_value) {
    EXPECT_EQ(checked_add(kLargest, 1), std::nullopt);
    EXPECT_EQ(checked_add(kLargest, 0), kLargest);
    EXPECT_EQ(checked_sub(kSmallest, 1), std::nullopt);
    EXPECT_EQ(checked_sub(0, kSmallest), std::nullopt);
    EXPECT_EQ(checked_mul(i128{1} << 64, i128{1} << 63), std::nullopt);
    EXPECT_EQ(checked_mul(i128{1} << 63, i128{1} << 63), i128{1} << 126);
    EXPECT_EQ(narrow64(i128{INT64_MAX} + 1), std::nullopt);
    EXPECT_EQ(narrow64(i128{INT64_MIN} - 1), std::nullopt);
    EXPECT_EQ(narrow64(INT64_MIN), INT64_MIN);
}

TEST(Int128, text_keeps_both_ends) {
    EXPECT_EQ(to_string(kSmallest), "-170141183460469231731687303715884105728");
    EXPECT_EQ(parse_int128("-170141183460469231731687303715884105728"), kSmallest);
    EXPECT_EQ(parse_int128("170141183460469231731687303715884105727"), kLargest);
    EXPECT_EQ(parse_int128("170141183460469231731687303715884105728"), std::nullopt);
    for (const std::string_view hostile :
         {"", "-", "+", "--1", "1-", " 1", "1 ", "0x1", "1.0", "１"}) {
        EXPECT_EQ(parse_int128(hostile), std::nullopt) << hostile;
    }
    EXPECT_EQ(scaled_to_string(kSmallest, 2), "-1701411834604692317316873037158841057.28");
    EXPECT_EQ(scaled_to_string(-5, 4), "-0.0005");
    EXPECT_EQ(scaled_to_string(5, 0), "5");
}

RC_GTEST_PROP(Int128, text_comes_back, (std::int64_t high, std::uint64_t low)) {
    const i128 value = (static_cast<i128>(high) << 64) | static_cast<i128>(low);
    RC_ASSERT(parse_int128(to_string(value)) == value);
}

TEST(RoundingNames, come_back) {
    for (const Rounding rounding : kRoundings)
        EXPECT_EQ(rounding_named(name_of(rounding)), rounding);
    EXPECT_EQ(rounding_named("half_up"), std::nullopt);
}

TEST(Rounding, EC08_negative_amounts) {
    EXPECT_EQ(rounded_text("-1.215", 2, Rounding::half_away), "-1.22");
    EXPECT_EQ(rounded_text("-1.215", 2, Rounding::toward_zero), "-1.21");
    EXPECT_EQ(rounded_text("-1.215", 2, Rounding::away_from_zero), "-1.22");
    EXPECT_EQ(rounded_text("1.225", 2, Rounding::half_away), "1.23");
    EXPECT_EQ(rounded_text("1.225", 2, Rounding::half_even), "1.22");
    EXPECT_EQ(rounded_text("1.235", 2, Rounding::half_even), "1.24");
    EXPECT_EQ(rounded_text("1.2250001", 2, Rounding::half_even), "1.23");
}

RC_GTEST_PROP(Rounding, EC08_a_reversal_mirrors_its_charge, (std::int64_t dividend)) {
    const std::int64_t divisor = *rc::gen::inRange<std::int64_t>(1, INT64_MAX);
    for (const Rounding rounding : kRoundings) {
        RC_ASSERT(div_round(-i128{dividend}, divisor, rounding) ==
                  -div_round(dividend, divisor, rounding));
        const Exact exact(dividend, divisor);
        RC_ASSERT((-exact).rounded(3, rounding) == -*exact.rounded(3, rounding));
    }
}

RC_GTEST_PROP(Rounding, integers_and_fractions_agree, (std::int64_t dividend)) {
    const i128 wide =
        static_cast<i128>(dividend) * *rc::gen::inRange<std::int64_t>(1, 1'000'000'000);
    const std::int64_t divisor = *rc::gen::inRange<std::int64_t>(1, 1'000);
    for (const Rounding rounding : kRoundings) {
        RC_ASSERT(Exact(wide, divisor).rounded(0, rounding) == div_round(wide, divisor, rounding));
    }
}

TEST(Rounding, ties_far_out_do_not_overflow) {
    EXPECT_EQ(div_round(kLargest, kLargest, Rounding::half_even), 1);
    EXPECT_EQ(div_round(kLargest - 1, kLargest, Rounding::half_away), 1);
    EXPECT_EQ(div_round(kLargest / 2, kLargest, Rounding::half_away), 0);
    EXPECT_EQ(div_round(kLargest / 2 + 1, kLargest, Rounding::half_away), 1);
    EXPECT_EQ(div_round(kLargest, 1, Rounding::away_from_zero), kLargest);
}

TEST(Decimal, reads_what_people_write) {
    const auto text = [](std::string_view written) { return Decimal::parse(written)->to_string(); };
    EXPECT_EQ(text("0.00005"), "0.00005");
    EXPECT_EQ(text("-12.50"), "-12.5");
    EXPECT_EQ(text("+7"), "7");
    EXPECT_EQ(text(".5"), "0.5");
    EXPECT_EQ(text("000.000"), "0");
    EXPECT_EQ(text("-0"), "0");
    EXPECT_EQ(text("123456789012345678"), "123456789012345678");
    EXPECT_EQ(text("0.000000000000000001"), "0.000000000000000001");
    EXPECT_EQ(Decimal::parse("1,5", ',')->exact(), Exact(3, 2));
}

TEST(Decimal, refuses_what_is_no_plain_number) {
    for (const std::string_view hostile : {"",
                                           "-",
                                           "+",
                                           ".",
                                           "-.",
                                           "5.",
                                           "1e3",
                                           "1E3",
                                           "0x10",
                                           "NaN",
                                           "inf",
                                           " 1",
                                           "1 ",
                                           "1 000",
                                           "1,000",
                                           "1.2.3",
                                           "--1",
                                           "+-1",
                                           "1-",
                                           "１",
                                           "1\n",
                                           "1234567890123456789",
                                           "0.1234567890123456789",
                                           "0.0000000000000000000",
                                           "99999999999999999999999999999999999999999999"}) {
        EXPECT_FALSE(Decimal::parse(hostile).has_value()) << hostile;
    }
    EXPECT_FALSE(Decimal::parse(std::string_view("1\0", 2)).has_value());
    EXPECT_FALSE(Decimal::parse("1.5", ',').has_value());
}

RC_GTEST_PROP(Decimal, text_comes_back, ()) {
    const auto limit = static_cast<std::int64_t>(power_of_ten128(18));
    const Decimal decimal{*rc::gen::inRange<std::int64_t>(-limit + 1, limit),
                          *rc::gen::inRange(0, 19)};
    const auto again = Decimal::parse(decimal.to_string());
    RC_ASSERT(again.has_value());
    RC_ASSERT(again->exact() == decimal.exact());
}

TEST(ExactTest, fractions_and_their_text) {
    EXPECT_EQ(Exact(50, 62).to_fraction(), "25/31");
    EXPECT_EQ(Exact(-7).to_fraction(), "-7");
    EXPECT_EQ(Exact(1, -3).to_fraction(), "-1/3");
    EXPECT_EQ(Exact(1, 8).to_decimal(), "0.125");
    EXPECT_EQ(Exact(-1, 3).to_decimal(4), "-0.3333…");
    EXPECT_EQ(Exact(5, 1).to_decimal(0), "5");
    EXPECT_EQ(Exact(kSmallest, 1).rounded(0, Rounding::half_even), std::nullopt);  // has no mirror
    EXPECT_EQ(Exact(kLargest, 1).rounded(0, Rounding::half_even), kLargest);
    EXPECT_EQ(Exact(kLargest, 1).rounded(1, Rounding::half_even), std::nullopt);
    EXPECT_EQ(Exact(UINT64_MAX).to_fraction(), "18446744073709551615");
}

TEST(ExactTest, refuses_what_is_no_fraction) {
    for (const std::string_view hostile :
         {"", "-", "/", "1/", "/2", "1/0", "1/-2", "--1", "+1", "1.5", "1 /2", "0x1", "1/2/3"}) {
        EXPECT_FALSE(Exact::parse_fraction(hostile).has_value()) << hostile;
    }
    EXPECT_FALSE(Exact::parse_fraction(std::string(5'000, '9')).has_value());
    EXPECT_EQ(Exact::parse_fraction("010/08"), Exact(5, 4));  // decimal, never octal
}

RC_GTEST_PROP(ExactTest, text_comes_back, (std::int64_t top, std::int64_t middle)) {
    const std::int64_t bottom = *rc::gen::inRange<std::int64_t>(1, INT64_MAX);
    const Exact value = Exact(top, bottom) * Exact(middle) * Exact(middle) / Exact(7);
    RC_ASSERT(Exact::parse_fraction(value.to_fraction()) == value);
}

RC_GTEST_PROP(ExactTest, agrees_with_128_bit_integers, (std::int32_t a, std::int32_t c)) {
    const i128 b = *rc::gen::inRange(1, INT32_MAX);
    const i128 d = *rc::gen::inRange(1, INT32_MAX);
    RC_ASSERT(Exact(a, b) + Exact(c, d) == Exact(a * d + c * b, b * d));
    RC_ASSERT(Exact(a, b) - Exact(c, d) == Exact(a * d - c * b, b * d));
    RC_ASSERT(Exact(a, b) * Exact(c, d) == Exact(static_cast<i128>(a) * c, b * d));
    RC_ASSERT((Exact(a, b) < Exact(c, d)) == (a * d < c * b));
    RC_ASSERT(Exact(a, b).is_integer() == (a % b == 0));
    for (const Rounding rounding : kRoundings) {
        RC_ASSERT(Exact(a, b).rounded(4, rounding) ==
                  div_round(static_cast<i128>(a) * 10'000, b, rounding));
        RC_ASSERT(Exact(a, b).rounded_to(4, rounding) ==
                  Exact(div_round(static_cast<i128>(a) * 10'000, b, rounding), 10'000));
    }
}

// EC10: the total of any cut of a quantity is the price of the whole, when only differences of
// rounded totals post.
RC_GTEST_PROP(ExactTest, EC10_cumulative_charges_telescope, (std::vector<std::uint16_t> pieces)) {
    const Exact per_unit(1, 1'200);
    std::int64_t total = 0;
    i128 posted = 0;
    for (const std::uint16_t piece : pieces) {
        const i128 before = *(Exact(total) * per_unit).rounded(9, Rounding::half_even);
        total += piece;
        posted += *(Exact(total) * per_unit).rounded(9, Rounding::half_even) - before;
    }
    RC_ASSERT(posted == *(Exact(total) * per_unit).rounded(9, Rounding::half_even));
}

}  // namespace
}  // namespace farthing
