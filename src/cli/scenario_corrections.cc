// Statements of a scenario that correct what was rated.
#include "cli/parse.h"
#include "cli/scenario_stage.h"

namespace farthing::cli {

void Stage::take(const std::vector<engine::CustomerDifference>& customers, Money difference) {
    corrected_ = customers;
    difference_ = difference;
}

// undo file NAME because "…" [preview]
Result<void> Stage::undo_file(const Line& line) {
    FARTHING_TRY(const std::string name, word(line, 2, "the name of a file"));
    const bool preview = line.words.back() == "preview";
    const auto report = engine_->take_back(name, word_after(line, "because").value_or(""), preview);
    if (!report) return fail(report.error());
    take(report->customers, report->difference);
    if (preview) return {};
    totals_["received"] -= report->taken_back.records;
    totals_["dropped"] -= report->taken_back.dropped;
    for (std::size_t i = 0; i < kOutcomes; ++i) {
        totals_[std::string(kOutcomeNames[i])] +=
            report->again.outcomes[i] - report->taken_back.outcomes[i];
    }
    totals_["duplicate"] -= report->duplicates;
    totals_["suspended"] -= report->again.received - report->duplicates;
    return {};
}

// rerate [account A] [subscription S] [prefix P] [period DAY..DAY] [charge PLAN/CHARGE] [preview]
Result<void> Stage::rerate(const Line& line) {
    engine::RerateFilter filter{word_after(line, "account").value_or(""),
                                word_after(line, "subscription").value_or(""),
                                word_after(line, "prefix").value_or(""),
                                word_after(line, "charge").value_or(""), std::nullopt};
    if (const auto period = word_after(line, "period")) {
        FARTHING_TRY(filter.period, period_argument(*period));
    }
    const auto report = engine_->rerate(filter, line.words.back() == "preview");
    if (!report) return fail(report.error());
    take(report->customers, report->difference);
    return {};
}

// corrected [PAYER] AMOUNT
Result<void> Stage::expect_corrected(const Line& line) {
    Money got = difference_;
    if (line.words.size() > 2) {
        got.atoms = 0;
        for (const engine::CustomerDifference& one : corrected_) {
            if (one.payer == line.words[1]) got.atoms += one.difference.atoms;
        }
    }
    compare_amount(line, line.words.back(), got.exact(), got.to_string());
    return {};
}

}  // namespace farthing::cli
