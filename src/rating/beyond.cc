#include "rating/beyond.h"

#include <algorithm>
#include <unordered_map>

#include "base/int128.h"

namespace farthing::rating {

namespace {

// Walks a counter in event time: over the days on which what is included changes, and the ends of
// segments.
class Walk {
  public:
    Walk(const Counter& counter, const Included& included, const Addition* addition)
        : counter_(counter),
          included_(included),
          addition_(addition),
          included_now_(included.at_start) {}

    void run(std::vector<Beyond>& result) {
        const bool inserts = addition_ != nullptr && addition_->is_new;
        const std::size_t segments = counter_.segments.size() + (inserts ? 1 : 0);
        result.clear();
        std::int64_t before = 0;
        for (std::size_t i = 0; i < segments; ++i) {
            const Instant end = i + 1 < segments ? start_of(i + 1) : Instant::max();
            while (step_ < included_.steps.size() && included_.steps[step_].at < end) step(i);
            total_ += quantity_of(i);
            count_members(i, UINT32_MAX);
            raise(total_);
            const std::int64_t after = over_ + floor_;
            result.push_back({before, after, 0});
            before = after;
        }
    }

    AtEnd at_end() const {
        return {included_.steps.empty() ? 0 : included_.steps.back().day, floor_at_step_, over_};
    }

  private:
    bool is_added(std::size_t i) const { return addition_ != nullptr && addition_->segment == i; }
    // The counter's own segment at a place of the walk; nullptr for the one that is new.
    const Segment* own(std::size_t i) const {
        if (addition_ == nullptr || !addition_->is_new || i < addition_->segment)
            return &counter_.segments[i];
        return i == addition_->segment ? nullptr : &counter_.segments[i - 1];
    }
    Instant start_of(std::size_t i) const {
        const Segment* segment = own(i);
        return segment == nullptr ? addition_->start : segment->start;
    }
    std::int64_t quantity_of(std::size_t i) const {
        const Segment* segment = own(i);
        return (segment == nullptr ? 0 : segment->quantity) +
               (is_added(i) ? addition_->billable : 0);
    }

    // What is included changes with the start of a day in segment `i`.
    void step(std::size_t i) {
        const Included::Step& step = included_.steps[step_];
        while (day_ < step.day && day_ < counter_.by_day.size())
            by_days_ += counter_.by_day[day_++];
        const bool counts = addition_ != nullptr && addition_->day < step.day;
        count_members(i, step.day);
        raise(by_days_ + (counts ? addition_->billable : 0));
        included_now_ = step.whole;
        floor_at_step_ = floor_;
        step_ += 1;
    }

    void raise(std::int64_t total) {
        const i128 beyond = i128{total} - over_ - included_now_;
        if (beyond > floor_) floor_ = static_cast<std::int64_t>(beyond);
    }

    // What members used over their caps, before `day` in segment `i` and in all segments before.
    void count_members(std::size_t i, std::uint32_t day) {
        if (!included_.capped()) return;
        const Instant start = start_of(i);
        const auto& uses = counter_.member_days;
        for (; member_ < uses.size(); ++member_) {
            const MemberDay& use = uses[member_];
            if (use.segment > start || (use.segment == start && use.day >= day)) break;
            count(use.member, use.quantity);
        }
        const bool adds =
            addition_ != nullptr && addition_->capped && !added_ &&
            (addition_->segment < i || (addition_->segment == i && addition_->day < day));
        if (!adds) return;
        added_ = true;
        count(addition_->member, addition_->billable);
    }

    void count(SubscriptionId member, std::int64_t quantity) {
        std::int64_t& used = used_[member.value];
        over_ -= std::max<std::int64_t>(0, used - included_.cap);
        used += quantity;
        over_ += std::max<std::int64_t>(0, used - included_.cap);
    }

    const Counter& counter_;
    const Included& included_;
    const Addition* addition_;
    std::int64_t included_now_;
    std::size_t step_ = 0;
    std::uint32_t day_ = 0;
    std::int64_t by_days_ = 0;  // on the days before `day_`
    std::int64_t total_ = 0;    // of the segments walked
    std::int64_t floor_ = 0;
    std::int64_t floor_at_step_ = 0;
    std::size_t member_ = 0;
    bool added_ = false;
    std::int64_t over_ = 0;
    std::unordered_map<std::uint32_t, std::int64_t> used_;
};

}  // namespace

void beyond_of(const Counter& counter, const Included& included, const Addition* addition,
               std::vector<Beyond>& result, AtEnd* at_end) {
    Walk walk(counter, included, addition);
    walk.run(result);
    if (at_end != nullptr) *at_end = walk.at_end();
}

std::int64_t covered(const Counter& counter, const Included& included) {
    std::vector<Beyond> beyond;
    beyond_of(counter, included, nullptr, beyond);
    std::int64_t total = 0;
    for (const Segment& segment : counter.segments) total += segment.quantity;
    return beyond.empty() ? 0 : total - beyond.back().to;
}

}  // namespace farthing::rating
