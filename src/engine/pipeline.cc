// From files to committed batches. A reader follows a record from here: collect → seal → decode →
// Batch::add (validate → guide → dedup → rate → archive) → Batch::commit.
#include <algorithm>

#include "engine/batch.h"
#include "engine/inventory.h"
#include "engine/reasons.h"
#include "mediation/collect.h"
#include "mediation/decode.h"

namespace farthing::engine {

namespace {

class Import {
  public:
    Import(Engine::State& state, OpenFeed& feed, Report& report, const OnProgress& progress)
        : state_(state), feed_(feed), report_(report), progress_(progress) {}

    Result<void> run(std::span<const std::filesystem::path> files) {
        seen_.files_total = static_cast<std::int64_t>(files.size());
        for (const auto& file : files) {
            std::error_code ignored;
            const auto size = std::filesystem::file_size(file, ignored);
            if (!ignored) seen_.bytes_total += static_cast<std::int64_t>(size);
        }
        for (const auto& file : files) {
            FARTHING_CHECK(take(file));
            seen_.files_done += 1;
            tell();
        }
        if (again_ > 0) {
            report_.notes.push_back(std::to_string(again_) +
                                    " files were consumed before and left alone");
        }
        return flush();
    }

  private:
    void tell() {
        if (progress_) progress_(seen_);
    }
    void refuse(const std::filesystem::path& file, Error error) {
        report_.refused.push_back({file.string(), std::move(error)});
    }

    Result<void> take(const std::filesystem::path& file) {
        auto collected = mediation::Collected::open(file, feed_.feed.unpacked_max);
        if (!collected) {  // the file is refused, the run goes on
            refuse(file, std::move(collected).error());
            return {};
        }
        FARTHING_TRY(const store::Store::SourceRow row, seal(file, *collected));
        report_.files += 1;
        if (!row.source.reject_reason.empty()) {
            const auto reason = *reason_named<RejectReason>(row.source.reject_reason);
            refuse(file, error_of(reason, row.source.reject_detail, row.source.path));
        } else if (row.position == row.source.records && row.source.records > 0) {
            again_ += 1;
        } else if (feed_.feed.kind == mediation::Feed::Kind::inventory) {
            FARTHING_CHECK(flush());  // its facts must stand before the next file is guided by them
            FARTHING_CHECK(consume_inventory(row, collected->bytes()));
        } else {
            FARTHING_CHECK(consume(row, collected->bytes()));
        }
        seen_.bytes_done += collected->size_bytes();
        return {};
    }

    // One pass over the whole file before its first batch: header, trailer, counts (R9).
    Result<store::Store::SourceRow> seal(const std::filesystem::path& file,
                                         const mediation::Collected& collected) {
        const mediation::Seal sealed = mediation::seal(feed_.feed, collected.bytes());
        Source source;
        source.feed = feed_.id;
        source.path = file.string();
        source.hash = collected.hash();
        source.size_bytes = collected.size_bytes();
        source.records = sealed.records;
        source.header = sealed.header;
        source.sealed_at = state_.clock.now();
        if (sealed.rejected) {
            source.reject_reason = std::string(name_of(*sealed.rejected));
            source.reject_detail = sealed.detail;
        }
        return state_.store->seal(std::move(source));
    }

    Result<void> consume(const store::Store::SourceRow& row, std::string_view bytes) {
        mediation::Decoder decoder(feed_.feed, state_.catalog.newest(), bytes);
        decoder.skip_to(row.position);
        std::int64_t committed = row.position;
        while (decoder.next(chunk_)) {
            if (!batch_) {
                FARTHING_TRY(batch_, Batch::begin(state_, feed_, "import"));
            }
            FARTHING_CHECK(batch_->add(chunk_, row.source, row.source.sealed_at));
            seen_.records += static_cast<std::int64_t>(chunk_.size());
            tell();
            if (batch_->records() >= kBatchRecords) {
                batch_->add_range({row.source.id, committed, decoder.position(), row.epoch});
                committed = decoder.position();
                FARTHING_CHECK(flush());
            }
        }
        if (batch_ && decoder.position() > committed) {
            batch_->add_range({row.source.id, committed, decoder.position(), row.epoch});
        }
        return {};
    }

    Result<void> consume_inventory(const store::Store::SourceRow& row, std::string_view bytes) {
        FARTHING_TRY(batch_, Batch::begin(state_, feed_, "import"));
        FARTHING_TRY(InventoryChange change, read_inventory(state_, feed_.feed, bytes));
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
        const std::unique_ptr<Batch> batch = std::move(batch_);
        return batch->commit(report_);
    }

    Engine::State& state_;
    OpenFeed& feed_;
    Report& report_;
    const OnProgress& progress_;
    Progress seen_;
    std::int64_t again_ = 0;
    UsageChunk chunk_;
    std::unique_ptr<Batch> batch_;
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
    Report report;
    report.charged.currency = s.catalog.newest().currency;
    Import import(s, feed->second, report, progress);
    FARTHING_CHECK(import.run(files));
    return report;
}

}  // namespace farthing::engine
