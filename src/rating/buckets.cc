#include "rating/buckets.h"

#include <algorithm>

#include "base/int128.h"

namespace farthing::rating {

namespace {

// More than a counter can hold is as good as everything.
std::int64_t as_held(i128 sum) {
    return sum > INT64_MAX ? INT64_MAX : static_cast<std::int64_t>(sum);
}

}  // namespace

Buckets::Buckets(std::span<const BucketFact* const> facts) {
    all_.reserve(facts.size());
    for (const BucketFact* fact : facts) all_.push_back({fact, fact->quantity});
}

void Buckets::pass_to(Date day) {
    if (day <= day_) return;
    day_ = day;
    for (;;) {  // one after the other: what goes on into the next may go on from there
        BucketState* first = nullptr;
        for (BucketState& one : all_) {
            if (one.ended || one.fact->until > day) continue;
            if (first == nullptr || one.fact->until < first->fact->until) first = &one;
        }
        if (first == nullptr) return;
        end(*first);
    }
}

// Of its kind that one is the next which is valid when it ends, and ends first after it.
void Buckets::end(BucketState& bucket) {
    bucket.ended = true;
    const BucketFact& fact = *bucket.fact;
    BucketState* next = nullptr;
    for (BucketState& one : all_) {
        if (one.fact->package != fact.package || !one.valid_on(fact.until)) continue;
        if (next == nullptr || one.fact->until < next->fact->until) next = &one;
    }
    const std::int64_t goes_on = std::min(bucket.left, fact.rollover);
    if (next == nullptr || goes_on == 0) return;
    bucket.left -= goes_on;
    next->left = as_held(i128{next->left} + goes_on);
    next->rolled_over = as_held(i128{next->rolled_over} + goes_on);
}

std::int64_t Buckets::cover(std::int64_t units) {
    std::int64_t rest = units;
    for (BucketState& one : all_) {
        if (rest == 0) break;
        if (!one.valid_on(day_)) continue;
        const std::int64_t taken = std::min(rest, one.left);
        one.left -= taken;
        one.covered += taken;
        rest -= taken;
    }
    return units - rest;
}

std::int64_t Buckets::left() const {
    i128 sum = 0;
    for (const BucketState& one : all_) sum += one.valid_on(day_) ? one.left : 0;
    return as_held(sum);
}

Date Buckets::next_change(Date day) const {
    Date next = Date::max();
    for (const BucketState& one : all_) {
        if (one.fact->from > day) next = std::min(next, one.fact->from);
        if (one.fact->until > day) next = std::min(next, one.fact->until);
    }
    return next;
}

}  // namespace farthing::rating
