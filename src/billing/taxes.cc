#include "billing/taxes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace farthing::billing {
namespace {

// Lines that one rule taxes.
struct Group {
    LineTax tax;
    std::string category;
    Money lines;
    std::vector<Money> amounts;
};

Result<std::vector<Group>> groups_of(const Context& context, const Invoice& invoice) {
    using Key = std::tuple<std::string, std::string, std::string, std::string>;
    std::map<Key, Group> groups;
    for (const InvoiceLine& line : invoice.lines) {
        const Key key{line.tax_category, line.tax.rule, line.tax.name,
                      line.tax.percent.to_fraction()};
        Group& group =
            groups.try_emplace(key, Group{line.tax, line.tax_category, context.zero(), {}})
                .first->second;
        FARTHING_TRY(group.lines, context.sum(group.lines, line.amount));
        group.amounts.push_back(line.amount);
    }
    std::vector<Group> in_order;
    for (auto& [key, group] : groups) in_order.push_back(std::move(group));
    return in_order;
}

Result<Money> to_payable(const Context& context, const Exact& exact) {
    const catalog::Version& rules = context.rules();
    const auto money =
        rounded_money(exact, context.currency(), rules.payable_digits, rules.payable_rounding);
    if (!money) return fail(BillingReason::amount_out_of_range);
    return *money;
}

// The groups' parts of the whole, at the payable scale: by largest remainder where all have one
// sign; else each is rounded and the last takes the rest.
Result<std::vector<Money>> parts_of(const Context& context, const Money& whole,
                                    const std::vector<Group>& groups) {
    std::vector<Exact> weights;
    for (const Group& group : groups) weights.push_back(group.lines.exact());
    if (auto parts = split_money(whole, context.rules().payable_digits, weights); !parts.empty())
        return parts;
    std::vector<Money> parts;
    Money left = whole;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        FARTHING_TRY(const Money rounded, to_payable(context, weights[i]));
        parts.push_back(i + 1 == groups.size() ? left : rounded);
        FARTHING_TRY(left, context.difference(left, parts.back()));
    }
    return parts;
}

// What is owed on an amount: on top of it, or within it.
Exact owed_on(const LineTax& tax, const Exact& amount) {
    return amount * tax.percent / (tax.included ? Exact(100) + tax.percent : Exact(100));
}

Result<Money> tax_of_group(const Context& context, const Group& group, const Money& part) {
    if (!context.rules().tax_per_line) return to_payable(context, owed_on(group.tax, part.exact()));
    Money sum = context.zero();
    for (const Money& amount : group.amounts) {
        FARTHING_TRY(const Money tax, to_payable(context, owed_on(group.tax, amount.exact())));
        FARTHING_TRY(sum, context.sum(sum, tax));
    }
    return sum;
}

}  // namespace

Result<LineTax> tax_of(const Context& context, std::string_view category, AccountId department,
                       DatePeriod service) {
    const catalog::Version& rules = context.rules();
    if (!rules.has_tax_category(category)) return LineTax{};
    const AccountId payer = context.input().payer;
    const AccountId where = rules.documents.taxed_at_service ? department : payer;
    const catalog::TaxCase what{context.country_of(where),
                                !context.directory().account(payer).fact.tax_number.empty(),
                                service.end.plus_days(-1)};
    const catalog::TaxRule* rule = rules.tax(category, what);
    if (rule == nullptr) {
        return fail(BillingReason::tax_unknown,
                    fmt::format("no rule taxes {} of {} on {}", category,
                                what.country.empty() ? "a customer without country" : what.country,
                                to_string(what.day)));
    }
    return LineTax{rule->name, rule->place, rule->percent, rule->included, rule->text};
}

Result<void> tax_lines(const Context& context, std::span<Draft> lines) {
    for (Draft& draft : lines) {
        InvoiceLine& line = draft.line;
        if (const InvoiceLine* corrected = context.corrected(line)) {
            line.tax_category = corrected->tax_category;
            line.tax = corrected->tax;
            continue;
        }
        FARTHING_TRY(line.tax, tax_of(context, line.tax_category, line.department, line.period));
    }
    return {};
}

Result<void> add_taxes(const Context& context, Invoice& invoice) {
    FARTHING_TRY(const Money whole, to_payable(context, invoice.lines_total.exact()));
    FARTHING_TRY(const std::vector<Group> groups, groups_of(context, invoice));
    FARTHING_TRY(const std::vector<Money> parts, parts_of(context, whole, groups));
    invoice.net = whole;
    invoice.tax = context.zero();
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const LineTax& tax = groups[i].tax;
        if (tax.name.empty()) continue;
        FARTHING_TRY(const Money owed, tax_of_group(context, groups[i], parts[i]));
        Money net = parts[i];
        if (tax.included) {
            FARTHING_TRY(net, context.difference(net, owed));
            FARTHING_TRY(invoice.net, context.difference(invoice.net, owed));
        }
        invoice.taxes.push_back({groups[i].category, tax.name, tax.rule, tax.percent, net, owed,
                                 tax.included, tax.text});
        FARTHING_TRY(invoice.tax, context.sum(invoice.tax, owed));
    }
    FARTHING_TRY(invoice.payable, context.sum(invoice.net, invoice.tax));
    return {};
}

}  // namespace farthing::billing
