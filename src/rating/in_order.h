// What each use of a pool costs in the order of event time: who crossed what is included pays for
// it. The order in which the records came does not matter.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "rating/rater.h"

namespace farthing::rating {

// What a record added to a pool's counter; less than nothing where a correction took it back.
struct PoolUse {
    SubscriptionId member;
    Instant when;
    std::int64_t billable = 0;
    SessionTotals adds;
    std::vector<DayPart> days;  // empty: all on the day of `when`
};
struct PricedUse {
    std::size_t segment = 0;
    std::uint32_t day = 0;  // of the window
    SubscriptionId member;
    Exact price;
};

// The price of every use; those of a segment sum to the segment's. Uses of one member at one
// instant count as one; of several members at one instant the subscription made first goes first.
// `segments`: price_segments of the counter. nullopt where the uses are not those it counted.
std::optional<std::vector<PricedUse>> price_in_order(const catalog::Snapshot& catalog,
                                                     const Counter& counter,
                                                     const std::vector<SegmentPrice>& segments,
                                                     std::span<const PoolUse> uses);

}  // namespace farthing::rating
