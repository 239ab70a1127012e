// invoice …, statement show, balance list.
#include <ostream>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/parse.h"
#include "cli/session.h"
#include "render/documents.h"

namespace farthing::cli {

namespace {

Result<Exit> list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto rows, engine->invoices());
    Listing listing(
        {"invoice", "number", "corrects", "account", "cycle", "state", "payable", "currency"});
    for (const auto& row : rows) {
        listing.add({std::to_string(row.id.value), row.number,
                     row.corrects ? std::to_string(row.corrects.value) : std::string(), row.payer,
                     to_string(row.cycle), std::string(name_of(row.state)), row.payable.to_string(),
                     std::string(row.payable.currency.code())});
    }
    listing.print(context);
    return Exit::done;
}

Result<Invoice> asked_invoice(Context& context, engine::Engine& engine) {
    return engine.invoice(context["INVOICE"]);
}

// To the file that --file names, else to standard output.
Result<Exit> deliver(Context& context, std::string_view content) {
    const std::string& path = context["--file"];
    if (path.empty()) {
        context.out << content;
    } else {
        FARTHING_CHECK(write_file(path, content));
        say(context, "wrote " + path);
    }
    return Exit::done;
}

Result<Exit> show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice invoice, asked_invoice(context, *engine));
    context.out << (context.json() ? render::invoice_json(invoice) + "\n"
                                   : render::invoice_text(invoice));
    return Exit::done;
}

Result<Exit> as_json(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice invoice, asked_invoice(context, *engine));
    return deliver(context, render::invoice_json(invoice) + "\n");
}

Result<Exit> as_csv(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice invoice, asked_invoice(context, *engine));
    return deliver(context, render::invoice_csv(invoice));
}

Result<Exit> as_pdf(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice invoice, asked_invoice(context, *engine));
    FARTHING_TRY(const std::string pdf, engine->invoice_pdf(invoice));
    std::string path = context["--file"];
    if (path.empty())
        path = (invoice.number.empty() ? "invoice-" + std::to_string(invoice.id.value)
                                       : invoice.number) +
               ".pdf";
    FARTHING_CHECK(write_file(path, pdf));
    context.out << path << '\n';
    return Exit::done;
}

void print_after(Context& context, const Invoice& invoice) {
    context.out << (context.json() ? render::invoice_json(invoice) + "\n"
                                   : render::invoice_text(invoice));
}

// Credits are negative.
Result<Money> amount_argument(const std::string& text, bool credit, Currency currency) {
    const auto amount = Decimal::parse(text);
    if (!amount || amount->mantissa < 0)
        return fail(UsageReason::bad_value, "\"" + printable(text) + "\" is no amount; write 5.00");
    const auto money = money_of(credit ? -amount->exact() : amount->exact(), currency);
    if (!money) return fail(UsageReason::bad_value, "\"" + printable(text) + "\" is out of range");
    return *money;
}

Result<std::uint32_t> line_argument(const std::string& text) {
    FARTHING_TRY(const std::int64_t line, whole_number(text));
    if (line < 1 || line > UINT32_MAX)
        return fail(UsageReason::bad_value, "lines are numbered from 1");
    return static_cast<std::uint32_t>(line);
}

Result<Exit> adjust(Context& context) {
    const bool credit = context.arguments.given("--credit");
    if (credit == context.arguments.given("--debit"))
        return fail(UsageReason::bad_usage, "give --credit AMOUNT or --debit AMOUNT");
    if (context["--because"].empty())
        return fail(UsageReason::bad_usage, "say why with --because \"…\": it is printed");
    const std::string& text = context[credit ? "--credit" : "--debit"];
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice before, asked_invoice(context, *engine));
    FARTHING_TRY(const Money money, amount_argument(text, credit, before.currency));
    Adjustment adjustment{context["--text"], context["--because"], std::nullopt, money};
    if (adjustment.text.empty()) adjustment.text = context["--because"];
    if (context.arguments.given("--line")) {
        FARTHING_TRY(adjustment.line, line_argument(context["--line"]));
    }
    FARTHING_TRY(const Invoice invoice, engine->adjust(context["INVOICE"], std::move(adjustment)));
    print_after(context, invoice);
    return Exit::done;
}

