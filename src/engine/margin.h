// Records that were rated on both sides, met again. Private to this room.
#pragma once

#include <compare>
#include <functional>
#include <vector>

#include "assurance/finding.h"
#include "engine/state.h"

namespace farthing::engine {

// Which price a side was rated by.
struct SidePrice {
    VersionNo version;
    ComponentId component;
    std::uint64_t item = 0;
    Instant since;
    auto operator<=>(const SidePrice&) const = default;
};
struct Carried {
    Instant start;
    bool sold = false;     // rated as retail
    bool carried = false;  // rated as cost
    std::int64_t retail_atoms = 0;
    std::int64_t cost_atoms = 0;
    SidePrice retail;
    SidePrice cost;
    AccountId payer;
    PartnerId carrier;
};
using OnCarried = std::function<void(const Carried&)>;
// Every rated record once, where any was rated by cost; none where none was.
Result<void> each_carried(const Engine::State& state, const OnCarried& visit);
// Prices at which records are sold below their cost.
Result<std::vector<Finding>> losing_prices(const Engine::State& state);

}  // namespace farthing::engine
