#include "billing/notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace farthing::billing {
namespace {

class Scope {
  public:
    explicit Scope(const Invoice& invoice) : cycle_(invoice.period) {
        for (const InvoiceLine& line : invoice.lines) lines_.emplace(line.component, line.cycle);
    }
    bool holds(ComponentId component, DatePeriod cycle) const {
        return cycle == cycle_ || lines_.contains({component, cycle});
    }
    bool holds(const InvoiceLine& line) const { return holds(line.component, line.cycle); }

  private:
    DatePeriod cycle_;
    std::set<std::pair<ComponentId, DatePeriod>> lines_;
};

void keep_totals(const Scope& scope, Totals& totals) {
    std::erase_if(totals, [&](const auto& total) {
        return !scope.holds(total.first.first, total.first.second);
    });
}

}  // namespace

void head_note(const Input& input, Invoice& note) {
    note.kind = DocumentKind::note;
    note.by_hand = input.by_hand;
    note.corrects = input.corrects->id;
    note.corrects_number = input.corrects->number;
    note.corrects_issued = input.corrects->issued;
    note.period = input.corrects->period;
}

void keep_corrected(const Context& context, std::vector<Draft>& lines, Totals& fees,
                    UsageLines& usage) {
    const Scope scope(*context.input().corrects);
    std::erase_if(lines, [&](const Draft& draft) {
        return draft.line.amount.atoms == 0 || !scope.holds(draft.line);
    });
    keep_totals(scope, fees);
    keep_totals(scope, usage.totals);
    std::erase_if(usage.clean, [&](const InvoiceLine& line) { return !scope.holds(line); });
}

namespace {

std::unexpected<Error> too_much(const Invoice& invoice, const InvoiceLine& line,
                                std::string_view of, const Money& charged, const Money& sum) {
    return fail(BillingReason::credit_too_large,
                fmt::format("line {} of {} is {}{}; {} would be credited", line.number,
                            invoice.number, of, charged.to_string(), (-sum).to_string()));
}

}  // namespace

Result<void> check_credits(const Context& context) {
    const Input& input = context.input();
    std::map<std::uint32_t, Money> sums = input.adjusted;
    for (const Adjustment& adjustment : input.adjustments) {
        if (!adjustment.line)
            return fail(BillingReason::line_unknown, "a note by hand names a line of its invoice");
        const auto at =
            sums.try_emplace(*adjustment.line, Money{0, adjustment.amount.currency}).first;
        if (at->second.currency != adjustment.amount.currency)
            return fail(BillingReason::currency_mixed);
        const auto sum = checked_add(at->second, adjustment.amount);
        if (!sum) return fail(BillingReason::amount_out_of_range);
        at->second = *sum;
    }
    std::map<BilledKey, Money> of_keys;
    for (const auto& [number, sum] : sums) {
        const auto line = std::ranges::find(input.corrects->lines, number, &InvoiceLine::number);
        if (line == input.corrects->lines.end() || line->amount.atoms < 0) continue;
        const auto left = checked_add(line->amount, sum);
        if (!left || left->atoms < 0)
            return too_much(*input.corrects, *line, "", line->amount, sum);
        const BilledKey key{line->component, context.billed_department(line->department),
                            line->cycle};
        const Money* charged = context.billed(key);
        if (!line->component || charged == nullptr) continue;
        Money& of_key = of_keys.try_emplace(key, *charged).first->second;
        FARTHING_TRY(of_key, context.sum(of_key, sum));
        if (of_key.atoms < 0)
            return too_much(*input.corrects, *line, "by all documents ", *charged, sum);
    }
    return {};
}

}  // namespace farthing::billing
