// One batch on its way from decoded chunks to the commit that makes it true (idea 2). Whatever
// fails before the commit is forgotten; the source positions tell where to go on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/grown_windows.h"
#include "engine/state.h"
#include "engine/winners.h"
#include "mediation/windows.h"
#include "rating/session_book.h"
#include "store/archive.h"

namespace farthing::engine {

// What a commit costs goes by the counters it touches, so it waits for enough records to each,
// within bounds: few records are committed soon, and memory stays small.
constexpr std::int64_t kBatchRecordsMin = 1 << 22;
constexpr std::int64_t kBatchRecordsMax = 1 << 23;
constexpr std::int64_t kBatchRecordsPerCounter = 16;
// Beside a process that charges while usage happens: what is committed at once, and what is read
// before it is asked, in a turn, whether somebody waits (R5).
constexpr std::int64_t kBatchRecordsLive = 1 << 16;
constexpr std::size_t kChunkRecordsLive = 1 << 13;
// More different identities than this in one batch share one suspense group per reason.
constexpr std::size_t kSuspenseGroupsMax = 4096;

// Which sides of the rating records lack, and whether dedup took them in before.
struct Lack {
    std::uint8_t sides = 0;  // 0: all of the feed's
    bool accepted = false;
};

// By side, and who pays there; of costs it is the carrier who is paid.
template <class Value>
using ByPayer = std::map<std::pair<Perspective, AccountId>, Value>;

// Kinds of batches that correct earlier ones.
constexpr std::string_view kTakeBack = "take back";
constexpr std::string_view kRerate = "rerate";

Result<std::set<BatchId>> correcting_batches(const Engine::State& state);
// Files that were taken back, in order.
Result<std::vector<SourceId>> sources_taken_back(Engine::State& state);

// The content hash that a chunk would give this archived row.
std::uint64_t archived_content(const store::UsageRow& row);

struct WindowRefused {};

class Batch {
  public:
    static Result<std::unique_ptr<Batch>> begin(Engine::State& state, OpenFeed& feed,
                                                std::string kind);
    // Takes the turn only to commit: then others may have changed what it was rated by. `others`:
    // how many batches of theirs may come before.
    static Result<std::unique_ptr<Batch>> begin_beside(Engine::State& state, OpenFeed& feed,
                                                       std::string kind, std::uint32_t others);
    ~Batch();

    // Takes one decoded and guided chunk of `source` through dedup and rating into the archive.
    Result<void> add(UsageChunk& chunk, const Source& source, Lack lack = {});
    // Prices counters again whose allowance the directory changed.
    Result<void> reprice(const std::vector<rating::CounterKey>& keys);
    void add_range(const SourceRange& range) { commit_.ranges.push_back(range); }
    void add_fixes(std::vector<SuspenseFix> fixes) { commit_.fixes = std::move(fixes); }
    void add_exit(SuspenseExit exit) { commit_.exits.push_back(std::move(exit)); }
    // A source that produced nothing but a fact about itself, e.g. a sequence gap.
    void add_incident(std::string text) { commit_.incidents.push_back(std::move(text)); }
    // Changes of the directory that come true with the batch (inventory feeds), and their rows'
    // outcomes.
    void add_facts(const DirectoryFacts& facts) { append_facts(commit_.facts, facts); }
    // Takes a chunk whose rows have their outcomes already: counts, groups and archives them.
    Result<void> add_settled(const UsageChunk& chunk, const Source& source);

    // After WindowRefused.
    void keep_records_apart() { alone_ = true; }
    // A file that the batch takes back: its windows are as if it had not come.
    void leave_out(SourceId source) { left_out_ = source; }
    // Whether it is time to commit: also where others wait for their turn.
    bool full() const;
    // Corrections: rows that name records of earlier batches, and usage that stands no more.
    Result<void> add_corrections(const RatedChunk& rated);
    // Of a batch that will be forgotten: what its corrections come to is told, not their rows.
    void write_no_corrections() { writes_corrections_ = false; }
    Result<void> withdraw(const store::WithdrawnRow& row) { return archive_.withdraw(row); }
    void add_taken_back(TakenBackTotals totals) { commit_.taken_back.push_back(totals); }
    void take_back_source(const SourceRange& whole) { commit_.takes_back = whole; }
    mediation::Dedup& dedup() { return *dedup_; }
    rating::SessionBook& sessions() { return sessions_; }
    BatchId id() const { return id_; }
    // What the batch posts; `commit` and `tell_and_forget` know it.
    const ByPayer<i128>& posted() const { return posted_; }
    // Whether a repricing changed anything.
    bool moved() const { return repriced_ > 0; }
    // Commits and adds the batch to `report`. On failure everything in memory is forgotten.
    Result<void> commit(Report& report);
    // Why a commit failed: others changed what it goes by. How many batches of theirs came.
    bool overtaken() const { return overtaken_; }
    std::uint32_t others() const { return others_; }
    // Adds what the batch would do to `report`; it is then forgotten, not committed.
    Result<void> tell_and_forget(Report& report);

