#include "rating/quote.h"

#include <random>

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

using catalog::BandMode;

struct Priced {
    catalog::Version version;
    catalog::UsageCharge charge;
    std::unique_ptr<Pricing> pricing;

    explicit Priced(catalog::UsageCharge made) : charge(std::move(made)) {
        version.currency = *Currency::named("EUR");
        pricing = std::make_unique<Pricing>(version, charge, nullptr);
    }
    Affordable with(std::string_view balance, std::int64_t total = 0, std::int64_t allowance = 0,
                    std::int64_t most = kQuantityMax) const {
        const Standing standing{pricing.get(), total, allowance};
        const Money money = *Money::parse(balance, version.currency);
        return affordable(std::span(&standing, 1), static_cast<std::int64_t>(money.atoms), most);
    }
};

catalog::UsageCharge flat_charge(std::string_view amount, std::int64_t per) {
    return charge(1, flat(amount, per), BandMode::flat);
}

TEST(Quote, EC18_the_first_block_must_be_there) {
    auto made = flat_charge("0.04", 60);
    made.increments = {60, 60};
    const Priced minute(made);
    const Affordable refused = minute.with("0.01");
    EXPECT_EQ(refused.units, 0);
    EXPECT_EQ(refused.atoms, 0);
    EXPECT_EQ(refused.first_atoms, 40'000'000);
    EXPECT_EQ(minute.with("0.04").units, 60);
    EXPECT_EQ(minute.with("0.0799").units, 60);
    EXPECT_EQ(minute.with("0.08").units, 120);
    EXPECT_EQ(minute.with("0.08", 0, 0, 90).units, 90);
    EXPECT_EQ(minute.with("-1").units, 0);
}

TEST(Quote, EC18_fee_minimum_and_grace_belong_to_the_first_block) {
    auto made = flat_charge("0.10", 1);
    made.connection_fee = *Decimal::parse("0.05");
    made.minimum = *Decimal::parse("0.30");
    EXPECT_EQ(Priced(made).with("0.34").first_atoms, 350'000'000);
    EXPECT_EQ(Priced(made).with("0.34").units, 0);
    EXPECT_EQ(Priced(made).with("0.35").units, 3);
    EXPECT_EQ(Priced(made).with("0.45").units, 4);
    auto graceful = flat_charge("0.12", 60);
    graceful.increments = {60, 60};
    graceful.grace = 3;
    EXPECT_EQ(Priced(graceful).with("0.11").units, 0);  // nobody knows that it stays within it
    EXPECT_EQ(Priced(graceful).with("0.12").units, 60);
}

TEST(Quote, EC43_what_is_left_does_not_afford_a_block) {
    auto made = flat_charge("0.10", kMb);
    made.increments = {kMb, kMb};
    const Affordable affords = Priced(made).with("0.37");
    EXPECT_EQ(affords.units, 3 * kMb);
    EXPECT_EQ(affords.atoms, 300'000'000);
    EXPECT_EQ(Priced(made).with("0", 4 * kMb, 5 * kMb).units, kMb);  // included
    EXPECT_EQ(Priced(flat_charge("0", 1)).with("0").units, kQuantityMax);
}

// Against every quantity up to the end, over shapes, allowances and places in them.
TEST(Quote, EC45_no_quantity_on_the_way_costs_more) {
    std::mt19937_64 random(20'260'105);
    const auto upto = [&](std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, most)(random);
    };
    constexpr std::int64_t kMost = 120;
    for (int round = 0; round < 400; ++round) {
        std::vector<catalog::Band> bands;
        std::int64_t to = 0;
        for (std::int64_t i = upto(3); i > 0; --i) {
            to += 1 + upto(40);
            bands.push_back({to, {{upto(9), 2}, 1, {}}});
        }
        bands.push_back({INT64_MAX, {{upto(9), 2}, 1, {}}});
        auto made = charge(1, bands, upto(1) == 0 ? BandMode::graduated : BandMode::volume);
        if (upto(1) == 0) made.increments = {1 + upto(9), 1 + upto(4)};
        if (upto(2) == 0) made.block = 1 + upto(9);
        if (upto(2) == 0) made.step = 1 + upto(9);
        if (upto(2) == 0) made.cap = Decimal{upto(300), 2};
        if (upto(2) == 0) made.connection_fee = Decimal{upto(20), 2};
        if (upto(3) == 0) made.grace = upto(5);
        const Priced priced(made);
        const Standing standing{priced.pricing.get(), upto(60), upto(1) == 0 ? upto(50) : 0};
        const std::int64_t balance = upto(200) * 10'000'000;
        const Affordable found = affordable(std::span(&standing, 1), balance, kMost);
        std::int64_t expected = 0;
        const auto costs = [&](std::int64_t raw) { return *session_atoms(standing, raw); };
        if (costs(made.grace + 1) <= balance) {
            while (expected < kMost && costs(expected + 1) <= balance) expected += 1;
        }
        ASSERT_EQ(found.units, expected) << "round " << round;
        ASSERT_EQ(found.first_atoms, costs(made.grace + 1));
        if (expected > 0) {
            ASSERT_EQ(found.atoms, costs(expected));
        }
    }
}

TEST(Quote, several_prices_share_a_balance) {
    const Priced main(flat_charge("0.10", 1));
    const Priced added(flat_charge("0.05", 1));
    const Standing both[] = {{main.pricing.get(), 0, 0}, {added.pricing.get(), 0, 0}};
    EXPECT_EQ(affordable(both, 1'000'000'000, kQuantityMax).units, 6);
    EXPECT_EQ(affordable({}, 1'000'000'000, kQuantityMax).units, 0);
}

}  // namespace
}  // namespace farthing::rating::testing
