// Moves counters and says what it costs. A move is planned first, without a trace, and then made:
// so all the prices of a record move together or none does.
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/steady_vector.h"
#include "directory/directory.h"
#include "rating/beyond.h"
#include "rating/lane.h"
#include "rating/rater.h"
#include "rating/recent_days.h"

namespace farthing::rating {

struct Move {
    Lane* lane = nullptr;
    Instant when;
    std::uint32_t day = 0;  // of the window
    std::int64_t billable = 0;
    SessionTotals adds;             // to its segment
    std::span<const DayPart> days;  // where it lies on several: how much on each
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t charge = 0;
    std::int64_t fee = 0;
    // Where the segment is the counter's last: its amounts afterwards.
    bool at_end = false;
    std::int64_t usage_after = 0;
    std::int64_t fee_after = 0;
    std::int64_t over_after = 0;  // of a pool whose members are capped
};

class Mover {
  public:
    Mover(const catalog::Snapshot& catalog, const directory::Directory& directory,
          CounterTable& counters);

    // Finds the counter and the segment of event time `when`, where it is not bound to them.
    // REQUIRES: lane.terms->natural holds `when`.
    void follow(Lane& lane, Instant when) {
        const bool bound =
            lane.span.contains(when) && (!loads_again_ || lives_[lane.counter].loads == lane.loads);
        if (!bound) bind(lane, when);
    }
    // False when the charge, or a total, would leave 64 bits. REQUIRES: lane.span holds `when`.
    // `days`: where it lies on several; they sum to it.
    bool plan(Lane& lane, Instant when, std::uint32_t day, const SessionUse& use, Move& move,
              std::span<const DayPart> days = {});
    // Whether the counter of a planned move stays within the hard limit that it counts for.
    bool within_limit(const Move& move) const {
        return !move.lane->terms->charge->limit || left_after(move) >= 0;
    }
    // Whether the segment of a planned move holds what the move gives back. It does but for a
    // record whose earlier parts moved another one.
    bool holds(const Move& move) const;
    // REQUIRES: the lane is of a hard limit.
    i128 left_after(const Move& move) const;
    void make(const Move& move, std::uint32_t row, RatedChunk& rated);

    void reprice(const CounterKey& key, RatedChunk& rated);
    // Where a record of that lane would begin: in units of its price, with what is free of them.
    // Of a pool whose members come, go or are capped it may come out as less free, never as more.
    Beyond position(const Lane& lane, std::int64_t from, Instant when, std::uint32_t day);
    // On which day, after that one of the window, other buckets are valid.
    std::optional<Date> buckets_change(const Lane& lane, std::uint32_t day);
    // Prices again what what moved since take_deltas leaves less, or more, to.
    void carry(RatedChunk& rated);
    std::size_t touched() const { return touched_.size(); }
    // Of the rater, take_back.cc.
    std::size_t take_back(std::span<const Contribution* const> parts, RatedChunk& rated);
    bool unpin(const CounterKey& key, Period span, std::span<const Contribution> rest,
               RatedChunk& rated);
    void join(const CounterKey& key, RatedChunk& rated);
    void take_deltas(const Rater::TakeDelta& take);
    // Forgets the counters it knows: the table was cleared.
    void forget();
    // Forgets these, which the table is about to load again. REQUIRES: take_deltas took theirs.
    void forget(std::span<const std::uint32_t> numbers);
    // Steps that have the processor fetch what moving that lane will touch.
    void prefetch(const Lane& lane) const;
    void prefetch_counter(const Lane& lane) const;
    void prefetch_day(const Lane& lane, Instant when) const;

  private:
    // What the last segment of a counter stands at, so that an ordinary record costs one evaluation
    // of its price.
    struct Live {
        Counter* counter = nullptr;
        const Pricing* pricing = nullptr;
        std::int64_t allowance = 0;  // at its end
        std::int64_t floor = 0;      // AtEnd
        std::int64_t total = 0;
        std::int64_t usage_before = 0;  // atoms up to where the last segment begins
        std::int64_t usage = 0;         // atoms up to `total`
        std::int64_t fee = 0;           // atoms of the last segment's connection fees
        Date window_end;                // for which the allowances were computed
        std::uint32_t from_day = 0;     // AtEnd
        std::uint32_t days = 0;         // of the counter, where there is a last segment
        std::uint32_t capped = kNone;   // index into capped_
        std::uint32_t age = 0;          // grows when what is included may have changed
        std::uint32_t loads = 0;        // grows when the counter is loaded again
        bool stands = false;            // all this, for the last segment: the counter was settled
        bool simple = true;             // Included::simple
        bool settled = false;           // what is posted agrees with the snapshots
        bool touched = false;           // since take_deltas
        Segment& last() const { return counter->segments.back(); }
    };
    // What the members of a pool used, where each is capped.
    struct Capped {
        std::int64_t cap = 0;
        std::int64_t over = 0;                                 // in all
        std::unordered_map<std::uint32_t, std::int64_t> used;  // by subscription
    };
    struct Known {
        Included included;
        std::uint32_t age = 0;  // of its counter
    };
    // A counter whose window grew, until a move takes the longer one into account.
    struct Grown {
        Date window_end;                    // before
        std::vector<std::int64_t> charged;  // atoms by segment, to records and posted, until then
    };
    static constexpr std::size_t kNowhere = SIZE_MAX;
    // What all have in common that one segment gives back.
    struct Giving {
        std::size_t at = kNowhere;  // among the counter's
        const catalog::Version* version = nullptr;
        Terms terms;
        Lane lane;
        std::int64_t begin = 0;  // in tiers
    };
    struct Place {
        std::size_t position = 0;
        bool is_new = false;
        Instant start;
        VersionNo version;
    };

