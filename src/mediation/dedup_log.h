// What the batch at hand entered, by day: enough to write it down, to take it back, and to say
// whether the winner of a duplicate is in this batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/civil.h"
#include "mediation/dedup_segment.h"

namespace farthing::mediation {

// A key and the day that holds it.
struct DayKey {
    Hash128 key;
    Date day;
};

class BatchLog {
  public:
    // In any order. Those that were withdrawn stand as zeros, which no key is.
    struct Day {
        std::vector<StoredKey> keys;
        std::size_t withdrawn = 0;
        std::vector<std::uint32_t> index;  // open addressing: number of a key, 0: free
        std::size_t indexed = 0;           // keys that stand in the index
        std::size_t live() const { return keys.size() - withdrawn; }
    };

    void enter(const DayKey& key, std::uint64_t content) {
        if (of_last_ == nullptr || key.day != last_) of_last_ = &day_of(key.day);
        of_last_->keys.push_back({key.key, content});
    }
    // The key as it was entered; nullptr when this batch did not, or withdrew it. The index behind
    // it is built on first use: most batches hold no duplicate and never ask.
    const StoredKey* find(const DayKey& key);
    // False when there is nothing to withdraw.
    bool withdraw(const DayKey& key);
    const std::map<Date, Day>& days() const { return days_; }
    // Calls `sort` with each day that has a key, and its keys, without those that were withdrawn.
    template <class Sort>
    void sort_days(Sort sort) {
        for (auto& [date, day] : days_) {
            drop_withdrawn(day);
            if (!day.keys.empty()) sort(date, day.keys);
        }
    }
    std::size_t live() const;
    void clear();
    std::int64_t memory_bytes() const;

  private:
    Day& day_of(Date date);
    static void drop_withdrawn(Day& day);
    static StoredKey* find_in(Day& day, Hash128 key);

    std::map<Date, Day> days_;
    std::vector<Day> spare_;  // empty, with room
    Date last_;
    Day* of_last_ = nullptr;
};

}  // namespace farthing::mediation
