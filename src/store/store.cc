#include "store/store.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/sqlite_store.h"

namespace farthing::store {

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& folder) {
    std::error_code code;
    std::filesystem::create_directories(folder / "archive", code);
    if (code)
        return fail(StoreReason::store_unavailable, "the folder can't be made: " + code.message(),
                    folder.string());
    const std::filesystem::path whole = std::filesystem::canonical(folder, code);
    if (code) return fail(StoreReason::store_unavailable, code.message(), folder.string());
    FARTHING_TRY(FolderLock lock, FolderLock::share(whole / "farthing.lock"));
    FARTHING_TRY(std::unique_ptr<Database> database, Database::open(whole / "farthing.db"));
    FARTHING_TRY(Turns turns, Turns::open(whole));
    auto store = std::make_unique<SqliteStore>(whole, std::move(lock), std::move(turns),
                                               std::move(database));
    FARTHING_CHECK(store->prepare_schema());
    FARTHING_CHECK(store->recover_groups());
    return store;
}

SqliteStore::SqliteStore(std::filesystem::path folder, FolderLock lock, Turns turns,
                         std::unique_ptr<Database> database)
    : folder_(std::move(folder)),
      archive_(folder_ / "archive"),
      lock_(std::move(lock)),
      turns_(std::move(turns)),
      database_(std::move(database)) {}

Result<void> SqliteStore::prepare_schema() {
    constexpr std::string_view kHasSchema =
        "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'";
    FARTHING_TRY(std::int64_t has_schema, database_->integer(kHasSchema, 0));
    if (has_schema == 0) {
        FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
        FARTHING_TRY(has_schema,
                     database_->integer(kHasSchema, 0));  // another process may have been first
        if (has_schema == 0) FARTHING_CHECK(create_schema());
        FARTHING_CHECK(transaction.commit());
    }
    FARTHING_TRY(const std::int64_t version,
                 database_->integer("SELECT version FROM schema_version", 0));
    if (version > kSchemaVersion) {
        return fail(StoreReason::store_newer,
                    fmt::format("the database has schema {}, this release knows up to {}", version,
                                kSchemaVersion),
                    (folder_ / "farthing.db").string());
    }
    if (version < kSchemaVersion) FARTHING_CHECK(upgrade());
    return point_lake_at(*database_, archive_);
}

Result<void> SqliteStore::upgrade() {
    FARTHING_TRY(Transaction transaction, Transaction::begin(*database_));
    FARTHING_TRY(const std::int64_t version,  // another process may have been first
                 database_->integer("SELECT version FROM schema_version", 0));
    if (version < kSchemaVersion) {
        FARTHING_CHECK(database_->script(upgrade_sql(version)));
        FARTHING_CHECK(upgrade_lake(*database_));
        FARTHING_CHECK(database_->run("UPDATE schema_version SET version = ?", kSchemaVersion));
    }
    return transaction.commit();
}

Result<void> SqliteStore::create_schema() {
    FARTHING_CHECK(database_->script(schema_sql()));
    FARTHING_CHECK(
        database_->run("INSERT INTO schema_version (version) VALUES (?)", kSchemaVersion));
    return create_lake(*database_, archive_);
}

// ---- Catalog

Result<std::vector<CatalogRecord>> SqliteStore::catalogs() {
    std::vector<CatalogRecord> records;
    FARTHING_CHECK(database_->select(
        "SELECT version, name, valid_from, hash FROM catalog_version WHERE tenant = ? ORDER BY "
        "version",
        [&](const SqlStatement& row) {
            records.push_back(
                {{row.as<std::uint32_t>(0)}, row.text(1), row.instant(2), row.text(3), {}});
        },
        kTenant));
    for (CatalogRecord& record : records) {
        FARTHING_CHECK(database_->select(
            "SELECT path, text FROM catalog_file WHERE tenant = ? AND version = ? ORDER BY path",
            [&](const SqlStatement& row) { record.files.push_back({row.text(0), row.text(1)}); },
            kTenant, record.version));
    }
    return records;
}

Result<NameTable> SqliteStore::names() {
    std::vector<NameTable::Row> rows;
    FARTHING_CHECK(database_->select(
        "SELECT kind, name, id FROM name WHERE tenant = ? ORDER BY seq",
        [&](const SqlStatement& row) {
            rows.push_back({row.as<NameTable::Kind>(0), row.text(1), row.as<std::uint32_t>(2)});
        },
        kTenant));
    return NameTable(std::move(rows));
}

Result<void> SqliteStore::publish(const CatalogRecord& record, const NameTable& names) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(const std::int64_t newest,
                 database_->integer("SELECT max(version) FROM catalog_version WHERE tenant = ?", 0,
                                    kTenant));
    FARTHING_TRY(const NameTable known, this->names());
    const bool follows = std::equal(
        known.rows().begin(), known.rows().end(), names.rows().begin(),
        names.rows().begin() +
            static_cast<std::ptrdiff_t>(std::min(known.rows().size(), names.rows().size())));
    if (newest + 1 != record.version.value || !follows) {
        return fail(StoreReason::store_failed,
                    "another process published a catalog meanwhile: publish again");
    }
    FARTHING_CHECK(
        database_->run("INSERT INTO catalog_version (tenant, version, name, valid_from, hash) "
                       "VALUES (?, ?, ?, ?, ?)",
                       kTenant, record.version, record.name, record.valid_from, record.hash));
    for (const CatalogFile& file : record.files) {
        FARTHING_CHECK(database_->run(
            "INSERT INTO catalog_file (tenant, version, path, text) VALUES (?, ?, ?, ?)", kTenant,
            record.version, file.path, file.text));
    }
    for (std::size_t seq = known.rows().size(); seq < names.rows().size(); ++seq) {
        const NameTable::Row& row = names.rows()[seq];
        FARTHING_CHECK(
            database_->run("INSERT INTO name (tenant, seq, kind, name, id) VALUES (?, ?, ?, ?, ?)",
                           kTenant, seq, row.kind, row.name, row.id));
    }
    return transaction.commit();
}

}  // namespace farthing::store
