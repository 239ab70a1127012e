// The text of a scenario file as statements and expectations, each with its line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/reason.h"

namespace farthing {
#define FARTHING_SCENARIO_REASONS(X)                                                  \
    X(scenario_unknown_word, "a line starts with a word that scenarios do not know",  \
      "See docs/reference/scenarios.md.")                                             \
    X(scenario_malformed, "a line can't be read", "See docs/reference/scenarios.md.") \
    X(scenario_no_date, "a line needs the day on which it happens",                   \
      "Start it with a date: 2026-01-31.")                                            \
    X(scenario_no_catalog, "nothing can happen before there is a catalog",            \
      "Name one with `catalog FOLDER`.")                                              \
    X(scenario_not_there, "a line names what does not exist",                         \
      "Mend the name, or the order of the lines.")                                    \
    X(scenario_no_files, "there are no scenario files",                               \
      "Name files that end in .scn, or folders with such.")
FARTHING_REASON_ENUM(ScenarioReason, FARTHING_SCENARIO_REASONS)
}  // namespace farthing

namespace farthing::cli {

struct Line {
    std::int64_t number = 0;           // in the file, 1-based
    std::optional<Date> date;          // `2026-01-05 …`
    std::optional<std::int64_t> time;  // microseconds of the local day: `2026-01-05 10:00 …`
    std::vector<std::string> words;    // the first is the verb; quotes are taken off
    std::string text;                  // the whole line with single blanks
    std::string block;                 // the indented lines below a line that ends in ":"
    bool has_block = false;
    const std::string& verb() const { return words.front(); }
};

struct Step {
    bool expects = false;  // stands after `----`
    Line line;
    std::vector<Line> lines;  // of an expected document: its lines
};

struct Scenario {
    std::string title;        // the first comment
    std::int64_t number = 1;  // line where it starts
    std::vector<Step> steps;
};

Result<std::vector<Scenario>> parse_scenarios(std::string_view path, std::string_view text);

// "10:00" or "10:00:30" or "10:00:30.25" as microseconds of the day.
std::optional<std::int64_t> time_of_day(std::string_view text);
// The value after a word: `quantity` in "… quantity 50". Nullopt when the word is absent.
std::optional<std::string> word_after(const Line& line, std::string_view word);

}  // namespace farthing::cli
