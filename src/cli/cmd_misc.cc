// version, init, completion, help.
#include <ostream>

#include "cli/help.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::string_view kVersion = "0.1.0";

Result<Exit> version(Context& context) {
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("version", kVersion).end_object();
        context.out << json.text() << '\n';
    } else {
        context.out << "farthing " << kVersion << '\n';
    }
    return Exit::done;
}

Result<Exit> init(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    say(context, "data folder ready: " + context.home);
    say(context, "next: farthing catalog publish DIR");
    return Exit::done;
}

Result<Exit> complete(Context& context) {
    FARTHING_TRY(const std::string script, completion(context["SHELL"]));
    context.out << script;
    return Exit::done;
}

Result<Exit> help(Context& context) {
    const std::string& topic = context["TOPIC"];
    const std::string& verb = context["COMMAND"];
    if (topic.empty()) {
        context.out << overview()
                    << "topics: farthing help options | exit-codes | money | time | files | errors "
                       "| manual\n";
    } else if (topic == "manual") {
        context.out << manual();
    } else if (topic == "errors") {
        context.out << errors_manual();
    } else if (const Command* command = command_named(topic, verb)) {
        context.out << help_of(*command);
    } else if (noun_exists(topic)) {
        context.out << help_of_noun(topic);
    } else {
        FARTHING_TRY(const std::string text, help_topic(topic));
        context.out << text;
    }
    return Exit::done;
}

}  // namespace

std::vector<Command> misc_commands() {
    return {
        {"init",
         "",
         "Make the data folder",
         {},
         {},
         {"farthing init", "farthing init --home /srv/farthing"},
         init},
        {"completion",
         "",
         "Print a completion script for a shell",
         {{"SHELL"}},
         {},
         {"farthing completion bash > /etc/bash_completion.d/farthing",
          "farthing completion fish > ~/.config/fish/completions/farthing.fish"},
         complete},
        {"version",
         "",
         "Print the version",
         {},
         {},
         {"farthing version", "farthing version --json"},
         version},
        {"help",
         "",
         "Explain a command or a topic (options, exit-codes, money, time, files, errors)",
         {{"TOPIC", false}, {"COMMAND", false}},
         {},
         {"farthing help money", "farthing help catalog check"},
         help},
    };
}

}  // namespace farthing::cli
