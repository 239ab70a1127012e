// Which prices apply to a record, looked up once per subscription, meter, network and stretch of
// event time.
#pragma once

#include <deque>
#include <span>
#include <unordered_map>
#include <vector>

#include "directory/directory.h"
#include "model/outcome.h"
#include "model/usage.h"
#include "rating/lane.h"

namespace farthing::rating {

class Resolver {
  public:
    Resolver(const catalog::Snapshot& catalog, const directory::Directory& directory)
        : catalog_(catalog), directory_(directory) {}

    // The lanes of a record at one row of `chunk`, in the catalog's order; the lane of a deck is
    // that of its row. On failure empty, and `why` says so. Valid until the next call.
    std::span<Lane* const> lanes(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                                 SuspenseReason& why);
    // The day of the event in its window. REQUIRES: `lane` came from the last call of `lanes`.
    std::uint32_t day_of(const Lane& lane, Instant when) const;
    // Has the processor fetch what `lanes` will read for that subscription.
    void prefetch(SubscriptionId subscription) const;
    void forget();

  private:
    struct Context {
        Period span;
        std::int64_t offset_micros = 0;  // of the local clock, constant within `span`
        NetworkKey network;
        bool any_network = false;  // it holds wherever the record comes from
        MeterId meter;
        Perspective perspective = Perspective::retail;
        std::uint32_t first_lane = 0;
        std::uint32_t lanes = 0;
        std::uint32_t next = kNone;  // of the same subscription
    };
    struct RowKey {
        std::uint32_t lane;
        const catalog::RateRow* row;
        bool operator==(const RowKey&) const = default;
    };
    struct RowKeyHash {
        std::size_t operator()(const RowKey& key) const;
    };
    struct Pool {
        OwnerKind kind = OwnerKind::subscription;
        std::uint32_t owner = 0;
        AccountId account;  // whose payer pays
    };

    const Context* known(const UsageChunk& chunk, std::size_t row, Perspective perspective);
    const Context* learn(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                         SuspenseReason& why);
    SuspenseReason add_lane(const catalog::Version& version, const catalog::UsageCharge& charge,
                            const UsageChunk& chunk, std::size_t row, Date day, Context& context);
    Pool pool_of(const catalog::UsageCharge& charge,
                 const directory::Subscription& subscription) const;
    Lane* lane_of_row(std::uint32_t base, const catalog::RateRow& row);

    const catalog::Snapshot& catalog_;
    const directory::Directory& directory_;
    std::vector<std::uint32_t> first_;  // by subscription: its context that was used last
    std::deque<Context> contexts_;
    std::deque<Lane> lanes_;
    std::unordered_map<RowKey, std::uint32_t, RowKeyHash> row_lanes_;
    std::vector<Lane*> found_;
    const Context* context_ = nullptr;
};

}  // namespace farthing::rating
