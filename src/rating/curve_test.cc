#include "rating/curve.h"

#include "rating/rating_world_test.h"
#include "rating/session.h"

namespace farthing::rating::testing {
namespace {

using catalog::Band;
using catalog::BandMode;

const Currency kEuro = *Currency::named("EUR");
constexpr std::int64_t kHuge = std::int64_t{1} << 53;

const std::vector<Band> kUnitTiers = {
    {100, price("0.10")}, {500, price("0.05")}, {INT64_MAX, price("0.02")}};

TEST(Curve, graduated_bands_end_with_their_last_unit) {
    const Curve curve(kUnitTiers, BandMode::graduated, kEuro);
    EXPECT_EQ(curve.exact(0, 0), Exact(0));
    EXPECT_EQ(curve.exact(100, 0), Exact(10));
    EXPECT_EQ(curve.exact(101, 0), Exact(1005, 100));
    EXPECT_EQ(curve.exact(500, 0), Exact(30));
    EXPECT_EQ(curve.exact(600, 0), Exact(32));
    EXPECT_EQ(curve.atoms(600, 0), 32'000'000'000);
}

TEST(Curve, volume_prices_the_whole_total) {
    const Curve curve(kUnitTiers, BandMode::volume, kEuro);
    EXPECT_EQ(curve.atoms(100, 0), 10'000'000'000);
    EXPECT_EQ(curve.atoms(101, 0), 5'050'000'000);
    EXPECT_EQ(curve.atoms(501, 0), 10'020'000'000);
}

TEST(Curve, the_allowance_comes_first) {
    const Curve curve(kUnitTiers, BandMode::graduated, kEuro);
    EXPECT_EQ(curve.atoms(50, 50), 0);
    EXPECT_EQ(curve.atoms(51, 50), 100'000'000);
    EXPECT_EQ(curve.atoms(INT64_MAX, INT64_MAX), 0);
}

TEST(Curve, halves_go_to_even) {
    const std::vector<Band> half = {{INT64_MAX, price("0.000000001", 2)}};
    const Curve curve(half, BandMode::flat, kEuro);
    EXPECT_EQ(curve.atoms(1, 0), 0);
    EXPECT_EQ(curve.atoms(3, 0), 2);
    EXPECT_EQ(curve.atoms(5, 0), 2);
}

TEST(Curve, the_sign_is_symmetric) {
    const std::vector<Band> thirds = {{7, price("0.000000001", 3)},
                                      {INT64_MAX, price("0.0000000025", 7)}};
    for (const BandMode mode : {BandMode::graduated, BandMode::volume}) {
        const Curve plus(thirds, mode, kEuro, Exact(1, 2));
        const Curve minus(thirds, mode, kEuro, Exact(-1, 2));
        for (std::int64_t total = 0; total < 200; ++total) {
            EXPECT_EQ(*plus.atoms(total, 3), -*minus.atoms(total, 3));
        }
    }
}

TEST(Curve, huge_quantities_of_long_prices) {
    const std::vector<Band> bands = {{kHuge / 2, price("0.000000000000000001", 999'983)},
                                     {INT64_MAX, price("0.123456789012345678", 1'000'003)}};
    const Curve curve(bands, BandMode::graduated, kEuro);
    const Exact expected =
        Exact(kHuge / 2) * bands[0].price.exact() + Exact(kHuge / 2) * bands[1].price.exact();
    EXPECT_EQ(curve.exact(kHuge, 0), expected);
    EXPECT_EQ(i128{*curve.atoms(kHuge, 0)}, *expected.rounded(9, Rounding::half_even));
}

TEST(Curve, denominators_that_leave_128_bits_stay_exact) {
    std::vector<Band> bands;
    const std::int64_t primes[] = {999'999'999'989, 999'999'999'961, 999'999'999'959,
                                   999'999'999'937};
    for (int i = 0; i < 4; ++i)
        bands.push_back({(i + 1) * 1'000'000'000'000, price("0.123456789012345678", primes[i])});
    bands.back().to = INT64_MAX;
    const Curve curve(bands, BandMode::graduated, kEuro);
    Exact expected;
    for (int i = 0; i < 3; ++i)
        expected += Exact(1'000'000'000'000) * bands[static_cast<std::size_t>(i)].price.exact();
    expected += Exact(500'000'000'000) * bands[3].price.exact();
    EXPECT_EQ(i128{*curve.atoms(3'500'000'000'000, 0)}, *expected.rounded(9, Rounding::half_even));
}

TEST(Curve, a_charge_beyond_a_posting_is_refused) {
    const std::vector<Band> one = {{INT64_MAX, price("1")}};
    const Curve curve(one, BandMode::flat, kEuro);
    EXPECT_EQ(curve.atoms(9'223'372'036, 0), 9'223'372'036'000'000'000);
    EXPECT_EQ(curve.atoms(9'223'372'037, 0), std::nullopt);
    const std::vector<Band> dear = {{INT64_MAX, price("999999999999999999")}};
    EXPECT_EQ(Curve(dear, BandMode::flat, kEuro).atoms(INT64_MAX, 0), std::nullopt);
}

TEST(Curve, ec09_other_currencies_have_other_atoms) {
    const std::vector<Band> one = {{INT64_MAX, price("1")}};
    EXPECT_EQ(Curve(one, BandMode::flat, *Currency::named("JPY")).atoms(3, 0), 30'000'000);
    EXPECT_EQ(Curve(one, BandMode::flat, *Currency::named("KWD")).atoms(3, 0), 30'000'000'000);
}

TEST(Curve, ec12_ec13_billable_increments) {
    EXPECT_EQ(billable(0, {60, 6}), 0);
    EXPECT_EQ(billable(1, {60, 6}), 60);
    EXPECT_EQ(billable(61, {60, 6}), 66);
    EXPECT_EQ(billable(67, {60, 1}), 67);
    EXPECT_EQ(billable(61, {60, 60}), 120);
    EXPECT_EQ(billable(32, {30, 6}), 36);
    EXPECT_EQ(billable(57, {30, 6}), 60);
    EXPECT_EQ(billable(75, {30, 6}), 78);
}

catalog::PriceShape shape_of(std::vector<Band> bands, BandMode mode = BandMode::flat) {
    return {.mode = mode, .bands = std::move(bands), .cap = {}};
}

TEST(Curve, a_package_is_paid_when_it_is_begun) {
    auto shape = shape_of({{INT64_MAX, price("5.00", 100)}});
    shape.block = 100;
    const Curve curve(shape, kEuro);
    EXPECT_EQ(curve.exact(50, 50), Exact(0));
    EXPECT_EQ(curve.exact(51, 50), Exact(5));
    EXPECT_EQ(curve.exact(150, 50), Exact(5));
    EXPECT_EQ(curve.exact(151, 50), Exact(10));
    EXPECT_EQ(curve.atoms(151, 50), 10'000'000'000);
    EXPECT_EQ(curve.atoms(INT64_MAX, INT64_MAX), 0);
}

TEST(Curve, steps_come_before_the_allowance_and_blocks_after_it) {
    auto shape = shape_of({{INT64_MAX, price("1")}});
    shape.step = 10;
    EXPECT_EQ(Curve(shape, kEuro).exact(11, 15), Exact(5));
    EXPECT_EQ(Curve(shape, kEuro).exact(10, 15), Exact(0));
    EXPECT_EQ(Curve(shape, kEuro).atoms(15, 15), 5'000'000'000);
    shape.block = 7;
    EXPECT_EQ(Curve(shape, kEuro).exact(11, 15), Exact(7));
}

TEST(Curve, the_cap_holds_for_every_mode_and_share) {
    for (const BandMode mode : {BandMode::graduated, BandMode::volume}) {
        auto shape = shape_of(kUnitTiers, mode);
        shape.cap = *Decimal::parse("10.02");
        const Curve whole(shape, kEuro);
        const Curve half(shape, kEuro, Exact(1, 2));
        for (const std::int64_t total : {0L, 99L, 100L, 101L, 500L, 501L, 9'999L}) {
            const Exact uncapped = Curve(kUnitTiers, mode, kEuro).exact(total, 0);
            const Exact cap(1'002, 100);
            const Exact expected = cap < uncapped ? cap : uncapped;
            EXPECT_EQ(whole.exact(total, 0), expected) << total;
            EXPECT_EQ(half.exact(total, 0), expected * Exact(1, 2)) << total;
            EXPECT_EQ(whole.atoms(total, 0), expected.rounded(9, Rounding::half_even)) << total;
        }
    }
}

TEST(Curve, a_cap_holds_where_the_price_itself_leaves_what_can_be_posted) {
    auto shape = shape_of({{INT64_MAX, price("999999999999999999")}});
    EXPECT_FALSE(Curve(shape, kEuro).atoms(kHuge, 0));
    shape.cap = *Decimal::parse("7.5");
    EXPECT_EQ(Curve(shape, kEuro).atoms(kHuge, 0), 7'500'000'000);
}

TEST(Curve, rounding_up_leaves_no_room_to_wrap) {
    auto shape = shape_of({{INT64_MAX, price("0.000000001")}});
    shape.block = INT64_MAX - 1;
    EXPECT_EQ(Curve(shape, kEuro).atoms(1, 0), INT64_MAX - 1);
    EXPECT_FALSE(Curve(shape, kEuro).atoms(INT64_MAX, 0));  // two blocks
}

}  // namespace
}  // namespace farthing::rating::testing
