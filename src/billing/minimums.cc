#include "billing/minimums.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "billing/earlier_cycles.h"
#include "billing/fees.h"
#include "rating/rater.h"

namespace farthing::billing {
namespace {

// Days on which a subscription has a plan, and this payer pays for it.
struct Active {
    SubscriptionId subscription;
    DatePeriod days;
    std::int64_t quantity = 0;
};

class Minimums {
  public:
    Minimums(const Context& context, const EarlierCycle& of, const Totals& usage, Totals& fees)
        : context_(context),
          cycle_(of.cycle),
          begun_since_(of.begun_since),
          usage_(usage),
          fees_(fees) {}

    Result<std::vector<Draft>> run() {
        collect();
        for (const auto& [plan, active] : active_) {
            const catalog::Version* version = version_of(plan, active);
            if (version == nullptr) continue;
            for (const catalog::Fee& fee : version->plan(plan)->fees) {
                if (!fee.minimum) continue;
                owed_.insert(fee.id);
                FARTHING_CHECK(add(*version, fee, active));
            }
        }
        FARTHING_CHECK(take_back());
        return std::move(lines_);
    }

  private:
    void collect() {
        for (const PaidStretch& stretch : context_.payers().of(context_.input().payer)) {
            const DatePeriod days = stretch.period.intersect(cycle_);
            if (days.empty()) continue;
            for (const SubscriptionId id : context_.directory().subscriptions_of(stretch.account))
                collect(context_.directory().subscription(id), days);
        }
    }

    void collect(const directory::Subscription& subscription, DatePeriod days) {
        if (!has_begun_since(subscription, begun_since_)) return;
        for (Date day = days.first; day < days.end;) {
            const Date next = std::min({days.end, subscription.plan.next_change(day),
                                        subscription.quantity.next_change(day)});
            const PlanId* plan = subscription.plan.at(day);
            const std::int64_t* quantity = subscription.quantity.at(day);
            const bool begun = subscription.quantity.steps.empty() || quantity != nullptr;
            const std::int64_t units = quantity == nullptr ? 1 : *quantity;
            if (plan != nullptr && *plan && begun && units > 0)
                active_[*plan].push_back({subscription.fact.id, {day, next}, units});
            day = next;
        }
    }

    // As fees are priced: by the version of the cycle's first day, else that of the plan's.
    const catalog::Version* version_of(PlanId plan, const std::vector<Active>& active) const {
        for (const Date day : {cycle_.first, active.front().days.first}) {
            const catalog::Version* version =
                context_.input().catalog.at(context_.directory().zone().start_of(day));
            if (version != nullptr && version->plan(plan) != nullptr) return version;
        }
        return nullptr;
    }

    // Days that anyone has the plan, each once.
    static std::vector<DatePeriod> days_of(std::vector<Active> active) {
        std::ranges::sort(active, {}, [](const Active& a) { return a.days; });
        std::vector<DatePeriod> days;
        for (const Active& one : active) {
            if (!days.empty() && one.days.first <= days.back().end) {
                days.back().end = std::max(days.back().end, one.days.end);
            } else {
                days.push_back(one.days);
            }
        }
        return days;
    }

    Exact committed(const catalog::Fee& fee, DatePeriod days, std::int64_t units) const {
        if (fee.prorate == catalog::Prorate::none) return fee.amount.exact() * Exact(units);
        return fee.amount.exact() * Exact(units) *
               Exact(counted_days(fee.prorate, days, context_.bill_day()),
                     counted_days(fee.prorate, cycle_, context_.bill_day()));
    }

    Result<void> add(const catalog::Version& version, const catalog::Fee& fee,
                     const std::vector<Active>& active) {
        if (fee.amount.mantissa == 0) return {};
        if (fee.per == catalog::FeePer::account) return add_for_account(version, fee, active);
        return add_for_subscriptions(version, fee, active);
    }

    Result<void> add_for_account(const catalog::Version& version, const catalog::Fee& fee,
                                 const std::vector<Active>& active) {
        const std::vector<DatePeriod> days = days_of(active);
        Exact whole;
        for (const DatePeriod part : days) {
            if (fee.prorate == catalog::Prorate::none && !whole.is_zero()) break;
            whole += committed(fee, part, 1);
        }
        Money spent = context_.zero();
        for (const ComponentId component : fee.minimum->on) {
            FARTHING_TRY(spent, context_.sum(spent, spent_on(component)));
        }
        FARTHING_TRY(const Money floor, context_.rounded_line(version, whole));
        FARTHING_TRY(Money amount, context_.difference(floor, spent));
        if (amount.atoms < 0) amount = context_.zero();
        Draft draft = line_of(version, fee, days.front());
        draft.line.quantity = Exact(1);
        draft.line.amount = amount;
        draft.line.exact = amount.exact();
        draft.line.arithmetic =
            fmt::format("{}{} − {} charged", price_text(fee.amount, context_.currency()),
                        days.size() == 1 && days.front() == cycle_
                            ? ""
                            : fmt::format(" × {}", (whole / fee.amount.exact()).to_fraction()),
                        spent.to_string());
        return take(std::move(draft));
    }

