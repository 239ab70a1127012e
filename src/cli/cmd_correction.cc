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
    Listing listing({"file", "feed", "path", "records", "state", "came"});
    for (const engine::FileRow& file : files)
        listing.add(
            {file.id, file.feed, file.path, file.records, file.state, to_rfc3339(file.came)});
    listing.print(context);
    return Exit::done;
}

Listing customers_of(const std::vector<engine::CustomerDifference>& customers) {
    Listing listing({"payer", "records", "difference"});
    for (const engine::CustomerDifference& one : customers)
        listing.add({one.payer, one.records, one.difference.to_string()});
    return listing;
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
    json.field("difference", report.difference.to_string());
    json.key("customers");
    customers_of(report.customers).write_json(json);
    json.end_object();
    context.out << json.text() << '\n';
}

Result<Exit> undo(Context& context) {
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    // What would happen needs no reason.
    const std::string because = preview ? "preview" : context["--because"];
    FARTHING_TRY(const engine::TakeBackReport report,
                 engine->take_back(context["FILE"], because, preview));
    if (context.json()) {
        print_json(context, report, preview);
        return Exit::done;
    }
    customers_of(report.customers).print(context);
    say(context, (preview ? "would take back " : "taken back ") + report.file + ": " +
                     grouped(report.taken_back.records) +
                     " records = " + outcomes_text(report.taken_back));
    if (report.again.received > 0)
        say(context, grouped(report.again.received) + " records that had lost to them " +
                         (preview ? "would come again" : "came again"));
    say(context, "difference " + report.difference.to_string() + " " +
                     std::string(report.difference.currency.code()));
    return Exit::done;
}

void print_json(Context& context, const engine::RerateReport& report, bool preview) {
    JsonWriter json;
    json.begin_object().field("preview", preview).field("selected", report.selected);
    json.field("records", report.records).field("changed_counters", report.changed);
    json.field("difference", report.difference.to_string());
    json.key("customers");
    customers_of(report.customers).write_json(json);
    json.key("read").begin_object();
    json.field("files", report.read.files).field("files_read", report.read.files_read);
    json.field("row_groups", report.read.row_groups);
    json.field("row_groups_read", report.read.row_groups_read);
    json.field("rows_read", report.read.rows_read).end_object().end_object();
    context.out << json.text() << '\n';
}

Result<Exit> rerate(Context& context) {
    engine::RerateFilter filter{context["--account"], context["--subscription"],
                                context["--prefix"], context["--charge"], std::nullopt};
    if (context.arguments.given("--period")) {
        FARTHING_TRY(filter.period, period_argument(context["--period"]));
    }
    const bool named = !filter.account.empty() || !filter.subscription.empty() ||
                       !filter.prefix.empty() || !filter.charge.empty() || filter.period;
    if (!named && !context.arguments.given("--all"))
        return fail(UsageReason::bad_usage,
                    "name which by --account, --subscription, --prefix, --period or --charge, or "
                    "say --all");
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::RerateReport report, engine->rerate(filter, preview));
    if (context.json()) {
        print_json(context, report, preview);
        return Exit::done;
    }
    customers_of(report.customers).print(context);
    const std::string more =
        report.records > report.selected
            ? ", with " + grouped(report.records - report.selected) + " counted together with them"
            : "";
    say(context, grouped(report.selected) + " records" + more +
                     (preview ? " would be rated again" : " rated again"));
    say(context, "difference " + report.difference.to_string() + " " +
                     std::string(report.difference.currency.code()));
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
          {"--all", "", "all of it"},
          {"--preview", "", "show the difference, and change nothing"}},
         {"farthing rerate --account acme --prefix 447 --preview",
          "farthing rerate --charge voice/calls --period 2026-06-08..2026-06-14"},
         rerate},
    };
}

}  // namespace farthing::cli
