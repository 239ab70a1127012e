// A chunk as the carriers' side sees it. Private to this room.
#pragma once

#include <vector>

#include "engine/state.h"

namespace farthing::engine {

// While this lives, who carried a record has used it, and its sessions are none of the customers'.
// Live records of a carrier that the catalog does not have are suspended.
class CarrierView {
  public:
    CarrierView(const Engine::State& state, UsageChunk& chunk);
    ~CarrierView();
    CarrierView(const CarrierView&) = delete;
    CarrierView& operator=(const CarrierView&) = delete;

  private:
    UsageChunk& chunk_;
    std::vector<SubscriptionId> customers_;
    std::vector<Hash128> sessions_;
};

}  // namespace farthing::engine
