// Guessing what a file holds: its shape, and which of its fields is what.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mediation/feed.h"

namespace farthing::mediation {

// The whole records at the start of a file, as a table.
struct Sample {
    std::string_view bytes;  // whole lines
    FormatKind format = FormatKind::delimited;
    char delimiter = ',';
    bool header = false;
    std::vector<std::string> names;  // of the fields; columns without header are "1", "2" …
    std::vector<std::vector<std::string>> rows;
};
// Refused when the text is empty, no text, or has one field only.
Result<Sample> take_sample(std::string_view first_bytes);

// The description, with a comment on each guess; `notes` says what a person should check.
Result<std::string> write_proposal(std::string_view file_name, const Sample& sample,
                                   std::vector<std::string>& notes);

}  // namespace farthing::mediation
