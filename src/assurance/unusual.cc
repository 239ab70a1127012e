#include "assurance/unusual.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::assurance {

i128 doubled_median(std::vector<std::int64_t> earlier, const UnusualRule& rule) {
    FARTHING_ASSERT(!earlier.empty());
    if (earlier.size() > rule.earlier_max)
        earlier.erase(earlier.begin(),
                      earlier.end() - static_cast<std::ptrdiff_t>(rule.earlier_max));
    std::sort(earlier.begin(), earlier.end());
    const std::size_t count = earlier.size();
    return i128{earlier[(count - 1) / 2]} + earlier[count / 2];
}

Unusual compare(std::int64_t amount, std::vector<std::int64_t> earlier, const UnusualRule& rule) {
    if (rule.factor <= 0 || earlier.size() < rule.earlier_min || earlier.empty())
        return Unusual::no;
    const i128 twice = doubled_median(std::move(earlier), rule);
    if (twice <= 0 || amount < 0) return Unusual::no;
    if (2 * i128{amount} > rule.factor * twice) return Unusual::large;
    if (2 * i128{amount} * rule.factor < twice) return Unusual::small;
    return Unusual::no;
}

}  // namespace farthing::assurance
