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

// The lines of one plan and cycle in one department, and the newest of the versions that priced
// them: a cycle has the discounts of its own time, on whatever document its lines stand.
struct PlanLines {
    ChargeRef newest;
    std::vector<Remaining> lines;
};
using PlanKey = std::tuple<std::uint32_t, AccountId, PlanId, DatePeriod>;

std::map<PlanKey, PlanLines> by_plan(const Context& context, std::span<const Draft> charged) {
    std::map<PlanKey, PlanLines> plans;
    for (const Draft& draft : charged) {
        const catalog::Version* version = context.input().catalog.numbered(draft.line.version);
        if (version == nullptr) continue;
        const ChargeRef ref = settlement::find_charge(*version, draft.line.component);
        if (!ref) continue;
        PlanLines& plan =
            plans[{draft.section, draft.line.department, ref.plan->id, draft.line.cycle}];
        if (!plan.newest || plan.newest.version->number < version->number) plan.newest = ref;
        plan.lines.push_back({&draft, draft.line.exact, draft.line.amount});
    }
    return plans;
}

// What one line of a discount takes from: one cycle's lines that one rule taxes.
struct Cut {
    std::vector<Remaining*> lines;
    std::vector<Exact> parts;
};
using TaxKey = std::pair<std::string, std::string>;  // category, rule

TaxKey tax_key(const InvoiceLine& line) {
    return {line.tax_category, line.tax.rule};
}

class PlanDiscounts {
  public:
    PlanDiscounts(const Context& context, PlanLines& plan, std::vector<Draft>& out)
        : context_(context), plan_(plan), out_(out) {}

    Result<void> run() {
        for (std::uint32_t i = 0; i < plan_.newest.plan->discounts.size(); ++i) {
            const catalog::Discount& discount = plan_.newest.plan->discounts[i];
            if (!applies(discount)) continue;
            std::vector<Remaining*> targets;
            for (Remaining& line : plan_.lines)
                if (is_on(discount, line.draft->line.component)) targets.push_back(&line);
            if (!targets.empty()) FARTHING_CHECK(take_from(discount, i, targets));
        }
        return {};
    }

  private:
    static bool is_on(const catalog::Discount& discount, ComponentId component) {
        return std::ranges::find(discount.on, component) != discount.on.end();
    }
    AccountId department() const { return plan_.lines.front().draft->line.department; }
    DatePeriod cycle() const { return plan_.lines.front().draft->line.cycle; }

    bool applies(const catalog::Discount& discount) const {
        if (cycle().first < discount.from || cycle().first >= discount.end) return false;
        if (discount.account.empty()) return true;
        for (AccountId at = department(); at; at = context_.directory().account(at).fact.parent) {
            if (context_.directory().account(at).fact.name == discount.account) return true;
        }
        return false;
    }

    Result<void> take_from(const catalog::Discount& discount, std::uint32_t place,
                           const std::vector<Remaining*>& targets) {
        Exact left;
        for (const Remaining* line : targets) left += line->exact;
        if (left.is_zero()) return {};
        const Exact of_each = discount.percent.is_zero() ? owed(discount, place, left) / left
                                                         : discount.percent / Exact(100);
        if (of_each.is_zero()) return {};
        std::map<TaxKey, Cut> cuts;
        for (Remaining* line : targets) {
            Cut& cut = cuts[tax_key(line->draft->line)];
            cut.lines.push_back(line);
            cut.parts.push_back(line->exact * of_each);
        }
        for (auto& [key, cut] : cuts) FARTHING_CHECK(take(discount, place, cut));
        return {};
    }

    Exact billed(ComponentId component) const {
        const Money* money =
            context_.billed({component, context_.billed_department(department()), cycle()});
        return money == nullptr ? Exact() : money->exact();
    }

    // A fixed amount and a ladder count the whole cycle: what they come to on all that was and is
    // charged, less what earlier documents gave.
    Exact owed(const catalog::Discount& discount, std::uint32_t place, const Exact& left) const {
        const Exact given = -billed(discount.id);
        return clean(discount, left_before(discount, place) + left) - given;
    }

    // What the discounts before this one left of what earlier documents charged: each of them took
    // from its charges alike.
    Exact left_before(const catalog::Discount& discount, std::uint32_t place) const {
        Exact sum;
        for (const ComponentId component : discount.on) sum += billed(component);
        for (std::uint32_t i = 0; i < place; ++i) {
            const catalog::Discount& before = plan_.newest.plan->discounts[i];
            Exact all;
            Exact both;
            for (const ComponentId component : before.on) {
                const Exact one = billed(component);
                all += one;
                if (is_on(discount, component)) both += one;
            }
            if (!all.is_zero()) sum += billed(before.id) * both / all;
        }
        return sum;
    }

    static Exact clean(const catalog::Discount& discount, const Exact& charged) {
        if (charged.sign() <= 0) return {};
        if (discount.amount) {
            const Exact amount = discount.amount->exact();
            return amount < charged ? amount : charged;
        }
        Exact sum;
        Exact from;
        for (const catalog::DiscountTier& tier : discount.tiers) {
            const bool last = !tier.to || charged <= tier.to->exact();
            if (discount.tier_mode == catalog::BandMode::volume) {
                if (last) return charged * tier.percent / Exact(100);
                continue;
            }
            const Exact to = last ? charged : tier.to->exact();
            sum += (to - from) * tier.percent / Exact(100);
            if (last) break;
            from = to;
        }
        return sum;
    }

    Result<void> take(const catalog::Discount& discount, std::uint32_t place, Cut& cut) {
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
        // everything takes them whole, and none takes more than they are. (What a ladder owes for
        // earlier charges of the cycle may be more than the few that came late.)
        const bool within = left.atoms >= 0 && taken <= before;
        if (within && (taken == before || amount.atoms > left.atoms)) amount = left;
        if (amount.atoms == 0) return {};
        Draft draft = line_of(discount, place, cut);
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

    Draft line_of(const catalog::Discount& discount, std::uint32_t place, const Cut& cut) const {
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
        line.period = line.cycle = first.line.cycle;
        line.unit_price = discount.text;
        line.already_billed = context_.zero();
        line.rounding = rounding_text(*plan_.newest.version);
        line.tax_category = first.line.tax_category;
        line.tax = first.line.tax;
        return draft;
    }

    std::string words_of(const catalog::Discount& discount, const Exact& before,
                         const Money& amount) const {
        if (discount.amount || !discount.tiers.empty()) {
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
