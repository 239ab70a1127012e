// How long answers took: counted in buckets, each at most 1/64 wider than what it holds.
#pragma once

#include <cstdint>
#include <vector>

namespace farthing::api {

struct Latencies {
    std::int64_t requests = 0;  // that were answered
    std::int64_t refused = 0;   // of them, for want of time: 503, 3004. They have no latency
    std::int64_t denied = 0;    // of them, answered in time, and nothing was granted
    std::int64_t p50 = 0;       // microseconds
    std::int64_t p99 = 0;
    std::int64_t p999 = 0;
    std::int64_t max = 0;
};

class LatencyCount {
  public:
    void add(std::int64_t micros);
    void refuse() { refused_ += 1; }
    void deny() { denied_ += 1; }
    Latencies told() const;
    void clear();

  private:
    std::int64_t at(std::int64_t part, std::int64_t whole) const;

    std::vector<std::int64_t> buckets_;
    std::int64_t count_ = 0;
    std::int64_t refused_ = 0;
    std::int64_t denied_ = 0;
    std::int64_t max_ = 0;
};

}  // namespace farthing::api
