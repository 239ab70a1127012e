// Help from the command table: for people, for shells and for the manual.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "cli/command.h"

namespace farthing::cli {

std::string overview();                           // farthing --help
std::string help_of(const Command& command);      // at most 24 lines
std::string help_of_noun(std::string_view noun);  // its commands, a line each
Result<std::string> help_topic(std::string_view topic);
std::vector<std::string> topic_names();
// docs/reference/cli.md and errors.md.
std::string manual();
std::string errors_manual();
// Completion script for bash, zsh or fish.
Result<std::string> completion(std::string_view shell);

}  // namespace farthing::cli
