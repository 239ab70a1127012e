// Rating: snapshots + counters + usage → charges and counter deltas. Pure: no clock, no file, no
// chance.
//
// Two stages (R0): a session's raw quantity becomes billable by its increments; the billable
// quantity moves the counter; the charge is price(total after) − price(total before) of an exact
// function, rounded half-even to atoms at both ends, so charges telescope in any order and any
// batching.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "model/ledger_entry.h"
#include "model/rated_usage.h"
#include "model/usage.h"
#include "rating/beyond.h"
#include "rating/counters.h"
#include "rating/curve.h"
#include "rating/included.h"
#include "rating/session_book.h"
#include "rating/standing.h"

namespace farthing::rating {

// What one batch changed on one segment of one counter: the truth that is posted (R2).
struct SegmentDelta {
    CounterKey key;
    DatePeriod window;
    Instant start;  // of the segment
    VersionNo version;
    AccountId payer;
    std::int64_t charge_atoms = 0;  // rnd(P(after)) − rnd(P(before))
    struct ShareDelta {
        PartnerId partner;
        std::int64_t atoms = 0;  // likewise on the share's own cumulated amount
    };
    std::vector<ShareDelta> shares;
};

// What one rated row added to a counter, as the archive tells it.
struct Contribution {
    CounterKey key;
    Date window_end;
    VersionNo version;  // of its segment, as is the payer
    AccountId payer;
    SubscriptionId subscription;
    Instant when;  // the event time by which it was counted
    std::int64_t billable = 0;
    SessionTotals adds;
    std::vector<DayPart> days;  // empty: all on the day of `when`
    std::int64_t charge = 0;    // atoms, fee included: its part of what the counter came to then
    std::int64_t fee = 0;
    bool operator==(const Contribution&) const = default;
};

constexpr std::uint32_t kNoRow = UINT32_MAX;  // in RatedChunk::row: a repricing, not a record

class Rater {
  public:
    // The snapshots and counters outlive the rater. Rater caches what it looked up; make a new one
    // when a snapshot changes.
    Rater(const catalog::Snapshot& catalog, const directory::Directory& directory,
          CounterTable& counters);
    ~Rater();

    // Rates the live rows of `chunk` (guided, not duplicate); rows it can't rate are suspended with
    // their reason, rows whose charges are all zero become zero_rated. Appends to `rated`.
    // `sessions` knows the open sessions that the rows are parts of, and learns what the rows made
    // of them; without it every row is a whole session.
    void rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective = Perspective::retail);
    void rate(UsageChunk& chunk, RatedChunk& rated, Perspective perspective, SessionBook& sessions);

    // Where the prices stand of retail usage that begins as the row says. Nothing moves.
    SuspenseReason stand(const UsageChunk& chunk, std::size_t row, Standings& found);
    // Whether it has one price, in one window, as the row says and at the `other` time.
    bool one_price(UsageChunk& chunk, std::size_t row, Instant other);

    // Why a row could not be rated if that were its quantity; none: it could. Leaves no trace.
    SuspenseReason refusal(UsageChunk& chunk, std::size_t row, std::int64_t quantity,
                           Perspective perspective = Perspective::retail);

    // Prices a counter again from its totals, where the directory changed what its allowance is;
    // the difference, if any, becomes a row of `rated` that belongs to no record (row = kNoRow) and
    // a delta.
    void reprice(const CounterKey& key, RatedChunk& rated);

    // Prices again the later windows whose allowance holds what the windows that moved since
    // take_deltas leave over; differences become rows as those of `reprice`. Call it once nothing
    // more is rated, before take_deltas.
    void carry(RatedChunk& rated);

    // Counters that the table is about to load again. REQUIRES: take_deltas took theirs.
    void forget(std::span<const std::uint32_t> counters);

    // How many counters moved since the last take_deltas.
    std::size_t touched() const;

    // Takes contributions back from the one counter that they are all of: the arithmetic of adding
    // them, the other way round. Each gives back what its record was charged, as a row of `rated`
    // with its number in `parts`; where the counter comes to something else without them (R2), the
    // rest is of no record. The number of the first that the counter does not hold, which then is
    // as it was; else that of all.
    std::size_t take_back(std::span<const Contribution* const> parts, RatedChunk& rated);
    // Un-pins `span` of a counter, so that usage of these event times is rated by the version now
    // in force: its segments end where the span begins and go on where it ends. `rest` is all that
    // is left in the counter. REQUIRES: nothing of it lies in the span. False, without a trace,
    // where the counter holds something else.
    bool unpin(const CounterKey& key, Period span, std::span<const Contribution> rest,
               RatedChunk& rated);
    // Makes one of neighbouring segments that have the same price, payer and version.
    void join(const CounterKey& key, RatedChunk& rated);

    // The changes since the last call, one per segment whose charge or shares moved, in key order;
    // the batch posts them. Sets what the segments have posted: call it before
    // CounterTable::dirty_packs.
    using TakeDelta = std::function<void(const SegmentDelta&)>;
    void take_deltas(const TakeDelta& take);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// The exact price of a counter's segments so far, from totals (R3), each in units of the currency,
// by the allowance of its own version, as rating posts it. `counter_of` gives the counters of
// earlier windows, whose rest may be carried over.
struct SegmentPrice {
    Segment segment;
    Exact price;            // P_k(T_1+…+T_k) − P_k(T_1+…+T_(k−1)), with connection fees
    std::int64_t from = 0;  // billable totals before and after this segment, since tiers began
    std::int64_t to = 0;
    Beyond beyond;      // of what is included
    Included included;  // by its version
};
std::vector<SegmentPrice> price_segments(const catalog::Snapshot& catalog,
                                         const directory::Directory& directory,
                                         const Counter& counter, const CounterOf& counter_of = {});

// Base units included for the owner of `key` at the end of its window, without what was carried:
// the members' quantities or the pool's. 0 where the charge has no allowance.
std::int64_t allowance_of(const catalog::Version& version, const directory::Directory& directory,
                          const CounterKey& key, DatePeriod window);

}  // namespace farthing::rating
