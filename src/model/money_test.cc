#include "model/money.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "base/decimal.h"

namespace farthing {
namespace {

Currency currency(std::string_view code) {
    return *Currency::named(code);
}
Exact exact(std::string_view decimal) {
    return Decimal::parse(decimal)->exact();
}
// `amount` rounded to that many decimals, as text.
std::string line(const Exact& amount, int digits, Rounding rounding,
                 std::string_view code = "EUR") {
    return rounded_money(amount, currency(code), digits, rounding)->to_string(digits);
}
std::string truncated4(const Exact& amount) {
    return line(amount, 4, Rounding::toward_zero);
}
std::string half_even2(const Exact& amount) {
    return line(amount, 2, Rounding::half_even);
}

TEST(CurrencyTable, spot_checks) {
    const auto digits = [](std::string_view code) { return currency(code).minor_digits(); };
    EXPECT_EQ(digits("EUR"), 2);
    EXPECT_EQ(digits("JPY"), 0);
    EXPECT_EQ(digits("KWD"), 3);
    EXPECT_EQ(digits("ISK"), 0);
    EXPECT_EQ(digits("HUF"), 2);
    EXPECT_EQ(digits("CLF"), 4);
    EXPECT_EQ(digits("TND"), 3);
    EXPECT_EQ(currency("EUR").numeric(), 978);
    EXPECT_EQ(currency("ALL").numeric(), 8);
    EXPECT_EQ(currency("USD").code(), "USD");
    EXPECT_EQ(currency("EUR").atom_digits(), 9);
    EXPECT_EQ(currency("JPY").atom_digits(), 7);
    EXPECT_EQ(currency("KWD").atom_digits(), 10);
    for (const std::string_view unknown : {"", "eur", "EU", "EURO", "XAU", "XXX", "DEM"}) {
        EXPECT_FALSE(Currency::named(unknown).has_value()) << unknown;
    }
}

TEST(MoneyText, keeps_the_minor_digits_and_every_atom) {
    const auto text = [](std::string_view written, std::string_view code) {
        return Money::parse(written, currency(code))->to_string();
    };
    EXPECT_EQ(text("0.1", "EUR"), "0.10");
    EXPECT_EQ(text("0.000000033", "EUR"), "0.000000033");
    EXPECT_EQ(text("-5", "EUR"), "-5.00");
    EXPECT_EQ(text("258", "JPY"), "258");
    EXPECT_EQ(text("258.0000001", "JPY"), "258.0000001");
    EXPECT_EQ(text("5.161", "KWD"), "5.161");
    for (const std::string_view hostile :
         {"", "-", ".", "1.", ".5", "-.5", "+1", "1e3", " 1", "1,0", "1.2.3", "1.-2",
          "0.0000000001", "999999999999999999999999999999999999999"}) {
        EXPECT_FALSE(Money::parse(hostile, currency("EUR")).has_value()) << hostile;
    }
}

RC_GTEST_PROP(MoneyText, comes_back, (std::int64_t high, std::uint64_t low)) {
    const Money amount{static_cast<i128>(high) * (i128{1} << 60) + static_cast<i128>(low),
                       currency(*rc::gen::element<std::string>("EUR", "JPY", "KWD", "CLF"))};
    RC_ASSERT(Money::parse(amount.to_string(), amount.currency) == amount);
    RC_ASSERT(money_of(amount.exact(), amount.currency) == amount);
}

TEST(MoneyBounds, overflow_is_a_value) {
    const Currency euro = currency("EUR");
    const Money largest{-(static_cast<i128>(u128{1} << 127) + 1), euro};
    EXPECT_EQ(checked_add(largest, Money{1, euro}), std::nullopt);
    EXPECT_EQ(checked_add(largest, Money{0, euro}), largest);
    EXPECT_EQ(money_of(largest.exact() + Exact(1), euro), std::nullopt);
    EXPECT_EQ(rounded_money(largest.exact() * Exact(10), euro, 2, Rounding::half_even),
              std::nullopt);
    EXPECT_EQ(-(-largest), largest);
}

TEST(MoneyBounds, two_currencies_are_never_added) {
    EXPECT_DEATH((void)checked_add(Money{1, currency("EUR")}, Money{1, currency("USD")}),
                 "invariant broken");
    const Money smallest{static_cast<i128>(u128{1} << 127), currency("EUR")};
    EXPECT_DEATH((void)-smallest, "invariant broken");
    EXPECT_DEATH((void)Money::parse("0.001", currency("EUR"))->to_string(2), "invariant broken");
}

TEST(Lines, EC01_january_of_the_number_story) {
    EXPECT_EQ(truncated4(Exact(50 * 5)), "250.0000");
    EXPECT_EQ(truncated4(Exact(10 * 5) * Exact(16, 31)), "25.8064");
    EXPECT_EQ(line(Exact(50) * Exact(16, 31), 4, Rounding::half_away), "25.8065");
}

TEST(Lines, EC02_february_of_the_number_story) {
    EXPECT_EQ(truncated4(Exact(60 * 5) * Exact(24, 28)), "257.1428");
    EXPECT_EQ(truncated4(Exact(55 * 5) * Exact(4, 28)), "39.2857");
    EXPECT_EQ(truncated4(Exact(60 * 5) * Exact(24, 29)), "248.2758");
    EXPECT_EQ(truncated4(Exact(55 * 5) * Exact(5, 29)), "47.4137");
}

TEST(Lines, EC03_rounding_comes_after_multiplication) {
    EXPECT_EQ(truncated4(Exact(5) * Exact(16, 31)), "2.5806");
    EXPECT_NE(truncated4(Exact(10) * exact("2.5806")), truncated4(Exact(50) * Exact(16, 31)));
}

TEST(Lines, EC04_another_cut_has_the_same_total) {
    EXPECT_EQ(truncated4(Exact(275) + exact(truncated4(Exact(25) * Exact(24, 28)))), "296.4285");
    EXPECT_EQ(truncated4(exact("257.1428") + exact("39.2857")), "296.4285");
}

TEST(Lines, EC07_micro_charges_sum_before_they_round) {
    const Exact event = Exact(1, 600) * exact("0.00005");
    EXPECT_EQ(truncated4(event * Exact(43'200)), "0.0036");
    EXPECT_EQ(half_even2(event * Exact(43'200) * Exact(200'000)), "720.00");
    const auto rounded_each = [&](int digits) {
        return (event.rounded_to(digits, Rounding::half_even) * Exact(43'200) * Exact(200'000))
            .to_decimal();
    };
    EXPECT_EQ(rounded_each(6), "0");
    EXPECT_EQ(rounded_each(8), "691.2");
    EXPECT_EQ(rounded_each(12), "719.99712");
}

TEST(Lines, EC09_currencies_have_their_own_digits) {
    EXPECT_EQ(line(Exact(500) * Exact(16, 31), 0, Rounding::half_even, "JPY"), "258");
    EXPECT_EQ(line(Exact(10) * Exact(16, 31), 3, Rounding::half_even, "KWD"), "5.161");
}

TEST(Lines, EC36_started_units) {
    const Exact bytes(1'048'576);
    EXPECT_EQ((bytes / Exact(1'000'000)).rounded_to(0, Rounding::away_from_zero) * Exact(1, 10),
              Exact(1, 5));
    EXPECT_EQ((bytes / Exact(1 << 20)).rounded_to(0, Rounding::away_from_zero) * Exact(1, 10),
              Exact(1, 10));
}

TEST(Lines, EC73_payable_is_net_and_tax_at_its_own_scale) {
    const auto payable = [](std::string_view lines, int percent) {
        const Exact net = exact(half_even2(exact(lines)));
        return half_even2(net + exact(half_even2(net * Exact(percent, 100))));
    };
    EXPECT_EQ(payable("275.8064", 0), "275.81");
    EXPECT_EQ(payable("296.4285", 0), "296.43");
    EXPECT_EQ(payable("275.8064", 20), "330.97");
    EXPECT_EQ(payable("296.4285", 20), "355.72");
    EXPECT_EQ(payable("275.8064", 9), "300.63");
    EXPECT_EQ(payable("296.4285", 9), "323.11");
}

std::vector<i128> split(i128 whole, std::vector<Exact> weights) {
    return split_largest_remainder(whole, weights);
}

TEST(Splits, EC05_the_residue_goes_to_the_first) {
    EXPECT_EQ(split(10'000, {1, 1, 1}), (std::vector<i128>{3334, 3333, 3333}));
    EXPECT_EQ(split(-10'000, {1, 1, 1}), (std::vector<i128>{-3334, -3333, -3333}));
}

TEST(Splits, EC06_shares_sum_to_the_whole) {
    EXPECT_EQ(split(5, {70, 30}), (std::vector<i128>{4, 1}));
    EXPECT_EQ(split(-5, {70, 30}), (std::vector<i128>{-4, -1}));
    EXPECT_EQ(split(5'000, {70, 30}), (std::vector<i128>{3'500, 1'500}));
    EXPECT_EQ(split(60'072'000, {70, 30}), (std::vector<i128>{42'050'400, 18'021'600}));
}

TEST(Splits, EC59_days_of_two_payers) {
    EXPECT_EQ(split(3'100, {15, 16}), (std::vector<i128>{1'500, 1'600}));
    EXPECT_EQ(split(10'000, {15, 16}), (std::vector<i128>{4'839, 5'161}));
    EXPECT_EQ(split(1'000'000, {15, 16}), (std::vector<i128>{483'871, 516'129}));
}

TEST(Splits, the_edges_hold) {
    const i128 largest = -(static_cast<i128>(u128{1} << 127) + 1);
    EXPECT_EQ(split(largest, {1}), (std::vector<i128>{largest}));
    EXPECT_EQ(split(0, {1, 2}), (std::vector<i128>{0, 0}));
    EXPECT_EQ(split(7, {0, 1}), (std::vector<i128>{0, 7}));
    EXPECT_DEATH((void)split(7, {0, 0}), "invariant broken");
}

RC_GTEST_PROP(Splits, sum_to_the_whole_and_mirror_in_sign,
              (std::int64_t whole, std::vector<std::uint32_t> tops)) {
    std::vector<Exact> weights = {Exact(1, 3)};
    Exact sum = weights.front();
    for (const std::uint32_t top : tops) {
        weights.emplace_back(top, 7'919);
        sum += weights.back();
    }
    const std::vector<i128> parts = split(whole, weights);
    const std::vector<i128> mirrored = split(-i128{whole}, weights);
    i128 total = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        total += parts[i];
        RC_ASSERT(mirrored[i] == -parts[i]);
        const Exact off = Exact(parts[i], 1) - Exact(whole) * weights[i] / sum;
        RC_ASSERT(off < Exact(1) && off > Exact(-1));
    }
    RC_ASSERT(total == whole);
}

}  // namespace
}  // namespace farthing
