// Statements of a scenario that correct what was rated.
#include "cli/parse.h"
#include "cli/scenario_stage.h"

namespace farthing::cli {

// undo file NAME because "…" [rating SIDE] [preview]
Result<void> Stage::undo_file(const Line& line) {
    FARTHING_TRY(const std::string name, word(line, 2, "the name of a file"));
    const bool preview = line.words.back() == "preview";
    FARTHING_TRY(const auto side, side_argument(word_after(line, "rating").value_or("")));
    const auto report =
        engine_->take_back(name, {word_after(line, "because").value_or(""), preview, side});
    if (!report) return fail(report.error());
    corrected_ = report->retail;
    corrected_cost_ = report->cost;
    if (preview || side) return {};
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

// rerate [account A] [subscription S] [carrier C] [prefix P] [period DAY..DAY] [charge PLAN/CHARGE]
// [rating SIDE] [preview]
Result<void> Stage::rerate(const Line& line) {
    FARTHING_TRY(const auto side, side_argument(word_after(line, "rating").value_or("")));
    engine::RerateFilter filter{side.value_or(Perspective::retail),
                                word_after(line, "carrier").value_or(""),
                                word_after(line, "account").value_or(""),
                                word_after(line, "subscription").value_or(""),
                                word_after(line, "prefix").value_or(""),
                                word_after(line, "charge").value_or(""),
                                std::nullopt};
    if (const auto period = word_after(line, "period")) {
        FARTHING_TRY(filter.period, period_argument(*period));
    }
    const auto report = engine_->rerate(filter, line.words.back() == "preview");
    if (!report) return fail(report.error());
    corrected_ = corrected_cost_ = {};
    (filter.side == Perspective::cost ? corrected_cost_ : corrected_) = report->difference;
    return {};
}

// corrected [cost] [NAME] AMOUNT
Result<void> Stage::expect_corrected(const Line& line) {
    const bool cost = line.words.size() > 2 && line.words[1] == "cost";
    const engine::Difference& corrected = cost ? corrected_cost_ : corrected_;
    Money got = corrected.amount;
    const std::size_t name = cost ? 2 : 1;
    if (line.words.size() > name + 1) {
        got.atoms = 0;
        for (const engine::Difference::Party& one : corrected.parties) {
            if (one.name == line.words[name]) got.atoms += one.amount.atoms;
        }
    }
    compare_amount(line, line.words.back(), got.exact(), got.to_string());
    return {};
}

// delete before DAY because "…" by WHO [preview]
Result<void> Stage::delete_usage(const Line& line) {
    engine::DeletionRequest request;
    FARTHING_TRY(request.before, date_argument(word_after(line, "before").value_or("")));
    request.because = word_after(line, "because").value_or("");
    request.who = word_after(line, "by").value_or("");
    request.preview = line.words.back() == "preview";
    FARTHING_TRY(deletion_, engine_->delete_usage(request));
    return {};
}

void Stage::compare_text(const Line& line, const std::string& expected, const std::string& got) {
    if (expected != got) differences_.push_back({line.number, line.text, {expected}, {got}});
}

// deleted RECORDS AMOUNT: of usage, and what they had been charged
Result<void> Stage::expect_deleted(const Line& line) {
    FARTHING_TRY(const std::string records, word(line, 1, "a number of records"));
    FARTHING_TRY(const std::string amount, word(line, 2, "an amount"));
    const std::int64_t usage = deletion_.tables.empty() ? 0 : deletion_.tables.front().records;
    compare_text(line, records, std::to_string(usage));
    compare_amount(line, amount, deletion_.charged.exact(), deletion_.charged.to_string());
    return {};
}

// needed since DAY ["…"]: the earliest of what is; needed nothing
Result<void> Stage::expect_needed(const Line& line) {
    const auto since = word_after(line, "since");
    const auto& holds = deletion_.holds;
    compare_text(line, since.value_or("nothing"),
                 holds.empty() ? "nothing" : to_string(holds.front().since));
    if (since && line.words.size() > 3 && !holds.empty())
        compare_text(line, line.words[3], holds.front().because);
    return {};
}

}  // namespace farthing::cli
