// The exact price of a counter, segment by segment (R1, R3).
#include "base/assert.h"
#include "rating/pricing.h"
#include "rating/rater.h"

namespace farthing::rating {

namespace {

template <class AllowanceOf>
std::vector<SegmentPrice> priced(const catalog::Snapshot& catalog, const Counter& counter,
                                 AllowanceOf allowance_of_version) {
    PricingCache prices(catalog);
    std::vector<SegmentPrice> result;
    result.reserve(counter.segments.size());
    std::int64_t end = 0;
    for (const Segment& segment : counter.segments) {
        const Pricing* price =
            prices.of(segment.version, counter.key.component, counter.key.item, segment.start);
        FARTHING_ASSERT(price != nullptr);  // a published version is never taken back
        const std::int64_t from = begin_of(*price, segment, end);
        end = from + segment.quantity;
        result.push_back({segment,
                          price->exact(from, end, segment.session_totals(),
                                       allowance_of_version(segment.version)),
                          from, end});
    }
    return result;
}

}  // namespace

std::vector<SegmentPrice> price_segments(const catalog::Snapshot& catalog, const Counter& counter,
                                         std::int64_t allowance) {
    return priced(catalog, counter, [&](VersionNo) { return allowance; });
}

std::vector<SegmentPrice> price_segments(const catalog::Snapshot& catalog,
                                         const directory::Directory& directory,
                                         const Counter& counter) {
    return priced(catalog, counter, [&](VersionNo version) {
        return segment_allowance(catalog, directory, counter, version);
    });
}

}  // namespace farthing::rating
