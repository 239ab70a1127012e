// Which numbers owners gave their records: bitmaps of 256 numbers in a hash table, so that numbers
// that follow each other take a bit or two each, in whatever order they come.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/prefetch.h"
#include "mediation/dedup_segment.h"
#include "model/ids.h"

namespace farthing::mediation {

class NumberSet {
  public:
    // False: it was there. REQUIRES: 0 <= number <= kNumberMax.
    bool insert(SubscriptionId owner, std::int64_t number);
    void insert(SubscriptionId owner, const NumberRun& run);
    void erase(SubscriptionId owner, const NumberRun& run);
    // Asks for the memory that an insert will need.
    void fetch(SubscriptionId owner, std::int64_t number) const {
        if (!slots_.empty()) prefetch_line(&slots_[home_of(owner, number / kPageNumbers)]);
    }

    // The numbers of each owner, as few runs as can be; owners and runs ascend.
    using TakeRuns = std::function<void(SubscriptionId owner, const std::vector<NumberRun>& runs)>;
    void each_owner(const TakeRuns& take) const;
    std::int64_t memory_bytes() const;

  private:
    static constexpr std::int64_t kPageNumbers = 256;
    struct Page {
        std::int64_t block = 0;  // its first number / kPageNumbers
        SubscriptionId owner;
        std::array<std::uint64_t, kPageNumbers / 64> words{};
    };

    std::size_t home_of(SubscriptionId owner, std::int64_t block) const;
    Page& page_of(SubscriptionId owner, std::int64_t block);
    void grow();

    std::vector<Page> pages_;
    std::vector<std::uint32_t> slots_;  // open addressing, at most half full; index + 1, 0: empty
};

}  // namespace farthing::mediation
