// Statements of a scenario about notes, and amounts as a clerk writes them.
#include <algorithm>

#include "cli/parse.h"
#include "cli/scenario_stage.h"

namespace farthing::cli {

Result<Money> Stage::amount_of(const Line& line, const std::string& text, bool credit) const {
    const auto amount = Decimal::parse(text);
    if (!amount) return wrong(line, "that is no amount");
    const auto money = money_of(credit ? -amount->exact() : amount->exact(), newest()->currency);
    if (!money) return wrong(line, "that amount is out of range");
    return *money;
}

Result<Invoice> Stage::named_invoice(const Line& line) {
    FARTHING_TRY(const std::string payer, word(line, 1, "a payer"));
    const bool dated = line.words.size() > 2 && line.words[2].find("..") != std::string::npos;
    FARTHING_TRY(auto invoice, document(payer, dated ? line.words[2] : std::string()));
    if (!invoice)
        return wrong(line, payer + " has no such document", ScenarioReason::scenario_not_there);
    return *std::move(invoice);
}

// note PAYER [PERIOD] · credit|debit PAYER [PERIOD] line N AMOUNT because "…"
Result<void> Stage::note(const Line& line) {
    FARTHING_TRY(const Invoice invoice, named_invoice(line));
    const std::string id = std::to_string(invoice.id.value);
    if (line.verb() == "note") {
        FARTHING_CHECK(engine_->note(id));
        return {};
    }
    const auto at = std::ranges::find(line.words, "line");
    if (line.words.end() - at < 3) return wrong(line, "write: line NUMBER AMOUNT");
    FARTHING_TRY(const std::int64_t number, whole_number(at[1]));
    FARTHING_TRY(const Money amount, amount_of(line, at[2], line.verb() == "credit"));
    Adjustment adjustment{"", word_after(line, "because").value_or(""), std::nullopt, amount};
    adjustment.line = static_cast<std::uint32_t>(std::clamp<std::int64_t>(number, 0, UINT32_MAX));
    FARTHING_CHECK(engine_->note_by_hand(id, std::move(adjustment)));
    return {};
}

// send PAYER note · void PAYER [note]
Result<void> Stage::note_step(const Line& line) {
    FARTHING_TRY(const std::string payer, word(line, 1, "a payer"));
    const bool of_note = line.words.size() > 2 && line.words[2] == "note";
    FARTHING_TRY(const auto found,
                 document(payer, "", of_note ? DocumentKind::note : DocumentKind::invoice));
    if (!found)
        return wrong(line, payer + " has no such document", ScenarioReason::scenario_not_there);
    const std::string id = std::to_string(found->id.value);
    if (line.verb() == "void") {
        FARTHING_CHECK(engine_->void_document(id));
        return {};
    }
    FARTHING_CHECK(engine_->send_document(id));
    return {};
}

}  // namespace farthing::cli
