#include "engine/numbered_files.h"

#include <fmt/format.h>

#include <filesystem>

#include "engine/reasons.h"

namespace farthing::engine {

Result<NumberedFiles> numbered_files(Engine::State& state, const OpenFeed& feed) {
    NumberedFiles found;
    if (!feed.feed.files.given()) return found;
    mediation::FileSequence sequence(feed.feed);
    FARTHING_TRY(const auto sources, state.store->sources());
    for (const auto& row : sources) {  // in the order in which they came
        if (row.source.feed != feed.id || row.taken_back_by) continue;
        const std::string name = std::filesystem::path(row.source.path).filename().string();
        if (!sequence.add(name, row.source.reject_reason.empty())) found.unnumbered.push_back(name);
    }
    found.runs = sequence.runs();
    return found;
}

std::string missing_text(const mediation::FileSequence::Run& run) {
    constexpr std::size_t kShown = 20;
    std::string text;
    for (std::size_t i = 0; i < run.missing.size(); ++i) {
        if (i == kShown) return text + " …";
        text += (i == 0 ? "" : ", ") + run.missing[i].to_string();
    }
    return text;
}

std::string equation_of(const mediation::FileSequence::Run& run) {
    const std::string name = run.name.empty() ? std::string() : run.name + " ";
    if (run.missing.empty())
        return fmt::format("{}{}-{}: {} files, none missing", name, run.first, run.last, run.came);
    return fmt::format("{}{}-{}: {} files; missing: {}", name, run.first, run.last, run.came,
                       missing_text(run));
}

Result<std::vector<std::string>> Engine::feed_files(const std::string& name) {
    const auto feed = state_->feeds.find(name);
    if (feed == state_->feeds.end())
        return fail(EngineReason::feed_unknown, "no feed is named \"" + name + "\"");
    FARTHING_TRY(const NumberedFiles files, numbered_files(*state_, feed->second));
    std::vector<std::string> lines;
    for (const auto& run : files.runs) lines.push_back(equation_of(run));
    for (const std::string& file : files.unnumbered) lines.push_back(file + " holds no number");
    return lines;
}

}  // namespace farthing::engine
