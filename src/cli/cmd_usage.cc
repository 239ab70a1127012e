// import FEED FILES… into the data folder; rate FILES… on the spot, without one.
#include <algorithm>
#include <ostream>
#include <set>

#include "base/csv.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<Exit> import(Context& context) {
    FARTHING_TRY(const auto files, files_of(context.arguments.all("FILES")));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    auto bar = std::make_unique<ProgressBar>(context, context["FEED"]);
    const auto report = engine->import_files(context["FEED"], files, bar->callback());
    const auto elapsed = bar->elapsed();
    bar.reset();
    if (!report) return std::unexpected(report.error());
    return print_report(context, *report, elapsed);
}

Result<std::string> guess_feed(Context& context, const std::string& first_file) {
    FARTHING_TRY(std::string sample, read_file(first_file));
    sample.resize(std::min<std::size_t>(sample.size(), 64 * 1024));
    FARTHING_TRY(engine::FeedProposal proposal, engine::propose_feed(first_file, sample));
    for (const std::string& note : proposal.notes) say(context, "guess: " + note);
    return std::move(proposal.yaml);
}

// The description with `late:` taken out: files that are rated on the spot may be of any age. Lines
// keep their numbers, since messages name them.
std::string of_any_age(const std::string& yaml) {
    std::string text;
    bool inside = false;
    for (std::size_t at = 0; at < yaml.size();) {
        const std::size_t end = std::min(yaml.find('\n', at), yaml.size());
        const std::string line = yaml.substr(at, end - at);
        inside = line.starts_with("late:") || (inside && line.starts_with(' '));
        text += (inside ? std::string() : line) + "\n";
        at = end + 1;
    }
    return text + "late: {accept: 36500 days, ahead: 36500 days}\n";
}

// Adds the feed that was named, or the one that the first file seems to need; gives its name.
std::expected<std::string, Errors> add_feed_for(Context& context, engine::Engine& engine,
                                                const std::string& first_file) {
    const std::string path =
        context.arguments.given("--feed") ? context["--feed"] : "proposed feed";
    const Result<std::string> yaml =
        context.arguments.given("--feed") ? read_file(path) : guess_feed(context, first_file);
    if (!yaml) return std::unexpected(Errors{yaml.error()});
    auto name = engine::check_feed(path, *yaml);
    if (!name) return name;
    if (auto added = engine.add_feed(path, of_any_age(*yaml)); !added)
        return std::unexpected(std::move(added).error());
    return name;
}

// The plan for identities that no directory names: --plan, or the only one there is.
Result<std::string> plan_for_all(Context& context, const engine::Engine& engine) {
    const catalog::Version& version = engine.catalog().newest();
    if (context.arguments.given("--plan")) return context["--plan"];
    if (version.plans.size() == 1) return version.plans.front().name;
    std::string names;
    for (const catalog::Plan& plan : version.plans)
        names += (names.empty() ? "" : ", ") + plan.name;
    return fail(UsageReason::bad_usage, "the catalog has several plans: choose one with --plan (" +
                                            names + "), or give --directory");
}

// Subscriptions for the identities that wait in suspense as unknown.
std::vector<engine::SubscriptionChange> subscriptions_for(
    const std::vector<engine::SuspenseLine>& lines, const std::string& plan, Date from,
    std::set<std::string>& known) {
    std::vector<engine::SubscriptionChange> changes;
    for (const engine::SuspenseLine& line : lines) {
        if (line.reason != SuspenseReason::unknown_identity || line.identity.empty() ||
            line.identity == "*")
            continue;
        const std::size_t space = line.identity.find(' ');
        if (space == std::string::npos || !known.insert(line.identity).second) continue;
        engine::SubscriptionChange change;
        change.name = line.identity.substr(space + 1);
        change.account = "all";
        change.plan = plan;
        change.from = from;
        for (std::size_t i = 0; i < kIdentityKindNames.size(); ++i) {
            if (kIdentityKindNames[i] != line.identity.substr(0, space)) continue;
            change.identities.emplace_back(static_cast<IdentityKind>(i), change.name);
        }
        changes.push_back(std::move(change));
    }
    return changes;
}

void add_up(engine::Report& total, const engine::Report& retry) {
    // What was recycled left suspense: its new outcomes replace the old one.
    const std::int64_t recycled = retry.received;
    for (std::size_t i = 0; i < kOutcomes; ++i) total.outcomes[i] += retry.outcomes[i];
    total.outcomes[static_cast<std::size_t>(Outcome::suspended)] -= recycled;
    total.windows += retry.windows;
    total.batches += retry.batches;
    total.charged.atoms += retry.charged.atoms;
    if (total.charged.currency == Currency()) total.charged.currency = retry.charged.currency;
}

// Every identity becomes a subscription of one account. Suspense names a few thousand identities a
// round.
Result<void> adopt_identities(Context& context, engine::Engine& engine, engine::Report& report) {
    FARTHING_TRY(const std::string plan, plan_for_all(context, engine));
    const catalog::Version& version = engine.catalog().newest();
    const Date from = version.zone.date_of(engine.catalog().versions().front()->valid_from);
    engine::AccountChange everybody;
    everybody.name = "all";
    FARTHING_CHECK(engine.apply(everybody));
    std::set<std::string> known;
    for (;;) {
        FARTHING_TRY(const auto lines, engine.suspense());
        const auto changes = subscriptions_for(lines, plan, from, known);
        if (changes.empty()) break;
        FARTHING_CHECK(engine.apply(changes));
        FARTHING_TRY(const engine::Report retry, engine.retry({{}, "unknown_identity", {}, {}}));
        add_up(report, retry);
    }
    return {};
}

