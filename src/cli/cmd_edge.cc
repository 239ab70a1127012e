// edge policy | feed | run: what works beside a gateway, and what the centre needs to read it.
#include <unistd.h>

#include <ostream>

#include "base/decimal.h"
#include "base/json.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"
#include "engine/edge.h"

namespace farthing::cli {

namespace {

Result<Exit> policy(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const std::string text, engine->edge_policy(context["FEED"]));
    context.out << text;
    return Exit::done;
}

Result<Exit> feed(Context& context) {
    FARTHING_TRY(const std::string yaml, read_file(context["FILE"]));
    FARTHING_TRY(const std::string text, engine::edge_feed(context["FILE"], yaml));
    context.out << text;
    return Exit::done;
}

void print_json(Context& context, const engine::EdgeReport& report) {
    JsonWriter json;
    json.begin_object().field("edge", report.edge).field("files", report.files);
    json.field("again", report.again).key("sent").begin_array();
    for (const std::string& name : report.sent) json.value(name);
    json.end_array().field("records", report.records).field("received", report.received);
    json.field("aggregated", report.aggregated).field("held", report.held);
    json.field("duplicate", report.duplicate).field("suspended", report.suspended);
    json.field("filtered", report.filtered).field("windows_open", report.windows_open);
    json.key("refused").begin_array();
    for (const auto& refused : report.refused) {
        json.begin_object().field("file", refused.path).field("reason", refused.error.code);
        json.field("message", refused.error.message).end_object();
    }
    json.end_array().end_object();
    context.out << json.text() << '\n';
}

void print_text(Context& context, const engine::EdgeReport& report) {
    for (const std::string& name : report.sent) context.out << "sent " << name << '\n';
    context.out << "edge " << report.edge << "   received " << grouped(report.received)
                << "   aggregated " << grouped(report.aggregated) << " in "
                << grouped(report.records) << "   held " << grouped(report.held) << " in "
                << grouped(report.windows_open);
    for (const auto& [count, name] :
         {std::pair(report.duplicate, "duplicate"), std::pair(report.suspended, "suspended"),
          std::pair(report.filtered, "filtered")}) {
        if (count > 0) context.out << "   " << name << ' ' << grouped(count);
    }
    context.out << '\n';
    for (const auto& refused : report.refused)
        context.out << "refused " << refused.error.to_string() << '\n';
    if (report.again > 0)
        say(context, "note: " + grouped(report.again) + " files were consumed before");
}

Result<Exit> run_edge(Context& context) {
    engine::EdgeSettings settings;
    settings.policy_path = context["POLICY"];
    FARTHING_TRY(settings.policy, read_file(settings.policy_path));
    settings.name = context["--name"];
    if (settings.name.empty()) return fail(UsageReason::bad_usage, "name the edge: --name gw-7");
    settings.out = context["--out"];
    if (settings.out.empty())
        return fail(UsageReason::bad_usage, "say where files for the centre go: --out DIR");
    settings.folder = std::filesystem::path(context.home) / "edge" / settings.name;
    const auto& named = context.arguments.all("FILES");
    const bool stream = named.size() == 1 && named.front() == "-";
    FARTHING_TRY(const auto edge, engine::Edge::open(settings, engine::Clock{context.now}));
    if (stream) {
        FARTHING_CHECK(edge->take_stream(STDIN_FILENO, [&](std::int64_t records) {
            say(context, "durable " + std::to_string(records));
        }));
    } else {
        FARTHING_TRY(const auto files, files_of(named));
        FARTHING_CHECK(edge->take_files(files));
    }
    if (context.arguments.given("--all")) FARTHING_CHECK(edge->send_all());
    const engine::EdgeReport report = edge->report();
    context.json() ? print_json(context, report) : print_text(context, report);
    return report.refused.empty() ? Exit::done : Exit::partly;
}

}  // namespace

std::vector<Command> edge_commands() {
    return {
        {"edge",
         "policy",
         "Print what an edge receives to aggregate as a feed says",
         {{"FEED"}},
         {},
         {"farthing edge policy lamps > lamps.policy.yaml", "farthing edge policy meters"},
         policy},
        {"edge",
         "feed",
         "Print the feed by which the centre reads what an edge sends",
         {{"FILE"}},
         {},
         {"farthing edge feed lamps.policy.yaml > lamps-edge.yaml",
          "farthing edge feed lamps.yaml"},
         feed},
        {"edge",
         "run",
         "Aggregate records beside a gateway and send files of chargeable records",
         {{"POLICY"}, {"FILES", false, true}},
         {{"--name", "NAME", "of this edge, unique at the centre"},
          {"--out", "DIR", "where files for the centre appear, whole"},
          {"--all", "", "also send windows of which more may come"}},
         {"farthing edge run lamps.policy.yaml reports/ --name gw-7 --out outgoing",
          "farthing edge run lamps.policy.yaml - --name gw-7 --out outgoing < reports.jsonl"},
         run_edge},
    };
}

}  // namespace farthing::cli
