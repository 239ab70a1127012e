// Which slots of time devices did not report in: what is missing between the first and the last
// slot of each subscription. Slots are counted through midnight, so that a silence that lasts over
// it is one gap.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/civil.h"
#include "mediation/dedup.h"
#include "model/ids.h"

namespace farthing::mediation {

class SlotGaps {
  public:
    static constexpr std::size_t kToldMax = 20;
    struct Gap {
        SubscriptionId subscription;
        std::int64_t first = 0;  // slot, counted from 1970 on
        std::int64_t length = 0;
        bool operator==(const Gap&) const = default;
    };
    struct Found {
        std::int64_t subscriptions = 0;
        std::int64_t came = 0;  // slots
        std::int64_t missing = 0;
        std::int64_t gaps = 0;
        std::vector<Gap> longest;  // so many at most, the longest first, of equal ones the earliest
    };

    // The slots of one subscription and day; `first_slot` is that of the first bit. REQUIRES: days
    // ascend, and none of a subscription is told twice.
    void add_day(SubscriptionId subscription, std::int64_t first_slot,
                 std::span<const std::uint64_t> words);
    Found found() const;

  private:
    void add_gap(const Gap& gap);

    std::unordered_map<std::uint32_t, std::int64_t> ends_;  // after the last slot, by subscription
    std::int64_t came_ = 0;
    std::int64_t missing_ = 0;
    std::int64_t gaps_ = 0;
    std::vector<Gap> longest_;  // a heap, the least of them first
};

struct StoredKeys {
    std::string path;
    Date first_day;
    Date last_day;
};
// From the files of the feed's keys, in the order in which they were stored; so many bytes of
// bitmaps are in memory at once, those of one day. REQUIRES: bitmaps of slots tell duplicates.
Result<SlotGaps::Found> slot_gaps(const Feed& feed, std::span<const StoredKeys> stored,
                                  const Dedup::Reader& reader,
                                  std::int64_t bytes_at_once = std::int64_t{256} << 20);

}  // namespace farthing::mediation
