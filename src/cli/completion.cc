// Completion scripts, written from the command table.
#include <algorithm>

#include "cli/help.h"
#include "cli/parse.h"

namespace farthing::cli {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

std::string long_option(std::string_view names) {
    return std::string(names.substr(names.find("--")));
}

std::vector<std::string> verbs_of(std::string_view noun) {
    std::vector<std::string> verbs;
    for (const Command& command : commands()) {
        if (command.noun == noun && !command.verb.empty()) verbs.emplace_back(command.verb);
    }
    return verbs;
}

std::vector<std::string> options_of(const Command& command) {
    std::vector<std::string> names{"--help"};
    for (const Option& option : command.options) names.push_back(long_option(option.name));
    for (const Option& option : global_options()) names.push_back(long_option(option.name));
    return names;
}

std::string bash() {
    std::string text =
        "_farthing() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} words=\"\"\n"
        "    if [ \"$COMP_CWORD\" = 1 ]; then words=\"" +
        joined(noun_names()) +
        "\"\n"
        "    else case \"${COMP_WORDS[1]} ${COMP_WORDS[2]} \" in\n";
    for (const Command& command : commands()) {
        text += "        \"" + command.name() + " \"*) words=\"" + joined(options_of(command)) +
                "\" ;;\n";
    }
    text += "    esac; fi\n    if [ \"$COMP_CWORD\" = 2 ]; then case \"${COMP_WORDS[1]}\" in\n";
    for (const std::string& noun : noun_names()) {
        if (const auto verbs = verbs_of(noun); !verbs.empty()) {
            text += "        " + noun + ") words=\"" + joined(verbs) + "\" ;;\n";
        }
    }
    return text +
           "    esac; fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "    [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
           "}\ncomplete -F _farthing farthing\n";
}

std::string fish() {
    std::string text = "complete -c farthing -n __fish_use_subcommand -f\n";
    for (const std::string& noun : noun_names()) {
        text += "complete -c farthing -n __fish_use_subcommand -a " + noun + "\n";
    }
    for (const Command& command : commands()) {
        const std::string noun(command.noun);
        std::string when = "__fish_seen_subcommand_from " + noun;
        if (!command.verb.empty()) {
            text += "complete -c farthing -n '" + when + "; and not __fish_seen_subcommand_from " +
                    joined(verbs_of(noun)) + "' -f -a " + std::string(command.verb) + " -d '" +
                    std::string(command.summary) + "'\n";
            when += "; and __fish_seen_subcommand_from " + std::string(command.verb);
        }
        for (const Option& option : command.options) {
            text += "complete -c farthing -n '" + when + "' -l " +
                    long_option(option.name).substr(2) + (option.value.empty() ? "" : " -r") + "\n";
        }
    }
    for (const Option& option : global_options()) {
        text += "complete -c farthing -l " + long_option(option.name).substr(2) +
                (option.value.empty() ? "" : " -r") + "\n";
    }
    return text;
}

}  // namespace

Result<std::string> completion(std::string_view shell) {
    if (shell == "bash") return bash();
    // zsh runs bash's completion functions once bashcompinit is loaded; only mapfile has to be
    // given.
    if (shell == "zsh") {
        return "#compdef farthing\nautoload -U +X compinit bashcompinit && compinit && "
               "bashcompinit\n"
               "mapfile() { local IFS=$'\\n'; eval \"$2=(\\$(cat))\"; }\n" +
               bash();
    }
    if (shell == "fish") return fish();
    return fail(UsageReason::bad_value,
                "no completions for \"" + std::string(shell) + "\"; there are bash, zsh and fish");
}

}  // namespace farthing::cli
