// Keeps the archive in order: the small files of days that are over become sorted ones, and files
// that no version needs any more are deleted.
#include <algorithm>
#include <map>

#include "base/assert.h"
#include "engine/archive_online.h"
#include "engine/batch.h"
#include "engine/reasons.h"
#include "store/archive_columns.h"
#include "store/archive_rewrite.h"

namespace farthing::engine {

namespace {

using ArchivedFile = store::Store::FileRow;

constexpr std::string_view kTidy = "tidy";
// How long a session that was charged online is known, so that its record is not billed again.
constexpr std::int64_t kSessionDaysCounted = 400;

// Files that may become one: of one feed, that came on one day.
struct Lot {
    std::string table;
    FeedId feed;
    Date day;
    auto operator<=>(const Lot&) const = default;
};

class Tidy {
  public:
    explicit Tidy(Engine::State& state) : state_(state) {}

    Result<TidyReport> run(bool preview) {
        FARTHING_CHECK(read_batches());
        for (const char* table : {"usage", "rated_usage"}) FARTHING_CHECK(gather(table));
        for (const auto& [lot, files] : lots_) {
            for (const auto& some : parts_of(files)) {
                if (some.size() < 2) continue;
                report_.files_before += static_cast<std::int64_t>(some.size());
                report_.files_after += 1;
                for (const ArchivedFile* file : some) report_.records += file->records;
                if (!preview) FARTHING_CHECK(rewrite(lot, some));
            }
        }
        return report_;
    }

  private:
    // Corrections stay as they are: they say of other batches' rows what changed, and when.
    Result<void> read_batches() {
        FARTHING_TRY(const auto batches, state_.store->batches());
        for (const auto& batch : batches) {
            if (batch.kind != kTakeBack && batch.kind != kRerate) batches_[batch.id] = batch;
        }
        return {};
    }

    Result<void> gather(const std::string& table) {
        FARTHING_TRY(files_[table], state_.store->files(table));
        const TimeZone zone = state_.zone();
        for (const ArchivedFile& file : files_[table]) {
            const auto batch = batches_.find(file.first_batch);
            if (batch == batches_.end() || file.records > store::kRewrittenRecordsMax / 2) continue;
            const Date day = zone.date_of(batch->second.committed_at);
            if (day < state_.today()) lots_[{table, batch->second.feed, day}].push_back(&file);
        }
        return {};
    }

    static std::vector<std::vector<const ArchivedFile*>> parts_of(
        const std::vector<const ArchivedFile*>& files) {
        std::vector<std::vector<const ArchivedFile*>> parts;
        std::int64_t records = store::kRewrittenRecordsMax + 1;
        for (const ArchivedFile* file : files) {
            records += file->records;
            if (records > store::kRewrittenRecordsMax) {
                parts.emplace_back();
                records = file->records;
            }
            parts.back().push_back(file);
        }
        return parts;
    }

    // One transaction: the new file stands where the old ones did, or nothing changed.
    Result<void> rewrite(const Lot& lot, const std::vector<const ArchivedFile*>& files) {
        std::vector<std::filesystem::path> paths;
        store::BatchCommit commit;
        commit.kind = kTidy;
        commit.feed = lot.feed;
        commit.committed_at = state_.clock.now();
        for (const ArchivedFile* file : files) {
            paths.push_back(state_.store->archive_folder() / file->path);
            commit.retires.push_back(file->path);
        }
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*state_.store));
        FARTHING_TRY(const BatchId id, state_.store->next_batch());
        FARTHING_TRY(ArchiveFile file,
                     store::rewrite_files(state_.store->archive_folder(),
                                          *store::archive_table(lot.table), paths));
        commit.files.push_back(std::move(file));
        FARTHING_TRY(const BatchId committed, state_.store->commit(commit));
        FARTHING_ASSERT(committed == id);
        return {};
    }

    Engine::State& state_;
    std::map<BatchId, store::BatchRow> batches_;
    std::map<std::string, std::vector<ArchivedFile>> files_;
    std::map<Lot, std::vector<const ArchivedFile*>> lots_;
    TidyReport report_;
};

// A part that is older than its feed accepts comes to no session any more.
Result<void> forget_closed_sessions(Engine::State& state) {
    for (const auto& [name, feed] : state.feeds) {
        const Instant before = state.clock.now().plus_micros(-feed.feed.accept_late_micros);
        FARTHING_CHECK(state.store->forget_closed_sessions(feed.id, before));
    }
    return {};
}

}  // namespace

Result<TidyReport> Engine::tidy(int keep_days, bool preview) try {
    std::int64_t archived = 0;
    if (!preview && !state_->catalog.empty()) {
        FARTHING_TRY(archived, archive_online(*state_));
    }
    FARTHING_TRY(TidyReport report, Tidy(*state_).run(preview));
    report.archived = archived;
    const Date before = state_->today().plus_days(-keep_days);
    if (!preview) {
        const Instant long_ago =
            state_->clock.now().plus_micros(-kSessionDaysCounted * kMicrosPerDay);
        FARTHING_CHECK(state_->store->forget_charged_sessions(long_ago));
        FARTHING_CHECK(forget_closed_sessions(*state_));
        FARTHING_TRY(report.deleted,
                     state_->store->delete_retired(state_->zone().start_of(before)));
        FARTHING_TRY(report.orphans, state_->store->sweep());
    }
    return report;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

Result<std::vector<ArchiveFileRow>> Engine::archive_files() {
    std::vector<ArchiveFileRow> found;
    for (const char* table : {"usage", "rated_usage", "suspended", "withdrawn"}) {
        FARTHING_TRY(const auto files, state_->store->files(table));
        for (const ArchivedFile& file : files)
            found.push_back({table, file.path, file.records, file.first_batch, file.last_batch});
    }
    return found;
}

}  // namespace farthing::engine
