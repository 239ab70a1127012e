// Archived records of some subscriptions: read once and kept as columns, taken as rows a few
// subscriptions at a time, which then fit in a processor's cache. Private to this room.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "store/archive.h"

namespace farthing::engine {

template <class Row>
class Shelved {
  public:
    void add(store::ArchiveBlock<Row> block) {
        for (const store::SubscriptionRun& run : block.runs())
            runs_.push_back({run, blocks_.size()});
        blocks_.push_back(std::move(block));
    }
    // Once all are added.
    void sort() {
        std::ranges::stable_sort(runs_, {}, [](const Run& run) { return run.rows.who; });
    }
    std::size_t rows_of(SubscriptionId who) const {
        std::size_t rows = 0;
        for (const Run& run : runs_of(who)) rows += run.rows.end - run.rows.first;
        return rows;
    }
    std::size_t rows_of(std::span<const SubscriptionId> some) const {
        std::size_t rows = 0;
        for (const SubscriptionId who : some) rows += rows_of(who);
        return rows;
    }
    // Calls `take` with all rows of these, some hundreds at a time, which it may take over.
    template <class Take>
    void each(std::span<const SubscriptionId> some, Take take) const {
        constexpr std::size_t kAtOnce = 256;  // so few stay in a processor's cache
        std::vector<Row> rows;
        for (const SubscriptionId who : some) {
            for (const Run& run : runs_of(who)) {
                for (std::size_t first = run.rows.first; first < run.rows.end; first += kAtOnce) {
                    rows.clear();
                    blocks_[run.block].append_to(rows, first,
                                                 std::min(first + kAtOnce, run.rows.end));
                    take(std::span(rows));
                }
            }
        }
    }

  private:
    struct Run {
        store::SubscriptionRun rows;
        std::size_t block = 0;
    };
    auto runs_of(SubscriptionId who) const {
        return std::ranges::equal_range(runs_, who, {},
                                        [](const Run& run) { return run.rows.who; });
    }

    std::vector<store::ArchiveBlock<Row>> blocks_;
    std::vector<Run> runs_;  // sorted by subscription, each one's in the order of the files
};

struct Shelf {
    std::vector<SubscriptionId> readers;  // whose records it has, in the order they were asked for
    Shelved<store::UsageRow> usage;       // empty for carriers: theirs is that of all customers
    Shelved<store::RatedRow> rated;
    store::ReadCount count;
};

}  // namespace farthing::engine
