// What the batch at hand entered, in order: enough to write it down, to take it back, and to say
// whether the winner of a duplicate is in this batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/civil.h"
#include "base/hash.h"

namespace farthing::mediation {

struct Entered {
    Hash128 key;
    std::uint64_t content = 0;
    Date day;
    bool live = true;  // false: withdrawn
};

class BatchLog {
  public:
    void enter(Hash128 key, std::uint64_t content, Date day) {
        entries_.push_back({key, content, day});
    }
    // The live entry of that key; nullptr when this batch has none. The index behind it is built on
    // first use: most batches hold no duplicate and never ask.
    Entered* find(Hash128 key, Date day);
    std::span<const Entered> entries() const { return entries_; }
    void clear();
    std::int64_t memory_bytes() const;

  private:
    void index_entries();
    void place(std::size_t entry);

    std::vector<Entered> entries_;
    std::vector<std::uint32_t> index_;  // open addressing: number of an entry, 0: free
    std::size_t indexed_ = 0;           // entries that stand in the index
};

}  // namespace farthing::mediation
