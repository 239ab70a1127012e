// Where the prices of a usage stand before anything moves: what quotes and grants are made from.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/outcome.h"
#include "model/usage.h"
#include "rating/pricing.h"

namespace farthing::rating {

class Resolver;
class Mover;
struct Lane;

// Where a counter stands in its price.
struct Level {
    const Pricing* pricing = nullptr;
    std::int64_t total = 0;      // billable base units in its window
    std::int64_t allowance = 0;  // free ones of them
    std::int64_t covered = 0;    // further ones that buckets cover before they count
    // So many further units, less those.
    std::int64_t counted(std::int64_t further) const {
        return further > covered ? further - covered : 0;
    }
};
// One price that a session would move.
struct Standing : Level {
    CounterKey key = {};
    AccountId payer = {};
    const catalog::RateRow* row = nullptr;
    const catalog::Plan* capped = nullptr;  // whose spending cap counts it
};
// A hard limit that it would count for, which costs nothing.
struct LimitStanding {
    CounterKey key;
    std::int64_t left = 0;  // base units
};
struct Standings {
    std::vector<Standing> prices;
    std::vector<LimitStanding> limits;
    std::int64_t most = kQuantityMax;      // base units before another price begins
    Instant holds_until = Instant::max();  // usage of then has another price or counter
    void clear() { *this = {}; }
};

// The most that up to `billable` further units cost: where a volume price falls, what is paid on
// the way to it (EC45). Without fees and minimum. nullopt beyond 64 bits.
std::optional<std::int64_t> highest_atoms(const Level& level, std::int64_t billable);

// Finds them by the resolver and mover of a rater.
class Stander {
  public:
    Stander(Resolver& resolver, Mover& mover) : resolver_(resolver), mover_(mover) {}
    // Of usage that begins as the row says.
    SuspenseReason stand(const UsageChunk& chunk, std::size_t row, Standings& found);
    // Whether usage as of the row has one price, in one window, now and at the `other` time. What
    // counts time has that of its session's start throughout.
    bool one_price(UsageChunk& chunk, std::size_t row, Perspective perspective, Instant other);

  private:
    SuspenseReason stand_one(const UsageChunk& chunk, std::size_t row, std::size_t which,
                             Lane& base, Standings& found);
    std::int64_t units_of_this_price(const Lane& base, const catalog::SessionRule& rule,
                                     Instant when, Instant band_end) const;
    Instant band_ends(const Lane& base, std::uint32_t ruling, Instant when);

    Resolver& resolver_;
    Mover& mover_;
    BandClock clock_;
    std::vector<Lane*> lanes_;
};

}  // namespace farthing::rating
