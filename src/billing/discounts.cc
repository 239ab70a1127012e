#include "billing/discounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace farthing::billing {
namespace {

// What a line still costs after the discounts before.
struct Remaining {
    const Draft* draft = nullptr;
    Exact exact;
    Money money;
};

// The lines of one plan in one department, and the newest of the versions that priced them.
struct PlanLines {
    ChargeRef newest;
    std::vector<Remaining> lines;
};
using PlanKey = std::tuple<std::uint32_t, AccountId, PlanId>;

std::map<PlanKey, PlanLines> by_plan(const Context& context, std::span<const Draft> charged) {
    std::map<PlanKey, PlanLines> plans;
    for (const Draft& draft : charged) {
        const catalog::Version* version = context.input().catalog.numbered(draft.line.version);
        if (version == nullptr) continue;
        const ChargeRef ref = settlement::find_charge(*version, draft.line.component);
        if (!ref) continue;
        PlanLines& plan = plans[{draft.section, draft.line.department, ref.plan->id}];
        if (!plan.newest || plan.newest.version->number < version->number) plan.newest = ref;
        plan.lines.push_back({&draft, draft.line.exact, draft.line.amount});
    }
    return plans;
}

// The part of a discount that falls on lines of one tax category.
struct Cut {
    std::vector<Remaining*> lines;
    std::vector<Exact> parts;
};

class PlanDiscounts {
  public:
    PlanDiscounts(const Context& context, PlanLines& plan, std::vector<Draft>& out)
        : context_(context), plan_(plan), out_(out) {}

    Result<void> run() {
        for (std::uint32_t i = 0; i < plan_.newest.plan->discounts.size(); ++i) {
            const catalog::Discount& discount = plan_.newest.plan->discounts[i];
            std::vector<Remaining*> targets;
            Exact sum;
            for (Remaining& line : plan_.lines) {
                if (std::ranges::find(discount.on, line.draft->line.component) == discount.on.end())
                    continue;
                targets.push_back(&line);
                sum += line.exact;
            }
            if (sum.is_zero()) continue;
            const Exact of_each = rate_of(discount, sum);
            if (of_each.is_zero()) continue;
            std::map<std::string, Cut> cuts;
            for (Remaining* line : targets) {
                Cut& cut = cuts[line->draft->line.tax_category];
                cut.lines.push_back(line);
                cut.parts.push_back(line->exact * of_each);
            }
            for (auto& [category, cut] : cuts) FARTHING_CHECK(take(discount, i, category, cut));
        }
        return {};
    }

  private:
    // Which fraction of each line goes: the percent, or what the amount is of all that is left, at
    // most everything.
    static Exact rate_of(const catalog::Discount& discount, const Exact& left) {
        if (!discount.amount) return discount.percent / Exact(100);
        if (left.sign() < 0) return {};
        const Exact amount = discount.amount->exact();
        return amount < left ? amount / left : Exact(1);
    }

    Result<void> take(const catalog::Discount& discount, std::uint32_t place,
                      const std::string& category, Cut& cut) {
        Exact before;
        Exact taken;
        Money left = context_.zero();
        for (std::size_t i = 0; i < cut.lines.size(); ++i) {
            before += cut.lines[i]->exact;
            taken += cut.parts[i];
            FARTHING_TRY(left, context_.sum(left, cut.lines[i]->money));
        }
        const catalog::Version& version = *plan_.newest.version;
        FARTHING_TRY(Money amount, context_.rounded_line(version, taken));
        // Rounded lines may sum to a little more or less than their exact sum: a discount of
        // everything takes them whole, and none takes more than they are.
        if (left.atoms >= 0 && (taken == before || amount.atoms > left.atoms)) amount = left;
        if (amount.atoms == 0) return {};
        Draft draft = line_of(discount, place, category, cut);
        InvoiceLine& line = draft.line;
        line.exact = -taken;
        line.amount = -amount;
        line.arithmetic = words_of(discount, before, amount);
        for (std::size_t i = 0; i < cut.lines.size(); ++i) {
            const InvoiceLine& target = cut.lines[i]->draft->line;
            line.details.push_back({target.text, to_string(target.period), "", -cut.parts[i], {}});
        }
        attribute(line.amount, version.line_digits, line.details);
        for (std::size_t i = 0; i < cut.lines.size(); ++i) {
            cut.lines[i]->exact -= cut.parts[i];
            cut.lines[i]->money.atoms += line.details[i].attributed.atoms;
        }
        out_.push_back(std::move(draft));
        return {};
    }

    Draft line_of(const catalog::Discount& discount, std::uint32_t place,
                  const std::string& category, const Cut& cut) const {
        const Draft& first = *cut.lines.front()->draft;
        Draft draft;
        draft.section = first.section;
        draft.plan = plan_.newest.plan_place;
        draft.charge = place;
        InvoiceLine& line = draft.line;
        line.kind = LineKind::discount;
        line.component = discount.id;
        line.version = plan_.newest.version->number;
        line.department = first.line.department;
        line.department_title = first.line.department_title;
        line.service = first.line.service;
        line.text = discount.title.empty() ? discount.name : discount.title;
        line.period = line.cycle = context_.input().cycle;
        line.unit_price = discount.text;
        line.already_billed = context_.zero();
        line.rounding = rounding_text(*plan_.newest.version);
        line.tax_category = category;
        return draft;
    }

    std::string words_of(const catalog::Discount& discount, const Exact& before,
                         const Money& amount) const {
        if (discount.amount) {
            return fmt::format("{} of {} left", amount.to_string(), before.to_decimal());
        }
        return fmt::format("{} % of {}", discount.percent.to_decimal(), before.to_decimal());
    }

    const Context& context_;
    PlanLines& plan_;
    std::vector<Draft>& out_;
};

}  // namespace

Result<std::vector<Draft>> discount_lines(const Context& context, std::span<const Draft> charged) {
    std::vector<Draft> lines;
    for (auto& [key, plan] : by_plan(context, charged)) {
        FARTHING_CHECK(PlanDiscounts(context, plan, lines).run());
    }
    return lines;
}

}  // namespace farthing::billing
