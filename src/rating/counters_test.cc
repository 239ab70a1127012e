#include "rating/counters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "rating/rating_world_test.h"

namespace farthing::rating::testing {
namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
}

Counter sample(std::uint32_t owner, std::uint64_t item) {
    Counter counter;
    counter.key = {Perspective::retail, OwnerKind::account, owner, {3}, item, Date::of(2026, 1, 1)};
    counter.window_end = Date::of(2026, 2, 1);
    Segment segment;
    segment.start = {*parse_rfc3339("2025-12-31T22:00:00Z")};
    segment.last = {*parse_rfc3339("2026-01-10T10:00:00Z")};
    segment.version = {1};
    segment.payer = {7};
    segment.quantity = 120'000'000;
    segment.sessions = 2;
    segment.records = 3;
    segment.posted_atoms = -1'000'000'000;
    segment.posted_shares = {{{2}, -300'000'000}};
    counter.segments = {segment};
    counter.by_day = {0, 5, 0};
    counter.members = {{{9}, 70}, {{4}, 50}};
    return counter;
}

const PackKey kBlock{Perspective::retail, static_cast<std::uint8_t>(OwnerKind::account),
                     Date::of(2026, 1, 1).days, 1};

std::string pack(const std::vector<const Counter*>& counters) {
    PackRoom room;
    return pack_counters(counters, room);
}

std::string packed() {
    const Counter second = sample(65, 12);
    const Counter first = sample(64, 0);
    return pack({&second, &first});
}

TEST(CounterPack, bytes_of_the_first_release_still_read) {
    EXPECT_EQ(hex(packed()),
              "01020300001f01ff9fbad235010780b8b8720406ffa7d6b90780c0f0b7e32f0102ff8b8d9e0203000a00"
              "020464058c01030c"
              "011f01ff9fbad235010780b8b8720406ffa7d6b90780c0f0b7e32f0102ff8b8d9e0203000a0002046405"
              "8c011a403b6c7fe5"
              "ad8e");
}

Counter below_minimum() {
    Counter counter = sample(64, 0);
    counter.segments[0].below = 2;
    counter.segments[0].below_quantity = -90;
    return counter;
}

Counter of_counted_members() {
    Counter counter = below_minimum();
    const Instant start = counter.segments[0].start;
    counter.member_days = {{start, 3, {4}, 50}, {start, 3, {9}, 20}, {start, 7, {9}, 50}};
    return counter;
}

// What releases stored stays readable: never change these bytes, add others beside them.
TEST(CounterPack, golden_bytes_of_version_2) {
    const Counter counter = below_minimum();
    const std::string bytes = pack({&counter});
    EXPECT_EQ(hex(bytes),
              "02010300001f01ff9fbad235010780b8b8720406ffa7d6b90780c0f0b7e32f0102ff8b8d9e0204b30103"
              "000a00020464058c0143c383048cfc4c32");
    const auto read = unpack_counters(kBlock, bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->front().segments[0].below_quantity, -90);
}

TEST(CounterPack, golden_bytes_of_version_3) {
    const Counter counter = of_counted_members();
    EXPECT_EQ(hex(pack({&counter})),
              "03010300001f01ff9fbad235010780b8b8720406ffa7d6b90780c0f0b7e32f0102ff8b8d9e0204b30103"
              "000a00020464058c0103000304640003092800070964f6fa85e5b4cbf393");
}

