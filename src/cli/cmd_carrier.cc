// margin · carrier list | statement | check: what carrying usage costs, and what it earns.
#include <ostream>

#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<std::optional<DatePeriod>> month_option(Context& context) {
    if (!context.arguments.given("--period")) return std::optional<DatePeriod>();
    FARTHING_TRY(const Date first, date_argument(context["--period"] + "-01"));
    return std::optional(cycle_of(first, 1));
}

Result<engine::MarginBy> margin_by(const std::string& by) {
    using engine::MarginBy;
    if (by.empty() || by == "route") return MarginBy::route;
    if (by == "account") return MarginBy::account;
    if (by == "carrier") return MarginBy::carrier;
    if (by == "destination") return MarginBy::destination;
    return fail(UsageReason::bad_value, "--by takes route, account, carrier or destination");
}

void add_margin(Listing& listing, const engine::MarginRow& row) {
    listing.add({row.of, row.records, row.retail.to_string(), row.cost.to_string(),
                 row.margin().to_string(), row.losing, row.lost.to_string()});
}

Result<Exit> margin(Context& context) {
    FARTHING_TRY(const engine::MarginBy by, margin_by(context["--by"]));
    FARTHING_TRY(const auto period, month_option(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::MarginReport report, engine->margin(by, period));
    const std::string what = context["--by"].empty() ? "route" : context["--by"];
    Listing listing({what, "records", "retail", "cost", "margin", "losing", "lost"});
    for (const engine::MarginRow& row : report.rows) add_margin(listing, row);
    if (context.format == Format::table && report.rows.size() > 1) {
        engine::MarginRow total = report.total;
        total.of = "all";
        add_margin(listing, total);
    }
    listing.print(context);
    if (report.without_cost > 0)
        say(context, grouped(report.without_cost) + " records have no cost");
    if (report.without_retail > 0)
        say(context, grouped(report.without_retail) + " records were carried and not sold");
    return Exit::done;
}

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto names, engine->carriers());
    Listing listing({"carrier", "payable", "currency"});
    for (const std::string& name : names) {
        FARTHING_TRY(const Money cost, engine->carrier_cost(name));
        listing.add({name, cost.to_string(), std::string(cost.currency.code())});
    }
    listing.print(context);
    return Exit::done;
}

// With a period that of its month, else the month before today.
Result<Exit> statement(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto period, month_option(context));
    const Date day =
        period ? period->first : cycle_of(today(context, *engine), 1).first.plus_days(-1);
    FARTHING_TRY(const engine::CarrierStatement statement,
                 engine->carrier_statement(context["CARRIER"], day));
    Listing listing({"text", "records", "quantity", "unit", "amount"});
    for (const auto& line : statement.lines) {
        listing.add({line.text, line.records, line.quantity, line.unit,
                     line.amount.to_string(statement.digits)});
    }
    const std::string currency(statement.payable.currency.code());
    if (context.json()) {
        JsonWriter json;
        json.begin_object().field("carrier", statement.carrier);
        json.field("period", to_string(statement.period)).key("lines");
        listing.write_json(json);
        json.field("payable", statement.payable.to_string(statement.digits));
        json.field("account", statement.account);
        json.field("receivable", statement.receivable.to_string());
        json.field("net", statement.net().to_string()).field("currency", currency).end_object();
        context.out << json.text() << '\n';
        return Exit::done;
    }
    listing.print(context);
    if (context.format != Format::table) return Exit::done;
    context.out << statement.title << " · " << to_string(statement.period) << "\npayable "
                << statement.payable.to_string(statement.digits) << ' ' << currency << '\n';
    if (statement.account.empty()) return Exit::done;
    context.out << "receivable " << statement.receivable.to_string() << ' ' << currency << " ("
                << statement.account << ")\nnet " << statement.net().to_string() << ' ' << currency
                << '\n';
    return Exit::done;
}

Result<Exit> check(Context& context) {
    FARTHING_TRY(const auto period, month_option(context));
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::CarrierCheck found,
                 engine->check_carrier(context["CARRIER"], context["FILE"], period));
    Listing listing({"difference", "record", "line", "theirs", "ours"});
    for (const auto& row : found.differences)
        listing.add({row.kind, row.record, row.line, row.theirs, row.ours});
    const std::string currency(found.theirs.currency.code());
    const std::string sum =
        Money{found.theirs.atoms - found.ours.atoms, found.theirs.currency}.to_string();
    if (context.json()) {
        JsonWriter json;
        json.begin_object()
            .field("period", to_string(found.period))
            .field("matched", found.matched);
        json.key("differences");
        listing.write_json(json);
        json.field("records_theirs", found.records_theirs);
        json.field("records_ours", found.records_ours);
        json.field("theirs", found.theirs.to_string()).field("ours", found.ours.to_string());
        json.field("difference", sum).field("currency", currency).end_object();
        context.out << json.text() << '\n';
    } else {
        if (!found.differences.empty()) listing.print(context);
        if (context.format == Format::table) {
            context.out << to_string(found.period) << ": " << grouped(found.matched)
                        << " agree, theirs " << grouped(found.records_theirs) << " records "
                        << found.theirs.to_string() << ", ours " << grouped(found.records_ours)
                        << " records " << found.ours.to_string() << ", difference " << sum << ' '
                        << currency << '\n';
        }
    }
    return found.differences.empty() ? Exit::done : Exit::no;
}

const Option kPeriod = {"--period", "MONTH", "only that month: 2026-06"};

}  // namespace

std::vector<Command> carrier_commands() {
    return {
        {"margin",
         "",
         "What records were sold for, what carrying them costs, and where money is lost",
         {},
         {{"--by", "WHAT", "by route (default), account, carrier or destination"}, kPeriod},
         {"farthing margin --by route --period 2026-01", "farthing margin --by account -o csv"},
         margin},
        {"carrier",
         "list",
         "The carriers of the catalog and what is owed to them",
         {},
         {},
         {"farthing carrier list", "farthing carrier list -o csv"},
         list},
        {"carrier",
         "statement",
         "What a carrier charges for a month, netted with what it owes as a customer",
         {{"CARRIER"}},
         {{"--period", "MONTH", "that month (else the one before this): 2026-06"}},
         {"farthing carrier statement voxa --period 2026-01",
          "farthing carrier statement voxa --json"},
         statement},
        {"carrier",
         "check",
         "Compare a carrier's itemised invoice with our rating: exit code 1 when they differ",
         {{"CARRIER"}, {"FILE"}},
         {{"--period", "MONTH", "that month (else that of its records): 2026-06"}},
         {"farthing carrier check voxa voxa-2026-01.csv",
          "farthing carrier check voxa voxa-2026-01.csv -o csv"},
         check},
    };
}

}  // namespace farthing::cli
