// Which numbered files of a feed came, and which are missing (EC49).
#pragma once

#include "engine/state.h"
#include "mediation/file_sequence.h"

namespace farthing::engine {

struct NumberedFiles {
    std::vector<mediation::FileSequence::Run> runs;
    std::vector<std::string> unnumbered;  // files whose name holds no number
};
// Told from the files that were taken in. Empty where the feed does not number its files.
Result<NumberedFiles> numbered_files(Engine::State& state, const OpenFeed& feed);
// "41-44: 3 files; missing: 42"
std::string equation_of(const mediation::FileSequence::Run& run);
// "42, 45-47"
std::string missing_text(const mediation::FileSequence::Run& run);

}  // namespace farthing::engine
