#include "assurance/stuck_readings.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::assurance {

void StuckReadings::Step::add(std::int64_t value) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
}

StuckReadings::Step& StuckReadings::Track::at(std::int64_t number) {
    if (steps.empty()) first = number;
    if (number < first) {
        steps.insert(steps.begin(), static_cast<std::size_t>(first - number), Step{});
        first = number;
    }
    const auto index = static_cast<std::size_t>(number - first);
    if (index >= steps.size()) steps.resize(index + 1);
    return steps[index];
}

StuckReadings::Step StuckReadings::Track::over(std::int64_t from, std::int64_t to) const {
    Step all;
    const std::int64_t last = first + static_cast<std::int64_t>(steps.size()) - 1;
    for (std::int64_t at = std::max(from, first); at <= std::min(to, last) && !all.changes();
         ++at) {
        const Step& step = steps[static_cast<std::size_t>(at - first)];
        if (step.empty()) continue;
        all.add(step.least);
        all.add(step.greatest);
    }
    return all;
}

StuckReadings::StuckReadings(StuckRule rule) : rule_(rule), step_micros_(rule.micros / 2) {
    FARTHING_ASSERT(rule.micros >= 2);
}

std::int64_t StuckReadings::step_of(Instant at) const {
    const std::int64_t whole = at.micros / step_micros_;
    return at.micros % step_micros_ < 0 ? whole - 1 : whole;
}

void StuckReadings::survey(std::span<const KeptReading> readings) {
    for (const KeptReading& reading : readings) {
        const std::size_t device = reading.subscription.value;
        if (device >= tracks_.size()) tracks_.resize(device + 1);
        Track& track = tracks_[device];
        devices_ += track.steps.empty() ? 1 : 0;
        track.at(step_of(reading.at)).add(reading.value);
    }
}

std::int64_t StuckReadings::others_changed(std::size_t device, std::int64_t from,
                                           std::int64_t to) const {
    std::int64_t changed = 0;
    for (std::size_t other = 0; other < tracks_.size(); ++other) {
        if (other != device && tracks_[other].over(from, to).changes()) changed += 1;
    }
    return changed;
}

// A stretch as long as two steps holds one whole step, which is then empty or of the one value. So
// every stuck stretch lies in a row of such steps and the two steps beside it; where few of the
// others changed over all of these, no more of them did over the stretch.
bool StuckReadings::may_be_stuck(std::size_t device) const {
    const Track& track = tracks_[device];
    std::size_t begin = 0;
    while (begin < track.steps.size()) {
        if (track.steps[begin].changes()) {
            begin += 1;
            continue;
        }
        Step same;
        std::size_t end = begin;
        for (; end < track.steps.size(); ++end) {
            const Step& step = track.steps[end];
            if (step.empty()) continue;
            if (step.changes() || (!same.empty() && step.least != same.least)) break;
            same = step;
        }
        const std::int64_t from = track.first + static_cast<std::int64_t>(begin) - 1;
        const std::int64_t to = track.first + static_cast<std::int64_t>(end);
        if (is_most(others_changed(device, from, to))) return true;
        begin = end;
    }
    return false;
}

bool StuckReadings::choose_suspects() {
    for (std::size_t device = 0; device < tracks_.size(); ++device) {
        if (may_be_stuck(device)) suspects_[{static_cast<std::uint32_t>(device)}];
    }
    return !suspects_.empty();
}

bool StuckReadings::suspected(SubscriptionId subscription) const {
    return suspects_.contains(subscription);
}

void StuckReadings::collect(std::span<const KeptReading> readings) {
    for (const KeptReading& reading : readings) {
        if (const auto found = suspects_.find(reading.subscription); found != suspects_.end())
            found->second.push_back(reading);
    }
}

void StuckReadings::stretches(std::size_t device, std::span<const KeptReading> sorted,
                              std::vector<StuckReading>& found) const {
    std::size_t begin = 0;
    while (begin < sorted.size()) {
        std::size_t end = begin + 1;
        while (end < sorted.size() && sorted[end].value == sorted[begin].value) end += 1;
        const KeptReading& first = sorted[begin];
        const Instant until = sorted[end - 1].at;
        const auto records = static_cast<std::int64_t>(end - begin);
        begin = end;
        if (until.micros - first.at.micros < rule_.micros || records < rule_.records) continue;
        const std::int64_t changed = others_changed(device, step_of(first.at), step_of(until));
        if (!is_most(changed)) continue;
        found.push_back(
            {first.subscription, first.value, first.at, until, records, others(), changed});
    }
}

std::vector<StuckReading> StuckReadings::findings() {
    std::vector<StuckReading> found;
    for (auto& [subscription, readings] : suspects_) {
        std::sort(readings.begin(), readings.end());
        stretches(subscription.value, readings, found);
    }
    return found;
}

}  // namespace farthing::assurance
