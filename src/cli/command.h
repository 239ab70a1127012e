// The commands as data: parsing, help, completions and the manual all read this one table.
#pragma once

#include <functional>
#include <iosfwd>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/instant.h"

namespace farthing::cli {

// What a command says by its exit code; the same meaning everywhere (farthing help exit-codes).
enum class Exit : unsigned char {
    done = 0,    // done, or the answer is yes
    no = 1,      // ran well, and the answer is no: differences, a check that failed
    error = 2,   // an error or bad usage; nothing was changed
    partly = 3,  // finished, but some records are suspended or some files refused
};

struct Option {
    std::string_view name;   // "--catalog", or "-o,--output"
    std::string_view value;  // "DIR"; empty for a flag
    std::string_view help;
};
struct Argument {
    std::string_view name;  // "FILES"
    bool required = true;
    bool many = false;
};

// What was typed after the command.
class Arguments {
  public:
    const std::string& operator[](std::string_view name) const;  // empty when not given
    const std::vector<std::string>& all(std::string_view name) const;
    bool given(std::string_view name) const { return values_.contains(name); }
    void add(std::string_view name, std::string value);

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

enum class Format : unsigned char { table, json, csv };
enum class ProgressMode : unsigned char { automatic, plain, never };

// All that a handler may lean on.
struct Context {
    std::ostream& out;
    std::ostream& err;
    Arguments arguments;
    std::string home;
    Format format = Format::table;
    bool quiet = false;
    bool color = false;     // err is a terminal and NO_COLOR is not set
    bool terminal = false;  // err is a terminal
    ProgressMode progress = ProgressMode::automatic;
    std::function<Instant()> now;

    const std::string& operator[](std::string_view name) const { return arguments[name]; }
    bool json() const { return format == Format::json; }
};

using Handler = Result<Exit> (*)(Context&);

struct Command {
    std::string_view noun;
    std::string_view verb;     // empty: the noun is the command
    std::string_view summary;  // one line, no full stop
    std::vector<Argument> arguments;
    std::vector<Option> options;
    std::vector<std::string_view> examples;  // two
    Handler handler = nullptr;

    std::string name() const;   // "catalog check"
    std::string usage() const;  // "farthing catalog check DIR [options]"
};

std::span<const Option> global_options();
// Every command, in the order of the help.
const std::vector<Command>& commands();
// Nullptr when there is none of that name.
const Command* command_named(std::string_view noun, std::string_view verb);
std::vector<std::string> noun_names();
bool noun_exists(std::string_view noun);

// The rooms of the table, one per noun or two; each stands in its cmd_*.cc.
std::vector<Command> misc_commands();
std::vector<Command> catalog_commands();
std::vector<Command> deck_commands();
std::vector<Command> directory_commands();
std::vector<Command> feed_commands();
std::vector<Command> edge_commands();
std::vector<Command> usage_commands();
std::vector<Command> quote_commands();
std::vector<Command> correction_commands();
std::vector<Command> balance_commands();
std::vector<Command> serve_commands();
std::vector<Command> simulate_commands();
std::vector<Command> webhook_commands();
std::vector<Command> voucher_commands();
std::vector<Command> bucket_commands();
std::vector<Command> archive_commands();
std::vector<Command> suspense_commands();
std::vector<Command> bill_commands();
std::vector<Command> carrier_commands();
std::vector<Command> invoice_commands();
std::vector<Command> proof_commands();
std::vector<Command> demo_commands();

// Runs one command line; argv without the program's name.
Exit run(const std::vector<std::string>& line, std::ostream& out, std::ostream& err);

}  // namespace farthing::cli
