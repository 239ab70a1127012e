// What people did to single records of suspense: which left their group before the rest, and what
// was corrected for a retry.
#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

SuspenseFix fix_of(const SqlStatement& row, int first) {
    return {row.as<std::uint32_t>(first), row.instant(first + 1), row.text(first + 2),
            row.text(first + 3),          row.text(first + 4),    row.text(first + 5)};
}

}  // namespace

Result<std::map<std::uint32_t, std::vector<RecordPlace>>> SqliteStore::left_alone() {
    std::map<std::uint32_t, std::vector<RecordPlace>> left;
    FARTHING_CHECK(database_->select(
        "SELECT suspense_group, source, line FROM suspense_exit_record WHERE tenant = ? ORDER BY "
        "suspense_group, source, line",
        [&](const SqlStatement& row) {
            left[row.as<std::uint32_t>(0)].push_back({{row.as<std::uint32_t>(1)}, row.integer(2)});
        },
        kTenant));
    return left;
}

Result<std::map<BatchId, std::vector<SuspenseFix>>> SqliteStore::fixes() {
    std::map<BatchId, std::vector<SuspenseFix>> found;
    FARTHING_CHECK(database_->select(
        "SELECT batch, suspense_fix.id, at, who, because, field, value FROM batch_fix JOIN "
        "suspense_fix ON suspense_fix.tenant = batch_fix.tenant AND suspense_fix.id = fix WHERE "
        "batch_fix.tenant = ? ORDER BY batch, position",
        [&](const SqlStatement& row) { found[row.id<BatchId>(0)].push_back(fix_of(row, 1)); },
        kTenant));
    return found;
}

Result<std::vector<SuspenseFix>> SqliteStore::read_fixes(BatchId batch) {
    std::vector<SuspenseFix> found;
    FARTHING_CHECK(database_->select(
        "SELECT suspense_fix.id, at, who, because, field, value FROM batch_fix JOIN suspense_fix "
        "ON suspense_fix.tenant = batch_fix.tenant AND suspense_fix.id = fix WHERE "
        "batch_fix.tenant = ? AND batch = ? ORDER BY position",
        [&](const SqlStatement& row) { found.push_back(fix_of(row, 0)); }, kTenant, batch));
    return found;
}

Result<void> SqliteStore::write_fixes(std::vector<SuspenseFix>& fixes, BatchId batch) {
    FARTHING_TRY(
        std::int64_t next,
        database_->integer("SELECT max(id) + 1 FROM suspense_fix WHERE tenant = ?", 1, kTenant));
    for (std::size_t i = 0; i < fixes.size(); ++i) {
        SuspenseFix& fix = fixes[i];
        if (fix.id == 0) {
            fix.id = static_cast<std::uint32_t>(next++);
            FARTHING_CHECK(database_->run(
                "INSERT INTO suspense_fix (tenant, id, at, who, because, field, value) VALUES (?, "
                "?, ?, ?, ?, ?, ?)",
                kTenant, fix.id, fix.at, fix.who, fix.because, fix.field, fix.value));
        }
        FARTHING_CHECK(database_->run(
            "INSERT INTO batch_fix (tenant, batch, position, fix) VALUES (?, ?, ?, ?)", kTenant,
            batch, i, fix.id));
    }
    return {};
}

}  // namespace farthing::store
