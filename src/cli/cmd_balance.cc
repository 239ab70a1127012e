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
    const std::string currency(report.spent.currency.code());
    const auto line = [&](std::string_view name, const std::string& value) {
        context.out << name << std::string(14 - name.size(), ' ') << value << '\n';
    };
    if (report.balance) {
        line("balance", report.balance->to_string() + " " + currency);
        line("held", report.held.to_string());
    } else {
        line("payer", report.payer);
        line("held", report.held.to_string() + " " + currency);
    }
    line("available", report.available ? report.available->to_string() : "without end");
    if (report.balance)
        line("credit limit", report.credit ? report.credit->to_string() : "without end");
    if (report.cap) {
        line("cap", report.cap->to_string() + " a cycle, " + report.spent.to_string() + " spent");
    } else if (!report.balance) {
        line("spent", report.spent.to_string());
    }
    for (const engine::BucketRow& one : report.buckets) {
        line("bucket", one.id + " of " + one.owner + ": " + one.remaining + " of " + one.package +
                           " until " + to_string(one.last));
    }
    for (const engine::SuspendedRow& one : report.suspended) {
        line("suspended", one.subscription + ": " + one.fee + ", " + one.amount.to_string() +
                              " due on " + to_string(one.due));
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

Result<Exit> balance_transfer(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Transfer moved,
                 engine->transfer(
                     {context["FROM"], context["TO"], context["AMOUNT"], context["--reference"]}));
    say(context, Money{moved.atoms, moved.currency}.to_string() + " " +
                     std::string(moved.currency.code()) + " moved, " + moved.reference);
    return Exit::done;
}

Result<Exit> balance_transfers(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->transfers(context["ACCOUNT"]));
    Listing listing({"at", "from", "to", "reference", "amount"});
    for (const engine::TransferRow& row : rows)
        listing.add({to_rfc3339(row.at), row.from, row.to, row.reference, row.amount.to_string()});
    listing.print(context);
    return Exit::done;
}

Result<Exit> balance_recharge(Context& context) {
    engine::RechargeChange change;
    change.account = context["ACCOUNT"];
    change.below = context["BELOW"];
    change.amount = context["--amount"];
    change.source = context["--from"];
    if (change.below != "none" && change.amount.empty())
        return fail(UsageReason::bad_usage, "say how much comes then: --amount");
    if (context.arguments.given("--per-day")) {
        FARTHING_TRY(change.per_day, whole_number(context["--per-day"]));
    }
    if (context.arguments.given("--per-month")) {
        FARTHING_TRY(change.per_month, whole_number(context["--per-month"]));
    }
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->set_recharge(change));
    return Exit::done;
}

Result<Exit> balance_recharges(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->recharges(context["ACCOUNT"]));
    Listing listing({"at", "reference", "source", "amount", "result"});
    for (const engine::RechargeRow& row : rows)
        listing.add(
            {to_rfc3339(row.at), row.reference, row.source, row.amount.to_string(), row.result});
    listing.print(context);
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

void print_fees(Context& context, const std::vector<engine::FeeRow>& rows) {
    Listing listing({"fee", "account", "subscription", "charge", "due", "amount", "result"});
    for (const engine::FeeRow& row : rows) {
        listing.add({row.id, row.account, row.subscription, row.fee, to_string(row.due),
                     row.amount.to_string(), row.result});
    }
    listing.print(context);
}

Result<Exit> fee_take(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const engine::FeeReport report, engine->take_fees(context["ACCOUNT"]));
    print_fees(context, report.rows);
    for (const auto& [account, error] : report.failed)
        context.err << account << ": " << error.to_string() << '\n';
    return report.failed.empty() ? Exit::done : Exit::partly;
}

Result<Exit> fee_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->fees(context["ACCOUNT"]));
    print_fees(context, rows);
    return Exit::done;
}

std::vector<Command> fee_commands() {
    return {
        {"fee",
         "take",
         "Take the fees of prepaid accounts that are due; `serve` does it each day",
         {{"ACCOUNT", false}},
         {},
         {"farthing fee take", "farthing fee take anna --json"},
         fee_take},
        {"fee",
         "list",
         "List what became of a prepaid account's fees",
         {{"ACCOUNT"}},
         {},
         {"farthing fee list anna", "farthing fee list anna -o csv"},
         fee_list},
    };
}

std::vector<Command> movements() {
    return {
        {"balance",
         "transfer",
         "Move money from one paying account to another; the same reference counts once",
         {{"FROM"}, {"TO"}, {"AMOUNT"}},
         {{"--reference", "TEXT", "of the transfer; needed"}},
         {"farthing balance transfer anna bea 5.00 --reference gift-1",
          "farthing balance transfer acme acme-lab 100 --reference \"budget 2026-02\""},
         balance_transfer},
        {"balance",
         "transfers",
         "List the money that an account gave and got",
         {{"ACCOUNT"}},
         {},
         {"farthing balance transfers anna", "farthing balance transfers anna -o csv"},
         balance_transfers},
        {"balance",
         "recharge",
         "Let money come by itself when a balance falls below an amount",
         {{"ACCOUNT"}, {"BELOW"}},
         {{"--amount", "AMOUNT", "that comes then"},
          {"--from", "ACCOUNT", "it is moved from there; else a webhook asks for a top-up"},
          {"--per-day", "N", "at most (else 1)"},
          {"--per-month", "N", "at most, a calendar month (else 31)"}},
         {"farthing balance recharge anna 5.00 --amount 20.00 --from acme --per-day 2",
          "farthing balance recharge anna none"},
         balance_recharge},
        {"balance",
         "recharges",
         "List what came by itself, or was asked for",
         {{"ACCOUNT"}},
         {},
         {"farthing balance recharges anna", "farthing balance recharges anna --json"},
         balance_recharges},
    };
}

}  // namespace

std::vector<Command> balance_commands() {
    std::vector<Command> commands = {
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
          {"--cap", "AMOUNT", "of a billing cycle, whoever pays; `none`: without end"}},
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
    for (const auto& more : {movements(), fee_commands()})
        commands.insert(commands.end(), more.begin(), more.end());
    return commands;
}

}  // namespace farthing::cli
