#include "api/latencies.h"

#include <algorithm>
#include <bit>

namespace farthing::api {

namespace {

constexpr std::size_t kPartBits = 6;  // of a power of two, in each bucket's number
constexpr std::uint64_t kParts = std::uint64_t{1} << kPartBits;

std::size_t bucket_of(std::uint64_t micros) {
    if (micros < kParts) return micros;
    const auto shift = static_cast<std::size_t>(std::bit_width(micros)) - 1 - kPartBits;
    return shift * kParts + (micros >> shift);
}

// The largest that it holds.
std::int64_t end_of(std::size_t bucket) {
    if (bucket < kParts) return static_cast<std::int64_t>(bucket);
    const std::size_t shift = bucket / kParts - 1;
    return static_cast<std::int64_t>(((kParts + bucket % kParts + 1) << shift) - 1);
}

}  // namespace

void LatencyCount::add(std::int64_t micros) {
    micros = std::max<std::int64_t>(micros, 0);
    const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(micros));
    if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
    buckets_[bucket] += 1;
    count_ += 1;
    max_ = std::max(max_, micros);
}

std::int64_t LatencyCount::at(std::int64_t part, std::int64_t whole) const {
    std::int64_t before = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
        before += buckets_[i];
        if (before * whole > count_ * part) return std::min(end_of(i), max_);
    }
    return max_;
}

Latencies LatencyCount::told() const {
    return {count_ + refused_, refused_, denied_, at(50, 100), at(99, 100), at(999, 1000), max_};
}

void LatencyCount::clear() {
    *this = {};
}

}  // namespace farthing::api
