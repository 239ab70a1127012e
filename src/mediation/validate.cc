#include <algorithm>

#include "mediation/decode.h"

namespace farthing::mediation {

void validate(const Feed& feed, Instant now, UsageChunk& chunk) {
    const Instant oldest = std::max(now.plus_micros(-feed.accept_late_micros), feed.accept_since);
    const Instant newest = now.plus_micros(feed.accept_early_micros);
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        const Instant start = chunk.start[row];
        const Instant end = chunk.end[row];
        if (end < start) {
            chunk.suspend(row, SuspenseReason::session_reversed);
        } else if (chunk.quantity[row] < 0 || chunk.quantity[row] > kQuantityMax) {
            chunk.suspend(row, SuspenseReason::quantity_out_of_range);
        } else if (start < oldest) {
            chunk.suspend(row, SuspenseReason::too_late);
        } else if (end > newest) {
            chunk.suspend(row, SuspenseReason::in_the_future);
        }
    }
}

}  // namespace farthing::mediation
