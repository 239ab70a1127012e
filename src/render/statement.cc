#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"
#include "render/documents.h"
#include "render/text_table.h"
#include "render/wording.h"

namespace farthing::render {

namespace {

std::string money_text(const Money& amount) {
    return amount.currency == Currency{} ? "0" : amount.to_string();
}

std::string share_rule(const StatementLine& line) {
    return line.percent.is_zero() ? "fixed" : line.percent.to_decimal(4) + " %";
}

}  // namespace

std::string statement_json(const Statement& statement) {
    JsonWriter out;
    out.begin_object();
    out.field("document", "statement").field("version", 1);
    out.key("partner").begin_object();
    out.field("id", statement.partner.value).field("name", statement.partner_name).end_object();
    out.key("period").begin_object();
    out.field("first", to_string(statement.period.first));
    out.field("last", to_string(statement.period.end.plus_days(-1))).end_object();
    out.field("currency",
              statement.currency == Currency{} ? std::string_view() : statement.currency.code());
    out.key("lines").begin_array();
    for (const StatementLine& line : statement.lines) {
        out.begin_object();
        out.field("invoice", line.invoice)
            .field("invoice_line", line.invoice_line)
            .field("text", line.text);
        out.field("charged", money_text(line.charged)).field("percent", line.percent.to_fraction());
        out.field("share", money_text(line.share)).end_object();
    }
    out.end_array();
    out.field("charged", money_text(statement.charged)).field("share", money_text(statement.share));
    out.field("kept", money_text(statement.kept));
    out.end_object();
    return out.text() + "\n";
}

std::string statement_text(const Statement& statement) {
    const int digits = statement.currency == Currency{} ? 2 : statement.currency.minor_digits();
    std::string text = fmt::format("Statement for {}\n{}\n\n", printable(statement.partner_name),
                                   period_text(statement.period));
    TextTable table({{"Invoice", Align::left},
                     {"Line", Align::right},
                     {"For", Align::left},
                     {"Charged", Align::right},
                     {"Share of it", Align::right},
                     {"Share", Align::right}});
    for (const StatementLine& line : statement.lines) {
        table.add({line.invoice, std::to_string(line.invoice_line), line.text,
                   amount_text(line.charged, digits), share_rule(line),
                   amount_text(line.share, digits)});
    }
    text += table.text();
    text += fmt::format("\nCharged to customers  {}\n",
                        amount_with_currency(statement.charged, digits));
    text += fmt::format("Share of {}  {}\n", printable(statement.partner_name),
                        amount_with_currency(statement.share, digits));
    text += fmt::format("Kept by the operator  {}\n", amount_with_currency(statement.kept, digits));
    return text;
}

}  // namespace farthing::render
