// What open grants hold: per counter, the most that all of them together could still cost (EC45),
// reserved in the payer's purse, and on every level of the way there.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <vector>

#include "charging/caps.h"
#include "charging/levels.h"
#include "ledger/purse.h"
#include "model/ids.h"
#include "rating/standing.h"

namespace farthing::charging {

// What all grants hold of one counter.
struct HeldCounter {
    rating::Level level = {};
    AccountId payer = {};
    std::uint32_t grants = 0;
    const catalog::Plan* capped = nullptr;  // whose spending cap counts it
    i128 billable = 0;                      // of all grants
    i128 extra = 0;
    i128 held = 0;
};
using HeldCounters = std::map<rating::CounterKey, HeldCounter>;

// What one grant adds to one counter.
struct Held {
    HeldCounters::value_type* counter = nullptr;  // once it is added
    std::int64_t billable = 0;
    i128 extra = 0;  // fee and minimum: what the session costs beside its quantity
    bool operator==(const Held&) const = default;
};

// What leaves no room for a grant, and whose: a payer's money or cap, or the cap of one of the
// levels below him; of a plan's nobody's.
struct Bounded {
    ledger::Bound by = ledger::Bound::none;
    AccountId whose = {};
};

class Holds {
  public:
    Holds(Purses& purses, Caps& caps, Levels& levels)
        : purses_(purses), caps_(caps), levels_(levels) {}

    // What granting `raw` further base units to a session that came to `earlier` would hold.
    static std::vector<Held> of_grant(const rating::Standings& at,
                                      const rating::EarlierParts& earlier, std::int64_t raw);
    // Whether the purses, on all levels, and the caps of plans have room for it; if not, what
    // bounds it. `beyond_caps`: those of plans do not count.
    Bounded fits(const rating::Standings& at, std::span<const Held> grant, bool beyond_caps) const;
    // REQUIRES: it is removed later, unless `clear` comes before.
    void add(const rating::Standings& at, std::span<Held> grant);
    void remove(std::span<const Held> grant);
    // The counters stand elsewhere now.
    void refresh(const rating::Standings& at);
    void clear();
    // Whether anything is held on counters of these owners.
    bool holds_on(const OwnerBlock& owners) const;
    // What is held on counters of these owners that `counts`.
    using Counts = std::function<bool(const rating::CounterKey&, AccountId payer)>;
    i128 held_on(const OwnerBlock& owners, const Counts& counts) const;

    // What open grants may still take of a hard limit.
    std::int64_t of_limit(const rating::CounterKey& key) const;
    void add_to_limits(const rating::Standings& at, std::int64_t raw);
    void remove_from_limits(std::span<const rating::CounterKey> keys, std::int64_t raw);

  private:
    void hold(HeldCounters::value_type& counter, i128 atoms);
    void place(HeldCounters::value_type& counter, const rating::Standing& standing);
    static i128 atoms_of(const HeldCounter& counter);
    // What the grant would hold of that counter beyond what it holds.
    i128 more_of(const rating::Standing& standing, const Held& grant) const;
    bool fits_caps(const rating::Standings& at, std::span<const Held> grant) const;

    Purses& purses_;
    Caps& caps_;
    Levels& levels_;
    HeldCounters counters_;
    std::map<rating::CounterKey, i128> limits_;
};

}  // namespace farthing::charging
