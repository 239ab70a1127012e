// Usage archive: immutable Parquet files, written to a temporary name, synced, renamed to their
// hash; the batch's transaction registers them. Readers trust only what is registered. Columns:
// docs/reference/archive.md.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "base/int128.h"
#include "model/batch.h"
#include "model/currency.h"
#include "model/kept_reading.h"
#include "model/rated_usage.h"
#include "model/usage.h"
#include "store/archive_block.h"
#include "store/footers.h"

namespace farthing::store {

// Of so many subscriptions a row group tells, about: few enough that its bounds rule out most
// customers.
constexpr std::size_t kGroupSubscriptions = 8 * 1024;

// Writes the files of one batch: `usage` (every live record and every duplicate with its outcome),
// `rated_usage`, and `suspended` (raw text). Rows are appended chunk by chunk; `finish` closes,
// syncs, renames and describes the files.
class ArchiveWriter {
  public:
    // `currency` of the charges; none: they name none.
    ArchiveWriter(std::filesystem::path folder, BatchId batch, Currency currency = {});
    ~ArchiveWriter();  // without finish: temporary files are removed
    // Where the rows that belong to the next `append` are added. They point into its `usage` rows;
    // a row outside of them is a repricing: it has no record.
    RatedChunk& rated();
    // `first_row` is the batch-wide number of the chunk's first record. `waiting`: the suspended
    // rows with the batch's groups that they wait in; a row may wait for one perspective and be
    // archived for another.
    struct Waiting {
        std::uint32_t row = 0;
        std::uint32_t group = 0;
    };
    // `of`: the rows are those of an earlier batch; none: of this one.
    Result<void> append(const UsageChunk& usage, std::int64_t first_row,
                        std::span<const Waiting> waiting, BatchId of = {});
    // Rows of usage that stand no more.
    Result<void> withdraw(const WithdrawnRow& row);
    Result<std::vector<ArchiveFile>> finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Filters are conjunctive; row groups whose statistics can't match are not read.
// What a reader looked at and what it read.
struct ReadCount {
    std::int64_t files = 0;
    std::int64_t files_read = 0;
    std::int64_t groups = 0;
    std::int64_t groups_read = 0;
    std::int64_t rows_read = 0;  // of the columns that decide
    ReadCount& operator+=(const ReadCount& more) {
        files += more.files;
        files_read += more.files_read;
        groups += more.groups;
        groups_read += more.groups_read;
        rows_read += more.rows_read;
        return *this;
    }
};
struct UsageFilter {
    std::optional<BatchId> batch;
    const std::vector<SubscriptionId>* subscriptions = nullptr;  // sorted, each once; none: all
    std::optional<SourceId> source;
    ReadCount* count = nullptr;
    Footers* footers = nullptr;  // of files that are read more than once
    std::optional<SubscriptionId> subscription;
    std::optional<Period> start;
    std::optional<std::int64_t> row;
    std::optional<Outcome> outcome;
    bool made_of_parts = false;  // chargeable records that were made of aggregated ones
    Columns columns = Columns::all;
};
Result<std::vector<UsageRow>> read_usage(const std::filesystem::path& file,
                                         const UsageFilter& filter);
// Row group by row group.
Result<void> each_usage_block(const std::filesystem::path& file, const UsageFilter& filter,
                              const std::function<void(UsageBlock)>& visit);
// `visit` may move from the rows.
Result<void> each_usage(const std::filesystem::path& file, const UsageFilter& filter,
                        const std::function<void(std::span<UsageRow>)>& visit);
struct RatedFilter {
    std::optional<BatchId> batch;
    const std::vector<SubscriptionId>* subscriptions = nullptr;  // sorted, each once; none: all
    std::optional<std::pair<BatchId, BatchId>> record_batches;   // first and last
    std::optional<Perspective> perspective;
    ReadCount* count = nullptr;
    Footers* footers = nullptr;  // of files that are read more than once
    Columns columns = Columns::all;
    std::optional<std::int64_t> row;
    std::optional<SubscriptionId> subscription;
    std::optional<ComponentId> component;
    std::optional<AccountId> payer;
    std::optional<std::uint32_t> owner;
    std::optional<Date> window_first;
    std::size_t limit = SIZE_MAX;
    bool largest_first = false;  // by charge
};
Result<std::vector<RatedRow>> read_rated(const std::filesystem::path& file,
                                         const RatedFilter& filter);
// Row group by row group, without limit.
Result<void> each_rated_block(const std::filesystem::path& file, const RatedFilter& filter,
                              const std::function<void(RatedBlock)>& visit);
// `visit` may move from the rows.
Result<void> each_rated(const std::filesystem::path& file, const RatedFilter& filter,
                        const std::function<void(std::span<RatedRow>)>& visit);
Result<std::vector<SuspendedRow>> read_suspended(const std::filesystem::path& file);
Result<std::vector<WithdrawnRow>> read_withdrawn(const std::filesystem::path& file);
// Readings that a feed keeps of the records that were taken in, row group by row group, whose
// events lie in `within`: only their columns are read, and only where a device is wanted.
struct ReadingFilter {
    std::size_t which = 0;  // of the two that a feed may keep
    Period within;
    std::function<bool(SubscriptionId)> wanted;  // empty: all
    std::vector<SourceId> without;               // files that were taken back, in order
};
using OnReadings = std::function<void(std::span<const KeptReading>)>;
Result<void> each_reading(const std::filesystem::path& file, const ReadingFilter& filter,
                          const OnReadings& visit);
// The subscriptions of the row groups of a file of rated usage, from its statistics alone.
struct SubscriptionsIn {
    SubscriptionId first;
    SubscriptionId last;
    std::size_t rows = 0;
};
Result<std::vector<SubscriptionsIn>> subscriptions_in(const std::filesystem::path& file,
                                                      Footers& footers);
// The latest event time of a file of usage, from its statistics alone.
Result<std::optional<Instant>> newest_event(const std::filesystem::path& file);
// Sums over a file, for `check`.
struct FileSums {
    std::int64_t rows = 0;
    std::int64_t charge_atoms = 0;
    std::int64_t quantity = 0;
};
Result<FileSums> sum_file(const std::filesystem::path& file, std::string_view table);
// Charge atoms of a file of rated usage by the batch of its rows.
Result<std::map<BatchId, i128>> charges_by_batch(const std::filesystem::path& file);

// A file of other content (dedup segments): written, synced, renamed to its hash. `next` gives its
// bytes, some at a time, until they are empty; what it gave stands until it was asked twice more,
// since it is written meanwhile.
Result<ArchiveFile> write_blob(const std::filesystem::path& folder, const std::string& table,
                               const std::function<std::string_view()>& next);

}  // namespace farthing::store
