// From files to committed batches. A reader follows a record from here: DecodeAhead (collect → seal
// → decode → validate → guide, on a thread of its own) → Batch::add (dedup → rate → archive) →
// Batch::commit.
#include <fmt/format.h>

#include <set>
#include <utility>

#include "engine/batch.h"
#include "engine/decode_ahead.h"
#include "engine/inventory.h"
#include "engine/numbered_files.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

// While batches are rated beside others who charge: how many of theirs may come before ours, and
// how many of ours are rated in turns with them after one that they overtook.
constexpr std::uint32_t kOthersLeast = 256;
constexpr int kTurnsLeast = 16;
constexpr int kTurnsMost = 1024;

class Import {
  public:
    // `own`: the sources that this command has consumed something of, also before it began anew.
    // `apart`: the first batch keeps its records apart.
    Import(Engine::State& state, OpenFeed& feed, Report& report, const OnProgress& progress,
           std::set<SourceId>& own, bool apart)
        : state_(state),
          feed_(feed),
          report_(report),
          progress_(progress),
          own_(own),
          apart_(apart) {}

    Result<void> run(std::span<const std::filesystem::path> named) {
        const std::vector<std::filesystem::path> files = each_once(named);
        seen_.files_total = static_cast<std::int64_t>(files.size());
        for (const auto& file : files) {
            std::error_code ignored;
            const auto size = std::filesystem::file_size(file, ignored);
            if (!ignored) seen_.bytes_total += static_cast<std::int64_t>(size);
        }
        arrived_ = state_.clock.now();
        FARTHING_TRY(DecodeAhead::KnownSources known, known_sources());
        DecodeAhead ahead(feed_.feed, state_.catalog.newest(), state_.directory, std::move(known),
                          arrived_, files);
        const auto cut = [&] {
            ahead.cut(state_.store->charged_live() ? kChunkRecordsLive : kChunkRecordsMax);
        };
        cut();
        while (std::optional<DecodeAhead::Step> step = ahead.next()) {
            cut();
            switch (step->kind) {
                case DecodeAhead::Step::Kind::begin:
                    FARTHING_CHECK(begin(*step->file, step->position));
                    break;
                case DecodeAhead::Step::Kind::chunk:
                    FARTHING_CHECK(take(*step));
                    ahead.give_back(*std::move(step));
                    break;
                case DecodeAhead::Step::Kind::end: FARTHING_CHECK(end(*step->file)); break;
            }
        }
        if (again_ > 0) {
            report_.notes.push_back(std::to_string(again_) +
                                    " files were consumed before and left alone");
        }
        FARTHING_CHECK(flush());
        return tell_missing();
    }

  private:
    // What a batch that may be overtaken was made of, as it was read.
    struct Beside {
        struct Read {
            store::Store::SourceRow row;
            std::int64_t from = 0;  // records of the file
            std::int64_t to = 0;
            UsageChunk chunk;
            std::vector<char> texts;  // of the chunk
        };
        std::vector<Read> chunks;
    };

    Result<void> tell_missing() {
        FARTHING_TRY(const NumberedFiles files, numbered_files(state_, feed_));
        for (const auto& run : files.runs) {
            if (!run.missing.empty()) report_.notes.push_back("files " + equation_of(run));
        }
        for (const std::string& name : files.unnumbered)
            report_.notes.push_back(name + " holds no number of the feed's sequence");
        return {};
    }

    // A file named twice is one file.
    static std::vector<std::filesystem::path> each_once(
        std::span<const std::filesystem::path> named) {
        std::vector<std::filesystem::path> files;
        std::set<std::filesystem::path> seen;
        for (const auto& file : named) {
            if (seen.insert(file).second) files.push_back(file);
        }
        return files;
    }

    Result<DecodeAhead::KnownSources> known_sources() {
        DecodeAhead::KnownSources known;
        FARTHING_TRY(const auto rows, state_.store->sources());
        for (const auto& row : rows) {
            if (row.source.feed != feed_.id || row.position == 0 || row.taken_back_by) continue;
            known[{row.source.path, row.source.hash}] = {row.position, row.source.sealed_at};
        }
        return known;
    }

    void tell() {
        if (progress_) progress_(seen_);
    }
    void refuse(const std::filesystem::path& file, Error error) {
        report_.refused.push_back({file.string(), std::move(error)});
    }

