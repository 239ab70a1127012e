// bill preview | run | undo | send
#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "render/documents.h"

namespace farthing::cli {

namespace {

Result<engine::WhichCycle> cycle_to_bill(Context& context, const engine::Engine& engine) {
    if (context.arguments.given("--day")) {
        FARTHING_TRY(const Date day, date_argument(context["--day"]));
        return day;
    }
    if (context.arguments.given("--period")) {
        FARTHING_TRY(const Date first, date_argument(context["--period"] + "-01"));
        return first;
    }
    return engine::WhichCycle::ended_by(today(context, engine));
}

void write_findings(JsonWriter& json, const engine::BillRunReport::Row& row) {
    for (const engine::Finding& finding : row.findings) {
        json.begin_object()
            .field("account", row.payer)
            .field("cycle", to_string(row.cycle))
            .field("finding", finding.kind)
            .field("text", finding.text)
            .end_object();
    }
}

// How far from earlier documents is worth telling.
Result<void> set_unusual(Context& context, engine::Engine& engine) {
    if (!context.arguments.given("--unusual")) return {};
    FARTHING_TRY(const std::int64_t factor, whole_number(context["--unusual"]));
    if (factor != 0 && (factor < 2 || factor > 1000))
        return fail(UsageReason::bad_value, "--unusual takes 2 to 1000, or 0 for never");
    engine.set_unusual_factor(factor);
    return {};
}

Exit print_run(Context& context, const engine::BillRunReport& report) {
    Listing listing(
        {"invoice", "number", "account", "title", "cycle", "state", "net", "payable", "currency"});
    for (const auto& row : report.invoices) {
        listing.add({row.id ? std::to_string(row.id.value) : std::string(), row.number, row.payer,
                     row.title, to_string(row.cycle), std::string(name_of(row.state)),
                     row.net ? row.net->to_string() : std::string(), row.payable.to_string(),
                     std::string(row.payable.currency.code())});
    }
    if (context.json()) {
        JsonWriter json;
        json.begin_object().key("invoices");
        listing.write_json(json);
        json.key("failed").begin_array();
        for (const auto& [payer, error] : report.failed) {
            json.begin_object()
                .field("account", payer)
                .field("reason", error.code)
                .field("message", error.message)
                .end_object();
        }
        json.end_array().key("findings").begin_array();
        for (const auto& row : report.invoices) write_findings(json, row);
        json.end_array().end_object();
        context.out << json.text() << '\n';
    } else {
        listing.print(context);
        for (const auto& row : report.invoices) {
            for (const engine::Finding& finding : row.findings)
                say(context, "look: " + row.payer + ": " + finding.kind + ": " + finding.text);
        }
        for (const auto& [payer, error] : report.failed)
            tell(context, Error{error.code, payer + ": " + error.message, error.place, error.mend});
    }
    return report.failed.empty() ? Exit::done : Exit::partly;
}

using Step = Result<engine::BillRunReport> (engine::Engine::*)(engine::WhichCycle,
                                                               const std::string&);

Result<Exit> run_step(Context& context, Step step) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::WhichCycle which, cycle_to_bill(context, *engine));
    FARTHING_CHECK(set_unusual(context, *engine));
    FARTHING_TRY(const engine::BillRunReport report,
                 (engine.get()->*step)(which, context["--account"]));
    return print_run(context, report);
}

Result<Exit> preview(Context& context) {
    if (!context.arguments.given("--full")) return run_step(context, &engine::Engine::preview);
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::WhichCycle which, cycle_to_bill(context, *engine));
    FARTHING_TRY(const Invoice invoice, engine->preview_invoice(which, context["--account"]));
    context.out << (context.json() ? render::invoice_json(invoice) + "\n"
                                   : render::invoice_text(invoice));
    return Exit::done;
}

Result<Exit> bill_run(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::WhichCycle which, cycle_to_bill(context, *engine));
    FARTHING_CHECK(set_unusual(context, *engine));
    auto bar = std::make_unique<ProgressBar>(context, "bill run");
    const auto report = engine->bill_run(which, context["--account"], bar->callback());
    bar.reset();
    if (!report) return std::unexpected(report.error());
    const Exit exit = print_run(context, *report);
    say(context, "next: farthing invoice show ID   ·   farthing bill send");
    return exit;
}

Result<Exit> undo(Context& context) {
    return run_step(context, &engine::Engine::undo);
}
Result<Exit> send(Context& context) {
    return run_step(context, &engine::Engine::send);
}

const Option kUnusual = {"--unusual", "N",
                         "tell documents beyond N times the earlier ones, or below 1/N (else 3)"};

std::vector<Option> which(std::vector<Option> more) {
    std::vector<Option> all = {
        {"--day", "DATE", "the cycle that holds that day (else the one that ended last)"},
        {"--period", "MONTH", "the cycle that holds the first of that month: 2026-06"},
        {"--account", "ACCOUNT", "only that payer"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

std::vector<Command> bill_commands() {
    return {
        {"bill",
         "preview",
         "What a bill run would make, without making it",
         {},
         which({{"--full", "", "the whole document of --account"}, kUnusual}),
         {"farthing bill preview --period 2026-06", "farthing bill preview --account acme --full"},
         preview},
        {"bill",
         "run",
         "Prepare the documents of a billing cycle",
         {},
         which({kUnusual}),
         {"farthing bill run", "farthing bill run --period 2026-06 --account acme"},
         bill_run},
        {"bill",
         "undo",
         "Take prepared documents back, until they are sent",
         {},
         which({}),
         {"farthing bill undo --period 2026-06", "farthing bill undo --account acme"},
         undo},
        {"bill",
         "send",
         "Number the prepared documents: they never change again",
         {},
         which({}),
         {"farthing bill send --period 2026-06", "farthing bill send --account acme"},
         send},
    };
}

}  // namespace farthing::cli