    static std::optional<Amounts> amounts_at(const Pricing& pricing, const Beyond& beyond,
                                             const SessionTotals& sessions) {
        return pricing.atoms(beyond.from, beyond.to, sessions, beyond.free);
    }
    bool free_at(const Counter& counter, const Included& included, const Lane& lane, Instant when,
                 DayPart more, std::int64_t beyond);
    static std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) {
        return (std::uint64_t{high} << 32) | low;
    }
    void bind(Lane& lane, Instant when);
    Place place_of(const Counter& counter, const Lane& lane, Instant when) const;
    Live& open(std::uint32_t counter);
    const Included& included(std::uint32_t counter, VersionNo version);
    void beyond_segments(std::uint32_t counter, const Addition* addition, const Lane* added,
                         std::vector<Beyond>& result);
    void follow_window(std::uint32_t counter);
    void shrink_back();
    void shrink_back(RatedChunk& rated);
    const Pricing& pricing_of(const Counter& counter, const Segment& segment);
    bool shares_fit(const Pricing& pricing, const Beyond& beyond,
                    const SessionTotals& sessions) const;
    std::int64_t over_with(const Lane& lane, const Live& live, const Move& move) const;
    bool plan_at_end(const Lane& lane, const Live& live, Move& move) const;
    bool plan_anywhere(Lane& lane, Move& move);
    std::int64_t end_before(const Counter& counter, std::size_t position);
    bool plan_segments(std::uint32_t number, const Addition& addition, const Lane& lane,
                       Move& move);
    bool settle(std::uint32_t number, RatedChunk* rated);
    void append_difference(std::uint32_t number, std::size_t segment, std::int64_t atoms,
                           RatedChunk& rated);
    std::optional<std::vector<Amounts>> amounts_of_segments(std::uint32_t number);
    void fit_again(std::uint32_t number, RatedChunk& rated);
    void carry_from(const Counter& counter, RatedChunk& rated);
    void refresh(std::uint32_t number);
    void insert_where_new(const Move& move);
    void add_member_day(const Move& move);
    void touch(std::uint32_t number, Live& live);
    std::uint32_t member_slot(std::uint32_t number, SubscriptionId subscription);
    void append(const Lane& lane, const Move& move, std::uint32_t row, RatedChunk& rated) const;
    static void append_days(const Lane& lane, const Move& move, RatedChunk& rated);
    bool settled(std::uint32_t number, RatedChunk& rated);
    std::size_t segment_of(const Counter& counter, const Contribution& part) const;
    Lane lane_of(const Counter& counter, const Segment& segment, Terms& terms);
    void append_for(std::uint32_t number, const Segment& segment, const Move& move,
                    std::uint32_t row, RatedChunk& rated);
    std::uint32_t day_of(const Contribution& part, const catalog::Version& version,
                         const catalog::UsageCharge& charge);
    void give_from(std::uint32_t number, std::size_t at, Giving& from);
    void subtract(std::uint32_t number, const Giving& from, const Contribution& part);
    void append_taken_back(std::uint32_t number, Giving& from, const Contribution& part,
                           std::uint32_t row, RatedChunk& rated);
    void count_members_again(Counter& counter, std::span<const Contribution> parts);
    static void join_member_days(Counter& counter);
    i128 worth_of(std::uint32_t number);
    void tell_worth(std::uint32_t number, i128 before, RatedChunk& rated);
    void deltas_of(std::uint32_t number, const Rater::TakeDelta& take);
    void prefetch_touched(std::size_t at) const;

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    CounterTable& counters_;
    PricingCache prices_;
    RecentDays recent_;
    SteadyVector<Live> lives_;  // by counter
    std::vector<std::uint32_t> touched_;
    std::unordered_map<std::uint64_t, Known> included_;         // by counter and version
    std::unordered_map<std::uint64_t, std::uint32_t> members_;  // by counter and subscription
    std::unordered_map<std::uint32_t, Grown> grown_;
    std::vector<Capped> capped_;
    bool loads_again_ = false;  // some counter was
    CounterOf counter_of_;
    // For how many windows some version carries over what is left, by component.
    std::unordered_map<std::uint32_t, int> carries_;
    std::vector<Beyond> before_;
    std::vector<Beyond> after_;
    std::vector<Beyond> of_version_;
};

}  // namespace farthing::rating
