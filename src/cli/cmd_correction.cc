// file list | undo; rerate: corrections of what was rated.
#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto files, engine->files());
    Listing listing({"file", "feed", "path", "records", "state", "came", "why"});
    for (const engine::FileRow& file : files)
        listing.add({file.id, file.feed, file.path, file.records, file.state, to_rfc3339(file.came),
                     file.why});
    listing.print(context);
    return Exit::done;
}

Listing parties_of(const engine::Difference& difference, Perspective side) {
    Listing listing({side == Perspective::cost ? "carrier" : "payer", "records", "difference"});
    for (const engine::Difference::Party& one : difference.parties)
        listing.add({one.name, one.records, one.amount.to_string()});
    return listing;
}

void print(Context& context, const engine::Difference& difference, Perspective side) {
    parties_of(difference, side).print(context);
    say(context, std::string(side == Perspective::cost ? "cost difference " : "difference ") +
                     difference.amount.to_string() + " " +
                     std::string(difference.amount.currency.code()));
}

std::string outcomes_text(const TakenBackTotals& totals) {
    std::string text;
    const auto add = [&](std::int64_t records, std::string_view name) {
        if (records == 0) return;
        text += (text.empty() ? "" : " + ") + grouped(records) + " " + std::string(name);
    };
    for (std::size_t i = 0; i < kOutcomes; ++i) add(totals.outcomes[i], kOutcomeNames[i]);
    add(totals.dropped, "dropped before");
    return text.empty() ? "nothing" : text;
}

void print_json(Context& context, const engine::TakeBackReport& report, bool preview) {
    JsonWriter json;
    json.begin_object().field("file", report.file).field("preview", preview);
    json.field("records", report.taken_back.records);
    json.key("taken_back").begin_object();
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        if (report.taken_back.outcomes[i] != 0)
            json.field(kOutcomeNames[i], report.taken_back.outcomes[i]);
    }
    json.field("dropped", report.taken_back.dropped).end_object();
    json.field("came_again", report.again.received);
    json.field("difference", report.retail.amount.to_string());
    json.key("customers");
    parties_of(report.retail, Perspective::retail).write_json(json);
    json.field("cost_difference", report.cost.amount.to_string());
    json.key("carriers");
    parties_of(report.cost, Perspective::cost).write_json(json);
    json.end_object();
    context.out << json.text() << '\n';
}

Result<Exit> undo(Context& context) {
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const auto side, side_argument(context["--rating"]));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::TakeBackReport report,
                 engine->take_back(context["FILE"], {context["--because"], preview, side}));
    if (context.json()) {
        print_json(context, report, preview);
        return Exit::done;
    }
    say(context, (preview ? "would take back " : "taken back ") + report.file + ": " +
                     grouped(report.taken_back.records) +
                     " records = " + outcomes_text(report.taken_back));
    if (report.again.received > 0)
        say(context, grouped(report.again.received) + " records that had lost to them " +
                         (preview ? "would come again" : "came again"));
    if (side != Perspective::cost) print(context, report.retail, Perspective::retail);
    if (!report.cost.parties.empty()) print(context, report.cost, Perspective::cost);
    return Exit::done;
}

void print_json(Context& context, const engine::RerateReport& report, Perspective side,
                bool preview) {
    JsonWriter json;
    json.begin_object().field("preview", preview).field("selected", report.selected);
    json.field("records", report.records).field("changed_counters", report.changed);
    json.field("difference", report.difference.amount.to_string());
    json.key(side == Perspective::cost ? "carriers" : "customers");
    parties_of(report.difference, side).write_json(json);
    json.key("read").begin_object();
    json.field("files", report.read.files).field("files_read", report.read.files_read);
    json.field("row_groups", report.read.row_groups);
    json.field("row_groups_read", report.read.row_groups_read);
    json.field("rows_read", report.read.rows_read).end_object().end_object();
    context.out << json.text() << '\n';
}

Result<Exit> rerate(Context& context) {
    FARTHING_TRY(const auto side, side_argument(context["--rating"]));
    engine::RerateFilter filter{side.value_or(Perspective::retail),
                                context["--carrier"],
                                context["--account"],
                                context["--subscription"],
                                context["--prefix"],
                                context["--charge"],
                                std::nullopt};
    if (context.arguments.given("--period")) {
        FARTHING_TRY(filter.period, period_argument(context["--period"]));
    }
    const bool cost = filter.side == Perspective::cost;
    if (cost ? !filter.account.empty() || !filter.subscription.empty() : !filter.carrier.empty())
        return fail(UsageReason::bad_usage,
                    "costs are selected by --carrier, what customers pay by --account and "
                    "--subscription");
    const bool named = !filter.account.empty() || !filter.subscription.empty() ||
                       !filter.carrier.empty() || !filter.prefix.empty() ||
                       !filter.charge.empty() || filter.period;
    if (!named && !context.arguments.given("--all"))
        return fail(UsageReason::bad_usage,
                    "name which by --account, --subscription, --carrier, --prefix, --period or "
                    "--charge, or say --all");
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::RerateReport report, engine->rerate(filter, preview));
    if (context.json()) {
        print_json(context, report, filter.side, preview);
        return Exit::done;
    }
    const std::string more =
        report.records > report.selected
            ? ", with " + grouped(report.records - report.selected) + " counted together with them"
            : "";
    say(context, grouped(report.selected) + " records" + more +
                     (preview ? " would be rated again" : " rated again"));
    print(context, report.difference, filter.side);
    return Exit::done;
}

}  // namespace

std::vector<Command> correction_commands() {
    return {
        {"file",
         "list",
         "List the files that came, with their state",
         {},
         {},
         {"farthing file list", "farthing file list -o csv"},
         list},
        {"file",
         "undo",
         "Take a file back with everything it caused",
         {{"FILE"}},
         {{"--because", "TEXT", "why (needed): it is kept"},
          {"--rating", "SIDE", "\"retail\" or \"cost\" alone: the other side keeps its charges"},
          {"--preview", "", "tell what would happen, and do nothing"}},
         {"farthing file undo UK000042.cdr.gz --preview",
          "farthing file undo file-3 --because \"sent by mistake\""},
         undo},
        {"rerate",
         "",
         "Rate archived usage again with the prices of today",
         {},
         {{"--account", "NAME", "of that account and all below it"},
          {"--subscription", "NAME", "of that subscription"},
          {"--prefix", "DIGITS", "to called numbers that begin so"},
          {"--period", "DAY..DAY", "of these days, both included"},
          {"--charge", "PLAN/CHARGE", "that this charge prices"},
          {"--rating", "SIDE", "\"retail\" (usual), or \"cost\": what carriers charge"},
          {"--carrier", "NAME", "costs of that carrier"},
          {"--all", "", "all of it"},
          {"--preview", "", "show the difference, and change nothing"}},
         {"farthing rerate --account acme --prefix 447 --preview",
          "farthing rerate --charge voice/calls --period 2026-06-08..2026-06-14"},
         rerate},
    };
}

}  // namespace farthing::cli
