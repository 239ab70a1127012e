// What a file of usage or rated usage holds from before a time, and the rest of it written anew:
// how usage is deleted for its age.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/batch.h"
#include "store/archive_columns.h"

namespace farthing::store {

// Of a file's rows, told by the time of their events. REQUIRES: `table` is `usage` or
// `rated_usage`; so below.
struct RowAges {
    std::vector<DeletedRows> before;  // by batch and source
    std::int64_t records_before = 0;
    std::int64_t records_since = 0;
    std::optional<std::pair<Instant, Instant>> span;  // first and last event of those before
};
Result<RowAges> ages_of(const std::filesystem::path& file, const ArchiveTable& table,
                        Instant before);

// Writes the rows since then, in their order and with all their columns. The old file stays.
// REQUIRES: there are some.
Result<ArchiveFile> write_since(const std::filesystem::path& archive, const ArchiveTable& table,
                                const std::filesystem::path& file, Instant since);

// The earliest and the latest event of a file, from its statistics alone; none: it holds nothing.
Result<std::optional<std::pair<Instant, Instant>>> events_of(const std::filesystem::path& file,
                                                             const ArchiveTable& table);

// Rows of usage whose events lie in `within`, duplicates left out; `session` zero: a whole one.
struct AgedRecord {
    Instant start;
    Instant end;
    Hash128 session;
    bool last_part = false;
};
Result<void> each_aged(const std::filesystem::path& file, Period within,
                       const std::function<void(const AgedRecord&)>& visit);

}  // namespace farthing::store