    // `from`: the position where the file was when its records began to be read.
    Result<void> begin(const OpenFile& file, std::int64_t from) {
        row_ = {};
        consumed_ = false;
        if (file.error) {  // the file is refused, the run goes on
            refuse(file.path, *file.error);
            return {};
        }
        FARTHING_TRY(row_, seal(file));
        committed_ = row_.position;
        position_ = row_.position;
        report_.files += 1;
        if (!row_.source.reject_reason.empty()) {
            const auto reason = *reason_named<RejectReason>(row_.source.reject_reason);
            refuse(file.path, error_of(reason, row_.source.reject_detail, row_.source.path));
        } else if (row_.position == row_.source.records && row_.source.records > 0) {
            consumed_ = true;  // perhaps only now, by another process
            if (!own_.contains(row_.source.id)) again_ += 1;
        } else if (auto other = other_records(file)) {
            consumed_ = true;  // nothing of it is taken
            refuse(file.path, *std::move(other));
        } else if (feed_.feed.kind == mediation::Feed::Kind::inventory) {
            FARTHING_CHECK(flush());  // its facts must stand before the next file is guided by them
            FARTHING_CHECK(consume_inventory(row_, file.collected->bytes()));
        } else if (row_.position != from) {
            return fail(StoreReason::position_moved, {}, row_.source.path);
        } else if (file.seal.open_end) {
            report_.notes.push_back(row_.source.path +
                                    " ends within its last line; if it was cut short there, take "
                                    "it back (`farthing file undo`) and have it sent whole");
        }
        return {};
    }

    // A file whose first records were taken goes on behind them only if its feed, changed since,
    // still finds the same records: or some would be passed over, and some taken twice.
    std::optional<Error> other_records(const OpenFile& file) const {
        if (row_.position == 0) return std::nullopt;
        if (!file.seal.rejected && file.seal.records == row_.source.records) return std::nullopt;
        std::string what = fmt::format("{} of {} records were read, the feed now finds {}",
                                       row_.position, row_.source.records, file.seal.records);
        if (file.seal.rejected)
            what += fmt::format(" ({}: {})", name_of(*file.seal.rejected), file.seal.detail);
        return error_of(EngineReason::file_half_read, std::move(what), row_.source.path);
    }

    // What one pass over the whole file found before its first batch (R9), stored.
    Result<store::Store::SourceRow> seal(const OpenFile& file) {
        Source source;
        source.feed = feed_.id;
        source.path = file.path.string();
        source.hash = file.collected->hash();
        source.size_bytes = file.collected->size_bytes();
        source.records = file.seal.records;
        source.header = file.seal.header;
        source.sealed_at = arrived_;
        source.control = file.seal.control;
        if (file.seal.rejected) {
            source.reject_reason = std::string(name_of(*file.seal.rejected));
            source.reject_detail = file.seal.detail;
        }
        store::Store::SourceRow row;
        FARTHING_CHECK(state_.quietly([&]() -> Result<void> {
            FARTHING_TRY(row, state_.store->seal(std::move(source)));
            return {};
        }));
        return row;
    }

    Result<void> take(const DecodeAhead::Step& step) {
        if (consumed_) return {};
        if (!batch_) FARTHING_CHECK(begin_batch());
        FARTHING_CHECK(add(*step.chunk, step.position));
        seen_.records += static_cast<std::int64_t>(step.chunk->size());
        tell();
        return batch_->full() ? flush_full() : Result<void>();
    }

    Result<void> begin_batch() {
        if (may_be_beside()) {
            FARTHING_TRY(batch_, Batch::begin_beside(state_, feed_, "import", others_most_));
            beside_.emplace();
            return {};
        }
        FARTHING_TRY(batch_, Batch::begin(state_, feed_, "import"));
        if (std::exchange(apart_, false)) batch_->keep_records_apart();
        if (in_turns_ > 0) in_turns_ -= 1;
        return {};
    }

    // While others charge, what is not told from what they do is rated without keeping them from
    // it, unless both were of the same owners lately.
    bool may_be_beside() const {
        const mediation::Feed& feed = feed_.feed;
        return in_turns_ == 0 && state_.store->charged_live() && !feed.makes_windows() &&
               feed.partials.counted_online() == CountedOnline::no;
    }

    Result<void> add(UsageChunk& chunk, std::int64_t position) {
        if (beside_) {
            beside_->chunks.push_back({row_, position_, position, chunk, {}});
            Beside::Read& read = beside_->chunks.back();
            read.texts = keep_texts(read.chunk);
        }
        FARTHING_CHECK(batch_->add(chunk, row_.source));
        position_ = position;
        return {};
    }

