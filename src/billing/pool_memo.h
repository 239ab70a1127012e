// What a run of documents remembers of pools whose members pay: each pool is priced and split once,
// however many payers have a part of it.
#pragma once

#include <memory>

namespace farthing::billing {

class PoolMemo {
  public:
    PoolMemo();
    ~PoolMemo();
    // Counters or snapshots changed.
    void clear();

  private:
    friend class Pools;
    struct Kept;
    std::unique_ptr<Kept> kept_;
};

}  // namespace farthing::billing
