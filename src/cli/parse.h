// From the words of a command line to arguments.
#pragma once

#include "base/reason.h"
#include "cli/command.h"

namespace farthing {
#define FARTHING_USAGE_REASONS(X)                                                 \
    X(unknown_command, "there is no such command", "See `farthing help`.")        \
    X(unknown_option, "the command has no such option", "See its `--help`.")      \
    X(bad_usage, "the command line can't be read", "See the command's `--help`.") \
    X(bad_value, "a value can't be read", "See the command's `--help`.")          \
    X(unknown_topic, "there is no such help topic", "See `farthing help`.")       \
    X(not_found, "there is nothing of that name", "List what there is.")          \
    X(demo_files_missing, "the example catalogs are not beside the program",      \
      "Set FARTHING_SHARE to the folder that holds `catalogs/`.")                 \
    X(file_not_written, "a file can't be written", "Check the folder and the room on the disk.")
FARTHING_REASON_ENUM(UsageReason, FARTHING_USAGE_REASONS)
}  // namespace farthing

namespace farthing::cli {

// Reads `words` (after noun and verb) against the command's options and the global ones.
Result<Arguments> parse(const Command& command, const std::vector<std::string>& words);

}  // namespace farthing::cli
