#include "billing/package_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "billing/earlier_cycles.h"

namespace farthing::billing {
namespace {

class PackageComposer {
  public:
    PackageComposer(const Context& context, Totals& totals) : context_(context), totals_(totals) {}

    Result<void> run(std::vector<Draft>& document) {
        for (const BucketFact& fact : context_.directory().bought_by(context_.input().payer))
            if (fact.price_atoms != 0) FARTHING_CHECK(take(fact));
        std::ranges::stable_sort(lines_, {}, [](const Draft& draft) {
            const InvoiceLine& line = draft.line;
            return std::tuple(line.cycle, draft.section, draft.plan, draft.charge, line.component,
                              line.department);
        });
        return append_unbilled(context_, std::move(lines_), document);
    }

  private:
    // In its cycle, and where that was billed before it was bought, in the next.
    Result<void> take(const BucketFact& fact) {
        const Input& input = context_.input();
        const Date bought = context_.directory().zone().date_of(fact.at);
        const DatePeriod cycle = context_.cycle_of_months(bought, 1);
        const Date oldest =
            input.cycle.first.plus_days(-static_cast<int>(kCyclesBack) * kDaysOfMonthMax);
        if (cycle.first > input.cycle.first || cycle.first < oldest) return {};
        const catalog::Version* version = input.catalog.numbered(fact.version);
        const ChargeRef ref =
            version == nullptr ? ChargeRef() : settlement::find_charge(*version, fact.package);
        if (ref.package == nullptr) return fail(BillingReason::plan_missing);
        const rating::CounterKey owner{
            Perspective::retail, fact.owner_kind, fact.owner, fact.charge, 0, {}};
        Draft draft = context_.draft(ref, context_.department_of(context_.account_of(owner)));
        InvoiceLine& line = draft.line;
        line.period = {fact.from, fact.until};
        line.cycle = cycle;
        line.quantity = Exact(1);
        line.exact = Money{fact.price_atoms, context_.currency()}.exact();
        FARTHING_TRY(line.amount, context_.rounded_line(*ref.version, line.exact));
        line.arithmetic = fmt::format("1 × {}, {}, bought on {}",
                                      price_text(ref.fee->amount, context_.currency()),
                                      ref.package->text, to_string(bought));
        Total& total =
            totals_.try_emplace({line.component, line.cycle}, Total{{}, context_.zero(), 0, {}})
                .first->second;
        total.exact += line.exact;
        FARTHING_TRY(total.lines, context_.sum(total.lines, line.amount));
        lines_.push_back(std::move(draft));
        return {};
    }

    static constexpr int kDaysOfMonthMax = 31;

    const Context& context_;
    Totals& totals_;
    std::vector<Draft> lines_;
};

}  // namespace

Result<void> append_packages(const Context& context, std::vector<Draft>& document, Totals& totals) {
    return PackageComposer(context, totals).run(document);
}

}  // namespace farthing::billing
