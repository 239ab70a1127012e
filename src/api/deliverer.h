// Brings webhooks to their receivers, on a thread that waits for nobody who charges: receivers
// beside each other, the notices of one in order. Each attempt ends after ten seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/webhooks.h"
#include "model/webhook.h"

namespace farthing::api {

class Deliverer {
  public:
    struct Source {
        std::function<Instant()> now;
        std::function<std::vector<Delivery>()> due;
        // False: it could not be kept, and is tried again.
        std::function<bool(const Delivery&, const engine::WebhookOutcome&)> done;
    };
    explicit Deliverer(Source source);
    ~Deliverer();

    // Until nothing is due.
    void run_once();
    // Until `stop`, from another thread.
    void run();
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace farthing::api