    Money spent_on(ComponentId component) const {
        for (const Totals* totals : {static_cast<const Totals*>(&fees_), &usage_}) {
            const auto found = totals->find({component, cycle_});
            if (found != totals->end()) return found->second.lines;
        }
        Money sum = context_.zero();  // what did not move since stands as it was billed
        for (const BilledAmount& billed : context_.input().billed) {
            if (billed.component == component && billed.period == cycle_)
                sum.atoms += billed.amount.atoms;
        }
        return sum;
    }

    // Each subscription by itself: one that spends more makes up for no other.
    Result<void> add_for_subscriptions(const catalog::Version& version, const catalog::Fee& fee,
                                       const std::vector<Active>& active) {
        std::map<SubscriptionId, Exact> floors;
        for (const Active& one : active) {
            Exact& floor = floors[one.subscription];
            if (fee.prorate == catalog::Prorate::none && !floor.is_zero()) continue;
            floor += committed(fee, one.days, one.quantity);
        }
        const auto spent = spent_by_subscription(*fee.minimum);
        Draft draft = line_of(version, fee, days_of(active).front());
        InvoiceLine& line = draft.line;
        for (const auto& [subscription, floor] : floors) {
            const auto found = spent.find(subscription);
            const Exact short_of = found == spent.end() ? floor : floor - found->second;
            if (short_of.sign() <= 0) continue;
            line.exact += short_of;
            line.quantity += Exact(1);
            if (floors.size() <= kDetailSubscriptionsMax)
                line.details.push_back({context_.directory().subscription(subscription).fact.name,
                                        "",
                                        "",
                                        short_of,
                                        {}});
        }
        FARTHING_TRY(line.amount, context_.rounded_line(version, line.exact));
        attribute(line.amount, version.line_digits, line.details);
        line.arithmetic = fmt::format("what {} fall short of {}", number_text(line.quantity),
                                      price_text(fee.amount, context_.currency()));
        return take(std::move(draft));
    }

    std::map<SubscriptionId, Exact> spent_by_subscription(const catalog::Minimum& minimum) const {
        std::map<SubscriptionId, Exact> spent;
        const Input& input = context_.input();
        for (const rating::Counter* counter : input.counters) {
            const bool counts =
                counter->key.owner_kind == OwnerKind::subscription &&
                counter->key.window_first == cycle_.first &&
                std::ranges::find(minimum.on, counter->key.component) != minimum.on.end();
            if (!counts) continue;
            for (const auto& priced : rating::price_segments(input.catalog, input.directory,
                                                             *counter, input.counter_of)) {
                if (priced.segment.payer == input.payer)
                    spent[SubscriptionId{counter->key.owner}] += priced.price;
            }
        }
        return spent;
    }

    Draft line_of(const catalog::Version& version, const catalog::Fee& fee, DatePeriod days) const {
        Draft draft =
            context_.draft(settlement::find_charge(version, fee.id), context_.input().payer);
        draft.line.period = fee.prorate == catalog::Prorate::none ? cycle_ : days;
        draft.line.cycle = cycle_;
        draft.line.unit_price = fee.text;
        return draft;
    }

    // Billed once, and no longer owed at all.
    Result<void> take_back() {
        std::set<ComponentId> gone;
        for (const BilledAmount& billed : context_.input().billed) {
            if (billed.period == cycle_ && !owed_.contains(billed.component))
                gone.insert(billed.component);
        }
        const catalog::Version* version =
            context_.input().catalog.at(context_.directory().zone().start_of(cycle_.first));
        for (const ComponentId component : gone) {
            if (version == nullptr) continue;
            const ChargeRef ref = settlement::find_charge(*version, component);
            if (ref.fee == nullptr || !ref.fee->minimum) continue;
            Draft draft = line_of(*version, *ref.fee, cycle_);
            draft.line.amount = context_.zero();
            FARTHING_CHECK(take(std::move(draft)));
        }
        return {};
    }

    Result<void> take(Draft draft) {
        const InvoiceLine& line = draft.line;
        const bool billed =
            context_.billed({line.component, context_.billed_department(line.department),
                             line.cycle}) != nullptr;
        if (line.amount.atoms == 0 && !billed) return {};
        fees_.insert_or_assign({line.component, line.cycle}, Total{line.exact, line.amount, 0, {}});
        lines_.push_back(std::move(draft));
        return {};
    }

    const Context& context_;
    DatePeriod cycle_;
    Date begun_since_;
    const Totals& usage_;
    Totals& fees_;
    std::map<PlanId, std::vector<Active>> active_;
    std::set<ComponentId> owed_;
    std::vector<Draft> lines_;
};

bool any_minimum(const catalog::Snapshot& catalog) {
    return std::ranges::any_of(catalog.versions(), [](const auto& version) {
        return std::ranges::any_of(version->plans, [](const catalog::Plan& plan) {
            return std::ranges::any_of(plan.fees,
                                       [](const catalog::Fee& fee) { return !!fee.minimum; });
        });
    });
}

}  // namespace

Result<void> append_minimums(const Context& context, const Totals& usage, Totals& fees,
                             std::vector<Draft>& document) {
    const Input& input = context.input();
    if (!any_minimum(input.catalog)) return {};
    std::vector<EarlierCycle> cycles = earlier_cycles(input, 1);
    cycles.push_back({input.cycle});
    for (const EarlierCycle& cycle : cycles) {
        FARTHING_TRY(std::vector<Draft> lines, Minimums(context, cycle, usage, fees).run());
        FARTHING_CHECK(append_unbilled(context, std::move(lines), document));
    }
    return {};
}

}  // namespace farthing::billing
