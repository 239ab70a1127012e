#include "rating/in_order.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/int128.h"

namespace farthing::rating {

namespace {

struct Sum {
    std::int64_t billable = 0;
    SessionTotals adds;
};
using Place = std::tuple<std::size_t, std::uint32_t, Instant, SubscriptionId>;
// By segment, day, time and member: the order in which they are priced.
using Ordered = std::map<Place, Sum>;

// Where a counter with that much included stands, use by use: as `beyond_of` walks it day by day.
class OrderedWalk {
  public:
    explicit OrderedWalk(const Included& included)
        : included_(included), included_now_(included.at_start) {}

    // What lies beyond after the use.
    std::int64_t take(std::uint32_t day, SubscriptionId member, std::int64_t billable,
                      bool counts_member) {
        for (; step_ < included_.steps.size() && included_.steps[step_].day <= day; ++step_)
            included_now_ = included_.steps[step_].whole;
        total_ += billable;
        if (included_.capped() && counts_member) {
            std::int64_t& used = used_[member.value];
            over_ -= std::max<std::int64_t>(0, used - included_.cap);
            used += billable;
            over_ += std::max<std::int64_t>(0, used - included_.cap);
        }
        const i128 beyond = i128{total_} - over_ - included_now_;
        if (beyond > floor_) floor_ = static_cast<std::int64_t>(beyond);
        return over_ + floor_;
    }

  private:
    const Included& included_;
    std::int64_t included_now_;
    std::size_t step_ = 0;
    std::int64_t total_ = 0;
    std::int64_t over_ = 0;
    std::int64_t floor_ = 0;
    std::unordered_map<std::uint32_t, std::int64_t> used_;
};

class InOrder {
  public:
    InOrder(const catalog::Snapshot& catalog, const Counter& counter,
            const std::vector<SegmentPrice>& segments)
        : catalog_(catalog), prices_(catalog), counter_(counter), segments_(segments) {}

    std::optional<std::vector<PricedUse>> run(std::span<const PoolUse> uses) {
        if (!order(uses)) return std::nullopt;
        std::vector<PricedUse> priced;
        priced.reserve(ordered_.size());
        std::optional<OrderedWalk> walk;
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            const SegmentPrice& segment = segments_[i];
            const bool simple = segment.included.simple();
            if (!simple) {
                const bool goes_on =
                    i > 0 && walk && segment.segment.version == segments_[i - 1].segment.version;
                if (!goes_on) {
                    walk.emplace(segment.included);
                    for (std::size_t before = 0; before < i; ++before) each(before, *walk);
                }
            }
            if (!price(i, simple ? nullptr : &*walk, priced)) return std::nullopt;
        }
        return priced;
    }

  private:
    const Pricing& pricing(std::size_t segment) {
        const Segment& of = segments_[segment].segment;
        return *prices_.of(of.version, counter_.key.component, counter_.key.item, of.start);
    }
    bool counts_members(std::size_t segment) {
        const auto& allowance = pricing(segment).charge().allowance;
        return allowance && allowance->counts_members();
    }

    // Whether they are what the counter counted.
    bool order(std::span<const PoolUse> uses) {
        for (const PoolUse& use : uses) {
            std::size_t segment = segments_.size();
            while (segment > 0 && segments_[segment - 1].segment.start > use.when) segment -= 1;
            if (segment == 0) return false;
            segment -= 1;
            const VersionNo version = segments_[segment].segment.version;
            const Date day = catalog_.numbered(version)->zone.date_of(use.when);
            const auto on = static_cast<std::uint32_t>(day - counter_.key.window_first);
            const std::uint32_t first = use.days.empty() ? on : use.days.front().day;
            Sum& sum = ordered_[{segment, first, use.when, use.member}];
            sum.adds = sum.adds + use.adds;
            if (use.days.empty()) sum.billable += use.billable;
            for (const DayPart& part : use.days)
                ordered_[{segment, part.day, use.when, use.member}].billable += part.billable;
        }
        std::vector<Sum> of_segments(segments_.size());
        for (const auto& [place, sum] : ordered_) {
            Sum& of = of_segments[std::get<0>(place)];
            of.billable += sum.billable;
            of.adds = of.adds + sum.adds;
            if (sum.billable < 0) return false;
        }
        for (std::size_t i = 0; i < segments_.size(); ++i) {
            const Segment& segment = segments_[i].segment;
            if (of_segments[i].billable != segment.quantity ||
                of_segments[i].adds.fees != segment.sessions)
                return false;
        }
        return true;
    }

    auto uses_of(std::size_t segment) const {
        const auto first = ordered_.lower_bound({segment, 0, Instant::min(), {}});
        return std::ranges::subrange(first,
                                     ordered_.lower_bound({segment + 1, 0, Instant::min(), {}}));
    }

    void each(std::size_t segment, OrderedWalk& walk) {
        const bool counts = counts_members(segment);
        for (const auto& [place, sum] : uses_of(segment))
            walk.take(std::get<1>(place), std::get<3>(place), sum.billable, counts);
    }

    bool price(std::size_t segment, OrderedWalk* walk, std::vector<PricedUse>& priced) {
        const Pricing& at = pricing(segment);
        const bool counts = counts_members(segment);
        const Beyond& beyond = segments_[segment].beyond;
        std::int64_t from = beyond.from;
        for (const auto& [place, sum] : uses_of(segment)) {
            const auto& [in, day, when, member] = place;
            const std::int64_t to = walk == nullptr ? from + sum.billable
                                                    : walk->take(day, member, sum.billable, counts);
            priced.push_back({segment, day, member, at.exact(from, to, sum.adds, beyond.free)});
            from = to;
        }
        return from == beyond.to;
    }

    const catalog::Snapshot& catalog_;
    PricingCache prices_;
    const Counter& counter_;
    const std::vector<SegmentPrice>& segments_;
    Ordered ordered_;
};

}  // namespace

std::optional<std::vector<PricedUse>> price_in_order(const catalog::Snapshot& catalog,
                                                     const Counter& counter,
                                                     const std::vector<SegmentPrice>& segments,
                                                     std::span<const PoolUse> uses) {
    return InOrder(catalog, counter, segments).run(uses);
}

}  // namespace farthing::rating
