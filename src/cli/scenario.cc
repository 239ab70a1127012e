#include "cli/scenario.h"

#include <algorithm>
#include <ostream>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/scenario_stage.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<std::vector<std::filesystem::path>> scenario_files(const std::vector<std::string>& paths) {
    FARTHING_TRY(auto files, files_of(paths, ".scn"));
    if (files.empty()) return fail(ScenarioReason::scenario_no_files, "no file ends in .scn there");
    return files;
}

struct Tally {
    std::int64_t good = 0;
    std::int64_t different = 0;
    std::int64_t broken = 0;
};

void print_differences(Context& context, const std::filesystem::path& file,
                       const std::vector<Difference>& differences) {
    for (const Difference& difference : differences) {
        context.out << "  " << file.string() << ":" << difference.line << ": " << difference.what
                    << '\n';
        for (const std::string& text : difference.expected)
            context.out << "    expected  " << text << '\n';
        for (const std::string& text : difference.got)
            context.out << "    got       " << text << '\n';
    }
}

// Gives whether every line could be read and done.
Result<void> play(Context& context, Stage& stage, const Scenario& scenario) {
    FARTHING_CHECK(stage.open(context));
    for (const Step& step : scenario.steps) {
        auto done = step.expects ? stage.expect(step) : stage.perform(step.line);
        if (!done) return done;
        // A refusal that no `refused` line answers would make nonsense of what follows it.
        const bool answered =
            &step == &scenario.steps.back() || (&step + 1)->line.verb() == "refused";
        if (!stage.unasked().empty() && !answered && !step.expects && !(&step + 1)->expects)
            return fail(stage.unasked().front());
    }
    return {};
}

void run_one(Context& context, const std::filesystem::path& file, const Scenario& scenario,
             Tally& tally) {
    Stage stage(file);
    const auto played = play(context, stage, scenario);
    const bool broken = !played || !stage.unasked().empty();
    const bool good = !broken && stage.differences().empty();
    (good ? tally.good : broken ? tally.broken : tally.different) += 1;
    if (good) {
        say(context, "ok      " + scenario.title);
        return;
    }
    context.out << "FAILED  " << scenario.title << "  (" << file.string() << ")\n";
    print_differences(context, file, stage.differences());
    if (!played) context.out << "  " << played.error().to_string() << '\n';
    for (const Error& error : stage.unasked()) {
        if (played || error != played.error())
            context.out << "  refused: " << error.to_string() << '\n';
    }
}

}  // namespace

Result<Exit> run_scenarios(Context& context, const std::vector<std::string>& paths) {
    FARTHING_TRY(const auto files, scenario_files(paths));
    Tally tally;
    for (const auto& file : files) {
        FARTHING_TRY(const std::string text, read_file(file.string()));
        const auto scenarios = parse_scenarios(file.string(), text);
        if (!scenarios) {
            tell(context, scenarios.error());
            tally.broken += 1;
            continue;
        }
        for (const Scenario& scenario : *scenarios) run_one(context, file, scenario, tally);
    }
    if (context.json()) {
        JsonWriter json;
        json.begin_object()
            .field("ok", tally.good)
            .field("different", tally.different)
            .field("broken", tally.broken)
            .end_object();
        context.out << json.text() << '\n';
    } else {
        context.out << tally.good + tally.different + tally.broken << " scenarios, " << tally.good
                    << " ok";
        if (tally.different > 0) context.out << ", " << tally.different << " different";
        if (tally.broken > 0) context.out << ", " << tally.broken << " broken";
        context.out << '\n';
    }
    return tally.broken > 0 ? Exit::error : tally.different > 0 ? Exit::no : Exit::done;
}

}  // namespace farthing::cli
