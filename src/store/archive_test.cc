#include "store/archive.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "store/archive_columns.h"
#include "store/files.h"
#include "store/parquet_reader.h"
#include "store/store.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

constexpr Instant kJune = Instant::from_seconds(1'780'272'000);  // 2026-06-01T00:00:00Z

// Reports of `devices` lamps, one a minute each; record r is device r % devices + 1 in minute r /
// devices.
UsageChunk reports(std::int64_t first, std::size_t records, std::uint32_t devices) {
    UsageChunk chunk;
    chunk.source = {3};
    chunk.resize(records);
    for (std::size_t i = 0; i < records; ++i) {
        const std::int64_t record = first + static_cast<std::int64_t>(i);
        chunk.line[i] = record + 2;
        chunk.meter[i] = {1};
        chunk.subscription[i] = {static_cast<std::uint32_t>(record % devices) + 1};
        chunk.start[i] = kJune.plus_micros(record / devices * 60 * kMicrosPerSecond);
        chunk.end[i] = chunk.start[i].plus_micros(60 * kMicrosPerSecond);
        chunk.quantity[i] = 100 + record % 7;
    }
    return chunk;
}

RatedChunk charges(const UsageChunk& usage) {
    RatedChunk rated;
    for (std::uint32_t i = 0; i < usage.size(); ++i) {
        if (!usage.live(i)) continue;
        rated.row.push_back(i);
        rated.perspective.push_back(Perspective::retail);
        rated.subscription.push_back(usage.subscription[i]);
        rated.payer.push_back({1});
        rated.component.push_back({4});
        rated.version.push_back({2});
        rated.owner_kind.push_back(OwnerKind::subscription);
        rated.owner.push_back(usage.subscription[i].value);
        rated.item.push_back(UINT64_MAX);
        rated.window_first.push_back(Date::of(2026, 6, 1));
        rated.window_end.push_back(Date::of(2026, 7, 1));
        rated.segment_start.push_back(kJune);
        rated.billable.push_back(usage.quantity[i]);
        rated.from.push_back(usage.line[i] * 100);
        rated.to.push_back(usage.line[i] * 100 + usage.quantity[i]);
        rated.charge_atoms.push_back(usage.quantity[i] * 3);
        rated.fee_atoms.push_back(1);
        rated.below.push_back(-1);
        rated.below_quantity.push_back(7);
        rated.when.push_back(usage.start[i]);
        rated.fees.push_back(2);
    }
    return rated;
}

std::vector<ArchiveFile> written(const TestFolder& folder, std::size_t records,
                                 std::uint32_t devices) {
    ArchiveWriter writer(folder.path(), {9}, *Currency::named("EUR"));
    for (std::size_t first = 0; first < records; first += kChunkRecordsMax) {
        const auto chunk = reports(static_cast<std::int64_t>(first),
                                   std::min(kChunkRecordsMax, records - first), devices);
        farthing::append(writer.rated(), charges(chunk));
        EXPECT_TRUE(writer.append(chunk, static_cast<std::int64_t>(first), {}));
    }
    auto files = writer.finish();
    EXPECT_TRUE(files) << files.error().to_string();
    return *files;
}

TEST(Archive, ReadsBackEveryColumn) {
    const TestFolder folder;
    UsageChunk chunk = reports(0, 4, 4);
    chunk.called[2] = "3725555";
    chunk.calling[0] = "3726666";
    chunk.id[3] = "r-3";
    chunk.network[1] = NetworkKey::parse("244-05");
    chunk.reading[0][1] = -7;
    chunk.reading[1][1] = INT64_MIN;
    chunk.end[0] = Instant::max();
    chunk.outcome[2] = Outcome::duplicate;
    chunk.suspend(1, SuspenseReason::no_price);
    chunk.raw[1] = "bad \xff line";
    chunk.outcome[0] = Outcome::filtered;
    chunk.reading[0][3] = -7;
    chunk.in_parts = true;
    chunk.resize(4);
    chunk.session[3] = {0x8000'0000'0000'0001, 0xff00'0000'0000'00fe};
    chunk.last_part[3] = 1;
    chunk.network[3] = NetworkKey::parse("244-05");
    ArchiveWriter writer(folder.path(), {9}, *Currency::named("JPY"));
    farthing::append(writer.rated(), charges(reports(3, 1, 4)));
    writer.rated().row[0] = 3;
    ASSERT_TRUE(writer.append(chunk, 100, std::array{ArchiveWriter::Waiting{1, 6}}));
    const auto files = writer.finish();
    ASSERT_TRUE(files) << files.error().to_string();
    ASSERT_EQ(files->size(), 3u);
    EXPECT_EQ((*files)[0].hash, *hash_of_file(folder.path() / (*files)[0].path));
    EXPECT_EQ((*files)[0].bytes, static_cast<std::int64_t>(
                                     std::filesystem::file_size(folder.path() / (*files)[0].path)));

    const auto usage = read_usage(folder.path() / (*files)[0].path, {});
    ASSERT_TRUE(usage) << usage.error().to_string();
    ASSERT_EQ(usage->size(), 2u);  // neither the suspended nor the filtered one
    const UsageRow& duplicate = (*usage)[0];
    EXPECT_EQ(duplicate.outcome, Outcome::duplicate);
    EXPECT_EQ(duplicate.row, 102);
    EXPECT_EQ(duplicate.called, "3725555");
    EXPECT_EQ(duplicate.id, "");
    EXPECT_EQ(duplicate.session, Hash128{});
    EXPECT_FALSE(duplicate.last_part);
    const UsageRow& last = (*usage)[1];
    EXPECT_EQ(last.batch, BatchId{9});
    EXPECT_EQ(last.source, SourceId{3});
    EXPECT_EQ(last.line, 5);
    EXPECT_EQ(last.subscription, SubscriptionId{4});
    EXPECT_EQ(last.quantity, 103);
    EXPECT_EQ(last.network, NetworkKey::parse("244-05"));
    EXPECT_EQ(last.reading[0], -7);
    EXPECT_EQ(last.id, "r-3");
    EXPECT_EQ(last.session, (Hash128{0x8000'0000'0000'0001, 0xff00'0000'0000'00fe}));
    EXPECT_TRUE(last.last_part);

    const auto rows = read_rated(folder.path() / (*files)[1].path, {});
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ((*rows)[0].row, 103);
    EXPECT_EQ((*rows)[0].item, UINT64_MAX);
    EXPECT_EQ((*rows)[0].start, kJune);
    EXPECT_EQ((*rows)[0].window_end, Date::of(2026, 7, 1));
    EXPECT_EQ((*rows)[0].charge_atoms, 309);
    EXPECT_EQ((*rows)[0].below, -1);
    EXPECT_EQ((*rows)[0].below_quantity, 7);
    EXPECT_EQ((*rows)[0].currency, *Currency::named("JPY"));

    const auto suspended = read_suspended(folder.path() / (*files)[2].path);
    ASSERT_EQ(suspended->size(), 1u);
    EXPECT_EQ((*suspended)[0].raw, "bad \xff line");
    EXPECT_EQ((*suspended)[0].group, 6u);
    EXPECT_EQ((*suspended)[0].line, 3);
}

TEST(Archive, ARepricingHasNoRecord) {
    const TestFolder folder;
    ArchiveWriter writer(folder.path(), {9});
    farthing::append(writer.rated(), charges(reports(0, 1, 1)));
    ASSERT_TRUE(writer.append(UsageChunk(), 0, {}));
    const auto files = writer.finish();
    ASSERT_EQ(files->size(), 1u);
    EXPECT_EQ((*read_rated(folder.path() / (*files)[0].path, {}))[0].row, -1);
}

TEST(Archive, FindsRowsThroughFiltersInSeveralGroups) {
    const TestFolder folder;
    constexpr std::size_t kRecords = 600'000;
    const auto files = written(folder, kRecords, 200);
    const auto usage = folder.path() / files[0].path;
    const auto rated = folder.path() / files[1].path;
    ASSERT_EQ(files[0].records, 600'000);
    EXPECT_EQ(sum_file(usage, "usage")->quantity, sum_file(rated, "rated_usage")->quantity);
    EXPECT_EQ(sum_file(rated, "rated_usage")->charge_atoms, 3 * sum_file(usage, "usage")->quantity);
    UsageFilter by_row;
    by_row.row = 555'555;
    ASSERT_EQ(read_usage(usage, by_row)->size(), 1u);
    EXPECT_EQ(read_usage(usage, by_row)->front().line, 555'557);
    UsageFilter by_device;
    by_device.subscription = {17};
    by_device.start = Period{kJune, kJune.plus_micros(3600 * kMicrosPerSecond)};
    EXPECT_EQ(read_usage(usage, by_device)->size(), 60u);
    RatedFilter top;
    top.largest_first = true;
    top.limit = 2;
    const auto largest = read_rated(rated, top);
    ASSERT_EQ(largest->size(), 2u);
    EXPECT_EQ((*largest)[0].charge_atoms, 318);
    RatedFilter some;
    some.limit = 5;
    some.owner = 3;
    EXPECT_EQ(read_rated(rated, some)->size(), 5u);
    some.window_first = Date::of(2026, 7, 1);
    EXPECT_TRUE(read_rated(rated, some)->empty());
}

TEST(Archive, StatisticsRuleOutWholeGroups) {
    const TestFolder folder;
    const auto files = written(folder, 600'000, 200);
    auto reader = ParquetReader::open(folder.path() / files[0].path, kUsageTable);
    ASSERT_TRUE(reader);
    ASSERT_GT(reader->groups(), 1);
    std::int64_t next = 0;
    for (int group = 0; group < reader->groups();
         ++group) {  // the groups' row numbers follow each other
        const auto bounds = reader->bounds(group, usage_column::row);
        ASSERT_TRUE(bounds);
        EXPECT_EQ(bounds->first, next);
        next = bounds->second + 1;
    }
    const auto& columns = files[0].columns;
    EXPECT_EQ(columns[usage_column::subscription].min, "1");
    EXPECT_EQ(columns[usage_column::subscription].max, "200");
    EXPECT_EQ(columns[usage_column::start].min, "2026-06-01 00:00:00+00");
    EXPECT_EQ(columns[usage_column::start].max, "2026-06-03 01:59:00+00");
    EXPECT_EQ(columns[usage_column::called].nulls, 600'000);
    EXPECT_EQ(files[1].columns[rated_column::window_end].max, "2026-07-01");
}

TEST(Archive, OneOfManyIsReadFromItsRowGroupAlone) {
    const TestFolder folder;
    constexpr std::uint32_t kDevices = 30'000;
    const auto files = written(folder, std::size_t{2} * kDevices, kDevices);
    ReadCount count;
    UsageFilter filter;
    filter.subscription = SubscriptionId{12'345};
    filter.count = &count;
    const auto usage = read_usage(folder.path() / files[0].path, filter);
    ASSERT_TRUE(usage) << usage.error().to_string();
    ASSERT_EQ(usage->size(), 2u);
    EXPECT_EQ((*usage)[0].row, 12'344);
    EXPECT_EQ((*usage)[1].row, 12'344 + kDevices);
    EXPECT_GE(count.groups, 4);
    EXPECT_EQ(count.groups_read, 1);
    EXPECT_LT(count.rows_read, std::int64_t{2} * kDevices / 3);
}

TEST(Archive, HandsOutRowsByRowGroupWithoutWhatNoPriceLooksAt) {
    const TestFolder folder;
    UsageChunk chunk = reports(0, 20'000, 20'000);
    chunk.keeps_key = true;
    for (std::size_t i = 0; i < chunk.size(); ++i) {
        chunk.id[i] = "x";
        chunk.key[i] = {1, i + 1};
        if (i % 1'000 == 7) chunk.called[i] = "49";
    }
    ArchiveWriter writer(folder.path(), {9}, *Currency::named("EUR"));
    ASSERT_TRUE(writer.append(chunk, 0, {}));
    const auto files = writer.finish();
    ASSERT_TRUE(files);
    Footers footers;
    UsageFilter filter;
    filter.footers = &footers;
    for (const bool priced : {true, false}) {  // the second time the footer is known
        filter.columns = priced ? Columns::content : Columns::all;
        std::size_t groups = 0, rows = 0, called = 0, named = 0;
        const auto take = [&](std::span<UsageRow> some) {
            groups += 1;
            for (UsageRow& row : some) {
                EXPECT_EQ(row.row, static_cast<std::int64_t>(rows++));
                EXPECT_EQ(row.called, row.row % 1'000 == 7 ? "49" : "");
                called += row.called.empty() ? 0 : 1;
                named += row.id.empty() && row.key == Hash128{} ? 0 : 1;
                row.called = "of the group before";
            }
        };
        ASSERT_TRUE(each_usage(folder.path() / (*files)[0].path, filter, take));
        EXPECT_EQ(groups, 3u);
        EXPECT_EQ(rows, 20'000u);
        EXPECT_EQ(called, 20u);
        EXPECT_EQ(named, priced ? 0u : 20'000u);
    }
}

TEST(Archive, TellsTheDaysOfTheLargestCharges) {
    const TestFolder folder;
    const UsageChunk usage = reports(0, 100, 100);  // the largest is neither first nor last
    ArchiveWriter writer(folder.path(), {9}, *Currency::named("EUR"));
    farthing::append(writer.rated(), charges(usage));
    for (std::uint32_t row = 0; row < 100; ++row)
        writer.rated().days.emplace_back(row, DayPart{row, usage.quantity[row]});
    ASSERT_TRUE(writer.append(usage, 0, {}));
    const auto files = writer.finish();
    ASSERT_TRUE(files);
    RatedFilter top;
    top.largest_first = true;
    top.limit = 30;
    const auto rows = read_rated(folder.path() / (*files)[1].path, top);
    ASSERT_EQ(rows->size(), 30u);
    for (const RatedRow& row : *rows)
        EXPECT_EQ(row.days,
                  (std::vector{DayPart{static_cast<std::uint32_t>(row.row), row.billable}}));
}

TEST(Archive, KeepsRowsAsColumnsAndGivesSomeOfThem) {
    const TestFolder folder;
    const auto files = written(folder, 20'000, 40);
    UsageFilter some;
    const std::vector<SubscriptionId> wanted = {{7}, {8}, {9}, {30}};
    some.subscriptions = &wanted;
    std::size_t rows = 0;
    const auto take = [&](const UsageBlock& block) {
        std::vector<UsageRow> whole;
        block.append_to(whole);
        for (const SubscriptionRun& run : block.runs()) {
            EXPECT_TRUE(std::ranges::binary_search(wanted, run.who));
            std::vector<UsageRow> part;
            block.append_to(part, run.first, run.end);
            ASSERT_EQ(part.size(), run.end - run.first);
            for (std::size_t i = 0; i < part.size(); ++i) {
                EXPECT_EQ(part[i].subscription, run.who);
                EXPECT_EQ(part[i].line, whole[run.first + i].line);
                EXPECT_EQ(part[i].line, part[i].row + 2);
                EXPECT_EQ(part[i].start, kJune.plus_micros(part[i].row / 40 * 60'000'000));
            }
            rows += part.size();
        }
    };
    ASSERT_TRUE(each_usage_block(folder.path() / files[0].path, some, take));
    EXPECT_EQ(rows, 4u * 20'000 / 40);
}

TEST(Archive, KeepsWhatFilesSayOfThemselvesWhileThereIsRoom) {
    Footers footers;
    footers.keep("a", std::make_shared<int>(1), Footers::kBytesMax - 10);
    footers.keep("b", std::make_shared<int>(2), 11);
    footers.keep("c", std::make_shared<int>(3), 10);
    EXPECT_TRUE(footers.find("a"));
    EXPECT_FALSE(footers.find("b"));
    EXPECT_TRUE(footers.find("c"));
}

TEST(Archive, HandsOutReadingsOfWhatWasTakenIn) {
    const TestFolder folder;
    UsageChunk chunk = reports(0, 12, 3);  // minutes 0 to 3 of three devices
    for (std::size_t i = 0; i < chunk.size(); ++i) {
        chunk.reading[0][i] = 7;
        chunk.reading[1][i] = static_cast<std::int64_t>(i);
    }
    chunk.outcome[4] = Outcome::duplicate;
    chunk.outcome[5] = Outcome::zero_rated;
    chunk.suspend(7, SuspenseReason::no_plan);
    constexpr ArchiveWriter::Waiting kWaits[] = {{7, 0}};
    ArchiveWriter writer(folder.path(), {9}, *Currency::named("EUR"));
    farthing::append(writer.rated(), charges(chunk));
    ASSERT_TRUE(writer.append(chunk, 0, kWaits));
    const auto files = writer.finish();
    ASSERT_TRUE(files);
    const auto usage = folder.path() / (*files)[0].path;
    EXPECT_EQ(newest_event(usage)->value(), kJune.plus_micros(180 * kMicrosPerSecond));

    ReadingFilter filter;
    filter.which = 1;
    filter.within = {kJune.plus_micros(60 * kMicrosPerSecond),
                     kJune.plus_micros(180 * kMicrosPerSecond)};
    std::vector<std::int64_t> values;
    const auto take = [&](std::span<const KeptReading> some) {
        for (const KeptReading& reading : some) values.push_back(reading.value);
    };
    ASSERT_TRUE(each_reading(usage, filter, take));
    EXPECT_EQ(values, (std::vector<std::int64_t>{3, 6, 5, 8}));  // minutes 1 and 2
    values.clear();
    filter.wanted = [](SubscriptionId device) { return device.value == 1; };
    ASSERT_TRUE(each_reading(usage, filter, take));
    EXPECT_EQ(values, (std::vector<std::int64_t>{3, 6}));
    values.clear();
    filter.wanted = [](SubscriptionId) { return false; };
    ASSERT_TRUE(each_reading(usage, filter, take));
    EXPECT_TRUE(values.empty());
}

TEST(Archive, TellsADamagedFile) {
    const TestFolder folder;
    const auto files = written(folder, 20'000, 7);
    const auto path = folder.path() / files[1].path;
    for (const std::int64_t at : {files[1].bytes / 4, files[1].bytes - 6}) {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(at);
        const char byte = static_cast<char>(file.get() ^ 0x10);
        file.seekp(at);
        file.put(byte);
        file.close();
        EXPECT_EQ(read_rated(path, {}).error().code, "archive_damaged");
        EXPECT_NE(*hash_of_file(path), files[1].hash);
    }
    std::filesystem::resize_file(path, 100);
    EXPECT_EQ(read_rated(path, {}).error().code, "archive_damaged");
    EXPECT_EQ(sum_file(folder.path() / files[0].path, "rated_usage").error().code,
              "archive_damaged");
    EXPECT_EQ(read_usage(folder.path() / "usage" / "none", {}).error().code, "archive_damaged");
}

TEST(Archive, LeavesNothingBehindWithoutFinish) {
    const TestFolder folder;
    {
        ArchiveWriter writer(folder.path(), {9});
        for (std::int64_t i = 0; i < 5; ++i) {
            const auto chunk = reports(i * 65'536, 65'536, 200);
            farthing::append(writer.rated(), charges(chunk));
            ASSERT_TRUE(writer.append(chunk, i * 65'536, {}));
        }
        EXPECT_FALSE(std::filesystem::is_empty(folder.path() / "usage"));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() / "usage"));
}

TEST(Archive, TheSameRowsGiveTheSameFile) {
    const TestFolder one;
    const TestFolder other;
    EXPECT_EQ(written(one, 1000, 7)[0].hash, written(other, 1000, 7)[0].hash);
}

}  // namespace
}  // namespace farthing::store
