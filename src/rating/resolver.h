// Which prices apply to a record, looked up once per subscription, meter, network and stretch of
// event time.
#pragma once

#include <span>
#include <unordered_set>
#include <vector>

#include "base/steady_vector.h"
#include "directory/directory.h"
#include "model/outcome.h"
#include "model/usage.h"
#include "rating/lane.h"
#include "rating/pair_index.h"
#include "rating/recent_days.h"

namespace farthing::rating {

class Resolver {
  public:
    Resolver(const catalog::Snapshot& catalog, const directory::Directory& directory)
        : catalog_(catalog), directory_(directory) {}

    // What a look ahead at a record found, so that its memory is there when `lanes` is called.
    struct Ahead {
        std::uint32_t base = kNone;  // its first lane, where one is known
        const catalog::Deck* deck = nullptr;
        const catalog::RateRow* row = nullptr;             // of `deck`
        std::uint32_t lane = kNone;                        // where the record will go
        std::uint32_t age = 0;                             // of what `base` and `lane` count in
        const directory::Subscription* unknown = nullptr;  // will be looked up
    };

    // The lanes of a record at one row of `chunk`, in the catalog's order; the lane of a deck is
    // that of its row. On failure empty, and `why` says so. Valid until the next call.
    std::span<Lane* const> lanes(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                                 const Ahead& ahead, SuspenseReason& why);
    // The lane of a time band of the `which`th lane of the last call: the band's place among
    // UsageCharge::in_bands. nullptr where a deck has no price for it, and
    // `why` says so.
    Lane* in_band(std::size_t which, std::uint32_t band, const UsageChunk& chunk, std::size_t row,
                  SuspenseReason& why);
    // Until when the version, and the row of the lane's deck, that hold at `when` do.
    Instant price_holds_until(const Lane& lane, Instant when) const;
    // Until when what the last call of `lanes` looked up is the same, hours and rows of decks
    // apart.
    Instant holds_until() const { return context_->reach->span.end; }
    // The day of the event in its window; of hours and days there is one. REQUIRES: `lane` came
    // from the last call of `lanes`.
    std::uint32_t day_of(const Lane& lane, Instant when) const;
    // Steps that have the processor fetch what `lanes` will read, each what the one before had
    // fetched leads to. They change nothing.
    void prefetch(const UsageChunk& chunk, std::size_t row) const;
    bool knows_networks() const { return !by_network_.empty(); }
    void prefetch_by_network(const UsageChunk& chunk, std::size_t row) const;
    Ahead look_ahead(const UsageChunk& chunk, std::size_t row) const;
    const Lane* lane_ahead(Ahead& ahead) const;
    void forget();

  private:
    // Which usage of a subscription the same lanes hold for. It stands once for all customers for
    // whom it is the same.
    struct Reach {
        Period span;
        std::int64_t offset_micros = 0;       // of the local clock, constant within `span`
        const catalog::Deck* deck = nullptr;  // of the first lane
        MeterId meter;
        Perspective perspective = Perspective::retail;
        bool any_network = false;  // it holds wherever the record comes from
        bool windowed = false;     // of the first lane
        bool operator==(const Reach&) const = default;
    };
    struct ReachHash {
        std::size_t operator()(const Reach& reach) const {
            return mix64(mix64(static_cast<std::uint64_t>(reach.span.start.micros),
                               static_cast<std::uint64_t>(reach.span.end.micros)),
                         (std::uint64_t{reach.meter.value} << 8) |
                             static_cast<std::uint64_t>(reach.perspective));
        }
    };
    struct Context {
        const Reach* reach = nullptr;
        NetworkKey network;
        std::uint32_t first_lane = 0;
        std::uint32_t lanes = 0;
        std::uint32_t next = kNone;  // of the same subscription, and network
        bool holds(const UsageChunk& chunk, std::size_t row) const {
            return (reach->any_network || network == chunk.network[row]) &&
                   reach->span.contains(chunk.start[row]) && reach->meter == chunk.meter[row];
        }
    };
    struct Pool {
        OwnerKind kind = OwnerKind::subscription;
        std::uint32_t owner = 0;
        AccountId account;  // whose payer pays
    };

    static std::uint64_t of(const catalog::RateRow& row) {
        return reinterpret_cast<std::uintptr_t>(&row);
    }
    static std::uint64_t of(NetworkKey network) { return (std::uint64_t{1} << 32) | network.value; }
    void prefetch_facts(SubscriptionId subscription) const;
    std::uint32_t head_of(const UsageChunk& chunk, std::size_t row) const;
    const Context* known(const UsageChunk& chunk, std::size_t row, Perspective perspective);
    const Context* known_from(std::uint32_t& head, const UsageChunk& chunk, std::size_t row,
                              Perspective perspective);
    void keep(const Context& context, SubscriptionId subscription);
    const Context* learn(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                         SuspenseReason& why);
    SuspenseReason add_lanes(const catalog::Version& version, const catalog::Plan& plan,
                             const catalog::UsageCharge& charge, const UsageChunk& chunk,
                             std::size_t row, Date day, Reach& reach);
    SuspenseReason add_lane(const catalog::Version& version, const catalog::UsageCharge& charge,
                            const UsageChunk& chunk, std::size_t row, Date day, bool in_band,
                            Reach& reach);
    const Terms* shared(const Terms& terms);
    // The charge itself, or the one that prices it for the subscription on that day; `span` is cut
    // to where that stays so.
    const catalog::UsageCharge& for_customer(const catalog::Version& version,
                                             const catalog::Plan& plan,
                                             const catalog::UsageCharge& charge,
                                             const directory::Subscription& subscription, Date day,
                                             Period& span);
    bool is_below(AccountId account, std::string_view name) const;
    Pool pool_of(const catalog::UsageCharge& charge,
                 const directory::Subscription& subscription) const;
    Lane* lane_of_row(std::uint32_t base, const catalog::RateRow& row);
    Lane* lane_of_window(std::uint32_t base, Instant when);

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    // Its context that was used last of those that hold in any network, by subscription; and of
    // those that hold in one, by both.
    std::vector<std::uint32_t> first_;
    PairIndex by_network_;
    SteadyVector<Context> contexts_;
    SteadyVector<Lane> lanes_;
    std::unordered_set<Terms> terms_;
    std::unordered_set<Reach, ReachHash> reaches_;
    PairIndex row_lanes_;
    RecentDays recent_;
    std::uint32_t age_ = 0;  // grows when lanes are forgotten
    std::vector<Lane*> found_;
    const Context* context_ = nullptr;
};

}  // namespace farthing::rating
