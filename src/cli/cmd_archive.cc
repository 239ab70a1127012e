// usage list; archive list | tidy | delete | deletions: what the archive holds, and keeping it in
// order.
#include <algorithm>
#include <chrono>

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
    FARTHING_TRY(const auto deletions, engine->deletions());
    for (const engine::DeletionRow& row : deletions) {
        if (!filter.period || filter.period->first < row.before)
            say(context, "usage before " + to_string(row.before) + " was deleted: " + row.because);
    }
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
        json.field("deleted", report.deleted).field("archived", report.archived);
        json.field("orphans", report.orphans).end_object();
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
    if (report.orphans > 0)
        say(context, grouped(report.orphans) + " files that no batch registered deleted");
    return Exit::done;
}

// "13 months" before a day: the same day of that month, or its last.
Result<Date> before_age(const std::string& text, Date today) {
    constexpr std::int64_t kMost = 36'500;
    const auto bad = fail(UsageReason::bad_value,
                          "--older-than takes so many days, months or "
                          "years, such as `13 months`");
    const std::size_t blank = text.find(' ');
    if (blank == std::string::npos) return bad;
    const auto count = whole_number(text.substr(0, blank));
    std::string unit = text.substr(blank + 1);
    if (unit.ends_with('s')) unit.pop_back();
    if (!count || *count < 0 || *count > kMost) return bad;
    if (unit == "day") return today.plus_days(-static_cast<int>(*count));
    if (unit != "month" && unit != "year") return bad;
    const std::chrono::year_month_day day = today.civil();
    const auto month = std::chrono::year_month{day.year(), day.month()} -
                       std::chrono::months{*count * (unit == "year" ? 12 : 1)};
    const std::chrono::year_month_day_last last{month.year(),
                                                std::chrono::month_day_last{month.month()}};
    return Date::of(static_cast<int>(month.year()), static_cast<unsigned>(month.month()),
                    static_cast<unsigned>(std::min(day.day(), last.day())));
}

Listing tables_of(const engine::DeletionReport& report) {
    Listing listing({"table", "files", "cut_files", "records", "bytes"});
    for (const auto& table : report.tables)
        listing.add({table.name, table.files, table.files_cut, table.records, table.bytes});
    return listing;
}

Listing holds_of(const engine::DeletionReport& report) {
    Listing listing({"since", "needed_because"});
    for (const auto& hold : report.holds) listing.add({to_string(hold.since), hold.because});
    return listing;
}

void print_json(Context& context, const engine::DeletionReport& report, bool preview) {
    JsonWriter json;
    json.begin_object().field("preview", preview).field("before", to_string(report.before));
    json.field("days", report.days ? to_string(*report.days) : std::string());
    json.field("records", report.records()).field("charged", report.charged.to_string());
    json.key("tables");
    tables_of(report).write_json(json);
    json.key("holds");
    holds_of(report).write_json(json);
    json.end_object();
    context.out << json.text() << '\n';
}

Result<Exit> remove_old(Context& context) {
    const bool by_day = context.arguments.given("--before");
    if (by_day == context.arguments.given("--older-than"))
        return fail(UsageReason::bad_usage, "say until when, by --before or --older-than");
    engine::DeletionRequest request;
    request.preview = context.arguments.given("--preview");
    request.who = who_of(context);
    request.because = context["--because"];
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(request.before,
                 by_day ? date_argument(context["--before"])
                        : before_age(context["--older-than"], today(context, *engine)));
    FARTHING_TRY(const engine::DeletionReport report, engine->delete_usage(request));
    if (context.json()) {
        print_json(context, report, request.preview);
        return Exit::done;
    }
    tables_of(report).print(context);
    if (!report.holds.empty()) holds_of(report).print(context);
    if (report.records() == 0) {
        say(context, "there is no usage before " + to_string(report.before) + " to delete");
        return Exit::done;
    }
    say(context, std::string(request.preview ? "would delete " : "deleted ") +
                     grouped(report.records()) + " records of " + to_string(*report.days) +
                     ", charged " + report.charged.to_string() + " " +
                     std::string(report.charged.currency.code()));
    if (!request.preview)
        say(context, "`farthing archive tidy` deletes the files when older versions may go");
    return Exit::done;
}

Result<Exit> deletions(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->deletions());
    Listing listing({"batch", "at", "before", "who", "because", "usage", "rated_usage", "charged"});
    for (const engine::DeletionRow& row : rows)
        listing.add({static_cast<std::int64_t>(row.batch.value), to_rfc3339(row.at),
                     to_string(row.before), row.who, row.because, row.usage, row.rated,
                     row.charged.to_string()});
    listing.print(context);
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
        {"archive",
         "delete",
         "Delete usage that is old, as far as nothing needs it any more",
         {},
         {{"--before", "DAY", "usage of the days before"},
          {"--older-than", "AGE", "or by its age: 400 days, 13 months, 2 years"},
          {"--because", "TEXT", "why (needed): it is kept"},
          {"--who", "NAME", "who says so (else $USER)"},
          {"--preview", "", "tell what would go and what stays why, and delete nothing"}},
         {"farthing archive delete --older-than \"13 months\" --preview",
          "farthing archive delete --before 2026-01-01 --because \"retention of a year\""},
         remove_old},
        {"archive",
         "deletions",
         "List what was deleted for its age: by whom, why, and what it came to",
         {},
         {},
         {"farthing archive deletions", "farthing archive deletions -o csv"},
         deletions},
    };
}

}  // namespace farthing::cli