Result<Exit> note(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto note, engine->note(context["INVOICE"]));
    if (!note) {
        say(context, "nothing of " + context["INVOICE"] + " changed since: no note is needed");
        if (context.json()) context.out << "null\n";
        return Exit::done;
    }
    print_after(context, *note);
    say(context, "next: farthing invoice send " + std::to_string(note->id.value));
    return Exit::done;
}

Result<Exit> note_by_hand(Context& context, bool credit) {
    if (context["--because"].empty())
        return fail(UsageReason::bad_usage, "say why with --because \"…\": it is printed");
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice before, asked_invoice(context, *engine));
    Adjustment adjustment{context["--text"], context["--because"], std::nullopt, {}};
    FARTHING_TRY(adjustment.line, line_argument(context["LINE"]));
    FARTHING_TRY(adjustment.amount, amount_argument(context["AMOUNT"], credit, before.currency));
    FARTHING_TRY(const Invoice note,
                 engine->note_by_hand(context["INVOICE"], std::move(adjustment)));
    print_after(context, note);
    say(context, "next: farthing invoice send " + std::to_string(note.id.value));
    return Exit::done;
}
Result<Exit> credit(Context& context) {
    return note_by_hand(context, true);
}
Result<Exit> debit(Context& context) {
    return note_by_hand(context, false);
}

Result<Exit> send_one(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice sent, engine->send_document(context["INVOICE"]));
    print_after(context, sent);
    return Exit::done;
}

Result<Exit> void_one(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_CHECK(engine->void_document(context["INVOICE"]));
    say(context, "document " + context["INVOICE"] + " is void");
    return Exit::done;
}

Result<Exit> set_field(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const Invoice invoice,
                 engine->set_field(context["INVOICE"], context["NAME"], context["VALUE"]));
    print_after(context, invoice);
    return Exit::done;
}

Result<Exit> statement_show(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    engine::WhichCycle which = engine::WhichCycle::ended_by(today(context, *engine));
    if (context.arguments.given("--day")) {
        FARTHING_TRY(which, date_argument(context["--day"]));
    }
    FARTHING_TRY(const std::vector<Statement> statements, engine->statements(which));
    if (context.json()) {
        context.out << "[";
        for (std::size_t i = 0; i < statements.size(); ++i)
            context.out << (i == 0 ? "\n" : ",\n") << render::statement_json(statements[i]);
        context.out << "\n]\n";
    } else {
        for (const Statement& statement : statements)
            context.out << render::statement_text(statement);
        if (statements.empty()) say(context, "no partner shares in that period");
    }
    return Exit::done;
}

Result<Exit> balance_list(Context& context) {
    FARTHING_TRY(const EnginePtr engine, open_home(context));
    FARTHING_TRY(const auto balances, engine->balances());
    Listing listing({"account", "balance", "currency"});
    for (const auto& balance : balances) {
        listing.add({balance.account, balance.amount.to_string(),
                     std::string(balance.amount.currency.code())});
    }
    listing.print(context);
    return Exit::done;
}

const std::vector<Option> kBecause = {{"--text", "TEXT", "as printed (else the line's text)"},
                                      {"--because", "TEXT", "why (needed)"}};

