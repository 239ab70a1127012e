#include "model/quantity.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "model/catalog_record.h"
#include "model/outcome.h"
#include "model/usage.h"

namespace farthing {
namespace {

const Unit& unit(std::string_view name) {
    return *unit_named(name);
}

TEST(Units, EC36_decimal_and_binary_differ) {
    EXPECT_EQ(units_in(unit("MB"), unit("byte")), 1'000'000);
    EXPECT_EQ(units_in(unit("MiB"), unit("byte")), 1'048'576);
    EXPECT_EQ(units_in(unit("GiB"), unit("MiB")), 1'024);
    EXPECT_EQ(units_in(unit("MiB"), unit("kB")), std::nullopt);  // leaves a rest
    EXPECT_EQ(units_in(unit("hour"), unit("second")), 3'600);
    EXPECT_EQ(units_in(unit("kWh"), unit("joule")), 3'600'000);
    EXPECT_EQ(units_in(unit("MB"), unit("second")), std::nullopt);
    EXPECT_EQ(units_in(unit("byte"), unit("kB")), std::nullopt);
}

TEST(Units, are_known_by_their_names) {
    EXPECT_EQ(unit_named("minutes")->name, "minute");
    EXPECT_EQ(unit_named("min")->name, "minute");
    EXPECT_EQ(unit_named("sms")->name, "message");
    EXPECT_EQ(unit_named("numbers")->name, "number");
    for (const std::string_view unknown : {"", "mb", "Mb", "kb", "MBs", "minutess", "KB", "day"}) {
        EXPECT_EQ(unit_named(unknown), nullptr) << unknown;
    }
}

TEST(Quantities, are_read_without_a_rest) {
    EXPECT_EQ(parse_quantity("50 MB", unit("byte")), 50'000'000);
    EXPECT_EQ(parse_quantity("1.5 kB", unit("byte")), 1'500);
    EXPECT_EQ(parse_quantity("90", unit("second")), 90);
    EXPECT_EQ(parse_quantity("1.5 minutes", unit("second")), 90);
    EXPECT_EQ(parse_quantity("0.5 second", unit("second")), std::nullopt);
    EXPECT_EQ(parse_quantity("0.5 byte", unit("byte")), std::nullopt);
    EXPECT_EQ(parse_quantity("9223372036854775807", unit("byte")), std::nullopt);  // 19 digits
    EXPECT_EQ(parse_quantity("10000000 TB", unit("byte")), std::nullopt);
    for (const std::string_view hostile :
         {"", " ", "MB", "50  MB", "50MB", "1e6 byte", "50 MB ", "5 0 MB", "50 minutes"}) {
        EXPECT_EQ(parse_quantity(hostile, unit("byte")), std::nullopt) << hostile;
    }
}

TEST(Quantities, are_shown_in_the_unit_that_fits) {
    EXPECT_EQ(quantity_to_string(1'500'000, unit("byte")), "1.5 MB");
    EXPECT_EQ(quantity_to_string(1'048'576, unit("byte")), "1048.576 kB");
    EXPECT_EQ(quantity_to_string(999, unit("byte")), "999 byte");
    EXPECT_EQ(quantity_to_string(-2'000, unit("byte")), "-2 kB");
    EXPECT_EQ(quantity_to_string(90, unit("second")), "1.5 minute");
    EXPECT_EQ(quantity_to_string(61, unit("second")), "61 second");
    EXPECT_EQ(quantity_to_string(0, unit("byte")), "0 byte");
    EXPECT_EQ(quantity_to_string(INT64_MAX, unit("second")), "9223372036854775807 second");
}

RC_GTEST_PROP(Quantities, what_is_shown_reads_back, ()) {
    const Unit& base = unit(
        *rc::gen::element<std::string>("byte", "kB", "second", "millisecond", "joule", "message"));
    const std::int64_t quantity = *rc::gen::inRange<std::int64_t>(-kQuantityMax, kQuantityMax);
    RC_ASSERT(parse_quantity(quantity_to_string(quantity, base), base) == quantity);
}

TEST(Networks, two_and_three_digit_codes_differ) {
    EXPECT_EQ(NetworkKey::parse("244-05"), NetworkKey::parse("24405"));
    EXPECT_NE(NetworkKey::parse("244-05"), NetworkKey::parse("244-005"));
    EXPECT_EQ(NetworkKey::parse("244-05").country(), NetworkKey::parse("244"));
    EXPECT_EQ(NetworkKey::parse("310410").country(), NetworkKey::parse("310"));
    for (const std::string_view hostile :
         {"", "24", "2440", "24-405", "2444055", "abc", "-244", "244-", "244-0"}) {
        const bool none_or_country =
            !NetworkKey::parse(hostile) || NetworkKey::parse(hostile) == NetworkKey::parse("244");
        EXPECT_TRUE(none_or_country) << hostile;
    }
}

TEST(Names, keep_their_ids_over_versions) {
    NameTable names;
    EXPECT_EQ(names.id_of(NameTable::Kind::plan, "a"), 1U);
    EXPECT_EQ(names.id_of(NameTable::Kind::plan, "b"), 2U);
    EXPECT_EQ(names.id_of(NameTable::Kind::meter, "b"), 1U);
    EXPECT_EQ(names.id_of(NameTable::Kind::plan, "a"), 1U);
    NameTable again(names.rows());
    EXPECT_EQ(again.id_of(NameTable::Kind::plan, "c"), 3U);
    EXPECT_EQ(again.name_of(NameTable::Kind::plan, 2), "b");
    EXPECT_EQ(again.name_of(NameTable::Kind::partner, 1), "");
}

UsageChunk one_record() {
    UsageChunk chunk;
    chunk.resize(1);
    chunk.subscription[0] = {7};
    chunk.meter[0] = {1};
    chunk.start[0] = {1'000};
    chunk.end[0] = {2'000};
    chunk.quantity[0] = 60;
    chunk.called[0] = "37255501";
    return chunk;
}

TEST(UsageContent, changes_with_each_field_but_not_with_provenance) {
    const std::uint64_t hash = content_hash(one_record(), 0);
    const auto changed = [&](auto change) {
        UsageChunk chunk = one_record();
        change(chunk);
        return content_hash(chunk, 0) != hash;
    };
    EXPECT_TRUE(changed([](UsageChunk& c) { c.subscription[0] = {8}; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.meter[0] = {2}; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.start[0] = {1'001}; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.end[0] = {2'001}; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.quantity[0] = 61; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.network[0] = NetworkKey::parse("244"); }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.reading[1][0] = 1; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.called[0] = "37255502"; }));
    const auto part = [](UsageChunk& c, Hash128 session, bool last) {
        c.in_parts = true;
        c.resize(1);
        c.session[0] = session;
        c.last_part[0] = last ? 1 : 0;
    };
    EXPECT_FALSE(changed([&](UsageChunk& c) { part(c, {}, false); }));
    EXPECT_TRUE(changed([&](UsageChunk& c) { part(c, {0, 7}, false); }));
    UsageChunk open = one_record();
    UsageChunk closing = one_record();
    part(open, {4, 7}, false);
    part(closing, {4, 7}, true);
    EXPECT_NE(content_hash(open, 0), content_hash(closing, 0));
    EXPECT_TRUE(changed([](UsageChunk& c) { c.calling[0] = "37255501"; }));
    EXPECT_TRUE(changed([](UsageChunk& c) { std::swap(c.called[0], c.calling[0]); }));
    EXPECT_FALSE(changed([](UsageChunk& c) { c.line[0] = 99; }));
    EXPECT_FALSE(changed([](UsageChunk& c) { c.identity[0] = "other"; }));
}

TEST(Outcomes, every_reason_says_what_to_do) {
    for (const ReasonText& reason : reasons_of<SuspenseReason>().subspan(1))
        EXPECT_FALSE(reason.mend.empty()) << reason.name;
    for (const ReasonText& reason : reasons_of<RejectReason>())
        EXPECT_FALSE(reason.mend.empty()) << reason.name;
    EXPECT_EQ(kOutcomeNames.size(), kOutcomes);
}

// The archive stores them as numbers.
TEST(Outcomes, reasons_keep_their_numbers) {
    EXPECT_EQ(static_cast<int>(SuspenseReason::unknown_service), 9);
    EXPECT_EQ(static_cast<int>(SuspenseReason::currency_mismatch), 19);
    EXPECT_EQ(static_cast<int>(SuspenseReason::unknown_sponsor), 25);
}

TEST(Quantity, money_counts_in_millionths_and_prints_as_money) {
    const Unit& base = *base_unit(unit_named("EUR"));
    EXPECT_EQ(base.name, "millionth of EUR");
    EXPECT_EQ(unit_named("millionth of EUR"), &base);
    EXPECT_EQ(parse_quantity("12.5", base), 12'500'000);
    EXPECT_EQ(parse_quantity("12.5 EUR", base), 12'500'000);
    EXPECT_EQ(parse_quantity("0.000001", base), 1);
    EXPECT_EQ(parse_quantity("0.0000001", base), std::nullopt);  // finer than what is counted
    EXPECT_EQ(parse_quantity("1 USD", base), std::nullopt);
    EXPECT_EQ(parse_quantity("1 message", base), std::nullopt);
    EXPECT_EQ(quantity_to_string(12'500'000, base), "12.50 EUR");
    EXPECT_EQ(quantity_to_string(1'000'000'000, base), "1000.00 EUR");
    EXPECT_EQ(quantity_to_string(1, base), "0.000001 EUR");
    EXPECT_EQ(quantity_to_string(5'000'000, *base_unit(unit_named("JPY"))), "5 JPY");
    EXPECT_FALSE(same_measure(*unit_named("USD"), base));
    EXPECT_EQ(base_unit(unit_named("MB"))->name, "MB");
}

}  // namespace
}  // namespace farthing
