// What a scenario expects of price enquiries.
#include "cli/scenario_stage.h"
#include "model/quantity.h"

namespace farthing::cli {

// quote SUBSCRIPTION METER QUANTITY [UNIT] … costs AMOUNT
// quote SUBSCRIPTION METER balance AMOUNT … affords QUANTITY [UNIT] | affords anything
// quote SUBSCRIPTION METER balance AMOUNT … refused AMOUNT: of the first block
Result<void> Stage::expect_quote(const Line& line) {
    engine::QuoteQuestion question;
    FARTHING_TRY(question.subscription, word(line, 1, "a subscription"));
    FARTHING_TRY(question.meter, word(line, 2, "a meter"));
    FARTHING_TRY(question.quantity, word(line, 3, "a quantity or `balance`"));
    question.network = word_after(line, "network").value_or("");
    question.called = word_after(line, "called").value_or("");
    question.when = now_;
    if (line.date) {
        const LocalReading at = newest()->zone.read_local(
            std::int64_t{line.date->days} * kMicrosPerDay + line.time.value_or(0));
        if (at.kind != LocalReading::Kind::unique)
            return wrong(line, "that local time occurs twice or never");
        question.when = at.first;
    }
    if (question.quantity == "balance") {
        FARTHING_TRY(question.balance, word(line, 4, "an amount"));
        question.quantity = "0";
    } else if (line.words.size() > 4 && unit_named(line.words[4]) != nullptr) {
        question.quantity += " " + line.words[4];
    }
    FARTHING_TRY(const engine::QuoteAnswer answer, engine_->quote(question));
    if (const auto costs = word_after(line, "costs")) {
        compare_amount(line, *costs, answer.amount.exact(), answer.amount.to_string());
        return expect_covered(line, question);
    }
    std::string expected;
    std::string got = "nothing about a balance";
    for (std::size_t i = 5; i < line.words.size(); ++i) {
        if (line.words[i] != "affords" && line.words[i] != "refused" && expected.empty()) continue;
        expected += (expected.empty() ? "" : " ") + line.words[i];
    }
    if (expected.empty()) return wrong(line, "say what is expected: costs, affords or refused");
    if (const auto& affordable = answer.affordable) {
        got = affordable->refused        ? "refused " + affordable->first.to_string()
              : affordable->any_quantity ? std::string("affords anything")
                                         : "affords " + affordable->quantity;
    }
    if (expected != got) differences_.push_back({line.number, line.text, {expected}, {got}});
    return {};
}

// … costs AMOUNT [covered | REASON]: the same asked of whom charges while it happens.
Result<void> Stage::expect_covered(const Line& line, const engine::QuoteQuestion& quote) {
    if (line.words.empty() || line.words[line.words.size() - 2] == "costs") return {};
    engine::ChargeQuestion question;
    question.action = engine::ChargeAction::enquire;
    question.subscription = quote.subscription;
    auto& service = question.services.emplace_back();
    service.meter = quote.meter;
    service.quantity = quote.quantity;
    service.network = quote.network;
    service.called = quote.called;
    FARTHING_TRY(const auto answers, engine_->charge(std::span(&question, 1)));
    if (!answers.front()) return fail(answers.front().error());
    const auto& told = answers.front()->services.front();
    compare_amount(line, word_after(line, "costs").value_or(""), told.cost.exact(),
                   told.cost.to_string());
    const std::string got = told.why == "granted" ? "covered" : told.why;
    if (line.words.back() != got)
        differences_.push_back({line.number, line.text, {line.words.back()}, {got}});
    return {};
}

}  // namespace farthing::cli