std::vector<Command> note_commands() {
    return {
        {"invoice",
         "note",
         "Correct a sent invoice by what changed since in its own period and lines",
         {{"INVOICE"}},
         {},
         {"farthing invoice note INV-2026-0001", "farthing invoice note INV-2026-0001 --json"},
         note},
        {"invoice",
         "credit",
         "Credit an amount of a line of a sent invoice, by a note",
         {{"INVOICE"}, {"LINE"}, {"AMOUNT"}},
         kBecause,
         {"farthing invoice credit INV-2026-0001 1 250.00 --because \"outage of 3 June\"",
          "farthing invoice credit INV-2026-0001 2 5.00 --text Goodwill --because complaint"},
         credit},
        {"invoice",
         "debit",
         "Debit an amount to a line of a sent invoice, by a note",
         {{"INVOICE"}, {"LINE"}, {"AMOUNT"}},
         kBecause,
         {"farthing invoice debit INV-2026-0001 1 3.50 --because courier",
          "farthing invoice debit INV-2026-0001 1 3.50 --text Courier --because \"extra visit\""},
         debit},
        {"invoice",
         "send",
         "Number one prepared document: it never changes again",
         {{"INVOICE"}},
         {},
         {"farthing invoice send 12", "farthing invoice send 12 --json"},
         send_one},
        {"invoice",
         "void",
         "Take one prepared document back",
         {{"INVOICE"}},
         {},
         {"farthing invoice void 12", "farthing invoice void 13"},
         void_one},
    };
}

constexpr Option kFile = {"--file", "FILE", "write it there"};

std::vector<Command> document_commands() {
    return {
        {"invoice",
         "list",
         "List the documents",
         {},
         {},
         {"farthing invoice list", "farthing invoice list -o csv"},
         list},
        {"invoice",
         "show",
         "Show a document, by number or id",
         {{"INVOICE"}},
         {},
         {"farthing invoice show INV-2026-0001", "farthing invoice show 12 --json"},
         show},
        {"invoice",
         "json",
         "The canonical form of a document",
         {{"INVOICE"}},
         {kFile},
         {"farthing invoice json 12", "farthing invoice json INV-2026-0001 --file june.json"},
         as_json},
        {"invoice",
         "csv",
         "Lines and their details as a spreadsheet",
         {{"INVOICE"}},
         {kFile},
         {"farthing invoice csv 12", "farthing invoice csv INV-2026-0001 --file june.csv"},
         as_csv},
        {"invoice",
         "pdf",
         "The document as a company would send it",
         {{"INVOICE"}},
         {kFile},
         {"farthing invoice pdf INV-2026-0001", "farthing invoice pdf 12 --file june.pdf"},
         as_pdf},
        {"invoice",
         "adjust",
         "Credit or debit a prepared document or one of its lines",
         {{"INVOICE"}},
         {{"--line", "N", "of which line (else of the document)"},
          {"--credit", "AMOUNT", "take off"},
          {"--debit", "AMOUNT", "add"},
          {"--text", "TEXT", "as printed (else the reason)"},
          {"--because", "TEXT", "why (needed)"}},
         {"farthing invoice adjust 12 --line 1 --credit 5.00 --because goodwill",
          "farthing invoice adjust 12 --debit 3.50 --because courier"},
         adjust},
        {"invoice",
         "field",
         "Put a purchase order or another field on a prepared document",
         {{"INVOICE"}, {"NAME"}, {"VALUE"}},
         {},
         {"farthing invoice field 12 purchase-order PO-77",
          "farthing invoice field 12 \"cost centre\" 4711"},
         set_field},
    };
}

}  // namespace

std::vector<Command> invoice_commands() {
    std::vector<Command> all = document_commands();
    for (Command& command : note_commands()) all.push_back(std::move(command));
    const std::vector<Command> more = {
        {"statement",
         "show",
         "What partners share in",
         {},
         {{"--day", "DATE", "the month that holds that day (else the last)"}},
         {"farthing statement show", "farthing statement show --day 2026-06-01 --json"},
         statement_show},
        {"balance",
         "list",
         "The ledger's accounts and what stands on them",
         {},
         {},
         {"farthing balance list", "farthing balance list --json"},
         balance_list},
    };
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace farthing::cli
