// From a command line to a handler: help, typos, global options and exit codes, the same for every
// command.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ostream>

#include "base/utf8.h"
#include "cli/help.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

Instant system_now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

bool wants_help(const std::vector<std::string>& words) {
    return std::ranges::any_of(words,
                               [](const std::string& w) { return w == "--help" || w == "-h"; });
}

Result<void> apply_globals(Context& context) {
    const std::string format = context.arguments.given("--output") ? context["--output"] : "table";
    if (format != "table" && format != "json" && format != "csv") {
        return fail(UsageReason::bad_value,
                    "--output is table, json or csv, not \"" + printable(format) + "\"");
    }
    context.format = format == "json"  ? Format::json
                     : format == "csv" ? Format::csv
                                       : Format::table;
    if (context.arguments.given("--json")) context.format = Format::json;
    context.quiet = context.arguments.given("--quiet");
    const std::string progress =
        context.arguments.given("--progress") ? context["--progress"] : "auto";
    if (progress != "auto" && progress != "plain" && progress != "never") {
        return fail(UsageReason::bad_value,
                    "--progress is auto, plain or never, not \"" + printable(progress) + "\"");
    }
    context.progress = progress == "never"   ? ProgressMode::never
                       : progress == "plain" ? ProgressMode::plain
                                             : ProgressMode::automatic;
    context.home = context["--home"];
    if (context.home.empty()) context.home = environment("FARTHING_HOME");
    if (context.home.empty()) context.home = "farthing-data";
    std::string now = context["--now"];
    if (now.empty()) now = environment("FARTHING_NOW");
    if (!now.empty()) {
        FARTHING_TRY(const Instant instant, instant_argument(now, TimeZone::utc()));
        // The day that was asked has begun in every time zone only when it is noon in UTC.
        const bool day_only = parse_date(now).has_value();
        const Instant fixed = day_only ? instant.plus_micros(kMicrosPerDay / 2) : instant;
        context.now = [fixed] { return fixed; };
    }
    return {};
}

Exit unknown_command(Context& context, const std::vector<std::string>& line) {
    std::string message = "unknown command \"" + printable(line[0]) + "\".";
    const bool noun_known = noun_exists(line[0]);
    std::vector<std::string> known = noun_known ? std::vector<std::string>() : noun_names();
    if (noun_known) {
        for (const Command& command : commands()) {
            if (command.noun == line[0]) known.emplace_back(command.verb);
        }
        message = "unknown command \"" + printable(line[1]) + "\" for \"" + line[0] + "\".";
    }
    const std::string near = nearest_name(line[noun_known ? 1 : 0], known);
    if (!near.empty()) message += " Did you mean \"" + near + "\"?";
    tell(context, error_of(UsageReason::unknown_command, message));
    return Exit::error;
}

Exit run_command(Context& context, const Command& command, const std::vector<std::string>& words) {
    if (wants_help(words)) {
        context.out << help_of(command);
        return Exit::done;
    }
    const auto exit = [&]() -> Result<Exit> {
        FARTHING_TRY(context.arguments, parse(command, words));
        FARTHING_CHECK(apply_globals(context));
        return command.handler(context);
    }();
    if (exit) return *exit;
    tell(context, exit.error());
    return Exit::error;
}

// What every command takes may stand before it too: "farthing --home DIR check all".
std::vector<std::string> globals_last(std::vector<std::string> line) {
    std::size_t at = 0;
    while (at < line.size()) {
        const std::string name = line[at].substr(0, line[at].find('='));
        const auto options = global_options();
        const auto option = std::ranges::find_if(options, [&](const Option& candidate) {
            return candidate.name == name || candidate.name.starts_with(name + ",") ||
                   candidate.name.ends_with("," + name);
        });
        if (name.empty() || option == options.end()) break;
        const bool value_follows = !option->value.empty() && name.size() == line[at].size();
        at += value_follows ? 2 : 1;
    }
    at = std::min(at, line.size());
    std::ranges::rotate(line, line.begin() + static_cast<std::ptrdiff_t>(at));
    return line;
}

}  // namespace

Exit run(const std::vector<std::string>& typed, std::ostream& out, std::ostream& err) {
    const std::vector<std::string> line = globals_last(typed);
    Context context{.out = out, .err = err, .arguments = {}, .home = {}, .now = system_now};
    context.terminal = isatty(STDERR_FILENO) == 1;
    context.color = context.terminal && environment("NO_COLOR").empty();
    if (line.empty() || line[0] == "--help" || line[0] == "-h") {
        out << overview();
        return line.empty() ? Exit::error : Exit::done;
    }
    const std::string noun = line[0] == "--version" ? "version" : line[0];
    const auto rest = [&](std::size_t from) {
        return std::vector<std::string>(line.begin() + static_cast<std::ptrdiff_t>(from),
                                        line.end());
    };
    if (line.size() > 1) {
        if (const Command* command = command_named(noun, line[1]);
            command != nullptr && !command->verb.empty()) {
            return run_command(context, *command, rest(2));
        }
    }
    if (const Command* command = command_named(noun, ""))
        return run_command(context, *command, rest(1));
    if (noun_exists(noun) && (line.size() == 1 || wants_help(line))) {
        out << help_of_noun(noun);
        return line.size() == 1 ? Exit::error : Exit::done;
    }
    return unknown_command(context, line);
}

}  // namespace farthing::cli
