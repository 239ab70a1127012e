// What waits in suspense: its groups, and their records read back from the archive. Private to this
// room.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/state.h"
#include "mediation/decode_fix.h"
#include "store/archive.h"

namespace farthing::engine {

struct OpenGroup {
    store::Store::SuspenseRow row;
    std::uint32_t index = 0;  // within its batch
    std::string feed;
    std::vector<SuspenseFix> fixes;  // what its batch was read with already
    std::vector<RecordPlace> left;   // records that are no more in it, in order
    Instant since;                   // when its batch was committed
    std::int64_t open() const { return row.group.records - row.recycled - row.dropped; }
};

// Groups with open records that match, oldest first. The filter's record is not looked at.
Result<std::vector<OpenGroup>> open_groups(Engine::State& state, const SuspenseFilter& filter);

// Visits the waiting records of the groups, in batch order; the filter's record alone where it
// names one.
using OnWaiting = std::function<void(const OpenGroup& group, store::SuspendedRow& row)>;
Result<void> each_waiting(Engine::State& state, const std::vector<OpenGroup>& groups,
                          const SuspenseFilter& filter, const OnWaiting& visit);

// The line of a listing that a group belongs to, still without records.
SuspenseLine line_of(const OpenGroup& group, SuspenseBy by);

// "sus-SOURCE-LINE" and back.
std::string suspense_id(RecordPlace place);
Result<RecordPlace> parse_suspense_id(std::string_view id);

// Raw records of one source with the groups they wait in.
struct RawRecords {
    std::vector<std::int64_t> lines;
    std::vector<std::string> raw;
    std::vector<const OpenGroup*> groups;
    std::size_t size() const { return lines.size(); }
};
// Decodes records [first, end), by the feed as it stands and what people corrected, and hands them
// on: as one chunk where their text falls into the same records again, else one by one. The chunk's
// views live as long as the call.
using OnDecoded = std::function<Result<void>(UsageChunk& chunk, std::size_t first)>;
Result<void> decode_waiting(const Engine::State& state, const mediation::Feed& feed,
                            const Source& source, const RawRecords& records,
                            std::span<const mediation::FieldFix> fixes, const OnDecoded& visit);

// What a feed makes of stored or new fixes.
Result<std::vector<mediation::FieldFix>> field_fixes(const mediation::Feed& feed,
                                                     const std::vector<SuspenseFix>& fixes);
// "start read as 2026-10-25T03:30:00+03:00, by anna on 2026-11-02: the vendor says summer time"
std::string fix_text(const Engine::State& state, const SuspenseFix& fix);
// Adds what the records of a batch were read with, each once.
Result<void> tell_fixes(const Engine::State& state, BatchId batch, std::vector<std::string>& texts);
// The line that names the columns of the records' source, or what stands for it.
std::string_view header_for(const Source& source);

}  // namespace farthing::engine
