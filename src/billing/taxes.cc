#include "billing/taxes.h"

#include <map>

namespace farthing::billing {
namespace {

struct Category {
    std::string name;
    Money lines;
};

Result<std::vector<Category>> categories_of(const Context& context, const Invoice& invoice) {
    std::map<std::string, Money> sums;
    for (const InvoiceLine& line : invoice.lines) {
        Money& sum = sums.try_emplace(line.tax_category, context.zero()).first->second;
        FARTHING_TRY(sum, context.sum(sum, line.amount));
    }
    std::vector<Category> categories;
    for (const auto& [name, sum] : sums) categories.push_back({name, sum});
    return categories;
}

// The categories' parts of the net, at the payable scale: by largest remainder where all have one
// sign; else each is rounded and the last takes the rest.
Result<std::vector<Money>> nets_of(const Context& context, const Money& net,
                                   const std::vector<Category>& categories) {
    const catalog::Version& rules = context.rules();
    std::vector<Exact> weights;
    for (const Category& category : categories) weights.push_back(category.lines.exact());
    if (auto parts = split_money(net, rules.payable_digits, weights); !parts.empty()) return parts;
    std::vector<Money> nets;
    Money left = net;
    for (std::size_t i = 0; i < categories.size(); ++i) {
        const auto rounded = rounded_money(weights[i], context.currency(), rules.payable_digits,
                                           rules.payable_rounding);
        if (!rounded) return fail(BillingReason::amount_out_of_range);
        nets.push_back(i + 1 == categories.size() ? left : *rounded);
        FARTHING_TRY(left, context.difference(left, nets.back()));
    }
    return nets;
}

}  // namespace

Result<void> add_taxes(const Context& context, Invoice& invoice) {
    const catalog::Version& rules = context.rules();
    const auto to_payable = [&](const Exact& exact) {
        return rounded_money(exact, context.currency(), rules.payable_digits,
                             rules.payable_rounding);
    };
    const auto net = to_payable(invoice.lines_total.exact());
    if (!net) return fail(BillingReason::amount_out_of_range);
    invoice.net = *net;
    invoice.tax = context.zero();
    FARTHING_TRY(const std::vector<Category> categories, categories_of(context, invoice));
    FARTHING_TRY(const std::vector<Money> nets, nets_of(context, invoice.net, categories));
    for (std::size_t i = 0; i < categories.size() && !rules.taxes.empty(); ++i) {
        const auto rule = rules.taxes.find(categories[i].name);
        if (rule == rules.taxes.end()) continue;
        const auto tax = to_payable(nets[i].exact() * rule->second.percent / Exact(100));
        if (!tax) return fail(BillingReason::amount_out_of_range);
        invoice.taxes.push_back({rule->second.category, rule->second.name, rule->second.place,
                                 rule->second.percent, nets[i], *tax});
        FARTHING_TRY(invoice.tax, context.sum(invoice.tax, *tax));
    }
    FARTHING_TRY(invoice.payable, context.sum(invoice.net, invoice.tax));
    return {};
}

}  // namespace farthing::billing
