// What a device reported besides its usage (`keep:` of its feed), on its way out of the archive.
#pragma once

#include <cstdint>

#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

struct KeptReading {
    SubscriptionId subscription;
    Instant at;
    std::int64_t value = 0;
    constexpr auto operator<=>(const KeptReading&) const = default;
};

}  // namespace farthing
