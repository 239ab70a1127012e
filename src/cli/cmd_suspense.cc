// suspense list | show | retry | drop: records that wait for a cause to be mended.
#include <ostream>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::size_t kShownMax = 20;

Result<engine::SuspenseFilter> filter_of(Context& context) {
    const std::string& reason = context["--reason"];
    if (!reason.empty() && !reason_named<SuspenseReason>(reason)) {
        std::vector<std::string_view> known;
        for (const ReasonText& row : reasons_of<SuspenseReason>()) known.push_back(row.name);
        const std::string near = nearest_name(reason, known);
        return fail(UsageReason::bad_value,
                    "no reason is named \"" + printable(reason) + "\"." +
                        (near.empty() ? "" : " Did you mean \"" + near + "\"?"));
    }
    return engine::SuspenseFilter{context["--feed"], reason, context["--identity"]};
}

// A record whose time could not be read has the instant zero.
std::string time_or_nothing(Instant time) {
    return time == Instant{} ? std::string() : to_rfc3339(time);
}

bool matches(const engine::SuspenseFilter& filter, const engine::SuspenseLine& line) {
    return (filter.feed.empty() || filter.feed == line.feed) &&
           (filter.reason.empty() || filter.reason == name_of(line.reason)) &&
           (filter.identity.empty() || filter.identity == line.identity);
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto lines, engine->suspense());
    Listing listing({"records", "feed", "reason", "identity", "first", "last", "sample"});
    for (const engine::SuspenseLine& line : lines) {
        if (!matches(filter, line)) continue;
        listing.add({line.records, line.feed, std::string(name_of(line.reason)), line.identity,
                     time_or_nothing(line.first), time_or_nothing(line.last),
                     printable(line.sample, context.format == Format::table ? 60 : 400)});
    }
    listing.print(context);
    return Exit::done;
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    std::size_t limit = kShownMax;
    if (context.arguments.given("--limit")) {
        FARTHING_TRY(const std::int64_t number, whole_number(context["--limit"]));
        limit = number < 0 ? 0 : static_cast<std::size_t>(number);
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto records, engine->suspended_records(filter, limit));
    Listing listing({"file", "line", "record"});
    for (const engine::SuspendedRecord& record : records)
        listing.add({record.file, record.line, record.text});
    listing.print(context);
    return Exit::done;
}

Result<Exit> retry(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const ProgressBar clock(context, "retry");
    FARTHING_TRY(const engine::Report report, engine->retry(filter));
    return print_report(context, report, clock.elapsed());
}

Result<Exit> drop(Context& context) {
    if (context["--because"].empty())
        return fail(UsageReason::bad_usage, "say why with --because \"…\": it is kept");
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    if (filter.feed.empty() && filter.reason.empty() && filter.identity.empty() &&
        !context.arguments.given("--all")) {
        return fail(UsageReason::bad_usage,
                    "name which with --reason, --identity or --feed, or say --all");
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const std::int64_t dropped, engine->drop(filter, context["--because"]));
    context.out << "dropped " << grouped(dropped) << '\n';
    return Exit::done;
}

std::vector<Option> filters(std::vector<Option> more) {
    std::vector<Option> all = {{"--reason", "NAME", "only that reason"},
                               {"--identity", "TEXT", "only that identity, as listed"},
                               {"--feed", "NAME", "only that feed"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

std::vector<Command> suspense_commands() {
    return {
        {"suspense",
         "list",
         "What waits, by reason and identity",
         {},
         filters({}),
         {"farthing suspense list", "farthing suspense list --reason unknown_identity -o csv"},
         list},
        {"suspense",
         "show",
         "The waiting records themselves",
         {},
         filters({{"--limit", "N", "at most that many (else 20)"}}),
         {"farthing suspense show --reason conflict",
          "farthing suspense show --identity \"device L-000040\""},
         show},
        {"suspense",
         "retry",
         "Try again, after the cause was mended",
         {},
         filters({}),
         {"farthing suspense retry --reason unknown_identity", "farthing suspense retry"},
         retry},
        {"suspense",
         "drop",
         "Give up on records, with a reason that is kept",
         {},
         filters({{"--because", "TEXT", "why (needed)"}, {"--all", "", "all that waits"}}),
         {"farthing suspense drop --reason conflict --because \"vendor test\"",
          "farthing suspense drop --all --because \"test data\""},
         drop},
    };
}

}  // namespace farthing::cli
