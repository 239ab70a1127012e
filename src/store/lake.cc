#include "store/lake.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "base/hash.h"
#include "model/currency.h"
#include "model/outcome.h"
#include "model/rated_usage.h"
#include "store/archive_columns.h"
#include "store/store.h"

namespace farthing::store {

namespace {

// The layout that other programs read: names, order and types are DuckLake's own.
constexpr std::string_view kLakeTables = R"sql(
CREATE TABLE ducklake_metadata (
    key VARCHAR NOT NULL, value VARCHAR NOT NULL, scope VARCHAR, scope_id BIGINT);
CREATE TABLE ducklake_snapshot (
    snapshot_id BIGINT PRIMARY KEY, snapshot_time VARCHAR, schema_version BIGINT,
    next_catalog_id BIGINT, next_file_id BIGINT);
CREATE TABLE ducklake_snapshot_changes (
    snapshot_id BIGINT PRIMARY KEY, changes_made VARCHAR, author VARCHAR, commit_message VARCHAR,
    commit_extra_info VARCHAR);
CREATE TABLE ducklake_schema (
    schema_id BIGINT PRIMARY KEY, schema_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT,
    schema_name VARCHAR, path VARCHAR, path_is_relative BIGINT);
CREATE TABLE ducklake_schema_versions (begin_snapshot BIGINT, schema_version BIGINT);
CREATE TABLE ducklake_table (
    table_id BIGINT, table_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT,
    schema_id BIGINT, table_name VARCHAR, path VARCHAR, path_is_relative BIGINT);
CREATE TABLE ducklake_column (
    column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, table_id BIGINT,
    column_order BIGINT, column_name VARCHAR, column_type VARCHAR, initial_default VARCHAR,
    default_value VARCHAR, nulls_allowed BIGINT, parent_column BIGINT);
CREATE TABLE ducklake_data_file (
    data_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT,
    file_order BIGINT, path VARCHAR, path_is_relative BIGINT, file_format VARCHAR,
    record_count BIGINT, file_size_bytes BIGINT, footer_size BIGINT, row_id_start BIGINT,
    partition_id BIGINT, encryption_key VARCHAR, partial_file_info VARCHAR, mapping_id BIGINT);
CREATE TABLE ducklake_file_column_stats (
    data_file_id BIGINT, table_id BIGINT, column_id BIGINT, column_size_bytes BIGINT,
    value_count BIGINT, null_count BIGINT, min_value VARCHAR, max_value VARCHAR,
    contains_nan BIGINT, extra_stats VARCHAR);
CREATE INDEX ducklake_file_column_stats_by_file ON ducklake_file_column_stats (data_file_id);
CREATE TABLE ducklake_table_stats (
    table_id BIGINT, record_count BIGINT, next_row_id BIGINT, file_size_bytes BIGINT);
CREATE TABLE ducklake_table_column_stats (
    table_id BIGINT, column_id BIGINT, contains_null BIGINT, contains_nan BIGINT, min_value VARCHAR,
    max_value VARCHAR, extra_stats VARCHAR);
CREATE TABLE ducklake_view (
    view_id BIGINT, view_uuid VARCHAR, begin_snapshot BIGINT, end_snapshot BIGINT, schema_id BIGINT,
    view_name VARCHAR, dialect VARCHAR, sql VARCHAR, column_aliases VARCHAR);
CREATE TABLE ducklake_tag (
    object_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR, value VARCHAR);
CREATE TABLE ducklake_column_tag (
    table_id BIGINT, column_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT, key VARCHAR,
    value VARCHAR);
CREATE TABLE ducklake_delete_file (
    delete_file_id BIGINT PRIMARY KEY, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT,
    data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, format VARCHAR, delete_count BIGINT,
    file_size_bytes BIGINT, footer_size BIGINT, encryption_key VARCHAR);
CREATE TABLE ducklake_partition_info (
    partition_id BIGINT, table_id BIGINT, begin_snapshot BIGINT, end_snapshot BIGINT);
CREATE TABLE ducklake_partition_column (
    partition_id BIGINT, table_id BIGINT, partition_key_index BIGINT, column_id BIGINT,
    transform VARCHAR);
CREATE TABLE ducklake_file_partition_value (
    data_file_id BIGINT, table_id BIGINT, partition_key_index BIGINT, partition_value VARCHAR);
CREATE TABLE ducklake_files_scheduled_for_deletion (
    data_file_id BIGINT, path VARCHAR, path_is_relative BIGINT, schedule_start VARCHAR);
CREATE TABLE ducklake_inlined_data_tables (
    table_id BIGINT, table_name VARCHAR, schema_version BIGINT);
CREATE TABLE ducklake_column_mapping (mapping_id BIGINT, table_id BIGINT, type VARCHAR);
CREATE TABLE ducklake_name_mapping (
    mapping_id BIGINT, column_id BIGINT, source_name VARCHAR, target_field_id BIGINT,
    parent_column BIGINT, is_partition BIGINT);
)sql";

constexpr std::int64_t kMainSchema = 0;
constexpr std::int64_t kFirstViewId = 10;
constexpr std::int64_t kFirstFreeId = 20;

std::string_view lake_type(ColumnType type) {
    switch (type) {
        case ColumnType::int32: return "int32";
        case ColumnType::uint8: return "uint8";
        case ColumnType::uint16: return "uint16";
        case ColumnType::uint32: return "uint32";
        case ColumnType::int64: return "int64";
        case ColumnType::uint64: return "uint64";
        case ColumnType::date: return "date";
        case ColumnType::timestamp: return "timestamptz";
        case ColumnType::text: return "varchar";
        case ColumnType::bytes: return "blob";
    }
    return {};
}

// Names are unique in the catalogue, so a hash of the name is as good as a random id, and tests see
// the same each time.
std::string uuid_of(std::string_view name) {
    const std::string hex = sha256_hex("farthing lake " + std::string(name));
    return fmt::format("{}-{}-8{}-8{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 3),
                       hex.substr(15, 3), hex.substr(18, 12));
}

// As DuckLake writes times: "2026-05-28 20:26:40+00".
std::string lake_time(Instant time) {
    std::string text = to_rfc3339(time);
    text[text.find('T')] = ' ';
    text.pop_back();
    return text + "+00";
}

std::string folder_text(const std::filesystem::path& folder) {
    return folder.string() + "/";
}

// CASE over the currencies whose atom is not the usual 10^-9, so that sum(amount) is a plain
// decimal.
std::string atom_size_sql() {
    std::map<int, std::string> numbers;
    for (std::uint16_t numeric = 1; numeric < 1000; ++numeric) {
        const auto currency = Currency::numbered(numeric);
        if (!currency || currency->minor_digits() == 2) continue;
        std::string& list = numbers[currency->atom_digits()];
        list += (list.empty() ? "" : ", ") + std::to_string(numeric);
    }
    std::string sql = "CASE";
    for (const auto& [digits, list] : numbers) {
        sql +=
            fmt::format(" WHEN currency IN ({}) THEN 0.{:0>{}}::DECIMAL(13, 12)", list, 1, digits);
    }
    return sql + " ELSE 0.000000001::DECIMAL(13, 12) END";
}

template <class Names>
std::string names_sql(std::string_view column, const Names& names, std::size_t first) {
    std::string sql = fmt::format("CASE {}", column);
    for (std::size_t i = first; i < std::size(names); ++i)
        sql += fmt::format(" WHEN {} THEN '{}'", i, names[i]);
    return sql + " END";
}

std::vector<std::string_view> reason_names() {
    std::vector<std::string_view> names;
    for (const ReasonText& reason : reasons_of<SuspenseReason>()) names.push_back(reason.name);
    return names;
}

// For people: money as decimals, outcomes and owners by name.
std::string charges_view() {
    constexpr std::array<std::string_view, 4> kOwners = {"", "subscription", "group", "account"};
    const std::string amount =
        "CAST(CAST({} AS DECIMAL(20, 0)) * " + atom_size_sql() + " AS DECIMAL(38, 12)) AS {}";
    return "SELECT batch, record_batch, \"row\", " +
           names_sql("perspective", kPerspectiveNames, 1) +
           " AS perspective, subscription, payer, component, version, " +
           names_sql("owner_kind", kOwners, 1) +
           " AS owner_kind, owner, item, window_first, window_end, segment_start, start_time, "
           "billable, counter_from, "
           "counter_to, currency, " +
           fmt::format(fmt::runtime(amount), "charge_atoms", "amount") + ", " +
           fmt::format(fmt::runtime(amount), "fee_atoms", "fee") + " FROM rated_usage";
}
std::string records_view() {
    return "SELECT batch, \"row\", source, line, subscription, meter, start_time, end_time, "
           "quantity, network, called, "
           "calling, record_id, reading_1, reading_2, EXISTS (SELECT 1 FROM withdrawn WHERE "
           "record_batch = usage.batch AND withdrawn.\"row\" = usage.\"row\") AS taken_back, " +
           names_sql("outcome", kOutcomeNames, 0) + " AS outcome, " +
           names_sql("reason", reason_names(), 0) +
           " AS reason, session, last_part, parts, parts_digest FROM usage";
}

Result<void> add_columns(Database& database, const ArchiveTable& table, std::size_t first) {
    for (const ArchiveColumn& column : table.columns.subspan(first)) {
        const bool nullable = is_text(column.type);
        FARTHING_CHECK(database.run(
            "INSERT INTO ducklake_column (column_id, begin_snapshot, table_id, column_order, "
            "column_name, column_type, "
            "nulls_allowed) VALUES (?, 0, ?, ?, ?, ?, ?)",
            column.id, table.id, column.id, column.name, lake_type(column.type), nullable));
        // Readers expect a row for each column once the table has statistics; bounds stay open,
        // files have their own.
        FARTHING_CHECK(
            database.run("INSERT INTO ducklake_table_column_stats (table_id, column_id, "
                         "contains_null) VALUES (?, ?, ?)",
                         table.id, column.id, nullable));
    }
    return {};
}

Result<void> add_table(Database& database, const ArchiveTable& table) {
    FARTHING_CHECK(database.run(
        "INSERT INTO ducklake_table (table_id, table_uuid, begin_snapshot, schema_id, table_name, "
        "path, path_is_relative) "
        "VALUES (?, ?, 0, ?, ?, ?, 1)",
        table.id, uuid_of(table.name), kMainSchema, table.name, std::string(table.name) + "/"));
    FARTHING_CHECK(add_columns(database, table, 0));
    return database.run(
        "INSERT INTO ducklake_table_stats (table_id, record_count, next_row_id, file_size_bytes) "
        "VALUES (?, 0, 0, 0)",
        table.id);
}

Result<void> add_view(Database& database, std::int64_t id, std::string_view name,
                      const std::string& sql) {
    return database.run(
        "INSERT INTO ducklake_view (view_id, view_uuid, begin_snapshot, schema_id, view_name, "
        "dialect, sql, "
        "column_aliases) VALUES (?, ?, 0, ?, ?, 'duckdb', ?, '')",
        id, uuid_of(name), kMainSchema, name, sql);
}

// Registers one file; its rows follow those that the table has.
Result<void> add_file(Database& database, const ArchiveTable& table, const ArchiveFile& file,
                      std::int64_t id, std::int64_t snapshot) {
    const std::string name = std::filesystem::path(file.path).filename().string();
    FARTHING_CHECK(database.run(
        "INSERT INTO ducklake_data_file (data_file_id, table_id, begin_snapshot, path, "
        "path_is_relative, file_format, "
        "record_count, file_size_bytes, footer_size, row_id_start) SELECT ?, ?, ?, ?, 1, "
        "'parquet', ?, ?, ?, next_row_id "
        "FROM ducklake_table_stats WHERE table_id = ?",
        id, table.id, snapshot, name, file.records, file.bytes, file.footer_size, table.id));
    FARTHING_CHECK(
        database.run("UPDATE ducklake_table_stats SET record_count = record_count + ?, next_row_id "
                     "= next_row_id + ?, "
                     "file_size_bytes = file_size_bytes + ? WHERE table_id = ?",
                     file.records, file.records, file.bytes, table.id));
    for (const ArchiveFile::ColumnStats& stats : file.columns) {
        // An empty text says that nothing is known: readers must see NULL, not a bound.
        FARTHING_CHECK(
            database.run("INSERT INTO ducklake_file_column_stats (data_file_id, table_id, "
                         "column_id, column_size_bytes, value_count, "
                         "null_count, min_value, max_value) VALUES (?, ?, ?, ?, ?, ?, nullif(?, "
                         "''), nullif(?, ''))",
                         id, table.id, stats.column, stats.bytes, stats.values, stats.nulls,
                         stats.min, stats.max));
    }
    return {};
}

// Gives its table.
Result<std::int64_t> retire_file(Database& database, std::int64_t id, std::int64_t snapshot) {
    FARTHING_CHECK(
        database.run("UPDATE ducklake_data_file SET end_snapshot = ? WHERE data_file_id = ? AND "
                     "end_snapshot IS NULL",
                     snapshot, id));
    if (database.changes() != 1)
        return fail(StoreReason::position_moved, "another process rewrote the file meanwhile");
    FARTHING_CHECK(database.run(
        "UPDATE ducklake_table_stats SET record_count = ducklake_table_stats.record_count - "
        "file.record_count, "
        "file_size_bytes = ducklake_table_stats.file_size_bytes - file.file_size_bytes FROM "
        "ducklake_data_file AS file WHERE file.data_file_id = ? AND "
        "file.table_id = ducklake_table_stats.table_id",
        id));
    return database.integer("SELECT table_id FROM ducklake_data_file WHERE data_file_id = ?", 0,
                            id);
}

}  // namespace

