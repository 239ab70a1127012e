// Whether an amount is far from what an account paid before: compared with the median of its own
// earlier documents, in whole numbers.
#pragma once

#include <cstdint>
#include <vector>

#include "base/int128.h"

namespace farthing::assurance {

struct UnusualRule {
    std::int64_t factor = 3;      // more than that many times, or less than that part; 0: never
    std::size_t earlier_min = 3;  // fewer documents say nothing
    std::size_t earlier_max = 6;  // the latest that count
};

enum class Unusual : std::uint8_t { no, small, large };

// `earlier`: oldest first. Amounts that are not positive are compared with none.
Unusual compare(std::int64_t amount, std::vector<std::int64_t> earlier, const UnusualRule& rule);
// The sum of the two amounts in the middle, of the latest that count. REQUIRES: not empty.
i128 doubled_median(std::vector<std::int64_t> earlier, const UnusualRule& rule);

}  // namespace farthing::assurance
