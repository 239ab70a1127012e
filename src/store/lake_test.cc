// The lake's catalogue. The first test also writes the folder that tests/wire/ducklake_test.py
// reads with DuckDB.
#include "store/lake.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "base/hash.h"
#include "store/archive.h"
#include "store/archive_columns.h"
#include "store/parquet_writer.h"
#include "store/sqlite.h"
#include "store/store.h"
#include "store/test_folder.h"

namespace farthing::store {
namespace {

constexpr Instant kFirstOfJune = Instant::from_seconds(1'780'272'000);
constexpr std::size_t kBatchRecords = 1000;
constexpr std::uint64_t kNarrowBatch = 4'000'000'000;

struct Batch {
    UsageChunk usage;
    RatedChunk rated;
    std::vector<ArchiveWriter::Waiting> waiting;
};

// Device r % 10 + 1, one record a minute; every tenth record repeats, every hundredth is suspended.
Batch batch_of(SourceId source) {
    Batch batch;
    batch.usage.source = source;
    batch.usage.resize(kBatchRecords);
    for (std::uint32_t i = 0; i < kBatchRecords; ++i) {
        batch.usage.line[i] = i + 1;
        batch.usage.raw[i] = "L-1,2026-06-01";
        batch.usage.meter[i] = {1};
        batch.usage.subscription[i] = {i % 10 + 1};
        batch.usage.start[i] = kFirstOfJune.plus_micros(i * 60 * kMicrosPerSecond);
        batch.usage.end[i] = batch.usage.start[i];
        batch.usage.quantity[i] = i;
        if (i % 3 == 0) batch.usage.called[i] = "3725555";
        if (i % 10 == 1) batch.usage.outcome[i] = Outcome::duplicate;
        if (i % 100 == 2) {
            batch.usage.suspend(i, SuspenseReason::no_price);
            batch.waiting.push_back({i, 0});
        }
        if (!batch.usage.live(i)) continue;
        batch.rated.row.push_back(i);
        batch.rated.perspective.push_back(Perspective::retail);
        batch.rated.subscription.push_back(batch.usage.subscription[i]);
        batch.rated.payer.push_back({1});
        batch.rated.component.push_back({4});
        batch.rated.version.push_back({1});
        batch.rated.owner_kind.push_back(OwnerKind::subscription);
        batch.rated.owner.push_back(i % 10 + 1);
        batch.rated.item.push_back(0);
        batch.rated.window_first.push_back(Date::of(2026, 6, 1));
        batch.rated.window_end.push_back(Date::of(2026, 7, 1));
        batch.rated.segment_start.push_back(kFirstOfJune);
        batch.rated.billable.push_back(i);
        batch.rated.from.push_back(i);
        batch.rated.to.push_back(2 * i);
        batch.rated.charge_atoms.push_back(i * 1'000'003LL);
        batch.rated.fee_atoms.push_back(0);
        batch.rated.below.push_back(0);
        batch.rated.below_quantity.push_back(0);
        batch.rated.when.push_back(batch.usage.start[i]);
        batch.rated.fees.push_back(0);
    }
    return batch;
}

void commit_one(Store& store, const std::string& path, std::uint32_t others = 0) {
    const Currency eur = *Currency::named("EUR");
    Source source;
    source.feed = {1};
    source.path = path;
    source.hash = sha256_hex(path);
    source.records = kBatchRecords;
    const auto row = store.seal(source);
    ASSERT_TRUE(row);
    const Batch batch = batch_of(row->source.id);
    ArchiveWriter writer(store.archive_folder(), *store.later_batch(others), eur);
    farthing::append(writer.rated(), batch.rated);
    ASSERT_TRUE(writer.append(batch.usage, 0, batch.waiting));
    BatchCommit commit;
    commit.committed_at = Instant::from_seconds(1'780'400'000);
    commit.feed = {1};
    commit.ranges = {{row->source.id, 0, kBatchRecords, row->epoch}};
    commit.files = *writer.finish();
    ControlTotals totals{row->source.id, Perspective::retail, kBatchRecords, {}};
    for (const Outcome outcome : batch.usage.outcome)
        totals.outcomes[static_cast<std::size_t>(outcome)] += 1;
    commit.controls = {totals};
    std::int64_t atoms = 0;
    for (const std::int64_t charge : batch.rated.charge_atoms) atoms += charge;
    commit.rated_atoms = {{eur.numeric(), atoms}};
    const auto id = store.commit(commit);
    ASSERT_TRUE(id) << id.error().to_string();
}

// A batch as it was written while ids of batches had 32 bits.
void commit_narrow(Store& store) {
    constexpr std::array kNarrow = {
        ArchiveColumn{1, "batch", ColumnType::uint32, ColumnEncoding::delta},
        ArchiveColumn{2, "record_batch", ColumnType::uint32, ColumnEncoding::delta},
        ArchiveColumn{3, "row", ColumnType::int64, ColumnEncoding::delta},
    };
    auto writer = *ParquetWriter::open(store.archive_folder(),
                                       {kWithdrawnTable.id, kWithdrawnTable.name, kNarrow});
    ASSERT_TRUE(writer.begin_group(1));
    for (const std::int64_t value : {store.next_batch()->value, kNarrowBatch, 7UL})
        ASSERT_TRUE(writer.write_constant(value));
    BatchCommit commit;
    commit.kind = "undo";
    commit.files = {*writer.finish()};
    ASSERT_TRUE(store.commit(commit));
}

TEST(Lake, RegistersEachBatchAsASnapshot) {
    std::optional<TestFolder> own;
    const char* given = std::getenv("FARTHING_LAKE_FOLDER");
    const std::filesystem::path folder =
        given != nullptr ? std::filesystem::path(given) : own.emplace().path();
    auto store = *Store::open(folder);
    commit_one(*store, "a.csv");
    commit_narrow(*store);
    commit_one(*store, "b.csv", UINT32_MAX - 2);
    EXPECT_EQ(*store->newest_batch(), BatchId{1ULL << 32});
    BatchCommit empty;  // a batch without records is a snapshot too
    empty.kind = "reprice";
    ASSERT_TRUE(store->commit(empty));
    const auto usage = store->files("usage");
    ASSERT_EQ(usage->size(), 2u);
    EXPECT_EQ((*usage)[0].records, 990);
    ASSERT_EQ((*usage)[0].columns.size(), kUsageColumns.size());
    EXPECT_EQ((*usage)[0].columns[6].min, "2026-06-01 00:00:00+00");
    EXPECT_TRUE((*usage)[0].may_hold_any(std::vector<SubscriptionId>{{10}, {99}}));
    EXPECT_FALSE((*usage)[0].may_hold_any(std::vector<SubscriptionId>{{11}, {99}}));
    EXPECT_FALSE((*usage)[0].may_hold_any(std::vector<SubscriptionId>{}));
    EXPECT_TRUE((*store->files("suspended"))[0].may_hold_any(std::vector<SubscriptionId>{{11}}));
    EXPECT_EQ(sum_file(store->archive_folder() / (*usage)[0].path, "usage")->rows, 990);
    EXPECT_EQ((*store->files("suspended"))[1].records, 10);
    EXPECT_TRUE(store->integrity()->empty());
    const auto withdrawn = store->files("withdrawn");
    const auto rows = read_withdrawn(store->archive_folder() / withdrawn->front().path);
    ASSERT_TRUE(rows) << rows.error().to_string();
    EXPECT_EQ(rows->front().record.batch, BatchId{kNarrowBatch});

    auto database = *Database::open(folder / "farthing.db");
    EXPECT_EQ(*database->integer("SELECT max(snapshot_id) FROM ducklake_snapshot", -1), 4);
    EXPECT_EQ(
        *database->integer("SELECT next_file_id FROM ducklake_snapshot WHERE snapshot_id = 4", -1),
        7);
    EXPECT_EQ(*database->integer("SELECT count(*) FROM ducklake_data_file", -1), 7);
    EXPECT_EQ(
        *database->integer(
            "SELECT row_id_start FROM ducklake_data_file WHERE begin_snapshot = 3 AND table_id = 1",
            -1),
        990);
    EXPECT_EQ(
        *database->integer("SELECT record_count FROM ducklake_table_stats WHERE table_id = 2", -1),
        2 * (kBatchRecords - 110));
}

TEST(Lake, WidensTheIdsOfAnOlderLake) {
    const TestFolder folder;
    const auto narrow = [&] {
        auto database = *Database::open(folder.path() / "farthing.db");
        return *database->integer(
            "SELECT count(*) FROM ducklake_column WHERE column_type = 'uint32' AND column_name IN "
            "('batch', 'record_batch')",
            -1);
    };
    {
        auto store = *Store::open(folder.path());
        commit_one(*store, "a.csv");
    }
    {
        auto database = *Database::open(folder.path() / "farthing.db");
        ASSERT_TRUE(database->script(
            "UPDATE ducklake_column SET column_type = 'uint32' WHERE column_name IN ('batch', "
            "'record_batch'); ALTER TABLE open_session DROP COLUMN closed_at; DROP TABLE "
            "group_moved; DROP TABLE charge_exit; DROP TABLE charge_asleep; "
            "ALTER TABLE open_session DROP COLUMN reported; ALTER TABLE open_session DROP COLUMN "
            "refunded; UPDATE "
            "schema_version SET version = 19"));
    }
    EXPECT_EQ(narrow(), 6);
    auto store = *Store::open(folder.path());
    EXPECT_EQ(narrow(), 0);
    commit_one(*store, "b.csv");
    EXPECT_TRUE(store->integrity()->empty());
}

TEST(Lake, FollowsAFolderThatMoved) {
    const TestFolder folder;
    {
        auto store = *Store::open(folder.path() / "before");
    }
    std::filesystem::rename(folder.path() / "before", folder.path() / "after");
    auto store = *Store::open(folder.path() / "after");
    auto database = *Database::open(folder.path() / "after" / "farthing.db");
    std::string path;
    ASSERT_TRUE(database->select("SELECT value FROM ducklake_metadata WHERE key = 'data_path'",
                                 [&](const SqlStatement& row) { path = row.text(0); }));
    EXPECT_EQ(path,
              (std::filesystem::canonical(folder.path()) / "after" / "archive").string() + "/");
}

}  // namespace
}  // namespace farthing::store
