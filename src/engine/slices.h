// Archived records in slices: of a few subscriptions, with all who share a counter with them. What
// comes next is read on a thread, and made rows on another. Private to this room.
#pragma once

#include <future>
#include <memory>
#include <vector>

#include "engine/standing.h"
#include "engine/worker.h"

namespace farthing::engine {

struct KeyHash {
    std::size_t operator()(const rating::CounterKey& key) const { return rating::hash_of(key); }
};

struct Slice {
    std::vector<SubscriptionId> readers;  // in order; none: nobody is left
    Standing standing;
    LeanUsages usage;
    store::ReadCount count;
    void add(Slice more) {
        standing.add(std::move(more.standing));
        usage.add(std::move(more.usage));
        count += more.count;
    }
};

class Slices {
  public:
    // Of the filter's side, so many at once. All outlive it.
    Slices(Engine::State& state, const StandingRecords& archive, const RerateFilter& filter)
        : state_(state), archive_(archive), filter_(filter) {}

    // Subscriptions take their turns in this order. REQUIRES: the archive is open.
    Result<void> begin(std::vector<SubscriptionId> order);
    Result<Slice> next();
    const store::ReadCount& count() const { return count_; }

  private:
    enum class Turn : std::uint8_t { none, next, done };
    Turn& turn_of(SubscriptionId who);
    std::future<Result<Shelf>> read_next();
    std::future<Result<Slice>> take_next();
    std::size_t rows_at_once() const;
    Result<Slice> slice_of(const Shelf& shelf, std::vector<SubscriptionId> some) const;
    void leave_out(Slice& slice);
    Result<void> add_sharers(Slice& slice);
    std::vector<SubscriptionId> sharers_of(const Standing& standing);

    Engine::State& state_;
    const StandingRecords& archive_;
    const RerateFilter& filter_;
    std::vector<SubscriptionId> order_;
    std::vector<std::size_t> rows_;  // about, by place in the order
    std::size_t read_to_ = 0;        // place in the order
    std::size_t rows_read_ = 0;      // about
    std::vector<Turn> turns_;        // by subscription
    std::shared_ptr<const Shelf> shelf_;
    std::size_t taken_to_ = 0;  // place among its readers
    store::ReadCount count_;
    std::future<Result<Shelf>> shelf_ahead_;
    std::future<Result<Slice>> slice_ahead_;
    Worker reader_;  // last: they work with what stands above
    Worker maker_;
};

}  // namespace farthing::engine
