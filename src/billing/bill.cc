#include "billing/bill.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "billing/discounts.h"
#include "billing/fees.h"
#include "billing/lines.h"
#include "billing/minimums.h"
#include "billing/notes.h"
#include "billing/package_lines.h"
#include "billing/postings.h"
#include "billing/sponsored_lines.h"
#include "billing/taxes.h"
#include "billing/usage_lines.h"
#include "settlement/statement.h"

namespace farthing::billing {
namespace {

bool pays_within(const Context& context) {
    const Input& input = context.input();
    const auto stretches = context.payers().of(input.payer);
    return std::ranges::any_of(stretches, [&](const PaidStretch& stretch) {
        return !stretch.period.intersect(input.cycle).empty();
    });
}

Invoice header_of(const Context& context) {
    const Input& input = context.input();
    const AccountFact& payer = input.directory.account(input.payer).fact;
    const catalog::Version& rules = context.rules();
    Invoice invoice;
    invoice.state = InvoiceState::prepared;
    invoice.payer = input.payer;
    invoice.payer_name = payer.name;
    invoice.payer_title = context.title_of(input.payer);
    invoice.payer_address = payer.address;
    invoice.payer_tax_number = std::string_view(payer.tax_number);
    invoice.payer_country = context.country_of(input.payer);
    invoice.seller_title = rules.documents.seller_title;
    invoice.seller_address = rules.documents.seller_address;
    invoice.seller_tax_number = rules.documents.seller_tax_number;
    invoice.payment_text = rules.documents.payment_text;
    invoice.logo = rules.documents.logo;
    invoice.period = input.cycle;
    invoice.issued = input.cycle.end;
    invoice.due = input.cycle.end.plus_days(rules.documents.due_days);
    invoice.currency = context.currency();
    invoice.line_digits = rules.line_digits;
    invoice.payable_digits = rules.payable_digits;
    invoice.adjustments = input.adjustments;
    invoice.fields = input.fields;
    invoice.catalog = fmt::format("{} version {}", rules.name, rules.number.value);
    if (input.corrects != nullptr) head_note(input, invoice);
    return invoice;
}

// Departments one after the other where lines are grouped; then fees, usage, discounts in the order
// of the catalog.
void put_in_order(std::vector<Draft>& drafts) {
    std::ranges::stable_sort(drafts, {}, [](const Draft& draft) {
        const InvoiceLine& line = draft.line;
        return std::tuple(draft.section, line.kind, draft.plan, draft.charge, line.cycle,
                          line.period.first);
    });
}

void number_lines(std::vector<Draft>& drafts) {
    std::uint32_t number = 0;
    for (Draft& draft : drafts) draft.line.number = ++number;
}

// What a person debits or credits stands under the line it belongs to by department, service and
// tax.
Result<InvoiceLine> adjustment_line(const Context& context, const Invoice& invoice,
                                    const Adjustment& adjustment) {
    InvoiceLine line;
    line.department = invoice.payer;
    line.department_title = invoice.payer_title;
    line.period = line.cycle = invoice.period;
    line.tax_category = context.rules().default_tax_category;
    line.version = context.rules().number;
    if (adjustment.line) {
        const std::vector<InvoiceLine>& lines =
            invoice.by_hand ? context.input().corrects->lines : invoice.lines;
        const auto target = std::ranges::find(lines, *adjustment.line, &InvoiceLine::number);
        if (target == lines.end() || target->kind == LineKind::adjustment) {
            return fail(BillingReason::line_unknown,
                        fmt::format("the document has no line {}", *adjustment.line));
        }
        line.department = target->department;
        line.department_title = target->department_title;
        line.service = target->service;
        line.period = target->period;
        line.cycle = target->cycle;
        line.tax_category = target->tax_category;
        line.tax = target->tax;
        line.version = target->version;
    } else {
        FARTHING_TRY(line.tax, tax_of(context, line.tax_category, line.department, line.period));
    }
    line.kind = LineKind::adjustment;
    line.text = adjustment.text.empty() ? adjustment.reason : adjustment.text;
    line.exact = adjustment.amount.exact();
    line.amount = adjustment.amount;
    line.already_billed = context.zero();
    line.arithmetic = adjustment.line ? fmt::format("by hand, on line {}: {}", *adjustment.line,
                                                    adjustment.reason)
                                      : fmt::format("by hand: {}", adjustment.reason);
    return line;
}

Result<void> append_adjustments(const Context& context, Invoice& invoice) {
    Money total = context.zero();
    for (const InvoiceLine& line : invoice.lines) {
        FARTHING_TRY(total, context.sum(total, line.amount));
    }
    for (const Adjustment& adjustment : invoice.adjustments) {
        if (adjustment.amount.currency != context.currency())
            return fail(BillingReason::currency_mixed);
        FARTHING_TRY(const Money rounded,
                     context.rounded_line(context.rules(), adjustment.amount.exact()));
        if (rounded != adjustment.amount) {
            return fail(BillingReason::amount_too_fine,
                        fmt::format("{} has more than {} decimals", adjustment.amount.to_string(),
                                    context.rules().line_digits));
        }
        FARTHING_TRY(InvoiceLine line, adjustment_line(context, invoice, adjustment));
        line.number = static_cast<std::uint32_t>(invoice.lines.size()) + 1;
        FARTHING_TRY(total, context.sum(total, line.amount));
        if (line.amount.atoms < 0 && total.atoms < 0 && invoice.kind != DocumentKind::note) {
            return fail(BillingReason::discount_too_large,
                        fmt::format("after \"{}\" the document would come to {}", line.text,
                                    total.to_string()));
        }
        invoice.lines.push_back(std::move(line));
    }
    invoice.lines_total = total;
    return {};
}

Result<std::vector<Draft>> composed(const Context& context, Totals& fees, UsageLines& usage) {
    std::vector<Draft> drafts;
    FARTHING_CHECK(append_fees(context, drafts, fees));
    FARTHING_CHECK(append_packages(context, drafts, fees));
    FARTHING_TRY(usage, usage_lines(context));
    std::ranges::move(usage.lines, std::back_inserter(drafts));
    FARTHING_TRY(std::vector<Draft> sponsored, sponsored_lines(context));
    std::ranges::move(sponsored, std::back_inserter(drafts));
    FARTHING_CHECK(append_minimums(context, usage.totals, fees, drafts));
    if (context.input().corrects != nullptr) keep_corrected(context, drafts, fees, usage);
    FARTHING_CHECK(tax_lines(context, drafts));
    put_in_order(drafts);
    number_lines(drafts);
    FARTHING_TRY(std::vector<Draft> discounts, discount_lines(context, drafts));
    if (!discounts.empty()) {
        std::ranges::move(discounts, std::back_inserter(drafts));
        put_in_order(drafts);
        number_lines(drafts);
    }
    return drafts;
}

}  // namespace

Result<Bill> bill(const Input& input) {
    FARTHING_TRY(const Context context, Context::of(input));
    Totals fees;
    UsageLines usage;
    std::vector<Draft> drafts;
    if (!input.by_hand) {
        FARTHING_TRY(drafts, composed(context, fees, usage));
    }
    // Who pays no longer may still owe, or be owed, for what came late.
    if (drafts.empty() && input.corrects == nullptr && !pays_within(context)) {
        return fail(
            BillingReason::not_a_payer,
            fmt::format("\"{}\" pays for nobody in {}",
                        input.directory.account(input.payer).fact.name, to_string(input.cycle)));
    }
    Bill bill;
    bill.invoice = header_of(context);
    for (Draft& draft : drafts) bill.invoice.lines.push_back(std::move(draft.line));
    if (input.by_hand) FARTHING_CHECK(check_credits(context));
    FARTHING_CHECK(append_adjustments(context, bill.invoice));
    FARTHING_CHECK(add_taxes(context, bill.invoice));
    FARTHING_TRY(bill.entries, entries_of(context, bill.invoice, fees, usage.totals, usage.clean));
    bill.statements = settlement::statements_of(input.catalog, bill.invoice);
    return bill;
}

std::vector<BilledAmount> billed_by(const Invoice& invoice, bool per_department) {
    std::map<BilledKey, Money> sums;
    for (const InvoiceLine& line : invoice.lines) {
        if (line.kind != LineKind::fee && line.kind != LineKind::usage &&
            line.kind != LineKind::discount) {
            continue;
        }
        const BilledKey key{line.component, per_department ? line.department : AccountId{},
                            line.cycle};
        const auto at = sums.try_emplace(key, Money{0, invoice.currency}).first;
        at->second.atoms += line.amount.atoms;  // lines are 64-bit
    }
    std::vector<BilledAmount> billed;
    for (const auto& [key, amount] : sums) {
        billed.push_back({invoice.id, key.component, key.department, key.cycle, amount});
    }
    return billed;
}

DatePeriod cycle_of_payer(const directory::Directory& directory, AccountId payer, Date day) {
    return cycle_of(day, directory.account(payer).fact.bill_day);
}

}  // namespace farthing::billing