TEST(CounterPack, gives_back_what_it_was_given) {
    const auto counters = unpack_counters(kBlock, packed());
    ASSERT_TRUE(counters.has_value());
    ASSERT_EQ(counters->size(), 2U);
    const Counter& counter = counters->back();
    const Counter expected = sample(65, 12);
    EXPECT_EQ(counter.key, expected.key);
    EXPECT_EQ(counter.window_end, expected.window_end);
    EXPECT_EQ(counter.by_day, expected.by_day);
    ASSERT_EQ(counter.segments.size(), 1U);
    const Segment& segment = counter.segments[0];
    EXPECT_EQ(segment.start, expected.segments[0].start);
    EXPECT_EQ(segment.last, expected.segments[0].last);
    EXPECT_EQ(segment.quantity, 120'000'000);
    EXPECT_EQ(segment.sessions, 2);
    EXPECT_EQ(segment.records, 3);
    EXPECT_EQ(segment.posted_atoms, -1'000'000'000);
    EXPECT_EQ(segment.posted_shares, expected.segments[0].posted_shares);
    const LeanVector<std::pair<SubscriptionId, std::int64_t>> members = {{{4}, 50}, {{9}, 70}};
    EXPECT_EQ(counter.members, members);
}

TEST(CounterPack, uses_of_capped_members_are_kept_in_version_3) {
    const Counter capped = of_counted_members();
    const std::string bytes = pack({&capped});
    EXPECT_EQ(bytes.front(), 3);
    const auto read = unpack_counters(kBlock, bytes);
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(read->front().member_days, capped.member_days);
    EXPECT_EQ(read->front().segments[0].below, 2);
    EXPECT_EQ(read->front().segments[0].below_quantity, -90);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        EXPECT_FALSE(unpack_counters(kBlock, damaged).has_value()) << i;
    }
}

TEST(CounterPack, every_damaged_byte_and_every_cut_is_told) {
    const std::string whole = packed();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string damaged = whole;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        const auto broken = unpack_counters(kBlock, damaged);
        ASSERT_FALSE(broken.has_value()) << i;
        EXPECT_EQ(broken.error().code, "counter_pack_damaged");
        if (i == 0) continue;
        EXPECT_FALSE(unpack_counters(kBlock, whole.substr(0, i)).has_value()) << i;
    }
    PackKey elsewhere = kBlock;
    elsewhere.block = 2;
    EXPECT_FALSE(unpack_counters(elsewhere, whole).has_value());
}

TEST(CounterPack, a_counter_without_segments_leaves_no_trace) {
    Counter empty = sample(64, 0);
    empty.segments.clear();
    EXPECT_EQ(pack({&empty}), "");
    EXPECT_TRUE(unpack_counters(kBlock, "")->empty());
}

TEST(CounterTable, damage_is_kept_and_not_fatal) {
    CounterTable table([](const PackKey&) { return std::string("not a pack"); });
    EXPECT_EQ(table.find(sample(64, 0).key), nullptr);
    ASSERT_TRUE(table.damage().has_value());
    EXPECT_EQ(table.damage()->code, "counter_pack_damaged");
    table.clear();
    EXPECT_FALSE(table.damage().has_value());
}

TEST(CounterTable, what_others_changed_is_loaded_again_in_its_place) {
    std::map<PackKey, std::string> stored;
    int loads = 0;
    CounterTable table([&](const PackKey& key) {
        loads += 1;
        return stored[key];
    });
    const Counter own = sample(64, 0);
    const Counter gone = sample(70, 0);
    const Counter other = sample(128, 0);
    stored[kBlock] = pack({&own, &gone});
    stored[block_of(other.key)] = pack({&other});
    const std::uint32_t number = table.touch(own.key, own.window_end);
    const Counter& known = table.at(number);
    ASSERT_NE(table.find(gone.key), nullptr);
    ASSERT_NE(table.find(other.key), nullptr);
    EXPECT_EQ(loads, 2);
    Counter moved = sample(64, 0);
    moved.segments[0].quantity = 5;
    const Counter fresh = sample(65, 0);
    stored[kBlock] = pack({&moved, &fresh});
    stored[block_of(other.key)].clear();  // nobody tells of it, so that it is not looked at
    const std::vector<OwnerBlock> owners{owners_of(kBlock)};
    EXPECT_EQ(table.numbers_of(owners).size(), 2U);
    table.load_again(owners);
    EXPECT_EQ(loads, 3);
    EXPECT_EQ(table.touch(own.key, own.window_end), number);
    EXPECT_EQ(&table.at(number), &known);
    EXPECT_EQ(known.segments[0].quantity, 5);
    EXPECT_EQ(table.find(gone.key), nullptr);
    EXPECT_NE(table.find(fresh.key), nullptr);
    EXPECT_NE(table.find(other.key), nullptr);
    const std::vector<OwnerBlock> nobody{{Perspective::retail, 9, 1}};
    table.load_again(nobody);
    EXPECT_EQ(loads, 3);
    EXPECT_TRUE(table.dirty_packs().empty());
}

