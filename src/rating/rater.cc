#include "rating/rater.h"

#include <array>

#include "rating/mover.h"
#include "rating/resolver.h"

namespace farthing::rating {

namespace {

// How many records' memory is asked for at once; it lies anywhere, and waiting for it one record at
// a time would be most of the work.
constexpr std::size_t kAhead = 16;

void make_room(RatedChunk& rated, std::size_t rows) {
    const std::size_t needed = rated.size() + rows;
    if (rated.row.capacity() < needed) rated.reserve(std::max(needed, rated.size() * 2));
}

}  // namespace

struct Rater::State {
    CounterTable& counters;
    Resolver resolver;
    Mover mover;
    std::uint64_t generation;
    std::vector<Move> moves;
    std::array<Resolver::Ahead, kAhead> ahead;
    std::array<const Lane*, kAhead> lanes_ahead;

    // Indices of a table that was cleared mean nothing any more.
    void follow_table() {
        if (generation == counters.generation()) return;
        generation = counters.generation();
        resolver.forget();
        mover.forget();
    }

    void fetch(const UsageChunk& chunk, std::size_t first, std::size_t end);
    SuspenseReason rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                        Perspective perspective, const Resolver::Ahead& hint);
};

// Each pass follows the memory that the pass before asked for.
void Rater::State::fetch(const UsageChunk& chunk, std::size_t first, std::size_t end) {
    for (std::size_t row = first; row < end; ++row) resolver.prefetch(chunk.subscription[row]);
    for (std::size_t row = first; row < end; ++row) {
        ahead[row - first] = chunk.live(row) ? resolver.look_ahead(chunk, row) : Resolver::Ahead{};
    }
    for (std::size_t i = 0; i < end - first; ++i) lanes_ahead[i] = resolver.lane_ahead(ahead[i]);
    for (std::size_t i = 0; i < end - first; ++i) {
        if (lanes_ahead[i] != nullptr) mover.prefetch(*lanes_ahead[i]);
    }
    for (std::size_t i = 0; i < end - first; ++i) {
        if (lanes_ahead[i] != nullptr) mover.prefetch_counter(*lanes_ahead[i]);
    }
}

// First everything that can fail, then everything that leaves a trace.
SuspenseReason Rater::State::rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                                  Perspective perspective, const Resolver::Ahead& hint) {
    SuspenseReason why = SuspenseReason::none;
    const Instant when = chunk.start[row];
    const auto lanes = resolver.lanes(chunk, row, perspective, hint, why);
    if (lanes.empty()) return why;
    for (Lane* lane : lanes) {
        if (!lane->span.contains(when)) mover.bind(*lane, when);
    }
    moves.resize(lanes.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        const std::uint32_t day = resolver.day_of(*lanes[i], when);
        if (!mover.plan(*lanes[i], when, day, chunk.quantity[row], moves[i])) {
            return SuspenseReason::charge_out_of_range;
        }
    }
    bool free = true;
    for (const Move& move : moves) {
        mover.make(move, static_cast<std::uint32_t>(row), rated);
        free = free && move.charge == 0;
    }
    if (free) chunk.outcome[row] = Outcome::zero_rated;
    return SuspenseReason::none;
}

Rater::Rater(const catalog::Snapshot& catalog, const directory::Directory& directory,
             CounterTable& counters)
    : state_(std::make_unique<State>(counters, Resolver(catalog, directory),
                                     Mover(catalog, directory, counters), counters.generation(),
                                     std::vector<Move>{}, std::array<Resolver::Ahead, kAhead>{},
                                     std::array<const Lane*, kAhead>{})) {}
Rater::~Rater() = default;

void Rater::rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective) {
    state_->follow_table();
    make_room(rated, chunk.size());
    for (std::size_t first = 0; first < chunk.size(); first += kAhead) {
        const std::size_t end = std::min(chunk.size(), first + kAhead);
        state_->fetch(chunk, first, end);
        for (std::size_t row = first; row < end; ++row) {
            if (!chunk.live(row)) continue;
            const SuspenseReason why =
                state_->rate(chunk, row, rated, perspective, state_->ahead[row - first]);
            if (why != SuspenseReason::none) chunk.suspend(row, why);
        }
    }
}

void Rater::reprice(const CounterKey& key, RatedChunk& rated) {
    state_->follow_table();
    state_->mover.reprice(key, rated);
}

std::vector<SegmentDelta> Rater::take_deltas() {
    state_->follow_table();
    return state_->mover.take_deltas();
}

}  // namespace farthing::rating
