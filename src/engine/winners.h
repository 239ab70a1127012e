// The records that hold the slots or numbers of their owners, read back from the archive: what came
// later for the same one is a duplicate where it says the same, and a conflict where not (R9).
// Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "engine/state.h"
#include "mediation/feed.h"
#include "model/usage.h"

namespace farthing::engine {

class Winners {
  public:
    // Of a day, so many records are in memory at once (16 bytes each).
    static constexpr std::int64_t kRecordsAtOnce = std::int64_t{1} << 24;
    // They outlive it.
    Winners(Engine::State& state, const mediation::Feed& feed,
            std::int64_t at_once = kRecordsAtOnce)
        : state_(state), feed_(feed), at_once_(at_once) {}

    // Whether the record says what the one says that was committed before it. Records that come in
    // the order of their times have the archive read once.
    Result<bool> agrees(const UsageChunk& chunk, std::size_t row);

  private:
    using Content = std::pair<std::uint64_t, std::uint64_t>;  // by (subscription, slot)
    struct Part {                                             // of a day
        Date day;
        std::int64_t number = -1;
        Period slots;  // those that begin in it
    };
    static std::uint64_t key_of(SubscriptionId subscription, std::uint64_t slot);
    template <class ReadingOf>
    std::uint64_t slot_of(Instant start, ReadingOf reading_of) const;
    Result<Part> part_of(Instant start);
    Result<void> load(const Part& part);

    Engine::State& state_;
    const mediation::Feed& feed_;
    std::int64_t at_once_;
    std::map<Date, std::int64_t> parts_;  // how many a day is read in
    Part loaded_;
    std::vector<Content> contents_;  // of what is loaded, by key, each once
};

}  // namespace farthing::engine
