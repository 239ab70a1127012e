// Both sides in scenarios: cost, margin, carriers' statements and invoices.
#include <algorithm>

#include "base/utf8.h"
#include "cli/scenario_stage.h"

namespace farthing::cli {

// compare CARRIER FILE: + block · compare CARRIER PATH
Result<void> Stage::compare_carrier(const Line& line) {
    FARTHING_TRY(const std::string carrier, word(line, 1, "a carrier"));
    FARTHING_TRY(const std::string name, word(line, 2, "a file"));
    auto path = file_.parent_path() / name;
    if (line.has_block) {
        path = folder_->path() / "files" / std::filesystem::path(name).filename();
        FARTHING_CHECK(write_file(path, line.block));
    }
    FARTHING_TRY(carrier_check_, engine_->check_carrier(carrier, path));
    return {};
}

// cost CARRIER AMOUNT: what is owed to it so far.
Result<void> Stage::expect_cost(const Line& line) {
    FARTHING_TRY(const std::string carrier, word(line, 1, "a carrier"));
    FARTHING_TRY(const std::string expected, word(line, 2, "an amount"));
    FARTHING_TRY(const Money cost, engine_->carrier_cost(carrier));
    compare_amount(line, expected, cost.exact(), cost.to_string());
    return {};
}

// margin AMOUNT · margin route|account|carrier|destination NAME AMOUNT
Result<void> Stage::expect_margin(const Line& line) {
    FARTHING_TRY(const std::string first, word(line, 1, "an amount"));
    constexpr std::array<std::string_view, 4> kBy = {"route", "account", "carrier", "destination"};
    const auto by = std::ranges::find(kBy, first);
    const bool all = by == kBy.end();
    FARTHING_TRY(const engine::MarginReport report,
                 engine_->margin(static_cast<engine::MarginBy>(all ? 0 : by - kBy.begin())));
    if (all) {
        compare_amount(line, first, report.total.margin().exact(),
                       report.total.margin().to_string());
        return {};
    }
    FARTHING_TRY(const std::string name, word(line, 2, "its name"));
    FARTHING_TRY(const std::string expected, word(line, 3, "an amount"));
    const auto row = std::ranges::find(report.rows, name, &engine::MarginRow::of);
    if (row != report.rows.end()) {
        compare_amount(line, expected, row->margin().exact(), row->margin().to_string());
        return {};
    }
    Difference difference{line.number, line.text, {name}, {}};
    for (const auto& one : report.rows) difference.got.push_back(one.of);
    differences_.push_back(std::move(difference));
    return {};
}

// statement CARRIER MONTH payable|receivable|net AMOUNT
Result<void> Stage::expect_statement(const Line& line) {
    FARTHING_TRY(const std::string carrier, word(line, 1, "a carrier"));
    FARTHING_TRY(const std::string month, word(line, 2, "a month"));
    FARTHING_TRY(const std::string what, word(line, 3, "payable, receivable or net"));
    FARTHING_TRY(const std::string expected, word(line, 4, "an amount"));
    FARTHING_TRY(const Date day, date_argument(month + "-01"));
    FARTHING_TRY(const engine::CarrierStatement statement,
                 engine_->carrier_statement(carrier, day));
    const Money amount = what == "payable"      ? statement.payable
                         : what == "receivable" ? statement.receivable
                                                : statement.net();
    if (what != "payable" && what != "receivable" && what != "net")
        return wrong(line, "a statement has no \"" + printable(what) + "\"");
    compare_amount(line, expected, amount.exact(), amount.to_string());
    return {};
}

// differences N · difference KIND RECORD [contains "…"] · matched N: of the last comparison.
Result<void> Stage::expect_difference(const Line& line) {
    FARTHING_TRY(const std::string first, word(line, 1, "what is expected"));
    std::vector<std::string> got;
    for (const auto& row : carrier_check_.differences) {
        got.push_back(row.kind + " " + row.record + ": theirs " + row.theirs + ", ours " +
                      row.ours);
    }
    if (line.verb() != "difference") {
        const std::int64_t count = line.verb() == "matched" ? carrier_check_.matched
                                                            : static_cast<std::int64_t>(got.size());
        if (std::to_string(count) == first) return {};
        got.insert(got.begin(), std::to_string(count));
        differences_.push_back({line.number, line.text, {first}, std::move(got)});
        return {};
    }
    FARTHING_TRY(const std::string record, word(line, 2, "the record"));
    const std::string part = word_after(line, "contains").value_or("");
    const std::string wanted = first + " " + record + ": ";
    const bool there = std::ranges::any_of(got, [&](const std::string& text) {
        return text.starts_with(wanted) && text.find(part) != std::string::npos;
    });
    if (!there) differences_.push_back({line.number, line.text, {wanted + part}, std::move(got)});
    return {};
}

}  // namespace farthing::cli
