// What networks count in their own ways, as the meters of a catalog count it. Private to this room.
#pragma once

#include <optional>

#include "base/error.h"
#include "catalog/snapshot.h"
#include "engine/online.h"

namespace farthing::engine {

// The only meter that counts what `service` asks for or reports, of all that a network counts
// beside each other the first that there is a meter for.
Result<const catalog::Meter*> meter_counting(const catalog::Version& version,
                                             const ChargeQuestion::Service& service);

bool is_empty(const NetworkCounts& counts);
// In the meter's base units; none where it is counted in another way. Refuses what has no whole
// number of them.
Result<std::optional<std::int64_t>> units_of(const NetworkCounts& counts,
                                             const catalog::Meter& meter);
// Back: what may be used of a grant is whole in the network's units.
NetworkCounts counts_of(std::int64_t units, const Unit& unit);

}  // namespace farthing::engine
