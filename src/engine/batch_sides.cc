// Records that are rated from several sides at once: what the customer pays, and what the carrier
// who carried them charges. Each side has its own outcome; dedup is asked once for all.
#include "engine/batch.h"
#include "engine/carrier_view.h"

namespace farthing::engine {

Result<void> Batch::add_sides(UsageChunk& chunk, const Source& source, std::uint8_t sides,
                              bool accepted) {
    const std::vector<Outcome> came = chunk.outcome;
    const std::vector<SuspenseReason> why = chunk.reason;
    std::vector<std::uint32_t> unreadable;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (came[row] == Outcome::suspended) unreadable.push_back(static_cast<std::uint32_t>(row));
    }
    FARTHING_CHECK(group_suspended(chunk, source, {sides, accepted}, unreadable));

    // The archive keeps a record that any side rated, under the outcome of the first that did.
    std::vector<Outcome> kept = came;
    std::vector<SuspenseReason> kept_why = why;
    for (Outcome& outcome : kept) {
        if (outcome == Outcome::rated) outcome = Outcome::suspended;
    }
    for (const Perspective side : {Perspective::retail, Perspective::cost}) {
        if ((sides & bit_of(side)) == 0) continue;
        chunk.outcome = came;
        chunk.reason = why;
        FARTHING_CHECK(side == Perspective::cost ? rate_cost(chunk) : rate(chunk, side));
        count_chunk(chunk, source, side);
        std::vector<std::uint32_t> lacking;
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (came[row] != Outcome::rated) continue;
            if (chunk.outcome[row] == Outcome::suspended)
                lacking.push_back(static_cast<std::uint32_t>(row));
            if (kept[row] != Outcome::suspended) continue;
            kept[row] = chunk.outcome[row];
            kept_why[row] = chunk.reason[row];
        }
        FARTHING_CHECK(group_suspended(chunk, source, {bit_of(side), true}, lacking));
    }
    chunk.outcome = std::move(kept);
    chunk.reason = std::move(kept_why);
    return archive(chunk);
}

Result<void> Batch::rate_cost(UsageChunk& chunk) {
    const CarrierView view(state_, chunk);
    return rate(chunk, Perspective::cost);
}

}  // namespace farthing::engine
