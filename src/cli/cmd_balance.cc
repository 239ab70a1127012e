// balance: money that accounts paid in, what is left of it, and limits.
#include <ostream>

#include "api/charge_json.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

Result<Exit> balance_show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::BalanceReport report, engine->balance(context["ACCOUNT"]));
    if (context.json()) {
        context.out << api::write_balance(report) << '\n';
        return Exit::done;
    }
    const std::string currency(report.balance.currency.code());
    const auto line = [&](std::string_view name, const std::string& value) {
        context.out << name << std::string(14 - name.size(), ' ') << value << '\n';
    };
    line("balance", report.balance.to_string() + " " + currency);
    line("held", report.held.to_string());
    line("available", report.available ? report.available->to_string() : "without end");
    line("credit limit", report.credit ? report.credit->to_string() : "without end");
    if (report.cap) {
        line("cap", report.cap->to_string() + " a cycle, " + report.spent.to_string() + " spent");
    }
    return Exit::done;
}

Result<Exit> balance_topup(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const TopUp paid,
                 engine->top_up(context["ACCOUNT"], context["AMOUNT"], context["--reference"]));
    say(context, Money{paid.atoms, paid.currency}.to_string() + " " +
                     std::string(paid.currency.code()) + " paid in, " + paid.reference);
    return Exit::done;
}

Result<Exit> balance_limit(Context& context) {
    engine::LimitChange change{context["ACCOUNT"], context["--credit"], context["--cap"]};
    if (change.credit.empty() && change.cap.empty())
        return fail(UsageReason::bad_usage, "say what is limited: --credit or --cap");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->limit(change));
    return Exit::done;
}

Result<Exit> balance_alert(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->watch_balance(context["ACCOUNT"], context["BELOW"]));
    return Exit::done;
}

Result<Exit> balance_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto payments, engine->top_ups(context["ACCOUNT"]));
    Listing listing({"at", "reference", "amount"});
    for (const TopUp& paid : payments) {
        listing.add(
            {to_rfc3339(paid.at), paid.reference, Money{paid.atoms, paid.currency}.to_string()});
    }
    listing.print(context);
    return Exit::done;
}

}  // namespace

std::vector<Command> balance_commands() {
    return {
        {"balance",
         "show",
         "What a paying account has, what is held, and what it may still spend",
         {{"ACCOUNT"}},
         {},
         {"farthing balance show anna", "farthing balance show acme --json"},
         balance_show},
        {"balance",
         "topup",
         "Money came in for an account; the same reference counts once",
         {{"ACCOUNT"}, {"AMOUNT"}},
         {{"--reference", "TEXT", "of the payment; needed"}},
         {"farthing balance topup anna 50.00 --reference card-4711",
          "farthing balance topup acme 1000 --reference \"bank 2026-01-05/17\""},
         balance_topup},
        {"balance",
         "limit",
         "How far below zero an account may go, and what a cycle may cost",
         {{"ACCOUNT"}},
         {{"--credit", "AMOUNT", "below zero; `none`: without end"},
          {"--cap", "AMOUNT", "of a billing cycle; `none`: without end"}},
         {"farthing balance limit acme --credit 600", "farthing balance limit anna --cap 50.00"},
         balance_limit},
        {"balance",
         "alert",
         "Tell by a webhook when the balance falls below an amount",
         {{"ACCOUNT"}, {"BELOW"}},
         {},
         {"farthing balance alert anna 5.00", "farthing balance alert anna none"},
         balance_alert},
        {"balance",
         "payments",
         "List what was paid in",
         {{"ACCOUNT"}},
         {},
         {"farthing balance payments anna", "farthing balance payments anna -o csv"},
         balance_list},
    };
}

}  // namespace farthing::cli
