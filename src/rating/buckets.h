// What bought buckets hold as days pass and usage takes from them. It depends on what was used on
// which day, never on the order of arrival: within a stretch of days on which the same buckets are
// valid, they cover what they hold together.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "directory/directory.h"

namespace farthing::rating {

struct BucketState {
    const BucketFact* fact = nullptr;
    std::int64_t left = 0;
    std::int64_t covered = 0;      // of usage, in all
    std::int64_t rolled_over = 0;  // came from one that ended
    bool ended = false;            // what was left then went on, or lapsed
    bool valid_on(Date day) const { return fact->from <= day && day < fact->until; }
    bool operator==(const BucketState&) const = default;
};

class Buckets {
  public:
    Buckets() = default;
    // In the order of `Directory::buckets_of`. They outlive this.
    explicit Buckets(std::span<const BucketFact* const> facts);
    bool empty() const { return all_.empty(); }
    std::span<const BucketState> all() const { return all_; }
    // Days never go back.
    void pass_to(Date day);
    // How much of so many units they cover on the day that was passed to.
    std::int64_t cover(std::int64_t units);
    // What they hold together on that day.
    std::int64_t left() const;
    // The first day after `day` on which one begins or ends; Date::max() where none does.
    Date next_change(Date day) const;
    bool operator==(const Buckets&) const = default;

  private:
    void end(BucketState& bucket);

    std::vector<BucketState> all_;
    Date day_ = Date::min();
};

}  // namespace farthing::rating
