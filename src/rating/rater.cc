#include "rating/rater.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rating/cut_rater.h"
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
    CutRater cut_rater;
    Stander stander;
    std::vector<Move> moves;
    std::array<Resolver::Ahead, kAhead> ahead;
    std::array<const Lane*, kAhead> lanes_ahead;

    State(const catalog::Snapshot& catalog, const directory::Directory& directory,
          CounterTable& table)
        : counters(table),
          resolver(catalog, directory),
          mover(catalog, directory, table),
          generation(table.generation()),
          cut_rater(resolver, mover),
          stander(resolver, mover) {}

    // Indices of a table that was cleared mean nothing any more.
    void follow_table() {
        if (generation == counters.generation()) return;
        generation = counters.generation();
        resolver.forget();
        mover.forget();
    }

    void fetch(const UsageChunk& chunk, std::size_t first, std::size_t end);
    SuspenseReason plan(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                        const Resolver::Ahead& hint, const EarlierParts& earlier, bool& may_be_cut);
    SuspenseReason rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                        Perspective perspective, const Resolver::Ahead& hint,
                        const EarlierParts& earlier);
    SuspenseReason rate_part(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                             Perspective perspective, SessionBook& sessions);
    static SuspenseReason count_filed(UsageChunk& chunk, std::size_t row, OpenSession& session);
    void rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective, SessionBook* sessions);
};

// Each pass follows the memory that the pass before asked for.
void Rater::State::fetch(const UsageChunk& chunk, std::size_t first, std::size_t end) {
    for (std::size_t row = first; row < end; ++row) resolver.prefetch(chunk, row);
    if (resolver.knows_networks())
        for (std::size_t row = first; row < end; ++row) resolver.prefetch_by_network(chunk, row);
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
    for (std::size_t i = 0; i < end - first; ++i) {
        if (lanes_ahead[i] != nullptr) mover.prefetch_day(*lanes_ahead[i], chunk.start[first + i]);
    }
}

// Everything that can fail. `may_be_cut`: nothing was planned, the cut rater's turn.
SuspenseReason Rater::State::plan(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                                  const Resolver::Ahead& hint, const EarlierParts& earlier,
                                  bool& may_be_cut) {
    SuspenseReason why = SuspenseReason::none;
    const Instant when = chunk.start[row];
    const auto lanes = resolver.lanes(chunk, row, perspective, hint, why);
    if (lanes.empty()) return why;
    for (Lane* lane : lanes) {
        mover.follow(*lane, when);
    }
    moves.resize(lanes.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        const Pricing& pricing = *lanes[i]->pricing;
        if (!pricing.plain()) {
            may_be_cut = true;
            return SuspenseReason::none;
        }
        const std::uint32_t day = resolver.day_of(*lanes[i], when);
        const std::int64_t raw = chunk.quantity[row];
        if (!pricing.countable(earlier.raw + raw)) return SuspenseReason::charge_out_of_range;
        const SessionUse use = pricing.use_after(earlier, raw, chunk.answered(row));
        if (!mover.plan(*lanes[i], when, day, use, moves[i])) {
            return SuspenseReason::charge_out_of_range;
        }
        if (!mover.within_limit(moves[i])) return SuspenseReason::over_limit;
        if (earlier.given_back && !mover.holds(moves[i])) return SuspenseReason::counter_holds_less;
    }
    return SuspenseReason::none;
}

