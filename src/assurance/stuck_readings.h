// Sensors that stopped measuring. A reading is stuck from its first to its last record of an equal
// value where nothing else came between, the stretch is at least `micros` long and holds at least
// `records`, and the readings of more than half of the other devices changed meanwhile.
//
// Meanwhile: the feed's time is cut into steps of half of `micros`; a device changed when its
// records in the steps that the stretch touches differ. The answer depends on the readings alone,
// not on their order or on how they are handed over.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "model/kept_reading.h"

namespace farthing::assurance {

struct StuckRule {
    std::int64_t micros = 0;  // at least 2
    std::int64_t records = 2;
};

struct StuckReading {
    SubscriptionId subscription;
    std::int64_t value = 0;
    Instant since;  // first and last record of the stretch
    Instant until;
    std::int64_t records = 0;
    std::int64_t others = 0;  // all devices that were surveyed but this one
    std::int64_t others_changed = 0;
    bool operator==(const StuckReading&) const = default;
};

// Two passes over the same readings: the first keeps two numbers per device and step and names the
// suspects, the second keeps the suspects' readings alone.
class StuckReadings {
  public:
    explicit StuckReadings(StuckRule rule);

    void survey(std::span<const KeptReading> readings);
    // Ends the first pass; true when someone is suspected.
    bool choose_suspects();
    bool suspected(SubscriptionId subscription) const;
    void collect(std::span<const KeptReading> readings);
    // By device, then by time.
    std::vector<StuckReading> findings();

    std::int64_t devices() const { return devices_; }

  private:
    struct Step {  // empty while least > greatest
        std::int64_t least = INT64_MAX;
        std::int64_t greatest = INT64_MIN;
        bool empty() const { return least > greatest; }
        bool changes() const { return least < greatest; }
        void add(std::int64_t value);
    };
    struct Track {
        std::int64_t first = 0;  // number of steps.front()
        std::vector<Step> steps;
        Step& at(std::int64_t number);
        Step over(std::int64_t from, std::int64_t to) const;  // both inclusive
    };
    std::int64_t step_of(Instant at) const;
    bool may_be_stuck(std::size_t device) const;
    std::int64_t others() const { return devices_ - 1; }
    std::int64_t others_changed(std::size_t device, std::int64_t from, std::int64_t to) const;
    bool is_most(std::int64_t changed) const { return changed > others() - changed; }
    void stretches(std::size_t device, std::span<const KeptReading> sorted,
                   std::vector<StuckReading>& found) const;

    StuckRule rule_;
    std::int64_t step_micros_;
    std::vector<Track> tracks_;  // by number of the subscription
    std::int64_t devices_ = 0;   // tracks that are not empty
    std::map<SubscriptionId, std::vector<KeptReading>> suspects_;
};

}  // namespace farthing::assurance
