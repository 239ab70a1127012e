// What was deleted of the archive for its age, and what can't be asked or corrected without it.
// Private to this room.
#pragma once

#include <set>
#include <string>

#include "engine/standing.h"

namespace farthing::engine {

// "usage before 2026-04-01 was deleted on 2026-06-02 by anna: thirteen months"
std::string words_of(const DeletedUsage& deleted);

// Refused as usage_deleted where usage of that day, or of later ones, was deleted.
Result<void> require_kept(const Engine::State& state, Date first);
// Likewise where rows of that batch were.
Result<void> require_rows_kept(Engine::State& state, BatchId batch);

// What can still be corrected: all that is counted with it is there.
class Corrigible {
  public:
    Result<void> require(const Engine::State& state, SourceId source) const;
    Result<void> require(const Engine::State& state, const Hash128& session) const;
    // A counter's window is there from its first day.
    Result<void> require(const Engine::State& state, const rating::CounterKey& key) const;
    // Counters that hold what records add whose usage is gone.
    void note_lost(const Standing& standing, const LeanUsages& usage);

  private:
    friend Result<Corrigible> read_corrigible(Engine::State& state);
    bool any_ = false;
    std::set<SourceId> sources_;
    std::set<Hash128> sessions_;
    std::set<rating::CounterKey> lost_;
};
Result<Corrigible> read_corrigible(Engine::State& state);

}  // namespace farthing::engine
