// suspense list | show | fix | retry | drop: records that wait for a cause to be mended.
#include <cstdlib>
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
    engine::SuspenseFilter filter{context["--feed"], reason, context["--identity"], context["ID"]};
    FARTHING_TRY(filter.side, side_argument(context["--rating"]));
    return filter;
}

// What gives up or changes records names them.
Result<engine::SuspenseFilter> named_filter_of(Context& context) {
    FARTHING_TRY(engine::SuspenseFilter filter, filter_of(context));
    const bool named = !filter.feed.empty() || !filter.reason.empty() || !filter.identity.empty() ||
                       !filter.record.empty();
    if (!named && !context.arguments.given("--all")) {
        return fail(UsageReason::bad_usage,
                    "name which by ID, --reason, --identity or --feed, or say --all");
    }
    return filter;
}

// A record whose time could not be read has the instant zero.
std::string time_or_nothing(Instant time) {
    return time == Instant{} ? std::string() : to_rfc3339(time);
}

Result<engine::SuspenseBy> by_of(Context& context) {
    const std::string& by = context["--by"];
    if (by.empty()) return engine::SuspenseBy::everything;
    if (by == "cause") return engine::SuspenseBy::cause;
    if (by == "feed") return engine::SuspenseBy::feed;
    if (by == "identity") return engine::SuspenseBy::identity;
    return fail(UsageReason::bad_value, "--by takes cause, feed or identity");
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string quantities_text(const std::vector<engine::SuspenseWorth::Quantity>& quantities) {
    std::vector<std::string> texts;
    for (const auto& one : quantities) {
        texts.push_back((quantities.size() > 1 ? one.meter + " " : "") +
                        std::to_string(one.quantity) + " " + one.unit);
    }
    return joined(texts);
}

void add_line(Listing& listing, const engine::SuspenseWorth& worth, engine::SuspenseBy by,
              Context& context) {
    using engine::SuspenseBy;
    const engine::SuspenseLine& line = worth.line;
    const bool all = by == SuspenseBy::everything;
    const std::int64_t days = (context.now().micros - line.since.micros) / kMicrosPerDay;
    std::vector<Listing::Cell> cells{line.records};
    if (all || by == SuspenseBy::feed) cells.emplace_back(line.feed);
    if (all || by == SuspenseBy::cause) cells.emplace_back(std::string(name_of(line.reason)));
    if (all || by == SuspenseBy::identity) cells.emplace_back(line.identity);
    cells.emplace_back(time_or_nothing(line.first));
    cells.emplace_back(time_or_nothing(line.last));
    cells.emplace_back(std::max<std::int64_t>(0, days));
    cells.emplace_back(quantities_text(worth.quantities));
    // What could not be priced is worth something nobody knows, which is not nothing.
    cells.emplace_back(worth.priced == 0 ? std::string() : worth.amount.to_string());
    cells.emplace_back(worth.priced == 0 ? std::string()
                                         : std::string(worth.amount.currency.code()));
    cells.emplace_back(worth.priced);
    cells.emplace_back(joined(worth.plans));
    if (all) cells.emplace_back(printable(line.sample, context.format == Format::table ? 60 : 400));
    if (by == SuspenseBy::cause) cells.emplace_back(std::string(mend_of(line.reason)));
    listing.add(std::move(cells));
}

Listing listing_by(engine::SuspenseBy by) {
    using engine::SuspenseBy;
    std::vector<std::string> columns{"records"};
    const bool all = by == SuspenseBy::everything;
    if (all || by == SuspenseBy::feed) columns.emplace_back("feed");
    if (all || by == SuspenseBy::cause) columns.emplace_back("reason");
    if (all || by == SuspenseBy::identity) columns.emplace_back("identity");
    for (const char* more :
         {"first", "last", "days", "quantity", "estimate", "currency", "priced", "plan"})
        columns.emplace_back(more);
    if (all) columns.emplace_back("sample");
    if (by == SuspenseBy::cause) columns.emplace_back("mend");
    return Listing(std::move(columns));
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    FARTHING_TRY(const engine::SuspenseBy by, by_of(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    Listing listing = listing_by(by);
    if (engine->catalog().empty()) {  // nothing has a price yet
        FARTHING_TRY(const auto lines, engine->suspense(by, filter));
        for (const engine::SuspenseLine& line : lines)
            add_line(listing, {line, {}, 0, {}, {}}, by, context);
    } else {
        FARTHING_TRY(const auto worths, engine->suspense_worth(by, filter, context["--plan"]));
        for (const engine::SuspenseWorth& worth : worths) add_line(listing, worth, by, context);
        if (!worths.empty())
            say(context,
                "estimate: rated alone, from counters at zero; `plan` stands in for a plan "
                "nobody knows");
    }
    listing.print(context);
    return Exit::done;
}

void print_record(Context& context, const engine::SuspendedRecord& record) {
    std::ostream& out = context.out;
    out << record.id << "  " << name_of(record.reason)
        << (record.identity.empty() ? "" : "  " + record.identity) << '\n';
    out << "  source  " << record.file << ':' << record.line << "  feed " << record.feed << '\n';
    out << "  record  " << printable(record.text, 400) << '\n';
    out << "  failed  " << record.what << '\n';
    for (const std::string& fix : record.fixes) out << "  fix     " << fix << '\n';
    out << "  mend    " << record.mend << '\n';
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    std::size_t limit = kShownMax;
    if (context.arguments.given("--limit")) {
        FARTHING_TRY(const std::int64_t number, whole_number(context["--limit"]));
        limit = number < 0 ? 0 : static_cast<std::size_t>(number);
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(auto records, engine->suspended_records(filter, limit + 1));
    if (records.size() > limit) {
        records.resize(limit);
        say(context,
            "the first " + std::to_string(limit) + " alone; more wait: --limit N shows more");
    }
    if (!filter.record.empty() && records.empty())
        return fail(UsageReason::not_found, "no record \"" + filter.record + "\" waits");
    if (context.format == Format::table) {
        for (const engine::SuspendedRecord& record : records) print_record(context, record);
        return Exit::done;
    }
    Listing listing(
        {"id", "reason", "identity", "feed", "file", "line", "record", "failed", "fixes", "mend"});
    for (const engine::SuspendedRecord& record : records) {
        listing.add({record.id, std::string(name_of(record.reason)), record.identity, record.feed,
                     record.file, record.line, record.text, record.what, joined(record.fixes),
                     record.mend});
    }
    listing.print(context);
    return Exit::done;
}

Exit print_retry(Context& context, const engine::Report& report, const ProgressBar& clock,
                 bool preview) {
    if (preview) say(context, "a preview: nothing was changed");
    return print_report(context, report, clock.elapsed());
}

Result<Exit> retry(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, filter_of(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const ProgressBar clock(context, "retry");
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const engine::Report report, engine->retry(filter, preview));
    return print_retry(context, report, clock, preview);
}

Result<Exit> fix(Context& context) {
    FARTHING_TRY(const engine::SuspenseFilter filter, named_filter_of(context));
    engine::Correction correction{{}, who_of(context), context["--because"]};
    for (const std::string& set : context.arguments.all("--set")) {
        const std::size_t equals = set.find('=');
        if (equals == std::string::npos)
            return fail(UsageReason::bad_value,
                        "write --set FIELD=VALUE, not \"" + printable(set) + "\"");
        correction.fields.emplace_back(set.substr(0, equals), set.substr(equals + 1));
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const ProgressBar clock(context, "retry");
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const engine::Report report, engine->fix(filter, correction, preview));
    return print_retry(context, report, clock, preview);
}

Result<Exit> drop(Context& context) {
    if (context["--because"].empty())
        return fail(UsageReason::bad_usage, "say why with --because \"…\": it is kept");
    FARTHING_TRY(const engine::SuspenseFilter filter, named_filter_of(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    const bool preview = context.arguments.given("--preview");
    FARTHING_TRY(const std::int64_t dropped, engine->drop(filter, context["--because"], preview));
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("dropped", dropped).field("preview", preview).end_object();
        context.out << json.text() << '\n';
    } else {
        context.out << (preview ? "would drop " : "dropped ") << grouped(dropped) << '\n';
    }
    return Exit::done;
}

std::vector<Option> filters(std::vector<Option> more) {
    std::vector<Option> all = {{"--reason", "NAME", "only that reason"},
                               {"--identity", "TEXT", "only that identity, as listed"},
                               {"--feed", "NAME", "only that feed"},
                               {"--rating", "retail|cost", "only what lacks that rating alone"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

const Option kPreview = {"--preview", "", "tell what would happen and change nothing"};
const Option kAll = {"--all", "", "all that waits"};

}  // namespace

std::vector<Command> suspense_commands() {
    return {
        {"suspense",
         "list",
         "What waits, since when, and what it would be worth",
         {},
         filters({{"--by", "WHAT", "grouped by cause, feed or identity"},
                  {"--plan", "NAME", "estimate unknown devices with that plan"}}),
         {"farthing suspense list --by cause", "farthing suspense list --reason conflict -o csv"},
         list},
        {"suspense",
         "show",
         "The waiting records themselves: where they came from, what failed, what mends it",
         {{"ID", false}},
         filters({{"--limit", "N", "at most that many (else 20)"}}),
         {"farthing suspense show sus-3-17",
          "farthing suspense show --identity \"device L-000040\""},
         show},
        {"suspense",
         "fix",
         "Correct a field of waiting records and retry them; the records are kept as they came",
         {{"ID", false}},
         filters({{"--set", "FIELD=VALUE", "how the field reads (may be given again)"},
                  {"--because", "TEXT", "why (needed)"},
                  {"--who", "NAME", "who says so (else $USER)"},
                  kAll,
                  kPreview}),
         {"farthing suspense fix sus-3-17 --set identity=L-000040 --because \"label was swapped\"",
          "farthing suspense fix --reason ambiguous_time --set start=2026-10-25T03:30:00+03:00 "
          "--because \"the vendor says summer time\" --preview"},
         fix},
        {"suspense",
         "retry",
         "Try again, after the cause was mended",
         {{"ID", false}},
         filters({kPreview}),
         {"farthing suspense retry --reason unknown_identity", "farthing suspense retry --preview"},
         retry},
        {"suspense",
         "drop",
         "Give up on records, with a reason that is kept",
         {{"ID", false}},
         filters({{"--because", "TEXT", "why (needed)"}, kAll, kPreview}),
         {"farthing suspense drop --reason conflict --because \"vendor test\"",
          "farthing suspense drop --all --because \"test data\" --preview"},
         drop},
    };
}

}  // namespace farthing::cli