Result<void> create_lake(Database& database, const std::filesystem::path& archive) {
    FARTHING_CHECK(database.script(std::string(kLakeTables)));
    const std::pair<std::string_view, std::string> metadata[] = {
        {"version", "0.3"},
        {"created_by", "Farthing"},
        {"data_path", folder_text(archive)},
        {"encrypted", "false"}};
    for (const auto& [key, value] : metadata) {
        FARTHING_CHECK(
            database.run("INSERT INTO ducklake_metadata (key, value) VALUES (?, ?)", key, value));
    }
    // Snapshot 0 is the empty lake; it has no moment of its own, and every batch comes after it.
    FARTHING_CHECK(database.run("INSERT INTO ducklake_snapshot VALUES (0, ?, 0, ?, 0)",
                                lake_time({}), kFirstFreeId));
    FARTHING_CHECK(
        database.run("INSERT INTO ducklake_snapshot_changes (snapshot_id, changes_made) "
                     "VALUES (0, 'created_schema:\"main\"')"));
    FARTHING_CHECK(database.run("INSERT INTO ducklake_schema VALUES (?, ?, 0, NULL, 'main', '', 1)",
                                kMainSchema, uuid_of("main")));
    FARTHING_CHECK(database.run("INSERT INTO ducklake_schema_versions VALUES (0, 0)"));
    for (const ArchiveTable& table : kArchiveTables) FARTHING_CHECK(add_table(database, table));
    FARTHING_CHECK(add_view(database, kFirstViewId, "charges", charges_view()));
    return add_view(database, kFirstViewId + 1, "records", records_view());
}

