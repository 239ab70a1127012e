// Many small files of one archive table made one, sorted by who used and when: what a customer used
// then stands together, and readers pass the rest over.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "model/batch.h"
#include "store/archive_columns.h"

namespace farthing::store {

constexpr std::int64_t kRewrittenRecordsMax = 1 << 20;  // of one new file: held in memory meanwhile

// Writes, syncs and renames the new file; the old ones stay. Every row keeps all of its columns.
// REQUIRES: `table` is `usage` or `rated_usage`, the files hold up to kRewrittenRecordsMax rows.
Result<ArchiveFile> rewrite_files(const std::filesystem::path& archive, const ArchiveTable& table,
                                  const std::vector<std::filesystem::path>& files);

}  // namespace farthing::store
