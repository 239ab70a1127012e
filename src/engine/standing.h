// What the archive's records stand for in counters now: what they were rated as, less what was
// taken back. Private to this room.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "engine/state.h"
#include "store/archive.h"

namespace farthing::engine {

struct RecordPosition {
    BatchId batch;
    std::int64_t row = 0;
    constexpr auto operator<=>(const RecordPosition&) const = default;
};

// By record, in the order in which the records came; what each adds to counters.
using Standing = std::map<RecordPosition, std::vector<rating::Contribution>>;
using UsageRows = std::map<RecordPosition, store::UsageRow>;

class StandingRecords {
  public:
    explicit StandingRecords(Engine::State& state) : state_(state) {}
    Result<void> open();

    // Batches of a source, or of a feed; and those that correct earlier ones.
    std::set<BatchId> batches_of(SourceId source) const;
    std::set<BatchId> batches_of(FeedId feed) const;

    // Usage in the files of these batches (none given: of all), without what stands no more.
    Result<UsageRows> usage(const std::set<BatchId>* batches, store::UsageFilter filter) const;
    // Of these records alone.
    Result<UsageRows> usage(const Standing& records, store::ReadCount* count) const;
    // What records with a row in those batches add to the counters of a side.
    struct Rated {
        Perspective side = Perspective::retail;
        const std::vector<SubscriptionId>* subscriptions = nullptr;  // sorted; none: all
        const UsageRows* records = nullptr;                          // of these alone; none: all
    };
    Result<Standing> rated(const std::set<BatchId>* batches, const Rated& wanted,
                           store::ReadCount* count = nullptr) const;

    // Where a record came first: one that came again keeps its place among the parts of a session.
    RecordPosition came_at(const store::UsageRow& row) const;

  private:
    bool stands(const store::UsageRow& row) const;

    Engine::State& state_;
    std::map<SourceId, std::set<BatchId>> of_source_;
    std::map<FeedId, std::set<BatchId>> of_feed_;
    std::set<BatchId> corrections_;
    std::vector<SourceId> sources_taken_back_;
    std::vector<RecordPosition> withdrawn_;  // sorted
    std::map<RecordPlace, RecordPosition> came_first_;
};

// Archived rows as a chunk on its way to be rated again, keys and content included. `feed`: theirs,
// where their keys matter. The rows outlive it.
UsageChunk chunk_of(const mediation::Feed* feed, const std::vector<const store::UsageRow*>& rows);
// The keys of the sessions that rows are parts of, as a side tells them apart; zero: of none.
std::vector<Hash128> session_keys(const Engine::State& state, Perspective side,
                                  const std::vector<const store::UsageRow*>& rows);
// Sorted, each once.
std::vector<SubscriptionId> subscriptions_of(const UsageRows& rows);

}  // namespace farthing::engine
