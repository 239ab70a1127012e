// The exact price of a counter, segment by segment (R1, R3).
#include "base/assert.h"
#include "rating/pricing.h"
#include "rating/rater.h"

namespace farthing::rating {

std::vector<SegmentPrice> price_segments(const catalog::Snapshot& catalog,
                                         const directory::Directory& directory,
                                         const Counter& counter, const CounterOf& counter_of) {
    PricingCache prices(catalog);
    const CounterKey& key = counter.key;
    const DatePeriod window{key.window_first, counter.window_end};
    std::vector<SegmentPrice> result;
    result.reserve(counter.segments.size());
    std::vector<Beyond> beyond;
    std::int64_t end = 0;
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        const Pricing* price = prices.of(segment.version, key.component, key.item, segment.start);
        FARTHING_ASSERT(price != nullptr);  // a published version is never taken back
        const std::int64_t from = begin_of(*price, segment, end);
        end = from + segment.quantity;
        SegmentPrice one{segment, {}, from, end, {}, {}};
        if (i > 0 && segment.version == counter.segments[i - 1].version) {
            one.included = result.back().included;
        } else {
            one.included = included_of(catalog, *catalog.numbered(segment.version), directory, key,
                                       window, counter_of);
            if (!one.included.simple()) beyond_of(counter, one.included, nullptr, beyond);
        }
        one.beyond = one.included.simple() ? Beyond{from, end, one.included.at_end()} : beyond[i];
        one.price =
            price->exact(one.beyond.from, one.beyond.to, segment.session_totals(), one.beyond.free);
        result.push_back(std::move(one));
    }
    return result;
}

}  // namespace farthing::rating