  private:
    Result<void> carry();
    Batch(Engine::State& state, OpenFeed& feed, std::string kind, BatchId id,
          mediation::Dedup* dedup, std::optional<store::Turn> turn);
    Result<void> settle_duplicates(UsageChunk& chunk);
    FeedId session_feed() const;
    Result<void> load_sessions(const UsageChunk& chunk);
    Result<bool> same_content(const UsageChunk& chunk, const mediation::Candidate& candidate);
    Result<void> add_retail(UsageChunk& chunk, const Source& source);
    Result<void> add_sides(UsageChunk& chunk, const Source& source, std::uint8_t sides,
                           bool accepted);
    // Aggregation, batch_windows.cc. Windows are priced as their parts come, each as if it were
    // charged next. Where one can't be charged after all once its turn comes, WindowRefused is
    // thrown: the batch is given up and made again with each record as a window of its own.
    Result<void> add_parts(UsageChunk& chunk, const Source& source);
    bool add_part(UsageChunk& chunk, std::size_t row);
    SuspenseReason refusal_of(mediation::Window& window, UsageChunk& chunk, std::size_t row,
                              std::int64_t quantity);
    Result<void> close_windows();
    Result<void> charge_windows(std::span<const mediation::Window> windows);
    Result<void> rate(UsageChunk& chunk, Perspective side);
    Result<void> rate_cost(UsageChunk& chunk);
    void add_atoms(Perspective side, std::size_t first);  // of the rated rows from there on
    Result<void> archive(const UsageChunk& chunk);
    // REQUIRES: the rows are suspended. Refused where nothing kept how one was received.
    Result<void> group_suspended(const UsageChunk& chunk, const Source& source, Lack lack,
                                 const std::vector<std::uint32_t>& rows);
    std::uint32_t group_of(const UsageChunk& chunk, std::size_t row, const Source& source,
                           Lack lack);
    void count(const Source& source, Perspective side, Outcome outcome, std::int64_t records);
    void count_chunk(const UsageChunk& chunk, const Source& source, Perspective side);
    void post(rating::Rater& rater, Perspective side);
    void tell(Report& report) const;
    struct KeysFile {
        ArchiveFile file;
        store::BatchCommit::DedupSegment segment;
    };
    Result<std::vector<KeysFile>> write_keys() const;
    void pack_counters();
    Result<std::vector<ArchiveFile>> finish_archive();
    Result<void> write_files();
    Result<void> take_turn();
    Result<bool> stands();
    Result<void> store();
    void seal_totals();
    void abandon();

    std::optional<store::Turn> turn_;  // until it is committed or forgotten
    Engine::State& state_;
    OpenFeed& feed_;
    BatchId id_;
    mediation::Dedup* dedup_;
    store::ArchiveWriter archive_;
    store::BatchCommit commit_;
    std::int64_t records_ = 0;
    RatedChunk& rated_;  // of the archive: what it has not been told of yet comes last
    std::vector<store::ArchiveWriter::Waiting> waiting_;  // of the chunk at hand
    std::map<std::pair<SourceId, Perspective>, ControlTotals> controls_;
    std::map<std::tuple<SourceId, Perspective, MeterId>, QuantityTotals> quantities_;
    std::map<std::tuple<SuspenseReason, std::uint8_t, std::string>, std::uint32_t> groups_;
    std::map<std::pair<SourceId, MeterId>, WindowTotals> window_totals_;
    std::optional<mediation::Windows> windows_;  // of one source, not yet charged
    std::optional<GrownWindows> grown_;          // what they came to before, where that matters
    SourceId left_out_;
    bool alone_ = false;  // each record is a window of its own
    SourceId windows_source_;
    rating::SessionBook sessions_;
    std::int64_t beyond_online_ = 0;  // records that told more than was charged online
    std::int64_t repriced_ = 0;
    std::int64_t rated_atoms_ = 0;  // of all sides
    std::int64_t cost_atoms_ = 0;   // of those, what carriers charge
    ByPayer<i128> posted_;
    Currency currency_;
    Winners winners_;
    bool writes_corrections_ = true;
    bool done_ = false;
    bool overtaken_ = false;
    std::uint32_t others_ = 0;
};

}  // namespace farthing::engine
