#include "cli/command.h"

#include <algorithm>

namespace farthing::cli {

const std::string& Arguments::operator[](std::string_view name) const {
    static const std::string kNone;
    const auto found = values_.find(name);
    return found == values_.end() ? kNone : found->second.back();
}

const std::vector<std::string>& Arguments::all(std::string_view name) const {
    static const std::vector<std::string> kNone;
    const auto found = values_.find(name);
    return found == values_.end() ? kNone : found->second;
}

void Arguments::add(std::string_view name, std::string value) {
    values_[std::string(name)].push_back(std::move(value));
}

std::string Command::name() const {
    std::string text(noun);
    if (!verb.empty()) text.append(" ").append(verb);
    return text;
}

std::string Command::usage() const {
    std::string text = "farthing " + name();
    for (const Argument& argument : arguments) {
        std::string word(argument.name);
        if (argument.many) word += "…";
        text += argument.required ? " " + word : " [" + word + "]";
    }
    return options.empty() ? text : text + " [options]";
}

std::span<const Option> global_options() {
    static constexpr Option kOptions[] = {
        {"--home", "DIR", "data folder (else $FARTHING_HOME, else ./farthing-data)"},
        {"--json", "", "the answer as JSON"},
        {"-o,--output", "FORMAT", "lists as table, json or csv"},
        {"-q,--quiet", "", "no messages, only the answer"},
        {"--progress", "MODE", "auto, plain or never"},
        {"--now", "TIME", "act as if it were that day or instant (else $FARTHING_NOW)"},
    };
    return kOptions;
}

const std::vector<Command>& commands() {
    static const std::vector<Command> kCommands = [] {
        std::vector<Command> all;
        for (auto room :
             {demo_commands,     usage_commands,    quote_commands,      balance_commands,
              catalog_commands,  deck_commands,     directory_commands,  feed_commands,
              edge_commands,     suspense_commands, correction_commands, archive_commands,
              bill_commands,     invoice_commands,  carrier_commands,    serve_commands,
              simulate_commands, voucher_commands,  webhook_commands,    proof_commands,
              bucket_commands,   misc_commands}) {
            std::ranges::move(room(), std::back_inserter(all));
        }
        return all;
    }();
    return kCommands;
}

const Command* command_named(std::string_view noun, std::string_view verb) {
    for (const Command& command : commands()) {
        if (command.noun == noun && command.verb == verb) return &command;
    }
    return nullptr;
}

std::vector<std::string> noun_names() {
    std::vector<std::string> names;
    for (const Command& command : commands()) {
        if (std::ranges::find(names, command.noun) == names.end()) names.emplace_back(command.noun);
    }
    return names;
}

bool noun_exists(std::string_view noun) {
    return std::ranges::any_of(commands(),
                               [&](const Command& command) { return command.noun == noun; });
}

}  // namespace farthing::cli
