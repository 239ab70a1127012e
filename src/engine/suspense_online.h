// Usage that was reported while it happened and waits: it has no source to read again, and is
// charged as a part of its session. Private to this room.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/state.h"
#include "model/online_charge.h"

namespace farthing::engine {

using SuspenseLines = std::map<std::tuple<std::string, SuspenseReason, std::string>, SuspenseLine>;

// Whether the id of a record is one of such usage.
bool names_online(std::string_view record);
// What matches, in the order in which it came.
Result<std::vector<WaitingUse>> waiting_online(Engine::State& state, const SuspenseFilter& filter);
Result<void> add_online_lines(Engine::State& state, SuspenseBy by, const SuspenseFilter& filter,
                              SuspenseLines& lines);
SuspendedRecord online_record(const Engine::State& state, const WaitingUse& waits);
// In one commit: what is charged leaves suspense with it, or nothing does.
Result<void> retry_online(Engine::State& state, const SuspenseFilter& filter, bool preview,
                          Report& report);
// Returns how many.
Result<std::int64_t> drop_online(Engine::State& state, const SuspenseFilter& filter,
                                 const std::string& because, bool preview);

}  // namespace farthing::engine