namespace {

// Ids that outgrew 32 bits: readers widen what older files have.
Result<void> widen_columns(Database& database, const ArchiveTable& table) {
    for (const ArchiveColumn& column : table.columns) {
        FARTHING_CHECK(database.run(
            "UPDATE ducklake_column SET column_type = ? WHERE table_id = ? AND column_id = ? AND "
            "column_type = 'uint32'",
            lake_type(column.type), table.id, column.id));
    }
    return {};
}

}  // namespace

// Tables and columns are only ever added, and columns widened; files that lack a column read as if
// it were null.
Result<void> upgrade_lake(Database& database) {
    for (const ArchiveTable& table : kArchiveTables) {
        FARTHING_TRY(const std::int64_t known,
                     database.integer("SELECT count(*) FROM ducklake_column WHERE table_id = ?", 0,
                                      table.id));
        FARTHING_CHECK(known == 0 ? add_table(database, table)
                                  : add_columns(database, table, static_cast<std::size_t>(known)));
        FARTHING_CHECK(widen_columns(database, table));
    }
    FARTHING_CHECK(database.run("UPDATE ducklake_view SET sql = ? WHERE view_name = 'charges'",
                                charges_view()));
    return database.run("UPDATE ducklake_view SET sql = ? WHERE view_name = 'records'",
                        records_view());
}