    Result<void> flush_full() {
        add_range();
        return flush();
    }

    Result<void> end(const OpenFile& file) {
        if (batch_) add_range();
        if (file.collected) seen_.bytes_done += file.collected->size_bytes();
        seen_.files_done += 1;
        tell();
        return {};
    }

    // What the batch holds of the file at hand.
    void add_range() {
        if (position_ == committed_) return;
        batch_->add_range({row_.source.id, committed_, position_, row_.epoch});
        committed_ = position_;
        own_.insert(row_.source.id);
    }

    Result<void> consume_inventory(const store::Store::SourceRow& row, std::string_view bytes) {
        FARTHING_TRY(batch_, Batch::begin(state_, feed_, "import"));
        FARTHING_TRY(InventoryChange change, read_inventory(state_, feed_.feed, bytes, true));
        change.rows.source = row.source.id;
        FARTHING_TRY(directory::Directory next, state_.folded_with(change.facts));
        batch_->add_facts(change.facts);
        FARTHING_CHECK(batch_->add_settled(change.rows, row.source));
        batch_->add_range({row.source.id, row.position, row.source.records, row.epoch});
        FARTHING_CHECK(flush());
        state_.directory = std::move(next);
        state_.remake_rater();
        return {};
    }

    Result<void> flush() {
        if (!batch_) return {};
        std::unique_ptr<Batch> batch = std::move(batch_);
        const std::optional<Beside> beside = std::exchange(beside_, std::nullopt);
        const Result<void> done = batch->commit(report_);
        if (!beside) return done;
        others_most_ = kOthersLeast + 2 * batch->others();
        if (done) in_turns_next_ = kTurnsLeast;
        if (done || !batch->overtaken()) return done;
        batch.reset();
        return take_again(*beside);
    }

    // In turns with the others, as if it were read only now.
    Result<void> take_again(const Beside& beside) {
        in_turns_ = in_turns_next_;
        in_turns_next_ = std::min(in_turns_next_ * 2, kTurnsMost);
        for (const Beside::Read& read : beside.chunks) {
            if (read.row.source.id != row_.source.id || read.from != position_) {
                if (batch_) add_range();
                row_ = read.row;
                committed_ = position_ = read.from;
            }
            if (!batch_) FARTHING_CHECK(begin_batch());
            UsageChunk chunk = read.chunk;
            FARTHING_CHECK(add(chunk, read.to));
            if (batch_->full()) FARTHING_CHECK(flush_full());
        }
        return batch_ ? flush_full() : Result<void>();
    }

    Engine::State& state_;
    OpenFeed& feed_;
    Report& report_;
    const OnProgress& progress_;
    std::set<SourceId>& own_;
    bool apart_;
    Progress seen_;
    Instant arrived_;
    std::int64_t again_ = 0;
    store::Store::SourceRow row_;  // of the file at hand
    std::int64_t committed_ = 0;   // records of it in batches before, and read so far
    std::int64_t position_ = 0;
    bool consumed_ = false;  // all of it was, before
    std::unique_ptr<Batch> batch_;
    std::optional<Beside> beside_;  // of `batch_`, where it is rated beside others
    std::uint32_t others_most_ = kOthersLeast;
    int in_turns_ = 0;  // batches, from here on
    int in_turns_next_ = kTurnsLeast;
};

}  // namespace

Result<Report> Engine::import_files(const std::string& feed_name,
                                    std::span<const std::filesystem::path> files,
                                    const OnProgress& progress) {
    State& s = *state_;
    const auto feed = s.feeds.find(feed_name);
    if (feed == s.feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + feed_name + "\"");
    if (s.catalog.empty()) return fail(EngineReason::catalog_none);
    if (feed->second.feed.kind == mediation::Feed::Kind::carrier_invoice) {
        return fail(EngineReason::feed_of_invoices,
                    "the feed " + feed_name + " describes the invoices of a carrier");
    }
    Report report;
    report.charged.currency = s.catalog.newest().currency;
    const StageTimes before = stage_times();
    std::set<SourceId> own;
    for (bool apart = false;; apart = true) {
        try {
            Import import(s, feed->second, report, progress, own, apart);
            FARTHING_CHECK(import.run(files));
            report.stages = stage_times();
            for (std::size_t i = 0; i < kStages; ++i) report.stages[i] -= before[i];
            return report;
        } catch (const WindowRefused&) {  // what was committed stands; the rest comes again
            report.files = 0;
            report.refused.clear();
            report.notes.clear();
        }
    }
}

}  // namespace farthing::engine
