// The archive's catalogue: DuckLake 0.3 tables in the store's own database, written in the batch's
// transaction, so that DuckDB and its kin read usage and charges without an export. Every function
// runs inside the caller's transaction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/batch.h"
#include "store/sqlite.h"

namespace farthing::store {

// The empty catalogue: snapshot 0 with the schema `main`, the archive's tables and the views for
// people.
Result<void> create_lake(Database& database, const std::filesystem::path& archive);
// What the catalogue of an older release lacks.
Result<void> upgrade_lake(Database& database);
// The folder may have been moved or restored elsewhere since.
Result<void> point_lake_at(Database& database, const std::filesystem::path& archive);

struct LakeSnapshot {
    std::int64_t id = 0;
    std::vector<std::int64_t>
        data_files;  // one for each of the files; -1 for those that are no table of the lake
};
// The next snapshot, with the Parquet files among `files` registered, and without the data files
// that are `retired`: older snapshots still have them.
Result<LakeSnapshot> add_snapshot(Database& database, Instant time, BatchId batch,
                                  const std::vector<ArchiveFile>& files,
                                  const std::vector<std::int64_t>& retired);
// Forgets data files that are retired, and the snapshots that have them.
Result<void> forget_files(Database& database, const std::vector<std::int64_t>& data_files);

// Column statistics of a registered file.
Result<std::vector<ArchiveFile::ColumnStats>> column_stats(Database& database,
                                                           std::int64_t data_file);

}  // namespace farthing::store
