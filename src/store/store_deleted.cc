// Usage that was deleted for its age: who did it, and what the rows came to.
#include <fmt/format.h>

#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

// Files of batches that hold no rows of their own.
constexpr std::string_view kRowsThatCame =
    "(SELECT sum(records) FROM archive_file AS came JOIN batch ON batch.tenant = came.tenant AND "
    "batch.id = came.batch WHERE came.tenant = ?1 AND came.table_name = told.table_name AND "
    "batch.kind NOT IN ('tidy', 'delete'))";
constexpr std::string_view kRowsThatStand =
    "(SELECT coalesce(sum(records), 0) FROM archive_file AS stands WHERE stands.tenant = ?1 AND "
    "stands.table_name = told.table_name AND NOT EXISTS (SELECT 1 FROM archive_retired WHERE "
    "archive_retired.tenant = stands.tenant AND archive_retired.path = stands.path))";

}  // namespace

Result<void> SqliteStore::write_deleted(const DeletedUsage& deleted, BatchId id) {
    FARTHING_CHECK(
        database_->run("INSERT INTO usage_deleted (tenant, batch, before_day, who, because) VALUES "
                       "(?, ?, ?, ?, ?)",
                       kTenant, id, deleted.before, deleted.who, deleted.because));
    FARTHING_TRY(SqlStatement rows,
                 database_->prepare("INSERT INTO usage_deleted_rows (tenant, batch, table_name, "
                                    "of_batch, source, records, atoms) VALUES (?, ?, ?, ?, ?, ?, "
                                    "?)"));
    for (const DeletedRows& row : deleted.rows) {
        FARTHING_CHECK(
            rows.bind(kTenant, id, row.table, row.of, row.source, row.records, row.atoms).run());
    }
    FARTHING_TRY(SqlStatement sessions,
                 database_->prepare("INSERT INTO usage_deleted_session (tenant, batch, key_high, "
                                    "key_low) VALUES (?, ?, ?, ?)"));
    for (const Hash128& key : deleted.sessions) {
        FARTHING_CHECK(sessions
                           .bind(kTenant, id, static_cast<std::int64_t>(key.high),
                                 static_cast<std::int64_t>(key.low))
                           .run());
    }
    return {};
}

Result<std::vector<DeletedUsage>> SqliteStore::deleted_usage(bool whole) {
    std::vector<DeletedUsage> found;
    FARTHING_CHECK(database_->select(
        "SELECT batch, before_day, who, because, committed_at FROM usage_deleted JOIN batch ON "
        "batch.tenant = usage_deleted.tenant AND batch.id = usage_deleted.batch WHERE "
        "usage_deleted.tenant = ? ORDER BY batch",
        [&](const SqlStatement& row) {
            DeletedUsage& one = found.emplace_back();
            one.batch = row.id<BatchId>(0);
            one.before = {row.as<std::int32_t>(1)};
            one.who = row.text(2);
            one.because = row.text(3);
            one.at = row.instant(4);
        },
        kTenant));
    for (DeletedUsage& one : found) {
        if (whole) FARTHING_CHECK(read_deleted(one));
    }
    return found;
}

Result<void> SqliteStore::read_deleted(DeletedUsage& deleted) {
    FARTHING_CHECK(database_->select(
        "SELECT before_day, who, because FROM usage_deleted WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) {
            deleted.before = {row.as<std::int32_t>(0)};
            deleted.who = row.text(1);
            deleted.because = row.text(2);
        },
        kTenant, deleted.batch));
    FARTHING_CHECK(database_->select(
        "SELECT table_name, of_batch, source, records, atoms FROM usage_deleted_rows WHERE tenant "
        "= ? AND batch = ?",
        [&](const SqlStatement& row) {
            deleted.rows.push_back({row.text(0), row.id<BatchId>(1), row.id<SourceId>(2),
                                    row.integer(3), row.integer(4)});
        },
        kTenant, deleted.batch));
    return database_->select(
        "SELECT key_high, key_low FROM usage_deleted_session WHERE tenant = ? AND batch = ?",
        [&](const SqlStatement& row) {
            deleted.sessions.push_back({static_cast<std::uint64_t>(row.integer(0)),
                                        static_cast<std::uint64_t>(row.integer(1))});
        },
        kTenant, deleted.batch);
}

Result<std::optional<Instant>> SqliteStore::oldest_open_session(Instant touched_since) {
    std::optional<Instant> oldest;
    FARTHING_CHECK(database_->select(
        "SELECT start_time FROM open_session WHERE tenant = ? AND feed <> 0 AND touched_at >= ? "
        "ORDER BY start_time LIMIT 1",
        [&](const SqlStatement& row) { oldest = row.instant(0); }, kTenant, touched_since));
    return oldest;
}

// Of each table, the rows that came are those that stand and those that were deleted.
Result<void> SqliteStore::check_deleted(std::vector<std::string>& faults) {
    return database_->select(
        fmt::format("SELECT told.table_name FROM (SELECT table_name, sum(records) AS records FROM "
                    "usage_deleted_rows WHERE tenant = ?1 GROUP BY table_name) AS told WHERE {} <> "
                    "{} + told.records ORDER BY told.table_name",
                    kRowsThatCame, kRowsThatStand),
        [&](const SqlStatement& row) {
            faults.push_back(
                "archive: rows that stand and rows that were deleted are not those "
                "that came: " +
                row.text(0));
        },
        kTenant);
}

}  // namespace farthing::store
