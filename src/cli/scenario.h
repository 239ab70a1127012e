// Scenario files: a story as a billing clerk writes it, run through the engine on a fresh data
// folder. The language: docs/reference/scenarios.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command.h"

namespace farthing::cli {

// Runs every *.scn at or under the paths; prints what differs. Exit::no when an expectation is not
// met, Exit::error when a file can't be read or a statement fails.
Result<Exit> run_scenarios(Context& context, const std::vector<std::string>& paths);

}  // namespace farthing::cli