Result<void> point_lake_at(Database& database, const std::filesystem::path& archive) {
    FARTHING_TRY(const std::int64_t points_there,
                 database.integer(
                     "SELECT count(*) FROM ducklake_metadata WHERE key = 'data_path' AND value = ?",
                     0, folder_text(archive)));
    if (points_there == 1) return {};
    FARTHING_TRY(Transaction transaction, Transaction::begin(database));
    FARTHING_CHECK(database.run("UPDATE ducklake_metadata SET value = ? WHERE key = 'data_path'",
                                folder_text(archive)));
    return transaction.commit();
}

Result<LakeSnapshot> add_snapshot(Database& database, Instant time, BatchId batch,
                                  const std::vector<ArchiveFile>& files,
                                  const std::vector<std::int64_t>& retired) {
    LakeSnapshot snapshot;
    std::int64_t next_file = 0;
    FARTHING_CHECK(
        database.select("SELECT snapshot_id + 1, next_file_id FROM ducklake_snapshot "
                        "ORDER BY snapshot_id DESC LIMIT 1",
                        [&](const SqlStatement& row) {
                            snapshot.id = row.integer(0);
                            next_file = row.integer(1);
                        }));
    std::set<std::string> changes;
    for (const std::int64_t file : retired) {
        FARTHING_TRY(const std::int64_t table, retire_file(database, file, snapshot.id));
        changes.insert(fmt::format("deleted_from_table:{}", table));
    }
    for (const ArchiveFile& file : files) {
        const ArchiveTable* table = archive_table(file.table);
        snapshot.data_files.push_back(table == nullptr ? -1 : next_file);
        if (table == nullptr) continue;
        FARTHING_CHECK(add_file(database, *table, file, next_file++, snapshot.id));
        changes.insert(fmt::format("inserted_into_table:{}", table->id));
    }
    FARTHING_CHECK(
        database.run("INSERT INTO ducklake_snapshot SELECT ?, ?, schema_version, next_catalog_id, "
                     "? FROM ducklake_snapshot "
                     "WHERE snapshot_id = ?",
                     snapshot.id, lake_time(time), next_file, snapshot.id - 1));
    FARTHING_CHECK(database.run(
        "INSERT INTO ducklake_snapshot_changes (snapshot_id, changes_made, author, commit_message) "
        "VALUES (?, ?, 'Farthing', ?)",
        snapshot.id, fmt::format("{}", fmt::join(changes, ",")),
        fmt::format("batch {}", batch.value)));
    return snapshot;
}

