#include "billing/earlier_cycles.h"

#include <algorithm>
#include <map>
#include <set>

namespace farthing::billing {
namespace {

DatePeriod cycle_of_months(const Input& input, Date day, int months) {
    return cycle_of(day, input.directory.account(input.payer).fact.bill_day, months);
}

bool is_fee(const catalog::Snapshot& catalog, ComponentId component) {
    return std::ranges::any_of(catalog.versions(), [&](const auto& version) {
        const auto ref = settlement::find_charge(*version, component);
        return ref.fee != nullptr && ref.package == nullptr;
    });
}

bool goes_by_facts(const catalog::Plan& plan) {
    return std::ranges::any_of(plan.fees,
                               [](const catalog::Fee& fee) {
                                   return fee.minimum && fee.per == catalog::FeePer::subscription;
                               }) ||
           std::ranges::any_of(plan.charges, [](const catalog::UsageCharge& charge) {
               return charge.allowance.has_value();
           });
}

// Usage alone bills no cycle: what comes late stands on whatever document is next.
std::set<DatePeriod> billed_cycles(const Input& input, int months) {
    std::set<DatePeriod> cycles;
    const auto add = [&](DatePeriod period) {
        const bool whole = period == cycle_of_months(input, period.first, months);
        if (whole && period.end <= input.cycle.first) cycles.insert(period);
    };
    for (const DatePeriod document : input.documents) add(document);
    for (const BilledAmount& billed : input.billed)
        if (!cycles.contains(billed.period) && is_fee(input.catalog, billed.component))
            add(billed.period);
    for (const Entry& entry : input.posted)
        if (entry.kind == EntryKind::fee && !entry.invoice) add(entry.period);
    while (cycles.size() > kCyclesBack) cycles.erase(cycles.begin());
    return cycles;
}

}  // namespace

std::vector<EarlierCycle> earlier_cycles(const Input& input, int months) {
    std::map<DatePeriod, Date> cycles;
    for (const DatePeriod cycle : billed_cycles(input, months)) cycles.emplace(cycle, Date::min());
    DatePeriod cycle = cycle_of_months(input, input.cycle.first, months);
    for (std::size_t back = 0; back < kCyclesBack && input.billed_since; ++back) {
        cycle = cycle_of_months(input, cycle.first.plus_days(-1), months);
        // Its bill was due with the month with which it ends.
        const Date due_with = cycle_of_months(input, cycle.end.plus_days(-1), 1).first;
        if (due_with >= input.tree_billed_since.value_or(Date::max())) {
            cycles.emplace(cycle, Date::min());
        } else if (due_with >= *input.billed_since) {
            cycles.emplace(cycle, *input.billed_since);
        }
    }
    std::vector<EarlierCycle> found;
    for (const auto& [period, since] : cycles) found.push_back({period, since});
    return found;
}

std::vector<Date> windows_of_facts(const Input& input) {
    std::vector<Date> windows;
    const bool any = std::ranges::any_of(input.catalog.versions(), [](const auto& version) {
        return std::ranges::any_of(version->plans, goes_by_facts);
    });
    if (!any) return windows;
    for (const EarlierCycle& earlier : earlier_cycles(input, 1))
        windows.push_back(earlier.cycle.first);
    return windows;
}

}  // namespace farthing::billing
