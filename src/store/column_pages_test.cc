// Whatever numbers a row group holds, Parquet's own reader gives them back, and its bounds.
#include "store/column_pages.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "store/parquet_reader.h"
#include "store/parquet_writer.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

constexpr std::array kColumns = {
    ArchiveColumn{1, "narrow", ColumnType::int32, ColumnEncoding::delta},
    ArchiveColumn{2, "few_narrow", ColumnType::uint32, ColumnEncoding::dictionary},
    ArchiveColumn{3, "wide", ColumnType::int64, ColumnEncoding::delta},
    ArchiveColumn{4, "few_wide", ColumnType::uint64, ColumnEncoding::dictionary},
    ArchiveColumn{5, "words", ColumnType::text, ColumnEncoding::dictionary},
    ArchiveColumn{6, "names", ColumnType::text, ColumnEncoding::delta},
};
constexpr ArchiveTable kTable = {9, "numbers", kColumns};

using Values = std::vector<std::int64_t>;

// Random, regular, in runs, or a few different ones.
Values values_of(int shape, std::size_t rows) {
    const auto any = [] { return *rc::gen::arbitrary<std::int64_t>(); };
    const std::int64_t first = any();
    const std::int64_t step = any();
    Values values;
    while (values.size() < rows) {
        const std::uint64_t at = values.size();
        if (shape == 0) values.push_back(any());
        if (shape == 1)
            values.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(first) +
                                                       at * static_cast<std::uint64_t>(step)));
        if (shape == 2) values.insert(values.end(), *rc::gen::inRange<std::size_t>(1, 40), any());
        if (shape == 3) values.push_back(*rc::gen::inRange(0, 5));
    }
    values.resize(rows);
    return values;
}

Values narrowed(const Values& values, bool to_unsigned) {
    Values narrow;
    for (const std::int64_t value : values) {
        const auto cut = static_cast<std::int32_t>(value);
        narrow.push_back(to_unsigned ? static_cast<std::int64_t>(static_cast<std::uint32_t>(cut))
                                     : cut);
    }
    return narrow;
}

// Some empty, most like the one before, some of any bytes.
std::vector<std::string> names_of(std::size_t rows) {
    std::vector<std::string> names;
    const bool full = *rc::gen::arbitrary<bool>();
    std::string stem = "2026-";
    while (names.size() < rows) {
        const int kind = *rc::gen::inRange(full ? 1 : 0, 8);
        if (kind == 1) stem = "x" + *rc::gen::arbitrary<std::string>();
        names.push_back(kind == 0 ? "" : stem + std::to_string(names.size()));
    }
    return names;
}

std::pair<std::int64_t, std::int64_t> bounds_of(const Values& values) {
    const auto [low, high] = std::ranges::minmax(values);
    return {low, high};
}

void write(ParquetWriter& file, const Values& values, const std::vector<std::string>& names) {
    std::vector<std::int32_t> narrow;
    for (const std::int64_t value : values) narrow.push_back(static_cast<std::int32_t>(value));
    const bool same =
        std::ranges::count(values, values.front()) == static_cast<std::ptrdiff_t>(values.size());
    RC_ASSERT(file.begin_group(values.size()).has_value());
    RC_ASSERT(file.write(narrow).has_value());
    RC_ASSERT(file.write(narrow).has_value());
    RC_ASSERT((same ? file.write_constant(values.front()) : file.write(values)).has_value());
    RC_ASSERT(file.write(values).has_value());
    RC_ASSERT(file.write_nulls().has_value());
    const std::vector<std::string_view> texts(names.begin(), names.end());
    RC_ASSERT(file.write(texts).has_value());
}

RC_GTEST_PROP(ColumnPages, ReadBackByParquet, ()) {
    const TestFolder folder;
    auto file = ParquetWriter::open(folder.path(), kTable);
    RC_ASSERT(file.has_value());
    std::vector<Values> groups;
    std::vector<std::vector<std::string>> names;
    for (int group = 0; group < 2; ++group) {
        const auto rows = *rc::gen::inRange<std::size_t>(1, 900);
        groups.push_back(values_of(*rc::gen::inRange(0, 4), rows));
        names.push_back(names_of(rows));
        write(*file, groups.back(), names.back());
    }
    const auto finished = file->finish();
    RC_ASSERT(finished.has_value());
    auto reader = ParquetReader::open(folder.path() / finished->path, kTable);
    RC_ASSERT(reader.has_value());
    RC_ASSERT(reader->groups() == 2);
    for (int group = 0; group < 2; ++group) {
        const Values& values = groups[static_cast<std::size_t>(group)];
        const Values narrow = narrowed(values, false);
        const Values few = narrowed(values, true);
        RC_ASSERT(reader->rows(group) == values.size());
        RC_ASSERT(*reader->numbers(group, 0) == narrow);
        RC_ASSERT(narrowed(*reader->numbers(group, 1), true) == few);
        RC_ASSERT(*reader->numbers(group, 2) == values);
        RC_ASSERT(*reader->numbers(group, 3) == values);
        RC_ASSERT(*reader->texts(group, 4) == std::vector<std::string>(values.size()));
        RC_ASSERT(*reader->texts(group, 5) == names[static_cast<std::size_t>(group)]);
        RC_ASSERT(*reader->bounds(group, 0) == bounds_of(narrow));
        RC_ASSERT(*reader->bounds(group, 1) == bounds_of(few));
        RC_ASSERT(*reader->bounds(group, 2) == bounds_of(values));
    }
}

TEST(ColumnPages, ReadsWhatWasNarrower) {
    constexpr std::array kNarrow = {
        ArchiveColumn{1, "id", ColumnType::uint32, ColumnEncoding::delta}};
    constexpr std::array kWide = {ArchiveColumn{1, "id", ColumnType::int64, ColumnEncoding::delta}};
    const TestFolder folder;
    auto file = *ParquetWriter::open(folder.path(), {9, "ids", kNarrow});
    const Values values = {1, 0x7FFF'FFFF, 0x8000'0000, 0xFFFF'FFFF};
    std::vector<std::int32_t> narrow;
    for (const std::int64_t value : values) narrow.push_back(static_cast<std::int32_t>(value));
    ASSERT_TRUE(file.begin_group(values.size()));
    ASSERT_TRUE(file.write(narrow));
    const auto finished = file.finish();
    auto reader = ParquetReader::open(folder.path() / finished->path, {9, "ids", kWide});
    ASSERT_TRUE(reader) << reader.error().to_string();
    EXPECT_EQ(*reader->numbers(0, 0), values);
    EXPECT_EQ(*reader->bounds(0, 0), bounds_of(values));
}

TEST(ColumnPages, WhatRepeatsTakesNoRoom) {
    EXPECT_LE(constant_page(INT64_MIN, 1 << 20).size(), 32U);
    EXPECT_EQ(dictionary_pages(Values(1000, 7)).entries, 0U);  // constant: no dictionary needed
    Values steps(100'000);
    for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = static_cast<std::int64_t>(i) * 60;
    EXPECT_LE(delta_page(steps).size(), steps.size() / 16);
    Values shifts(100'000);
    for (std::size_t i = 0; i < shifts.size(); ++i) shifts[i] = i / 1000 % 2 == 0 ? 0 : 2400;
    EXPECT_LE(dictionary_pages(shifts).places.size(), 400U);
}

}  // namespace
}  // namespace farthing::store
