// What the database and the archive say of themselves: every equation that commits keep, asked
// again.
#include <fmt/format.h>

#include <set>

#include "store/sqlite_store.h"

namespace farthing::store {

namespace {

constexpr std::size_t kFaultsTold = 20;  // of one kind; the rest is counted

// Adds one fault for each row of a query, with its first column as text.
Result<void> add_rows(Database& database, std::vector<std::string>& faults,
                      std::string_view sentence, std::string_view sql) {
    std::size_t count = 0;
    FARTHING_CHECK(database.select(
        sql,
        [&](const SqlStatement& row) {
            if (++count <= kFaultsTold)
                faults.push_back(fmt::format("{}: {}", sentence, row.text(0)));
        },
        kTenant));
    if (count > kFaultsTold)
        faults.push_back(fmt::format("{}: {} more", sentence, count - kFaultsTold));
    return {};
}

std::set<std::string> files_below(const std::filesystem::path& folder) {
    std::set<std::string> paths;
    std::error_code code;
    for (std::filesystem::recursive_directory_iterator it(folder, code), end; !code && it != end;
         it.increment(code)) {
        if (it->is_regular_file(code))
            paths.insert(it->path().lexically_relative(folder).generic_string());
    }
    return paths;
}

}  // namespace

Result<std::vector<std::string>> SqliteStore::integrity() {
    std::vector<std::string> faults;
    FARTHING_CHECK(check_sql(faults));
    FARTHING_CHECK(check_ledger(faults));
    FARTHING_CHECK(check_sources(faults));
    FARTHING_CHECK(check_suspense(faults));
    FARTHING_CHECK(check_series(faults));
    FARTHING_CHECK(check_chain(faults));
    FARTHING_CHECK(check_files(faults));
    FARTHING_CHECK(check_deleted(faults));
    return faults;
}

// Pages, indexes, CHECK and NOT NULL constraints, and references.
Result<void> SqliteStore::check_sql(std::vector<std::string>& faults) {
    const auto told = [&](const SqlStatement& row) {
        if (row.text(0) != "ok") faults.push_back("database: " + row.text(0));
    };
    FARTHING_CHECK(database_->select("PRAGMA integrity_check", told));
    return database_->select("PRAGMA foreign_key_check", [&](const SqlStatement& row) {
        faults.push_back(fmt::format("database: a row of {} names a row of {} that is not there",
                                     row.text(0), row.text(2)));
    });
}

Result<void> SqliteStore::check_ledger(std::vector<std::string>& faults) {
    FARTHING_CHECK(add_rows(*database_, faults, "ledger: an entry does not balance",
                            "SELECT entry FROM posting WHERE tenant = ? GROUP BY entry HAVING "
                            "sum(atoms / 4294967296) * "
                            "4294967296 + sum(atoms % 4294967296) <> 0 ORDER BY entry"));
    return add_rows(*database_, faults, "ledger: an entry without postings",
                    "SELECT id FROM entry WHERE tenant = ? AND NOT EXISTS (SELECT 1 FROM posting "
                    "WHERE posting.tenant = "
                    "entry.tenant AND posting.entry = entry.id) ORDER BY id");
}

// The ranges of batches tile each source from its first record to its position, with no gap and no
// overlap.
Result<void> SqliteStore::check_sources(std::vector<std::string>& faults) {
    FARTHING_CHECK(
        add_rows(*database_, faults, "sources: batches leave a gap or overlap in source",
                 "SELECT source FROM (SELECT source, from_record, coalesce(lag(to_record) OVER "
                 "(PARTITION BY source ORDER BY batch), 0) AS before FROM batch_range WHERE tenant "
                 "= ?) AS tiles "
                 "WHERE from_record <> before ORDER BY source"));
    return add_rows(*database_, faults,
                    "sources: the position is not where the last batch left it in source",
                    "SELECT id FROM source WHERE tenant = ? AND position <> coalesce((SELECT "
                    "max(to_record) FROM "
                    "batch_range WHERE batch_range.tenant = source.tenant AND batch_range.source = "
                    "source.id), 0) "
                    "ORDER BY id");
}

Result<void> SqliteStore::check_suspense(std::vector<std::string>& faults) {
    FARTHING_CHECK(add_rows(*database_, faults,
                            "suspense: an exit names another number of records than left, exit",
                            "SELECT seq FROM suspense_exit_record WHERE tenant = ? GROUP BY seq "
                            "HAVING count(*) <> (SELECT records FROM suspense_exit WHERE "
                            "suspense_exit.tenant = suspense_exit_record.tenant AND "
                            "suspense_exit.seq = suspense_exit_record.seq) ORDER BY seq"));
    return add_rows(*database_, faults,
                    "suspense: what left a group is not what its exits say, group",
                    "SELECT id FROM suspense_group WHERE tenant = ? AND (recycled <> "
                    "coalesce((SELECT sum(records) FROM suspense_exit "
                    "WHERE suspense_exit.tenant = suspense_group.tenant AND suspense_group = id "
                    "AND recycled_by <> 0), 0) OR dropped <> "
                    "coalesce((SELECT sum(records) FROM suspense_exit WHERE suspense_exit.tenant = "
                    "suspense_group.tenant AND "
                    "suspense_group = id AND recycled_by = 0), 0)) ORDER BY id");
}

Result<void> SqliteStore::check_series(std::vector<std::string>& faults) {
    return add_rows(*database_, faults, "invoices: numbers are missing in series",
                    "SELECT prefix FROM number_series WHERE tenant = ? AND last <> (SELECT "
                    "count(*) FROM invoice WHERE "
                    "invoice.tenant = number_series.tenant AND invoice.series = prefix AND "
                    "series_number BETWEEN 1 AND last) "
                    "ORDER BY prefix");
}

Result<void> SqliteStore::check_chain(std::vector<std::string>& faults) {
    FARTHING_TRY(const std::vector<BatchRow> rows, batches());
    std::string previous;
    for (const BatchRow& row : rows) {
        FARTHING_TRY(BatchSeal seal, read_seal(row.id));
        if (chain_of(previous, std::move(seal)) != row.chain) {
            faults.push_back(
                fmt::format("chain: batch {} is not what was committed", row.id.value));
        }
        previous = row.chain;
    }
    return {};
}

// Every registered file is there in its size; its content is compared with its hash by `check
// archive`.
Result<void> SqliteStore::check_files(std::vector<std::string>& faults) {
    return database_->select(
        "SELECT path, bytes FROM archive_file WHERE tenant = ? AND path NOT IN (SELECT path FROM "
        "archive_deleted) ORDER BY batch, position",
        [&](const SqlStatement& row) {
            std::error_code code;
            const auto size = std::filesystem::file_size(archive_ / row.text(0), code);
            if (code) {
                faults.push_back("archive: a registered file is missing: " + row.text(0));
            } else if (static_cast<std::int64_t>(size) != row.integer(1)) {
                faults.push_back("archive: a file has another size than was registered: " +
                                 row.text(0));
            }
        },
        kTenant);
}

Result<std::int64_t> SqliteStore::delete_retired(Instant before) {
    std::vector<std::string> paths;
    std::vector<std::int64_t> data_files;
    FARTHING_CHECK(database_->select(
        "SELECT path, data_file FROM archive_retired JOIN archive_file USING (tenant, path) WHERE "
        "tenant = ? AND retired_at < ? AND path NOT IN (SELECT path FROM archive_deleted)",
        [&](const SqlStatement& row) {
            paths.push_back(row.text(0));
            data_files.push_back(row.integer(1));
        },
        kTenant, before));
    FARTHING_TRY(Writing transaction, begin_writing());
    FARTHING_CHECK(forget_files(*database_, data_files));
    for (const std::string& path : paths)
        FARTHING_CHECK(database_->run("INSERT INTO archive_deleted VALUES (?, ?)", kTenant, path));
    FARTHING_CHECK(transaction.commit());
    std::int64_t deleted = 0;  // what a crash leaves here is an orphan
    for (const std::string& path : paths) {
        std::error_code code;
        deleted += std::filesystem::remove(archive_ / path, code) ? 1 : 0;
    }
    return deleted;
}

Result<std::int64_t> SqliteStore::sweep() {
    // A batch under way here, or another process, may have written files that its commit will
    // register: then nothing is an orphan for sure.
    if (promised_ || !lock_.try_alone()) return 0;
    std::set<std::string> orphans = files_below(archive_);
    const Result<void> read = database_->select(
        "SELECT path FROM archive_file WHERE tenant = ?1 AND path NOT IN (SELECT path FROM "
        "archive_deleted) UNION SELECT path FROM dedup_segment WHERE tenant = ?1",
        [&](const SqlStatement& row) { orphans.erase(row.text(0)); }, kTenant);
    std::int64_t swept = 0;
    if (read) {
        for (const std::string& path : orphans) {
            std::error_code code;
            if (std::filesystem::remove(archive_ / path, code)) swept += 1;
        }
    }
    lock_.share_again();
    if (!read) return fail(read.error());
    return swept;
}

}  // namespace farthing::store
