// Counters: what is cumulated per owner, price and window, cut into segments (R1), in blocks that
// are stored packed (R6).
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/lean_vector.h"
#include "base/reason.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/rated_usage.h"
#include "rating/day_quantities.h"

namespace farthing {
#define FARTHING_RATING_REASONS(X)                                   \
    X(counter_pack_damaged, "a stored block of counters is damaged", \
      "Restore the database from a backup; `farthing check usage` names what differs.")
FARTHING_REASON_ENUM(RatingReason, FARTHING_RATING_REASONS)
}  // namespace farthing

namespace farthing::rating {

constexpr std::uint32_t kPackOwners = 64;

struct CounterKey {
    Perspective perspective = Perspective::retail;
    OwnerKind owner_kind = OwnerKind::subscription;
    std::uint32_t owner = 0;
    ComponentId component;
    std::uint64_t item = 0;  // row of a deck or price list, or an hour or day; 0 for none
    Date window_first;
    constexpr auto operator<=>(const CounterKey&) const = default;
};

inline std::uint64_t hash_of(const CounterKey& key) {
    std::uint64_t hash = mix64(key.owner, key.component.value);
    hash = mix64(hash, key.item);
    return mix64(
        hash,
        (static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.window_first.days)) << 16) |
            (static_cast<std::uint64_t>(key.perspective) << 8) |
            static_cast<std::uint64_t>(key.owner_kind));
}

// What the sessions of a segment cost beside their quantity.
struct SessionTotals {
    std::int64_t fees = 0;            // sessions that carried a connection fee
    std::int64_t below = 0;           // sessions whose usage charge is below the minimum
    std::int64_t below_quantity = 0;  // their billable base units, which the minimum pays for
    constexpr SessionTotals operator+(const SessionTotals& more) const {
        return {fees + more.fees, below + more.below, below_quantity + more.below_quantity};
    }
    constexpr SessionTotals operator-(const SessionTotals& less) const {
        return {fees - less.fees, below - less.below, below_quantity - less.below_quantity};
    }
    constexpr bool operator==(const SessionTotals&) const = default;
};

// A stretch of event time within a window with one catalog version and one payer. Between `start`
// and `last` it is pinned: a version published later with an earlier `valid_from` prices only what
// comes after `last`.
struct Segment {
    Instant start;
    Instant last;       // latest event time rated in it
    VersionNo version;  // pinned: the version that first rated it
    AccountId payer;
    std::int64_t quantity = 0;  // billable base units
    std::int64_t sessions = 0;  // records that carried a connection fee
    std::int64_t below = 0;     // SessionTotals: of charges with a minimum
    std::int64_t below_quantity = 0;
    std::int64_t records = 0;
    SessionTotals session_totals() const { return {sessions, below, below_quantity}; }
    // Everything in it was taken back. It stays, so that documents give back what they billed, but
    // pins nothing.
    bool empty() const { return last < start; }
    void close() { last = start.plus_micros(-1); }
    // What has been posted for it: rnd(P) at the last Rater::take_deltas, which moves it to the
    // present total.
    std::int64_t posted_atoms = 0;
    LeanVector<std::pair<PartnerId, std::int64_t>> posted_shares;
};

// What one member used on one day, of a pool whose members are capped, or pay what is beyond.
struct MemberDay {
    Instant segment;  // its start
    std::uint32_t day = 0;
    SubscriptionId member;
    std::int64_t quantity = 0;
    // In event time: segments, and within each its days.
    friend bool operator<(const MemberDay& a, const MemberDay& b) {
        return std::tie(a.segment, a.day, a.member) < std::tie(b.segment, b.day, b.member);
    }
    bool operator==(const MemberDay&) const = default;
};

struct Counter {
    CounterKey key;
    Date window_end;
    boost::container::small_vector<Segment, 1> segments;  // by start; seldom more than one
    // Billable base units per day of the window, kept for the picture on the document.
    DayQuantities by_day;
    // Of a pooled counter: the members' own quantities, by subscription id (for attribution, R7).
    LeanVector<std::pair<SubscriptionId, std::int64_t>> members;
    LeanVector<MemberDay> member_days;  // sorted; of segments whose version asks
};

// The counters in memory, loaded block by block on first touch. What changed since `mark_clean` is
// what a batch commits.
class CounterTable {
  public:
    // Gives the bytes of a stored block; empty when there is none.
    using Loader = std::function<std::string(const PackKey&)>;
    explicit CounterTable(Loader loader);
    ~CounterTable();
    CounterTable(CounterTable&&) noexcept;

    // Index of the counter, made when absent. Stable until `clear`, as is the counter's address.
    std::uint32_t touch(const CounterKey& key, Date window_end);
    // nullptr when nothing was ever rated in it.
    const Counter* find(const CounterKey& key);
    Counter& at(std::uint32_t index);
    void mark_dirty(std::uint32_t index);
    // Blocks changed since the last mark, in key order, packed for the store. Posted atoms are part
    // of them: call Rater::take_deltas first.
    std::vector<CounterPack> dirty_packs() const;
    void mark_clean();
    // The counters of these owners, sorted, that are in memory.
    std::vector<std::uint32_t> numbers_of(std::span<const OwnerBlock> owners) const;
    // Others wrote counters of these owners: what is in memory of them, in whatever window, is
    // loaded again, each in its place. REQUIRES: none of it changed since the last mark.
    void load_again(std::span<const OwnerBlock> owners);
    // Forgets everything: a discarded batch. The next touch loads again from the store.
    void clear();
    // Grows with every `clear`, so that who keeps indices sees that they are void.
    std::uint64_t generation() const;
    // The first stored block that could not be read. A batch must not be committed while there is
    // one: the block counts as empty in memory and committing would overwrite it.
    const std::optional<Error>& damage() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// One block's counters as bytes and back; format in counter_pack.cc. Golden bytes are kept in the
// tests: every stored release must still read. Counters without segments leave no trace; empty
// bytes are no counters. REQUIRES: all are of one block.
PackKey block_of(const CounterKey& key);
constexpr OwnerBlock owners_of(SubscriptionId subscription) {
    return {Perspective::retail, static_cast<std::uint8_t>(OwnerKind::subscription),
            subscription.value / kPackOwners};
}
struct PackRoom {  // that is used again
    std::vector<const Counter*> used;
    std::vector<const Segment*> segments;
    std::vector<std::int64_t> days;
    std::string bytes;
};
std::string pack_counters(const std::vector<const Counter*>& counters, PackRoom& room);
Result<std::vector<Counter>> unpack_counters(const PackKey& key, std::string_view bytes);

}  // namespace farthing::rating