TEST(CounterTable, only_blocks_that_changed_are_packed) {
    int loads = 0;
    CounterTable table([&](const PackKey& key) {
        loads += 1;
        return key == kBlock ? packed() : std::string();
    });
    const std::uint32_t index = table.touch(sample(64, 0).key, Date::of(2026, 2, 1));
    EXPECT_EQ(table.at(index).segments.size(), 1U);
    table.touch(sample(200, 0).key, Date::of(2026, 2, 1));
    EXPECT_TRUE(table.dirty_packs().empty());
    table.mark_dirty(index);
    const auto packs = table.dirty_packs();
    ASSERT_EQ(packs.size(), 1U);
    EXPECT_EQ(packs[0].key, kBlock);
    EXPECT_EQ(packs[0].bytes, packed());
    table.mark_clean();
    EXPECT_TRUE(table.dirty_packs().empty());
    EXPECT_EQ(loads, 2);
}

// The law of the telescope: whatever the order, the batches and the reloads, the postings sum to
// the price of the sum.
RC_GTEST_PROP(DayQuantities, hold_what_a_row_of_all_days_would, ()) {
    const auto days = *rc::gen::inRange<std::size_t>(1, 40);
    std::vector<std::int64_t> row(days);
    DayQuantities quantities;
    quantities.resize(days);
    const auto adds = *rc::gen::container<std::vector<std::pair<std::size_t, int>>>(rc::gen::pair(
        rc::gen::inRange<std::size_t>(0, days), rc::gen::inRange(-1'000'000, 1'000'000)));
    for (const auto& [day, quantity] : adds) {
        row[day] += quantity;
        quantities.add(day, quantity);
    }
    const std::size_t longer = days + *rc::gen::inRange<std::size_t>(0, 3);
    quantities.resize(longer);
    row.resize(longer);
    std::vector<std::int64_t> expanded;
    quantities.expand(expanded);
    RC_ASSERT(expanded == row);
    for (std::size_t day = 0; day < longer; ++day) RC_ASSERT(quantities[day] == row[day]);
}

RC_GTEST_PROP(Laws, charges_telescope, ()) {
    const auto quantities = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 30)));
    const auto steps = *rc::gen::container<std::vector<std::int64_t>>(
        3, rc::gen::inRange<std::int64_t>(1, std::int64_t{1} << 30));
    const auto mode = *rc::gen::element(catalog::BandMode::graduated, catalog::BandMode::volume);
    World world;
    const AccountId payer = world.account();
    const SubscriptionId sim = world.subscription(payer);
    std::vector<catalog::Band> bands;
    std::int64_t to = 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        to += steps[i];
        bands.push_back({to, {{steps[(i + 1) % 3] % 1'000'000, 7}, 1 + steps[i] % 1'000, {}}});
    }
    bands.back().to = INT64_MAX;
    auto data = charge(1, bands, mode);
    data.allowance = allowance(steps[2] / 2, catalog::SharedBy::subscription);
    world.publish(1, "2026-01-01", {data});
    world.open();
    std::int64_t total = 0;
    for (const std::int64_t quantity : quantities) {
        world.post({{sim, world.local("2026-01-10"), quantity}});
        total += quantity;
        if (*rc::gen::arbitrary<bool>()) world.reopen();
    }
    const Curve curve(bands, mode, world.versions[0]->currency);
    RC_ASSERT(world.posted[payer.value] == i128{*curve.atoms(total, steps[2] / 2)});
    RC_ASSERT(curve.exact(total, steps[2] / 2).rounded(9, Rounding::half_even) ==
              world.posted[payer.value]);
}

}  // namespace
}  // namespace farthing::rating::testing
