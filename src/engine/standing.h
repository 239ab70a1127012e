// What the archive's records stand for in counters now: what they were rated as, less what was
// taken back. Private to this room.
#pragma once

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/prefetch.h"
#include "engine/shelf.h"
#include "engine/state.h"
#include "store/archive.h"

namespace farthing::engine {

struct RecordPosition {
    BatchId batch;
    std::int64_t row = 0;
    constexpr auto operator<=>(const RecordPosition&) const = default;
};

// Something of each record, in the order in which the records came. Read as a map is, but kept as
// one stretch of memory: there may be millions.
template <class Each>
class ByRecord {
  public:
    using Value = Each;
    using Row = std::pair<RecordPosition, Value>;
    ByRecord() = default;
    explicit ByRecord(std::vector<Row> rows) { add(std::move(rows)); }
    auto begin() const { return rows_.begin(); }
    auto end() const { return rows_.end(); }
    auto begin() { return rows_.begin(); }
    auto end() { return rows_.end(); }
    std::size_t size() const { return rows_.size(); }
    auto find(RecordPosition position) const {
        const auto at = std::ranges::lower_bound(rows_, position, {}, &Row::first);
        return at != rows_.end() && at->first == position ? at : rows_.end();
    }
    bool contains(RecordPosition position) const { return find(position) != rows_.end(); }
    // REQUIRES: there is one.
    const Value& at(RecordPosition position) const { return find(position)->second; }
    void clear() { rows_.clear(); }
    template <class Predicate>
    void erase_if(Predicate predicate) {
        std::erase_if(rows_, predicate);
    }
    void add(ByRecord more) { add(std::move(more.rows_)); }
    // Takes over the rows, in any order, and of those of one record the first.
    void add(std::vector<Row> more) {
        if (rows_.empty()) {
            rows_ = std::move(more);
        } else {
            std::ranges::move(more, std::back_inserter(rows_));
        }
        if (!std::ranges::is_sorted(rows_, {}, &Row::first)) sort();
        const auto same = std::ranges::unique(rows_, {}, &Row::first);
        rows_.erase(same.begin(), same.end());
    }

  private:
    void sort() {  // positions first: rows are large
        std::vector<std::pair<RecordPosition, std::size_t>> order;
        order.reserve(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) order.emplace_back(rows_[i].first, i);
        std::ranges::sort(order);
        // Where they are, circle by circle: a second stretch of so much memory costs more.
        for (std::size_t first = 0; first < order.size(); ++first) {
            if (order[first].second == first) continue;
            Row kept = std::move(rows_[first]);
            std::size_t at = first;
            for (std::size_t from = 0; (from = std::exchange(order[at].second, at)) != first;) {
                rows_[at] = std::move(rows_[from]);
                at = from;
            }
            rows_[at] = std::move(kept);
        }
    }
    std::vector<Row> rows_;
};

// What each record adds to counters: mostly to one.
using Standing = ByRecord<boost::container::small_vector<rating::Contribution, 1>>;
using UsageRows = ByRecord<store::UsageRow>;

// What prices look at of an archived record, in a line of the processor's memory: there are many.
struct LeanUsage {
    // What most records have none of.
    struct More {
        Hash128 session;
        std::int64_t counted = 0;
        std::string called;
        std::string calling;
        std::string carrier;
        std::string identity;
        bool operator==(const More&) const = default;
    };

    Instant start;
    Instant end;
    std::int64_t quantity = 0;
    std::int64_t line = 0;
    SourceId source;
    SubscriptionId subscription;
    NetworkKey network;
    MeterId meter;
    Outcome outcome = Outcome::rated;
    bool last_part = false;
    bool unanswered = false;
    std::unique_ptr<const More> has;  // nullptr: none

    explicit LeanUsage(store::UsageRow row);
    const More& more() const {
        static const More kNone;
        return has ? *has : kNone;
    }
};
static_assert(sizeof(LeanUsage) <= kCacheLine);
using LeanUsages = ByRecord<LeanUsage>;

class StandingRecords {
  public:
    explicit StandingRecords(Engine::State& state) : state_(state) {}
    // Of what is committed by then. What follows reads files alone, from any thread.
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

    // About how many rated rows each of these subscriptions has, in their order, as row groups tell
    // it: as if all in a group had equally many.
    Result<std::vector<std::size_t>> rows_about(std::span<const SubscriptionId> some) const;
    // What a side has of these subscriptions, to be taken a few at a time.
    Result<Shelf> shelve(std::vector<SubscriptionId> some, Perspective side) const;
    LeanUsages usage(const Shelf& shelf, std::span<const SubscriptionId> some) const;
    Standing rated(const Shelf& shelf, std::span<const SubscriptionId> some) const;

    // Where a record came first: one that came again keeps its place among the parts of a session.
    RecordPosition came_at(RecordPosition position, const RecordPlace& place) const;

  private:
    bool stands(const store::UsageRow& row) const;
    void take(std::span<store::UsageRow> rows, const std::set<BatchId>* batches,
              std::vector<UsageRows::Row>& found) const;

    Engine::State& state_;
    std::map<SourceId, std::set<BatchId>> of_source_;
    std::map<FeedId, std::set<BatchId>> of_feed_;
    std::set<BatchId> corrections_;
    std::vector<SourceId> sources_taken_back_;
    std::vector<RecordPosition> withdrawn_;  // sorted
    std::map<RecordPlace, RecordPosition> came_first_;
    std::vector<store::Store::FileRow> usage_files_;
    std::vector<store::Store::FileRow> rated_files_;
    std::unique_ptr<store::Footers> footers_ = std::make_unique<store::Footers>();
};

// Archived rows as a chunk on its way to be rated again. The rows outlive it.
UsageChunk chunk_of(const std::vector<const store::UsageRow*>& rows);
UsageChunk chunk_of(std::span<const LeanUsage* const> usages);
// The same with the keys and content that their feed gives them.
UsageChunk keyed_chunk_of(const Engine::State& state, const mediation::Feed& feed,
                          const std::vector<const store::UsageRow*>& rows);
// "msisdn 447…", where the archive keeps it. The text outlives the chunk.
void name_identity(std::string_view text, UsageChunk& chunk, std::size_t index);
// Whether an archived record came by another identity than the first of its subscription: of that
// one the archive keeps none. Older releases kept all of slots, before that none.
bool is_further(const directory::Directory& directory, const UsageChunk& chunk, std::size_t row);
// The keys of the sessions that records are parts of, as a side tells them apart; zero: of none.
std::vector<Hash128> session_keys(const Engine::State& state, Perspective side, UsageChunk chunk);
// Sorted, each once.
std::vector<SubscriptionId> subscriptions_of(const UsageRows& rows);

}  // namespace farthing::engine
