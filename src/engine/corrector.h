// Corrections of what was rated, within one batch: contributions are taken back, and records rated
// again. Private to this room.
#pragma once

#include <map>
#include <set>
#include <span>
#include <vector>

#include "engine/batch.h"
#include "engine/standing.h"

namespace farthing::engine {

class Corrector {
  public:
    Corrector(Engine::State& state, Batch& batch) : state_(state), batch_(batch) {}

    // What a record adds to a counter.
    struct Part {
        RecordPosition record;
        const rating::Contribution* part = nullptr;
    };
    // Takes them back, those of each counter in the order given.
    Result<void> take_back(std::vector<Part> parts);
    // Rates records again, in their order; the parts of sessions on from each other. A record that
    // has no price any more is refused: nothing may be left without one.
    Result<void> rate(std::span<const LeanUsages::Row* const> records, Perspective perspective,
                      rating::SessionBook& sessions);
    // As the rater's, with the rows that they make kept here.
    bool unpin(const rating::CounterKey& key, Period span,
               std::span<const rating::Contribution> rest);
    void join(const rating::CounterKey& key);
    // The counters that the rows so far belong to, and what they charge.
    void add_keys(std::set<rating::CounterKey>& keys) const;
    i128 charge() const;
    // What records add that were rated again, by the rows so far.
    std::vector<std::pair<RecordPosition, rating::Contribution>> rated_again() const;
    // Gives the batch the rows so far, or forgets them; what comes next is another correction.
    Result<void> flush();
    void drop_rows() { rated_.clear(); }

  private:
    void name_rows(std::size_t first, std::span<const RecordRef> records, bool taken_back);

    Engine::State& state_;
    Batch& batch_;
    RatedChunk rated_;
};

// The difference that the batch's corrections make on a side; `records`: how many were corrected.
Difference differences_of(const Engine::State& state, const Batch& batch, Perspective side,
                          const ByPayer<std::int64_t>& records);

}  // namespace farthing::engine
