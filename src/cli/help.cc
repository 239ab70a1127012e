#include "cli/help.h"

#include <algorithm>
#include <set>

#include "api/player.h"
#include "api/problem.h"
#include "base/utf8.h"
#include "cli/parse.h"
#include "engine/reason_index.h"
#include "render/text_table.h"

namespace farthing::cli {

namespace {

std::string padded(std::string text, std::size_t width) {
    const std::size_t columns = render::columns_of(text);
    return columns < width ? text.append(width - columns, ' ') : text + " ";
}

std::string option_line(const Option& option) {
    std::string names(option.name);
    for (std::size_t comma = names.find(','); comma != std::string::npos;
         comma = std::string::npos) {
        names.insert(comma + 1, " ");
    }
    if (!option.value.empty()) names.append(" ").append(option.value);
    return "  " + padded(names, 24) + std::string(option.help) + "\n";
}

struct Topic {
    std::string_view name;
    std::string_view text;
};
constexpr Topic kTopics[] = {
    {"exit-codes", R"(Exit codes mean the same in every command.

  0  done, or the answer is yes
  1  it ran well and the answer is no: catalogs differ, a check failed, a figure is not equal
  2  an error or bad usage; the message names the place and the mend
  3  finished, but some records are suspended or some files refused: see `farthing suspense list`

Every change is one transaction: after a crash or Ctrl-C run the same command again.
)"},
    {"money", R"(Money is exact. No figure ever passes through floating point.

Prices are rational numbers: 0.00005 per kWh stays that, down to one joule. Usage is summed first
and priced second: a line rounds once, at the end, by the catalog's `rounding: {line: …}`. The
payable amount rounds by `rounding: {payable: …}`, and tax is taken on that net amount.

Postings are counted in atoms of 10^-9 EUR (10^-(minor digits + 7) of any currency). Parts of a
whole (shares, payers, departments) are split by largest remainder, so they sum to the whole.
In JSON and CSV money is text, never a number.
)"},
    {"time", R"(Times are instants with microseconds; days are days of the catalog's time zone.

Periods include their start and exclude their end; on paper the last day stands:
2026-01-01..2026-01-31. A record belongs to the period, price and owner of its event time,
whenever it arrives. A local time that occurs twice (clocks go back) or never (clocks go forward)
is suspended, not guessed.

`--now 2026-07-01` or FARTHING_NOW makes a command act as if it were that day: for demonstrations,
tests and for repeating a bill run.
)"},
    {"files", R"(Everything is kept in one data folder: --home DIR, else $FARTHING_HOME,
else ./farthing-data.

  farthing.db   the SQL database: directory, catalogs, counters, ledger, invoices, positions
  archive/      every usage record and rated record as Parquet files, and dedup segments

Catalogs and feed descriptions are YAML files of your own; publishing copies their text.
Usage files are read where they lie: plain, gzip or zstd, told by content and not by name.
$FARTHING_SHARE names the folder with the example catalogs (`farthing demo`).
)"},
};

constexpr std::string_view kOptionsTopic = "options";
std::string options_text() {
    std::string text = "Options that every command has:\n\n";
    for (const Option& option : global_options()) text += option_line(option);
    return text;
}

// What people come for, with the nouns of each in the order in which they meet them. A noun that
// is in none stands under "also".
struct Area {
    std::string_view name;
    std::vector<std::string_view> nouns;
};
const std::vector<Area>& areas() {
    static const std::vector<Area> all = {
        {"try out", {"demo", "generate", "rate", "quote"}},
        {"prices", {"catalog", "deck"}},
        {"customers", {"account", "subscription"}},
        {"usage", {"feed", "import", "suspense", "file", "rerate", "usage", "archive"}},
        {"billing", {"bill", "invoice", "statement", "balance"}},
        {"carriers", {"carrier", "margin"}},
        {"proof", {"explain", "check"}},
    };
    return all;
}

// "catalog check|show|diff"
std::string with_verbs(std::string_view noun) {
    std::string text(noun);
    for (const Command& command : commands()) {
        if (command.noun != noun || command.verb.empty()) continue;
        text += (text.size() == noun.size() ? " " : "|") + std::string(command.verb);
    }
    return text;
}

void add_area(std::string& text, std::string_view name, const std::vector<std::string>& nouns) {
    constexpr std::size_t kName = 12;
    constexpr std::size_t kColumns = 78;
    std::string line = "  " + padded(std::string(name), kName - 2);
    for (std::size_t i = 0; i < nouns.size(); ++i) {
        const std::string word = nouns[i] + (i + 1 < nouns.size() ? ", " : "");
        if (line.size() > kName && line.size() + word.size() > kColumns) {
            line.pop_back();  // the blank after the comma
            text += line + "\n";
            line.assign(kName, ' ');
        }
        line += word;
    }
    text += line + "\n";
}

std::string group_of_commands(std::string_view noun) {
    std::string text;
    for (const Command& command : commands()) {
        if (command.noun != noun) continue;
        text += "  " + padded(command.name(), 22) + std::string(command.summary) + "\n";
    }
    return text;
}

}  // namespace

std::string overview() {
    std::string text = "Farthing: from usage files to exact, explained invoices\n";
    std::set<std::string_view> told;
    for (const Area& area : areas()) {
        std::vector<std::string> nouns;
        for (const std::string_view noun : area.nouns) nouns.push_back(with_verbs(noun));
        add_area(text, area.name, nouns);
        told.insert(area.nouns.begin(), area.nouns.end());
    }
    std::vector<std::string> also;
    for (const std::string& noun : noun_names()) {
        if (!told.contains(noun)) also.push_back(noun);
    }
    add_area(text, "also", also);
    return text +
           "`farthing help NOUN` tells what each does, `farthing demo smart-city` shows it.\n"
           "examples: farthing demo smart-city · farthing rate cdrs.csv --catalog ./my-catalog\n";
}

std::string help_of(const Command& command) {
    std::string text = std::string(command.summary) + "\n\nusage: " + command.usage() + "\n";
    if (!command.options.empty()) text += "\n";
    for (const Option& option : command.options) text += option_line(option);
    text += "\nexamples:\n";
    for (const std::string_view example : command.examples)
        text.append("  ").append(example).append("\n");
    text += "\nalways:";
    for (const Option& option : global_options()) {
        text += option.name == global_options().front().name ? " " : " · ";
        text += option.name;
        if (!option.value.empty()) text.append(" ").append(option.value);
    }
    return text + "\n";
}

std::string help_of_noun(std::string_view noun) {
    return "usage: farthing " + std::string(noun) + " COMMAND …\n\n" + group_of_commands(noun) +
           "\nmore: farthing " + std::string(noun) + " COMMAND --help\n";
}

std::vector<std::string> topic_names() {
    std::vector<std::string> names;
    for (const Topic& topic : kTopics) names.emplace_back(topic.name);
    names.emplace_back(kOptionsTopic);
    return names;
}

Result<std::string> help_topic(std::string_view topic) {
    for (const Topic& known : kTopics) {
        if (known.name == topic) return std::string(known.text);
    }
    if (topic == kOptionsTopic) return options_text();
    std::vector<std::string> known = topic_names();
    std::ranges::move(noun_names(), std::back_inserter(known));
    const std::string near = nearest_name(topic, known);
    return fail(UsageReason::unknown_topic,
                "no help on \"" + printable(topic) + "\"." +
                    (near.empty() ? "" : " Did you mean \"" + near + "\"?"));
}

std::string manual() {
    std::string text =
        "# The command line\n\nGenerated from the command table by `farthing help manual`. Answers "
        "go to standard output, "
        "messages to\nstandard error.\n\n## options\n\n```\n" +
        options_text() + "```\n";
    for (const Topic& topic : kTopics) {
        text += "\n## " + std::string(topic.name) + "\n\n" + std::string(topic.text);
    }
    for (const Command& command : commands()) {
        text += "\n## farthing " + command.name() + "\n\n" + std::string(command.summary) +
                ".\n\n```\n" + command.usage() + "\n";
        if (!command.options.empty()) text += "\n";
        for (const Option& option : command.options) text += option_line(option);
        text += "\n";
        for (const std::string_view example : command.examples) text.append(example).append("\n");
        text += "```\n";
    }
    return text;
}

std::string errors_manual() {
    std::string text =
        "# Reasons and errors\n\nGenerated by `farthing help errors`. Each reason has a name that "
        "never changes: it stands in "
        "messages, in\nJSON and in suspense. Where several hold, the first in its list is told.\n";
    std::vector<engine::ReasonGroup> groups = engine::reason_groups();
    groups.push_back({"HTTP", reasons_of<ApiReason>()});
    groups.push_back({"Simulated sessions", reasons_of<PlayerReason>()});
    groups.push_back({"Command line", reasons_of<UsageReason>()});
    for (const engine::ReasonGroup& group : groups) {
        text += "\n## " + std::string(group.title) + "\n";
        for (const ReasonText& row : group.rows) {
            if (row.mend.empty()) continue;
            text += "\n### " + std::string(row.name) + "\n\n" + std::string(row.sentence) + ". " +
                    std::string(row.mend) + "\n";
        }
    }
    return text;
}

}  // namespace farthing::cli
