// feed add | list | show | check
#include <filesystem>
#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::size_t kSampleBytes = 64 * 1024;

Result<Exit> propose(Context& context) {
    const std::string& path = context["--sample"];
    FARTHING_TRY(std::string sample, read_file(path));
    sample.resize(std::min(sample.size(), kSampleBytes));
    FARTHING_TRY(const engine::FeedProposal proposal, engine::propose_feed(path, sample));
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("feed", proposal.yaml).key("notes").begin_array();
        for (const std::string& note : proposal.notes) json.value(note);
        json.end_array().key("preview").begin_array();
        for (const std::string& record : proposal.preview) json.value(record);
        json.end_array().end_object();
        context.out << json.text() << '\n';
        return Exit::done;
    }
    context.out << proposal.yaml;
    for (const std::string& note : proposal.notes) say(context, "check: " + note);
    for (const std::string& record : proposal.preview) say(context, "reads: " + record);
    say(context, "next: save it as my-feed.yaml, then: farthing feed add my-feed.yaml");
    return Exit::done;
}

Result<Exit> add(Context& context) {
    if (context.arguments.given("--sample")) return propose(context);
    const std::string& path = context["FILE"];
    if (path.empty())
        return fail(UsageReason::bad_usage,
                    "name a feed description, or --sample with a file of records");
    FARTHING_TRY(const std::string yaml, read_file(path));
    const auto name = engine::check_feed(path, yaml);
    if (!name) return tell(context, name.error());
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    if (const auto added = engine->add_feed(path, yaml); !added)
        return tell(context, added.error());
    say(context, "feed " + *name + "; next: farthing import " + *name + " FILES…");
    return Exit::done;
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    Listing listing({"feed"});
    for (const std::string& name : engine->feed_names()) listing.add({name});
    listing.print(context);
    return Exit::done;
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const std::string text, engine->feed_text(context["NAME"]));
    FARTHING_TRY(const std::vector<std::string> files, engine->feed_files(context["NAME"]));
    FARTHING_TRY(const auto keys, engine->feed_keys(context["NAME"]));
    FARTHING_TRY(const auto numbers, engine->feed_numbers(context["NAME"]));
    FARTHING_TRY(const auto edges, engine->feed_edges(context["NAME"]));
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("feed", context["NAME"]).field("description", text);
        json.key("files").begin_array();
        for (const std::string& line : files) json.value(line);
        json.end_array().key("duplicates").begin_array();
        for (const std::string& line : keys) json.value(line);
        json.end_array().key("numbers").begin_array();
        for (const engine::CheckLine& line : numbers) {
            json.begin_object().field("whole", line.ok).field("text", line.text);
            json.key("look").begin_array();
            for (const engine::Finding& finding : line.findings) json.value(finding.text);
            json.end_array().end_object();
        }
        json.end_array().key("edges").begin_array();
        for (const engine::CheckLine& line : edges) {
            json.begin_object().field("edge", line.name).field("whole", line.ok);
            json.field("text", line.text).end_object();
        }
        json.end_array().end_object();
        context.out << json.text() << '\n';
    } else {
        context.out << text;
        for (const std::string& line : files) say(context, "files " + line);
        for (const std::string& line : keys) say(context, "duplicates " + line);
        for (const engine::CheckLine& line : numbers) {
            say(context, line.name + ": " + line.text);
            for (const engine::Finding& finding : line.findings) say(context, "  " + finding.text);
        }
        for (const engine::CheckLine& line : edges) say(context, line.name + ": " + line.text);
    }
    return Exit::done;
}

Result<Exit> check(Context& context) {
    FARTHING_TRY(const std::string yaml, read_file(context["FILE"]));
    const auto name = engine::check_feed(context["FILE"], yaml);
    if (context.json()) print_mistakes_json(context, name ? Errors{} : name.error());
    if (!name) return context.json() ? Exit::error : tell(context, name.error());
    if (!context.json()) context.out << *name << ": good\n";
    return Exit::done;
}

}  // namespace

std::vector<Command> feed_commands() {
    return {
        {"feed",
         "add",
         "Add a feed description, or propose one from a sample",
         {{"FILE", false}},
         {{"--sample", "FILE", "print a description that would read that file"}},
         {"farthing feed add carrier-uk.yaml",
          "farthing feed add --sample cdrs.csv > my-feed.yaml"},
         add},
        {"feed",
         "list",
         "List the feeds",
         {},
         {},
         {"farthing feed list", "farthing feed list --json"},
         list},
        {"feed",
         "show",
         "Print a feed's description",
         {{"NAME"}},
         {},
         {"farthing feed show carrier-uk", "farthing feed show lamps > lamps.yaml"},
         show},
        {"feed",
         "check",
         "Read a feed description and tell every mistake",
         {{"FILE"}},
         {},
         {"farthing feed check carrier-uk.yaml", "farthing feed check - < carrier-uk.yaml"},
         check},
    };
}

}  // namespace farthing::cli
