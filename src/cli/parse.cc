// The only file that sees CLI11: its header is heavy.
#include "cli/parse.h"

#include <CLI/CLI.hpp>
#include <deque>

#include "base/utf8.h"

namespace farthing::cli {

namespace {

std::string long_name(std::string_view names) {
    const std::size_t comma = names.find(',');
    return std::string(comma == std::string_view::npos ? names : names.substr(comma + 1));
}

// Where CLI11 leaves what it read, one slot per option or argument.
struct Slot {
    std::string name;
    bool flag = false;
    bool set = false;
    std::vector<std::string> values;
};

void declare(CLI::App& app, std::deque<Slot>& slots, const Option& option) {
    Slot& slot = slots.emplace_back(long_name(option.name), option.value.empty(), false,
                                    std::vector<std::string>());
    if (slot.flag) {
        app.add_flag(std::string(option.name), slot.set);
    } else {
        app.add_option(std::string(option.name), slot.values)
            ->expected(1)
            ->allow_extra_args(false)
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
}

Error unknown_word(const Command& command, const std::string& word) {
    if (word.size() < 2 || word.front() != '-') {
        return error_of(UsageReason::bad_usage, "`farthing " + command.name() +
                                                    "` does not know what to do with \"" +
                                                    printable(word) + "\"");
    }
    std::vector<std::string> known{"--help"};
    for (const Option& option : command.options) known.push_back(long_name(option.name));
    for (const Option& option : global_options()) known.push_back(long_name(option.name));
    const std::string bare = word.substr(0, word.find('='));
    std::string message =
        "unknown option \"" + printable(bare) + "\" for \"" + command.name() + "\".";
    if (const std::string near = nearest_name(bare, known); !near.empty()) {
        message += " Did you mean \"" + near + "\"?";
    }
    return error_of(UsageReason::unknown_option, message);
}

}  // namespace

Result<Arguments> parse(const Command& command, const std::vector<std::string>& words) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::deque<Slot> slots;
    for (const Option& option : command.options) declare(app, slots, option);
    for (const Option& option : global_options()) declare(app, slots, option);
    for (const Argument& argument : command.arguments) {
        Slot& slot = slots.emplace_back(std::string(argument.name), false, false,
                                        std::vector<std::string>());
        CLI::Option* added = app.add_option(slot.name, slot.values);
        if (argument.many) {
            added->expected(1, 1 << 20);
        } else {
            // Without this CLI11 gives the first argument all the words that follow.
            added->expected(1)->allow_extra_args(false);
        }
        if (argument.required) added->required();
    }
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::RequiredError& missing) {
        // A mistyped option often is the reason why an argument seems to be missing: tell that
        // first.
        for (const std::string& word : app.remaining()) return fail(unknown_word(command, word));
        return fail(UsageReason::bad_usage, "`farthing " + command.name() + "`: " + missing.what() +
                                                "; usage: " + command.usage());
    } catch (const CLI::ParseError& error) {
        return fail(UsageReason::bad_usage,
                    "`farthing " + command.name() + "`: " + std::string(error.what()));
    }
    for (const std::string& word : app.remaining()) return fail(unknown_word(command, word));
    Arguments arguments;
    for (const Slot& slot : slots) {
        if (slot.set) arguments.add(slot.name, "yes");
        for (const std::string& value : slot.values) arguments.add(slot.name, value);
    }
    return arguments;
}

}  // namespace farthing::cli
