// usage list; archive list | tidy: what the archive holds, and keeping it in order.
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<Exit> usage_list(Context& context) {
    engine::UsageLogFilter filter{context["--account"], context["--subscription"], std::nullopt};
    if (filter.account.empty() && filter.subscription.empty())
        return fail(UsageReason::bad_usage, "name whose by --account or --subscription");
    if (context.arguments.given("--period")) {
        FARTHING_TRY(filter.period, period_argument(context["--period"]));
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto log, engine->usage_log(filter));
    Listing listing({"record", "start", "end", "subscription", "meter", "quantity", "unit",
                     "network", "calling", "called", "outcome", "charge", "currency", "file",
                     "line"});
    for (const engine::UsageLogRow& row : log) {
        listing.add({row.id, to_rfc3339(row.start), to_rfc3339(row.end), row.subscription,
                     row.meter, row.quantity, row.unit, row.network, row.calling, row.called,
                     row.outcome, row.charge.to_string(), std::string(row.charge.currency.code()),
                     row.file, row.line});
    }
    listing.print(context);
    say(context, grouped(static_cast<std::int64_t>(log.size())) + " records");
    return Exit::done;
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto files, engine->archive_files());
    Listing listing({"table", "file", "records", "first_batch", "last_batch"});
    for (const engine::ArchiveFileRow& file : files)
        listing.add({file.table, file.path, file.records,
                     static_cast<std::int64_t>(file.first_batch.value),
                     static_cast<std::int64_t>(file.last_batch.value)});
    listing.print(context);
    return Exit::done;
}

Result<Exit> tidy(Context& context) {
    constexpr std::int64_t kMostDays = 3650;
    std::int64_t days = 7;
    if (context.arguments.given("--keep")) {
        FARTHING_TRY(days, whole_number(context["--keep"]));
        if (days < 0 || days > kMostDays)
            return fail(UsageReason::bad_value, "--keep takes 0 to 3650 days");
    }
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::TidyReport report, engine->tidy(static_cast<int>(days), preview));
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("preview", preview).field("files_before", report.files_before);
        json.field("files_after", report.files_after).field("records", report.records);
        json.field("deleted", report.deleted).field("archived", report.archived).end_object();
        context.out << json.text() << '\n';
        return Exit::done;
    }
    if (report.archived > 0)
        say(context, grouped(report.archived) + " records charged online moved to the archive");
    say(context, grouped(report.files_before) + " small files with " + grouped(report.records) +
                     " records " + (preview ? "would become " : "became ") +
                     grouped(report.files_after) + " sorted ones");
    if (report.deleted > 0)
        say(context, grouped(report.deleted) + " files of older versions deleted");
    return Exit::done;
}

}  // namespace

std::vector<Command> archive_commands() {
    return {
        {"usage",
         "list",
         "What a customer used, record by record, with what it came to",
         {},
         {{"--account", "NAME", "of that account and all below it"},
          {"--subscription", "NAME", "of that subscription"},
          {"--period", "DAY..DAY", "of these days, both included"}},
         {"farthing usage list --subscription sim-7 --period 2026-06-01..2026-06-30 -o csv",
          "farthing usage list --account acme"},
         usage_list},
        {"archive",
         "list",
         "List the files of the usage archive",
         {},
         {},
         {"farthing archive list", "farthing archive list -o csv"},
         list},
        {"archive",
         "tidy",
         "Make sorted files of the small ones of days that are over",
         {},
         {{"--keep", "DAYS",
           "keep what was rewritten for so long, for readers of older versions (7)"},
          {"--preview", "", "tell what would happen, and do nothing"}},
         {"farthing archive tidy --preview", "farthing archive tidy --keep 30"},
         tidy},
    };
}

}  // namespace farthing::cli