Result<void> forget_files(Database& database, const std::vector<std::int64_t>& data_files) {
    for (const std::int64_t id : data_files) {
        constexpr std::string_view kEnd =
            "(SELECT end_snapshot FROM ducklake_data_file WHERE data_file_id = ?)";
        for (const std::string_view table : {"ducklake_snapshot_changes", "ducklake_snapshot"})
            FARTHING_CHECK(database.run(
                fmt::format("DELETE FROM {} WHERE snapshot_id < {}", table, kEnd), id));
        for (const std::string_view table : {"ducklake_file_column_stats", "ducklake_data_file"})
            FARTHING_CHECK(
                database.run(fmt::format("DELETE FROM {} WHERE data_file_id = ?", table), id));
    }
    return {};
}

Result<std::vector<ArchiveFile::ColumnStats>> column_stats(Database& database,
                                                           std::int64_t data_file) {
    std::vector<ArchiveFile::ColumnStats> columns;
    FARTHING_CHECK(database.select(
        "SELECT column_id, min_value, max_value, value_count, null_count, column_size_bytes "
        "FROM ducklake_file_column_stats WHERE data_file_id = ? ORDER BY column_id",
        [&](const SqlStatement& row) {
            columns.push_back({row.as<std::uint32_t>(0), row.text(1), row.text(2), row.integer(3),
                               row.integer(4), row.integer(5)});
        },
        data_file));
    return columns;
}

}  // namespace farthing::store
