// What windows came to that are no sum (`max`, `last`, `distinct`): read back from the archive when
// a batch first meets them (docs/adr/0009). Private to this room.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "engine/standing.h"
#include "mediation/window_growth.h"

namespace farthing::engine {

class GrownWindows {
  public:
    // `without`: a file that is on its way to be taken back.
    GrownWindows(Engine::State& state, const OpenFeed& feed, SourceId without = {});

    // Reads back the windows of the chunk's records that were not met before.
    Result<void> meet(const UsageChunk& chunk);
    // As of `mediation::WindowGrowth`. REQUIRES: the record's window was met.
    std::optional<std::int64_t> growth(const UsageChunk& chunk, std::size_t row) {
        return growth_.growth(chunk, row);
    }
    void add(const UsageChunk& chunk, std::size_t row) { growth_.add(chunk, row); }

  private:
    struct Met {
        Instant start;
        SubscriptionId owner;
        constexpr auto operator<=>(const Met&) const = default;
    };
    Result<void> learn_sources();
    // Of windows that begin within a stretch of time; sorted.
    Result<void> read_back(std::span<const Met> met);
    Result<void> read_rows(const store::UsageFilter& filter);
    void learn(const std::vector<const store::UsageRow*>& rows);

    Engine::State& state_;
    const OpenFeed& feed_;
    SourceId without_;
    std::optional<std::set<SourceId>> sources_;  // files of the feed that stand
    std::vector<store::Store::FileRow> files_;
    mediation::WindowGrowth growth_;
    std::size_t known_ = 0;  // so many of its windows are; those after them are being read back
};

// A file whose windows went on by later files can't be taken back before these: what they were
// charged rests on it. `own`: the file's rows.
Result<void> require_no_growth_since(Engine::State& state, const OpenFeed& feed,
                                     const StandingRecords& archive, SourceId file,
                                     const UsageRows& own);

}  // namespace farthing::engine
