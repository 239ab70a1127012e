#include "engine/retention.h"

#include <fmt/format.h>

#include "engine/reasons.h"

namespace farthing::engine {

namespace {

std::unexpected<Error> refused(const Engine::State& state) {
    return fail(EngineReason::usage_deleted, words_of(*state.deleted));
}

}  // namespace

std::string words_of(const DeletedUsage& deleted) {
    return fmt::format("usage before {} was deleted on {} by {}: {}", to_string(deleted.before),
                       to_string(TimeZone::utc().date_of(deleted.at)), deleted.who,
                       deleted.because);
}

Result<void> Engine::State::load_deletions() {
    FARTHING_TRY(const auto deletions, store->deleted_usage(false));
    deleted.reset();
    for (const DeletedUsage& one : deletions) {
        if (!deleted || deleted->before < one.before) deleted = one;
    }
    if (!deleted) return {};
    for (auto& [name, feed] : feeds) feed.feed.accept_since = zone().start_of(deleted->before);
    return {};
}

Result<void> require_kept(const Engine::State& state, Date first) {
    if (state.deleted && first < state.deleted->before) return refused(state);
    return {};
}

Result<void> require_rows_kept(Engine::State& state, BatchId batch) {
    if (!state.deleted) return {};
    FARTHING_TRY(const auto deletions, state.store->deleted_usage(true));
    for (const DeletedUsage& one : deletions) {
        for (const DeletedRows& gone : one.rows) {
            if (gone.of == batch) return refused(state);
        }
    }
    return {};
}

Result<Corrigible> read_corrigible(Engine::State& state) {
    Corrigible found;
    if (!state.deleted) return found;
    found.any_ = true;
    FARTHING_TRY(const auto deletions, state.store->deleted_usage(true));
    for (const DeletedUsage& one : deletions) {
        found.sessions_.insert(one.sessions.begin(), one.sessions.end());
        for (const DeletedRows& gone : one.rows) {
            if (gone.source) found.sources_.insert(gone.source);
        }
    }
    return found;
}

Result<void> Corrigible::require(const Engine::State& state, SourceId source) const {
    if (sources_.contains(source)) return refused(state);
    return {};
}

Result<void> Corrigible::require(const Engine::State& state, const Hash128& session) const {
    if (session != Hash128{} && sessions_.contains(session)) return refused(state);
    return {};
}

Result<void> Corrigible::require(const Engine::State& state, const rating::CounterKey& key) const {
    if (!any_) return {};
    if (lost_.contains(key)) return refused(state);
    return require_kept(state, key.window_first);
}

void Corrigible::note_lost(const Standing& standing, const LeanUsages& usage) {
    if (!any_) return;
    for (const auto& [position, parts] : standing) {
        if (parts.empty() || usage.contains(position)) continue;
        for (const rating::Contribution& part : parts) lost_.insert(part.key);
    }
}

}  // namespace farthing::engine
