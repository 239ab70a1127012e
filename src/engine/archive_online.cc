#include "engine/archive_online.h"

#include <fmt/format.h>

#include "engine/batch.h"
#include "engine/reasons.h"

namespace farthing::engine {

namespace {

constexpr std::string_view kArchive = "archive";
constexpr std::int64_t kRecordsAtOnce = 1 << 18;

// One row for each place in the batch; those that the archive does not get are no usage to it.
UsageChunk chunk_of(const store::Store::LiveBatch& live) {
    UsageChunk chunk;
    chunk.in_parts = true;
    chunk.tells_counted = true;
    chunk.resize(static_cast<std::size_t>(live.positions.back()) + 1);
    std::ranges::fill(chunk.outcome, Outcome::filtered);
    for (std::size_t i = 0; i < live.uses.size(); ++i) {
        const OnlineUse& use = live.uses[i];
        if (use.session.empty()) continue;
        const auto row = static_cast<std::size_t>(live.positions[i]);
        chunk.line[row] = use.number;
        chunk.id[row] = use.session;
        chunk.meter[row] = use.meter;
        chunk.start[row] = chunk.end[row] = use.start;
        chunk.quantity[row] = use.quantity;
        chunk.network[row] = use.network;
        chunk.called[row] = use.called;
        chunk.calling[row] = use.calling;
        chunk.session[row] = use.key;
        chunk.counted[row] = use.counted;
        chunk.subscription[row] = use.subscription;
        chunk.outcome[row] = use.outcome;
    }
    return chunk;
}

Result<void> append(store::ArchiveWriter& archive, store::Store::LiveBatch& live) {
    if (live.uses.empty()) return {};
    const UsageChunk chunk = chunk_of(live);
    for (std::uint32_t& row : live.rated.row) {
        const OnlineUse& use = live.uses[row];
        row =
            use.session.empty() ? rating::kNoRow : static_cast<std::uint32_t>(live.positions[row]);
    }
    append(archive.rated(), live.rated);
    return archive.append(chunk, 0, {}, live.batch);
}

}  // namespace

std::string online_source(const std::string& session, std::int64_t number) {
    return fmt::format("session {}, request {}", session, number);
}

Result<std::int64_t> archive_online(Engine::State& state) try {
    std::int64_t moved = 0;
    while (true) {
        FARTHING_TRY(const store::Turn turn, store::Turn::take(*state.store));
        FARTHING_TRY(auto batches, state.store->live_batches(kRecordsAtOnce));
        if (batches.empty()) break;
        store::BatchCommit commit;
        commit.kind = kArchive;
        commit.committed_at = state.clock.now();
        commit.archived_online = {batches.back().batch, 0};
        store::ArchiveWriter archive(state.store->archive_folder(), batches.back().batch,
                                     state.catalog.newest().currency);
        for (auto& live : batches) {
            for (const OnlineUse& use : live.uses)
                commit.archived_online->records += use.session.empty() ? 0 : 1;
            FARTHING_CHECK(append(archive, live));
        }
        FARTHING_TRY(commit.files, archive.finish());
        FARTHING_CHECK(state.store->commit(commit));
        moved += commit.archived_online->records;
    }
    if (moved > 0) FARTHING_CHECK(state.store->forget_archived_online());
    return moved;
} catch (const StoreFailure& failure) {
    return fail(failure.error);
}

}  // namespace farthing::engine