Result<void> count_suspense(engine::Engine& engine, engine::Report& report) {
    report.suspended_by_reason.clear();
    FARTHING_TRY(const auto left, engine.suspense());
    for (const engine::SuspenseLine& line : left) {
        const std::string reason(name_of(line.reason));
        auto found = std::ranges::find(report.suspended_by_reason, reason,
                                       &std::pair<std::string, std::int64_t>::first);
        if (found == report.suspended_by_reason.end())
            found = report.suspended_by_reason.insert(found, {reason, 0});
        found->second += line.records;
    }
    return {};
}

void print_records(Context& context, engine::Engine& engine, Result<void>& outcome) {
    const bool as_json = context["--records"] == "json";
    if (!as_json)
        context.out << "record,file,line,subscription,payer,meter,charge,start,quantity,unit,from,"
                       "to,amount\n";
    outcome = engine.each_rated_record([&](const engine::RatedRecord& record) {
        const std::string amount = record.amount.to_string();
        const std::string start = to_rfc3339(record.start);
        if (as_json) {
            JsonWriter json(false);
            json.begin_object()
                .field("record", record.id)
                .field("file", record.file)
                .field("line", record.line);
            json.field("subscription", record.subscription)
                .field("payer", record.payer)
                .field("meter", record.meter);
            json.field("charge", record.charge)
                .field("start", start)
                .field("quantity", record.quantity);
            json.field("unit", record.unit).field("from", record.from).field("to", record.to);
            json.field("amount", amount).end_object();
            context.out << json.text() << '\n';
        } else {
            context.out << record.id << ',' << csv_text(record.file) << ',' << record.line << ','
                        << csv_text(record.subscription) << ',' << csv_text(record.payer) << ','
                        << record.meter << ',' << csv_text(record.charge) << ',' << start << ','
                        << record.quantity << ',' << record.unit << ',' << record.from << ','
                        << record.to << ',' << amount << '\n';
        }
    });
}

// What a data folder would learn over time: the owners of the records.
Result<void> settle(Context& context, engine::Engine& engine, engine::Report& report) {
    if (!context.arguments.given("--directory")) {
        FARTHING_CHECK(adopt_identities(context, engine, report));
    }
    return count_suspense(engine, report);
}

Result<Exit> rate(Context& context) {
    if (const std::string& form = context["--records"];
        !form.empty() && form != "csv" && form != "json") {
        return fail(UsageReason::bad_value, "--records is csv or json, not \"" + form + "\"");
    }
    FARTHING_TRY(const auto files, files_of(context.arguments.all("FILES")));
    if (files.empty()) return fail(UsageReason::not_found, "no files to rate");
    FARTHING_TRY(auto catalog_files, engine::read_catalog(context["--catalog"]));
    const TemporaryFolder folder;
    FARTHING_TRY(const EnginePtr engine, open_folder(context, folder.path()));
    if (const auto published = engine->publish(std::move(catalog_files), std::nullopt);
        !published) {
        return tell(context, published.error());
    }
    const bool has_directory = context.arguments.given("--directory");
    if (context.arguments.given("--accounts")) {
        FARTHING_TRY(const std::string csv, read_file(context["--accounts"]));
        if (const auto rows = engine->import_accounts(context["--accounts"], csv); !rows)
            return tell(context, rows.error());
    }
    if (has_directory) {
        FARTHING_TRY(const std::string csv, read_file(context["--directory"]));
        if (const auto rows = engine->import_subscriptions(context["--directory"], csv); !rows)
            return tell(context, rows.error());
    }
    const auto feed = add_feed_for(context, *engine, files.front().string());
    if (!feed) return tell(context, feed.error());
    auto bar = std::make_unique<ProgressBar>(context, "rating");
    auto report = engine->import_files(*feed, files, bar->callback());
    if (report) {
        if (auto settled = settle(context, *engine, *report); !settled) {
            report = std::unexpected(settled.error());
        }
    }
    const auto elapsed = bar->elapsed();
    bar.reset();
    if (!report) return std::unexpected(report.error());
    if (!context.arguments.given("--records")) return print_report(context, *report, elapsed);
    Result<void> printed;
    print_records(context, *engine, printed);
    FARTHING_CHECK(std::move(printed));
    return report->count(Outcome::suspended) > 0 || !report->refused.empty() ? Exit::partly
                                                                             : Exit::done;
}

}  // namespace

std::vector<Command> usage_commands() {
    return {
        {"rate",
         "",
         "Price the records of files: no server, no data folder",
         {{"FILES", true, true}},
         {{"--catalog", "DIR", "the prices (needed)"},
          {"--feed", "FILE", "how to read the files; else it is guessed"},
          {"--directory", "CSV", "subscriptions; else every identity gets the plan"},
          {"--accounts", "CSV", "the accounts that --directory names"},
          {"--plan", "PLAN", "the plan of identities without a directory"},
          {"--records", "csv|json", "print every rated record"}},
         {"farthing rate cdrs.csv --catalog ./my-catalog",
          "farthing rate cdrs.csv --catalog ./my-catalog --records csv"},
         rate},
        {"import",
         "",
         "Take usage files into the data folder: mediate, rate, post",
         {{"FEED"}, {"FILES", true, true}},
         {{"--stages", "", "tell where the processor's time went"}},
         {"farthing import lamps inbox/", "farthing import carrier-uk UK000042.cdr.gz --json"},
         import},
    };
}

}  // namespace farthing::cli
