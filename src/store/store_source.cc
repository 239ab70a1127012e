// Feeds and their files.
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

#define FARTHING_SOURCE_COLUMNS                                                          \
    "SELECT id, feed, path, hash, size_bytes, records, same_as, header, reject_reason, " \
    "reject_detail, "                                                                    \
    "sealed_at, position, epoch, taken_back_by, control FROM source "

Store::SourceRow source_of(const SqlStatement& row) {
    Store::SourceRow result;
    result.source.id = {row.as<std::uint32_t>(0)};
    result.source.feed = {row.as<std::uint32_t>(1)};
    result.source.path = row.text(2);
    result.source.hash = row.text(3);
    result.source.size_bytes = row.integer(4);
    result.source.records = row.integer(5);
    result.source.same_as = {row.as<std::uint32_t>(6)};
    result.source.header = row.text(7);
    result.source.reject_reason = row.text(8);
    result.source.reject_detail = row.text(9);
    result.source.sealed_at = row.instant(10);
    result.position = row.integer(11);
    result.epoch = row.integer(12);
    result.taken_back_by = row.id<BatchId>(13);
    result.source.control = row.text(14);
    return result;
}

// What a file says of itself once its feed was read again; a part that was consumed already pins
// it.
Result<void> seal_again(Database& database, const Source& source) {
    return database.run(
        "UPDATE source SET records = ?, header = ?, reject_reason = ?, reject_detail = ?, "
        "sealed_at = ?, control = ? "
        "WHERE tenant = ? AND id = ? AND position = 0",
        source.records, source.header, source.reject_reason, source.reject_detail, source.sealed_at,
        source.control, kTenant, source.id);
}

}  // namespace

Result<std::vector<Store::FeedRow>> SqliteStore::feeds() {
    std::vector<FeedRow> rows;
    FARTHING_CHECK(database_->select(
        "SELECT feed.id, feed.name, feed_version.text FROM feed "
        "JOIN feed_version ON feed_version.tenant = feed.tenant AND feed_version.feed = feed.id "
        "WHERE feed.tenant = ? AND feed_version.version = (SELECT max(newest.version) FROM "
        "feed_version AS newest "
        "WHERE newest.tenant = feed.tenant AND newest.feed = feed.id) ORDER BY feed.id",
        [&](const SqlStatement& row) {
            rows.push_back({{row.as<std::uint32_t>(0)}, row.text(1), row.text(2)});
        },
        kTenant));
    return rows;
}

Result<FeedId> SqliteStore::save_feed(const std::string& name, const std::string& text) {
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_TRY(
        std::int64_t id,
        database_->integer("SELECT id FROM feed WHERE tenant = ? AND name = ?", 0, kTenant, name));
    if (id == 0) {
        FARTHING_TRY(
            id, database_->integer("SELECT max(id) + 1 FROM feed WHERE tenant = ?", 1, kTenant));
        FARTHING_CHECK(database_->run("INSERT INTO feed (tenant, id, name) VALUES (?, ?, ?)",
                                      kTenant, id, name));
    }
    FARTHING_CHECK(
        database_->run("INSERT INTO feed_version (tenant, feed, version, text) SELECT ?, ?, "
                       "coalesce(max(version), 0) + 1, ? "
                       "FROM feed_version WHERE tenant = ? AND feed = ?",
                       kTenant, id, text, kTenant, id));
    FARTHING_CHECK(transaction.commit());
    return FeedId{static_cast<std::uint32_t>(id)};
}

Result<Store::SourceRow> SqliteStore::seal(Source source) {
    FARTHING_TRY(Writing transaction, begin_writing());
    // The same file at the same place is the same source: read on where it was left, or finished.
    // One that was taken back comes as a new one.
    std::optional<SourceRow> known;
    FARTHING_CHECK(database_->select(
        FARTHING_SOURCE_COLUMNS
        "WHERE tenant = ? AND hash = ? AND feed = ? AND path = ? AND taken_back_by = 0 "
        "ORDER BY id LIMIT 1",
        [&](const SqlStatement& row) { known = source_of(row); }, kTenant, source.hash, source.feed,
        source.path));
    if (known) {
        source.id = known->source.id;
        FARTHING_CHECK(seal_again(*database_, source));
    } else {
        FARTHING_TRY(
            const std::int64_t id,
            database_->integer("SELECT max(id) + 1 FROM source WHERE tenant = ?", 1, kTenant));
        source.id = {static_cast<std::uint32_t>(id)};
        if (!source.same_as) {
            // A refused file left nothing behind that its copy could repeat.
            FARTHING_TRY(
                const std::int64_t earlier,
                database_->integer(
                    "SELECT min(id) FROM source WHERE tenant = ? AND hash = ? AND feed = ? "
                    "AND reject_reason = '' AND taken_back_by = 0",
                    0, kTenant, source.hash, source.feed));
            source.same_as = {static_cast<std::uint32_t>(earlier)};
        }
        FARTHING_CHECK(database_->run(
            "INSERT INTO source (tenant, id, feed, path, hash, size_bytes, records, "
            "same_as, header, reject_reason, "
            "reject_detail, sealed_at, control, position, epoch) VALUES (?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 1)",
            kTenant, source.id, source.feed, source.path, source.hash, source.size_bytes,
            source.records, source.same_as, source.header, source.reject_reason,
            source.reject_detail, source.sealed_at, source.control));
    }
    FARTHING_TRY(const std::optional<SourceRow> row, this->source(source.id));
    FARTHING_CHECK(transaction.commit());
    return *row;
}

Result<std::vector<Store::SourceRow>> SqliteStore::sources() {
    std::vector<SourceRow> rows;
    FARTHING_CHECK(database_->select(
        FARTHING_SOURCE_COLUMNS "WHERE tenant = ? ORDER BY id",
        [&](const SqlStatement& row) { rows.push_back(source_of(row)); }, kTenant));
    return rows;
}

Result<std::optional<Store::SourceRow>> SqliteStore::source(SourceId id) {
    std::optional<SourceRow> found;
    FARTHING_CHECK(database_->select(
        FARTHING_SOURCE_COLUMNS "WHERE tenant = ? AND id = ?",
        [&](const SqlStatement& row) { found = source_of(row); }, kTenant, id));
    return found;
}

}  // namespace farthing::store