// First everything that can fail, then everything that leaves a trace.
SuspenseReason Rater::State::rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                                  Perspective perspective, const Resolver::Ahead& hint,
                                  const EarlierParts& earlier) {
    bool may_be_cut = false;
    const SuspenseReason why = plan(chunk, row, perspective, hint, earlier, may_be_cut);
    if (why != SuspenseReason::none) return why;
    if (may_be_cut) return cut_rater.rate(chunk, row, rated, perspective, earlier);
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
    : state_(std::make_unique<State>(catalog, directory, counters)) {}
Rater::~Rater() = default;

// A part is rated for what the session comes to with it less what it came to without: at the time
// at which the session began, or at its own where another price, or window, holds by then.
SuspenseReason Rater::State::rate_part(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                                       Perspective perspective, SessionBook& sessions) {
    const Hash128 key = session_key(chunk, row);
    if (key == Hash128{})
        return rate(chunk, row, rated, perspective, {}, before_record(chunk.quantity[row]));
    const OpenSession* known = sessions.find(key);
    // An id is used again once its session has ended.
    if (known != nullptr && !known->holds(chunk.start[row])) known = nullptr;
    OpenSession session = known != nullptr ? *known : OpenSession{key, chunk.start[row], 0, false};
    const std::int64_t told = chunk.quantity[row];
    if (chunk.counted_online != CountedOnline::no) {
        const SuspenseReason why = count_filed(chunk, row, session);
        if (why != SuspenseReason::none) return why;
        if (known != nullptr && told > 0 && chunk.counted[row] == told) {
            chunk.outcome[row] = Outcome::duplicate;
            sessions.set(session);
            return why;
        }
    }
    EarlierParts earlier{known != nullptr, session.raw, session.answered};
    const Instant own_start = chunk.start[row];
    earlier.elsewhere =
        own_start != session.start && !stander.one_price(chunk, row, perspective, session.start);
    if (!earlier.elsewhere) chunk.start[row] = session.start;
    const std::int64_t fresh = told - chunk.counted_of(row);
    chunk.quantity[row] = fresh;
    const SuspenseReason why = rate(chunk, row, rated, perspective, {}, earlier);
    chunk.quantity[row] = told;
    chunk.start[row] = own_start;
    if (why != SuspenseReason::none) return why;
    session.raw += fresh;
    session.answered = session.answered || chunk.answered(row);
    // What others count too goes on: the same may be told again.
    if (chunk.closes_session(row) && chunk.counted_online == CountedOnline::no)
        session.closed = own_start;
    sessions.set(session);
    return why;
}

// What a record says of a session that was charged while it happened, less what was counted before
// it: the total is one, whoever tells it.
SuspenseReason Rater::State::count_filed(UsageChunk& chunk, std::size_t row, OpenSession& session) {
    const std::int64_t told = chunk.quantity[row];
    const bool total = chunk.counted_online == CountedOnline::totals;
    session.filed = total ? told : session.filed + told;
    if (session.filed < session.raw && (total || chunk.closes_session(row)))
        return SuspenseReason::less_than_online;
    const std::int64_t beyond = session.filed - session.counted();
    chunk.counted[row] = told - std::clamp(beyond, std::int64_t{0}, told);
    return SuspenseReason::none;
}

void Rater::State::rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective,
                        SessionBook* sessions) {
    follow_table();
    make_room(rated, chunk.size());
    for (std::size_t first = 0; first < chunk.size(); first += kAhead) {
        const std::size_t end = std::min(chunk.size(), first + kAhead);
        fetch(chunk, first, end);
        for (std::size_t row = first; row < end; ++row) {
            if (!chunk.live(row)) continue;
            const bool part = sessions != nullptr && chunk.in_parts;
            const SuspenseReason why =
                part ? rate_part(chunk, row, rated, perspective, *sessions)
                     : rate(chunk, row, rated, perspective, ahead[row - first],
                            before_record(chunk.quantity[row]));
            if (why != SuspenseReason::none) chunk.suspend(row, why);
        }
    }
}

void Rater::rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective) {
    state_->rate(chunk, rated, perspective, nullptr);
}

void Rater::rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective,
                 SessionBook& sessions) {
    state_->rate(chunk, rated, perspective, &sessions);
}

SuspenseReason Rater::stand(const UsageChunk& chunk, std::size_t row, Standings& found) {
    state_->follow_table();
    return state_->stander.stand(chunk, row, found);
}

SuspenseReason Rater::refusal(UsageChunk& chunk, std::size_t row, std::int64_t quantity,
                              Perspective perspective) {
    state_->follow_table();
    const std::int64_t own = std::exchange(chunk.quantity[row], quantity);
    bool may_be_cut = false;
    const EarlierParts before = before_record(quantity);
    SuspenseReason why = state_->plan(chunk, row, perspective, {}, before, may_be_cut);
    if (may_be_cut) why = state_->cut_rater.refusal(chunk, row, perspective, before);
    chunk.quantity[row] = own;
    return why;
}

bool Rater::one_price(UsageChunk& chunk, std::size_t row, Instant other) {
    state_->follow_table();
    return state_->stander.one_price(chunk, row, Perspective::retail, other);
}

void Rater::reprice(const CounterKey& key, RatedChunk& rated) {
    state_->follow_table();
    state_->mover.reprice(key, rated);
}

void Rater::carry(RatedChunk& rated) {
    state_->follow_table();
    state_->mover.carry(rated);
}

void Rater::forget(std::span<const std::uint32_t> counters) {
    state_->follow_table();
    state_->mover.forget(counters);
}

std::size_t Rater::touched() const {
    return state_->mover.touched();
}

std::size_t Rater::take_back(std::span<const Contribution* const> parts, RatedChunk& rated) {
    state_->follow_table();
    return state_->mover.take_back(parts, rated);
}

bool Rater::unpin(const CounterKey& key, Period span, std::span<const Contribution> rest,
                  RatedChunk& rated) {
    state_->follow_table();
    return state_->mover.unpin(key, span, rest, rated);
}

void Rater::join(const CounterKey& key, RatedChunk& rated) {
    state_->follow_table();
    state_->mover.join(key, rated);
}

void Rater::take_deltas(const TakeDelta& take) {
    state_->follow_table();
    state_->mover.take_deltas(take);
}

}  // namespace farthing::rating
