#include "engine/conflicts_again.h"

#include "engine/decode_ahead.h"
#include "engine/suspense_groups.h"

namespace farthing::engine {

namespace {

using Places = std::map<const OpenGroup*, std::vector<RecordPlace>>;

Result<void> present_of(Engine::State& state, OpenFeed& feed, Batch& batch, SourceId id,
                        const RawRecords& records, Places& places) {
    FARTHING_TRY(const auto source, state.store->source(id));
    const auto ready = [&](UsageChunk& chunk) {
        prepare(feed.feed, state.catalog.newest(), state.directory, source->source.sealed_at,
                chunk);
    };
    RawRecords freed;
    FARTHING_CHECK(decode_waiting(
        state, feed.feed, source->source, records, {},
        [&](UsageChunk& chunk, std::size_t first) -> Result<void> {
            ready(chunk);
            for (std::size_t row = 0; row < chunk.size(); ++row) {
                if (!chunk.live(row) || !batch.dedup().was_taken_back(chunk, row)) continue;
                freed.lines.push_back(records.lines[first + row]);
                freed.raw.push_back(records.raw[first + row]);
                freed.groups.push_back(records.groups[first + row]);
                places[records.groups[first + row]].push_back({id, records.lines[first + row]});
            }
            return {};
        }));
    return decode_waiting(state, feed.feed, source->source, freed, {},
                          [&](UsageChunk& chunk, std::size_t) {
                              ready(chunk);
                              return batch.add(chunk, source->source);
                          });
}

}  // namespace

Result<void> present_conflicts(Engine::State& state, OpenFeed& feed, SourceId gone, Batch& batch) {
    SuspenseFilter filter;
    filter.feed = feed.feed.name;
    filter.reason = name_of(SuspenseReason::conflict);
    FARTHING_TRY(const auto groups, open_groups(state, filter));
    std::map<SourceId, RawRecords> by_source;
    FARTHING_CHECK(
        each_waiting(state, groups, {}, [&](const OpenGroup& group, store::SuspendedRow& row) {
            if (row.source == gone || !group.fixes.empty()) return;
            RawRecords& records = by_source[row.source];
            records.lines.push_back(row.line);
            records.raw.push_back(std::move(row.raw));
            records.groups.push_back(&group);
        }));
    Places places;
    for (const auto& [id, records] : by_source)
        FARTHING_CHECK(present_of(state, feed, batch, id, records, places));
    for (auto& [group, of_group] : places) {
        SuspenseExit exit;
        exit.group = group->row.group.id;
        exit.recycled_by = batch.id();
        exit.records = static_cast<std::int64_t>(of_group.size());
        // The file's own exits of the group come first, so that none is "all that were left".
        exit.only = std::move(of_group);
        batch.add_exit(std::move(exit));
    }
    return {};
}

}  // namespace farthing::engine
