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
    Walk(const Counter& counter, const Included& included, const Addition* addition,
         std::uint32_t day_asked)
        : counter_(counter),
          included_(included),
          addition_(addition),
          included_now_(included.at_start),
          buckets_(included.buckets),
          day_asked_(day_asked) {}

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
            result.push_back({before, after, 0, covered_ - covered_before_});
            before = after;
            covered_before_ = covered_;
        }
    }

    // With buckets each addition is walked.
    AtEnd at_end() {
        std::uint32_t from = included_.steps.empty() ? 0 : included_.steps.back().day;
        if (!buckets_.empty()) from = UINT32_MAX;
        if (asks() && on_day_.empty()) {
            buckets_.pass_to(day_of(day_asked_));
            on_day_ = buckets_;
        }
        return {from, floor_at_step_, over_, covered_, std::move(buckets_), std::move(on_day_)};
    }

  private:
    bool asks() const { return day_asked_ != UINT32_MAX && !included_.buckets.empty(); }
    Date day_of(std::uint32_t day) const {
        return counter_.key.window_first.plus_days(static_cast<int>(day));
    }
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
        count_members(i, step.day);
        raise(by_days_ + added_before(step.day));
        if (asks() && on_day_.empty() && day_asked_ < step.day) {
            buckets_.pass_to(day_of(day_asked_));
            on_day_ = buckets_;
        }
        buckets_.pass_to(day_of(step.day));
        included_now_ = step.whole;
        floor_at_step_ = floor_;
        step_ += 1;
    }

    std::int64_t added_before(std::uint32_t day) const {
        if (addition_ == nullptr) return 0;
        if (addition_->days.empty()) return addition_->day < day ? addition_->billable : 0;
        std::int64_t sum = 0;
        for (const DayPart& part : addition_->days) sum += part.day < day ? part.billable : 0;
        return sum;
    }

    // So much was used up to here; what is new of it buckets cover first.
    void raise(std::int64_t total) {
        if (total > seen_ && !buckets_.empty()) covered_ += buckets_.cover(total - seen_);
        seen_ = std::max(seen_, total);
        const i128 beyond = i128{total} - covered_ - over_ - included_now_;
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
    Buckets buckets_;
    std::uint32_t day_asked_;
    Buckets on_day_;                   // as they stand on it
    std::int64_t seen_ = 0;            // of what was used, how much buckets were asked to cover
    std::int64_t covered_ = 0;         // by them
    std::int64_t covered_before_ = 0;  // the segment
};

}  // namespace

void beyond_of(const Counter& counter, const Included& included, const Addition* addition,
               std::vector<Beyond>& result, AtEnd* at_end, std::uint32_t day) {
    Walk walk(counter, included, addition, day);
    walk.run(result);
    if (at_end != nullptr) *at_end = walk.at_end();
}

Buckets buckets_after(const Counter& counter, const Included& included) {
    std::vector<Beyond> beyond;
    AtEnd at_end;
    beyond_of(counter, included, nullptr, beyond, &at_end);
    return std::move(at_end.buckets);
}

Buckets buckets_on_day(const Counter& counter, const Included& included, std::uint32_t day) {
    std::vector<Beyond> beyond;
    AtEnd at_end;
    beyond_of(counter, included, nullptr, beyond, &at_end, day);
    return std::move(at_end.on_day);
}

std::int64_t covered(const Counter& counter, const Included& included) {
    std::vector<Beyond> beyond;
    beyond_of(counter, included, nullptr, beyond);
    std::int64_t total = 0;
    for (const Segment& segment : counter.segments) total += segment.quantity;
    return beyond.empty() ? 0 : total - beyond.back().to;
}

}  // namespace farthing::rating
