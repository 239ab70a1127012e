// What a scenario expects, compared with what the engine says.
#include <algorithm>

#include "base/utf8.h"
#include "cli/listing.h"
#include "cli/scenario_stage.h"
#include "model/quantity_text.h"

namespace farthing::cli {

namespace {

std::string joined(const std::vector<std::string>& words, std::size_t from, std::size_t to) {
    std::string text;
    for (std::size_t i = from; i < to && i < words.size(); ++i)
        text += (text.empty() ? "" : " ") + words[i];
    return text;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string quantity_text(const InvoiceLine& line) {
    return number_text(line.quantity, line.unit);
}

}  // namespace

Result<void> Stage::expect(const Step& step) {
    FARTHING_CHECK(flush());
    const Line& line = step.line;
    const std::string& verb = line.verb();
    if (verb == "refused") return expect_refused(line);
    if (!refused_.empty()) return {};  // told at the end; what follows would only repeat it
    if (verb == "invoice" || verb == "note") return expect_invoice(step);
    if (verb == "records") return expect_records(line);
    if (verb == "charge") return expect_charge(line);
    if (verb == "share" || verb == "own") return expect_share(line);
    if (verb == "suspense") return expect_suspense(line);
    if (verb == "check") return expect_check(line);
    if (verb == "estimate") return expect_estimate(line);
    if (verb == "finding" || verb == "findings") return expect_finding(line);
    if (verb == "explain") return expect_explain(line);
    if (verb == "quote") return expect_quote(line);
    if (verb == "balance") return expect_balance(line);
    if (verb == "money") return expect_money(line);
    if (verb == "tells") return expect_tells(line);
    if (verb == "suspended") return expect_suspended(line);
    if (verb == "fee") return expect_fee(line);
    if (verb == "bucket") return expect_bucket(line);
    if (verb == "granted" || verb == "denied" || verb == "charged" || verb == "overrun" ||
        verb == "repeated" || verb == "passed")
        return expect_online(line);
    if (verb == "cost") return expect_cost(line);
    if (verb == "margin") return expect_margin(line);
    if (verb == "statement") return expect_statement(line);
    if (verb == "corrected") return expect_corrected(line);
    if (verb == "deleted") return expect_deleted(line);
    if (verb == "needed") return expect_needed(line);
    if (verb == "difference" || verb == "differences" || verb == "matched")
        return expect_difference(line);
    return expect_documents(line);
}

void Stage::compare_amount(const Line& line, const std::string& expected, const Exact& got,
                           const std::string& got_text) {
    const auto amount = Decimal::parse(expected);
    if (amount && amount->exact() == got) return;
    differences_.push_back({line.number, line.text, {expected}, {got_text}});
}

Result<std::optional<Invoice>> Stage::document(const std::string& payer, const std::string& period,
                                               DocumentKind kind) {
    FARTHING_TRY(const auto rows, engine_->invoices());
    const engine::BillRunReport::Row* found = nullptr;
    for (const auto& row : rows) {
        const bool same = row.payer == payer &&
                          (kind == DocumentKind::note) == bool(row.corrects) &&
                          (period.empty() || to_string(row.cycle) == period);
        if (same && (found == nullptr || found->id.value < row.id.value)) found = &row;
    }
    if (found == nullptr) return std::optional<Invoice>();
    FARTHING_TRY(Invoice invoice, engine_->invoice(std::to_string(found->id.value)));
    return std::optional(std::move(invoice));
}

Result<std::string> Stage::document_id(const Line& line, const std::string& payer) {
    FARTHING_TRY(const auto invoice, document(payer, ""));
    if (!invoice)
        return wrong(line, printable(payer) + " has no document yet",
                     ScenarioReason::scenario_not_there);
    return std::to_string(invoice->id.value);
}

// The line in the words of the scenario: PERIOD TEXT QUANTITY AMOUNT.
std::vector<std::string> Stage::document_lines(const Invoice& invoice, bool with_details) const {
    std::vector<std::string> lines;
    AccountId department = invoice.payer;
    for (const InvoiceLine& line : invoice.lines) {
        if (line.department != department) {
            department = line.department;
            lines.push_back(
                "department " +
                (department ? engine_->directory().account(department).fact.name : std::string()));
        }
        const std::string unit = line.unit.empty() ? "" : " " + line.unit;
        lines.push_back(to_string(line.period) + "  " + line.text + "  " + quantity_text(line) +
                        unit + "  " + line.amount.to_string(invoice.line_digits));
        for (const LineDetail& detail : line.details) {
            if (with_details)
                lines.push_back("detail  " + detail.subject + "  " + detail.attributed.to_string());
        }
    }
    lines.push_back("total  " + invoice.lines_total.to_string(invoice.line_digits));
    lines.push_back("net  " + invoice.net.to_string(invoice.payable_digits));
    if (!invoice.taxes.empty())
        lines.push_back("tax  " + invoice.tax.to_string(invoice.payable_digits));
    lines.push_back("payable  " + invoice.payable.to_string(invoice.payable_digits));
    return lines;
}

// A clerk may write the text on the document or the charge's name, with or without the unit.
bool Stage::same_line(const Line& expected, const Invoice& invoice, const InvoiceLine& line) const {
    const std::vector<std::string>& words = expected.words;
    if (words.size() < 4 || words.front() != to_string(line.period)) return false;
    if (words.back() != line.amount.to_string(invoice.line_digits)) return false;
    std::string name;
    const catalog::Version* version = engine_->catalog().numbered(line.version);
    for (std::size_t i = 0; version != nullptr && i < version->plans.size(); ++i) {
        for (const auto& fee : version->plans[i].fees)
            name = fee.id == line.component ? fee.name : name;
        for (const auto& charge : version->plans[i].charges)
            name = charge.id == line.component ? charge.name : name;
        for (const auto& discount : version->plans[i].discounts)
            name = discount.id == line.component ? discount.name : name;
    }
    const std::string middle = joined(words, 1, words.size() - 1);
    for (const std::string& text : {line.text, name}) {
        if (middle == text + " " + quantity_text(line) ||
            middle == text + " " + quantity_text(line) + " " + line.unit)
            return true;
    }
    return false;
}

Result<void> Stage::expect_invoice(const Step& step) {
    FARTHING_TRY(const std::string payer, word(step.line, 1, "a payer"));
    const std::string period = step.line.words.size() > 2 ? step.line.words[2] : std::string();
    const DocumentKind kind =
        step.line.verb() == "note" ? DocumentKind::note : DocumentKind::invoice;
    FARTHING_TRY(const auto invoice, document(payer, period, kind));
    if (!invoice) {
        differences_.push_back({step.line.number, step.line.text, {"a document"}, {"none"}});
        return {};
    }
    bool equal = true;
    std::size_t at = 0;
    std::size_t lines_expected = 0;
    std::string department = payer;
    bool details = false;
    for (const Line& line : step.lines) {
        const std::string& verb = line.verb();
        const std::string& value = line.words.back();
        if (verb == "total") {
            equal = equal && value == invoice->lines_total.to_string(invoice->line_digits);
        } else if (verb == "net") {
            equal = equal && value == invoice->net.to_string(invoice->payable_digits);
        } else if (verb == "tax") {
            equal = equal && value == invoice->tax.to_string(invoice->payable_digits);
        } else if (verb == "payable") {
            equal = equal && value == invoice->payable.to_string(invoice->payable_digits);
        } else if (verb == "number") {
            equal = equal && value == invoice->number;
        } else if (verb == "department") {
            department = value;
        } else if (verb == "detail") {
            details = true;
            const std::string subject = joined(line.words, 1, line.words.size() - 1);
            const auto amount = Decimal::parse(value);
            equal =
                equal && at > 0 && amount &&
                std::ranges::any_of(invoice->lines[at - 1].details, [&](const LineDetail& detail) {
                    return detail.subject == subject &&
                           detail.attributed.exact() == amount->exact();
                });
        } else {
            lines_expected += 1;
            const bool there =
                at < invoice->lines.size() && same_line(line, *invoice, invoice->lines[at]);
            const AccountId stands = there ? invoice->lines[at].department : AccountId();
            const std::string stands_under =
                stands ? engine_->directory().account(stands).fact.name : payer;
            equal = equal && there && stands_under == department;
            at += 1;
        }
    }
    equal = equal && (lines_expected == 0 || lines_expected == invoice->lines.size());
    if (equal) return {};
    Difference difference{step.line.number, step.line.text, {}, document_lines(*invoice, details)};
    for (const Line& line : step.lines) difference.expected.push_back(line.text);
    differences_.push_back(std::move(difference));
    return {};
}

// records received 1000 rated 997 suspended 3: of all imports so far; `records cost …` of the side
// of the carriers, where the other is that of the customers.
Result<void> Stage::expect_records(const Line& line) {
    std::string got;
    bool equal = true;
    const bool cost = line.words.size() > 1 && line.words[1] == "cost";
    const std::string side = cost ? "cost " : "";
    for (std::size_t i = cost ? 2 : 1; i + 1 < line.words.size(); i += 2) {
        const std::string& what = line.words[i];
        const bool counted = what == "received" || what == "windows";
        if (!counted && std::ranges::find(kOutcomeNames, what) == kOutcomeNames.end()) {
            return wrong(line, "records are not \"" + printable(what) + "\"");
        }
        FARTHING_TRY(const std::int64_t expected, whole_number(line.words[i + 1]));
        equal = equal && totals_[side + what] == expected;
        got += (got.empty() ? "" : " ") + what + " " + std::to_string(totals_[side + what]);
    }
    if (!equal)
        differences_.push_back(
            {line.number, "records", {joined(line.words, 1, line.words.size())}, {got}});
    return {};
}

// charge SUBSCRIPTION METER AMOUNT: posted usage charges so far.
Result<void> Stage::expect_charge(const Line& line) {
    FARTHING_TRY(const std::string subscription, word(line, 1, "a subscription"));
    FARTHING_TRY(const std::string meter, word(line, 2, "a meter"));
    FARTHING_TRY(const std::string expected, word(line, 3, "an amount"));
    FARTHING_TRY(const auto charges, engine_->charges(subscription));
    Exact sum;
    for (const auto& charge : charges) {
        if (charge.meter == meter) sum += charge.amount.exact();
    }
    compare_amount(line, expected, sum, sum.to_decimal());
    return {};
}

// share PARTNER AMOUNT · own AMOUNT: of the period billed last.
Result<void> Stage::expect_share(const Line& line) {
    FARTHING_TRY(const auto statements, engine_->statements(billed_));
    const bool own = line.verb() == "own";
    Exact sum;
    for (const Statement& statement : statements) {
        if (own) {
            sum = statement.kept.exact();  // the same on every partner's statement
        } else if (line.words.size() > 1 && statement.partner_name == line.words[1]) {
            sum += statement.share.exact();
        }
    }
    compare_amount(line, line.words.back(), sum, sum.to_decimal());
    return {};
}

Result<void> Stage::expect_suspense(const Line& line) {
    FARTHING_TRY(const std::string reason, word(line, 1, "a reason"));
    FARTHING_TRY(const std::string expected, word(line, 2, "how many records"));
    if (!reason_named<SuspenseReason>(reason))
        return wrong(line, "no reason is named \"" + printable(reason) + "\"");
    FARTHING_TRY(const auto lines, engine_->suspense());
    std::int64_t records = 0;
    for (const auto& group : lines) records += name_of(group.reason) == reason ? group.records : 0;
    if (std::to_string(records) != expected)
        differences_.push_back({line.number, line.text, {expected}, {std::to_string(records)}});
    return {};
}

// refused CODE ["part of the message or place"]: answers the statements above it.
Result<void> Stage::expect_refused(const Line& line) {
    FARTHING_TRY(const std::string code, word(line, 1, "a code"));
    const std::string part = line.words.size() > 2 ? line.words[2] : std::string();
    const auto found = std::ranges::find_if(refused_, [&](const Error& error) {
        return error.code == code && contains(error.to_string(), part);
    });
    if (found != refused_.end()) {
        refused_.erase(found);
        return {};
    }
    Difference difference{line.number, line.text, {code + (part.empty() ? "" : " … " + part)}, {}};
    for (const Error& error : refused_)
        difference.got.push_back(error.code + ": " + error.to_string());
    if (refused_.empty()) difference.got.emplace_back("nothing was refused");
    differences_.push_back(std::move(difference));
    refused_.clear();
    return {};
}

Result<void> Stage::expect_check(const Line& line) {
    const std::string what = line.words.size() > 1 && line.words[1] != "ok" ? line.words[1] : "all";
    FARTHING_TRY(const auto lines, engine_->check(what));
    if (const auto wrong = word_after(line, "wrong")) {
        std::vector<std::string> told;
        for (const auto& check : lines) {
            if (!check.ok && check.text.find(*wrong) != std::string::npos) return {};
            told.push_back(check.name + (check.ok ? " ok: " : " wrong: ") + check.text);
        }
        differences_.push_back({line.number, line.text, {what + " wrong: " + *wrong}, told});
        return {};
    }
    if (const auto look = word_after(line, "look")) {
        std::vector<std::string> told;
        for (const auto& check : lines) {
            for (const auto& finding : check.findings) told.push_back(finding.text);
        }
        const auto says = [&](const std::string& text) { return text.find(*look) != text.npos; };
        if (std::ranges::none_of(told, says))
            differences_.push_back({line.number, line.text, {what + " look: " + *look}, told});
        return {};
    }
    for (const auto& check : lines) {
        if (!check.ok)
            differences_.push_back(
                {line.number, line.text, {check.name + " ok"}, {check.name + ": " + check.text}});
    }
    return {};
}

// estimate REASON AMOUNT: what waiting records would cost.
Result<void> Stage::expect_estimate(const Line& line) {
    FARTHING_TRY(const std::string reason, word(line, 1, "a reason"));
    FARTHING_TRY(const std::string expected, word(line, 2, "an amount"));
    engine::SuspenseFilter filter;
    filter.reason = reason;
    FARTHING_TRY(const auto worths, engine_->suspense_worth(engine::SuspenseBy::cause, filter));
    Exact sum;
    for (const auto& worth : worths) sum += worth.amount.exact();
    compare_amount(line, expected, sum, sum.to_decimal());
    return {};
}

// findings N · finding KIND SUBJECT [contains "…"]: of assurance: of the check, and of the
// last bill run.
Result<void> Stage::expect_finding(const Line& line) {
    FARTHING_TRY(const auto lines, engine_->check("anomalies"));
    std::vector<engine::Finding> findings = lines.front().findings;
    findings.insert(findings.end(), findings_.begin(), findings_.end());
    std::vector<std::string> got;
    for (const auto& finding : findings)
        got.push_back(finding.kind + " " + finding.subject + ": " + finding.text);
    if (line.verb() == "findings") {
        if (line.words.back() != std::to_string(findings.size()))
            differences_.push_back({line.number, line.text, {line.words.back()}, std::move(got)});
        return {};
    }
    FARTHING_TRY(const std::string kind, word(line, 1, "a kind of finding"));
    FARTHING_TRY(const std::string subject, word(line, 2, "whose it is"));
    const std::string part = word_after(line, "contains").value_or("");
    const bool there = std::ranges::any_of(findings, [&](const engine::Finding& finding) {
        return finding.kind == kind && finding.subject == subject && contains(finding.text, part);
    });
    if (!there) differences_.push_back({line.number, line.text, {kind + " " + subject}, got});
    return {};
}

// explain PAYER line N contains "…" · explain fee-N contains "…": in the explanation's words.
Result<void> Stage::expect_explain(const Line& line) {
    FARTHING_TRY(std::string id, word(line, 1, "a payer, or a fee of a prepaid account"));
    if (!id.starts_with("fee-")) {
        FARTHING_TRY(id, document_id(line, id));
        id += "/" + word_after(line, "line").value_or("1");
    }
    FARTHING_TRY(const auto explanation, engine_->explain(id, true));
    const std::string part = word_after(line, "contains").value_or("");
    std::vector<std::string> texts{explanation.sentence, explanation.exact, explanation.rounded,
                                   explanation.rule};
    for (const auto* more : {&explanation.arithmetic, &explanation.parts, &explanation.ledger,
                             &explanation.shares, &explanation.fixes}) {
        texts.insert(texts.end(), more->begin(), more->end());
    }
    const bool there =
        std::ranges::any_of(texts, [&](const std::string& text) { return contains(text, part); });
    if (!there) differences_.push_back({line.number, line.text, {part}, texts});
    const bool equal = explanation.verify && explanation.verify->equal;
    if (!equal)
        differences_.push_back({line.number, line.text, {"recomputed equal"}, {"not equal"}});
    return {};
}

Result<void> Stage::expect_balance(const Line& line) {
    FARTHING_TRY(const std::string account, word(line, 1, "an account of the ledger"));
    FARTHING_TRY(const auto balances, engine_->balances());
    Exact sum;
    for (const auto& balance : balances) {
        if (balance.account == account) sum += balance.amount.exact();
    }
    compare_amount(line, line.words.back(), sum, sum.to_decimal());
    return {};
}

// documents N · no invoice PAYER [PERIOD]
Result<void> Stage::expect_documents(const Line& line) {
    FARTHING_TRY(const auto rows, engine_->invoices());
    if (line.verb() == "documents") {
        const std::string got = std::to_string(rows.size());
        if (line.words.back() != got)
            differences_.push_back({line.number, line.text, {line.words.back()}, {got}});
        return {};
    }
    FARTHING_TRY(const std::string payer, word(line, 2, "a payer"));
    const DocumentKind kind = line.words[1] == "note" ? DocumentKind::note : DocumentKind::invoice;
    FARTHING_TRY(const auto invoice,
                 document(payer, line.words.size() > 3 ? line.words[3] : std::string(), kind));
    if (invoice)
        differences_.push_back({line.number, line.text, {"none"}, document_lines(*invoice, false)});
    return {};
}

}  // namespace farthing::cli
