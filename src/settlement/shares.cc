#include "settlement/shares.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/charge_ref.h"

namespace farthing::settlement {
namespace {

// A partner's fraction of a line.
struct Fraction {
    PartnerId partner;
    std::string name;
    Exact percent;
    Exact of_line;
};

// Payable digits of a sum at most 64 bits of atoms wide: always in range.
Money payable(const catalog::Version& version, const Money& amount) {
    const auto rounded = rounded_money(amount.exact(), amount.currency, version.payable_digits,
                                       version.payable_rounding);
    FARTHING_ASSERT(rounded);
    return *rounded;
}

// The operator's part first, then the partners'. Where they are promised more than there is, each
// gets its own and the operator's part is what remains, below zero.
std::vector<Money> split(const Money& whole, int digits, const std::vector<Fraction>& fractions) {
    Exact left(1);
    for (const Fraction& fraction : fractions) left -= fraction.of_line;
    std::vector<Exact> weights{left};
    for (const Fraction& fraction : fractions) weights.push_back(fraction.of_line);
    const i128 unit = power_of_ten128(whole.currency.atom_digits() - digits);
    std::vector<Money> parts;
    if (std::ranges::all_of(weights, [](const Exact& weight) { return weight.sign() >= 0; })) {
        for (const i128 part : split_largest_remainder(whole.atoms / unit, weights)) {
            parts.push_back({part * unit, whole.currency});
        }
        return parts;
    }
    parts.push_back(whole);
    for (const Fraction& fraction : fractions) {
        const auto part = rounded_money(whole.exact() * fraction.of_line, whole.currency, digits,
                                        Rounding::half_even);
        FARTHING_ASSERT(part);
        parts.push_back(*part);
        parts.front().atoms -= part->atoms;
    }
    return parts;
}

std::vector<Fraction> fractions_of(const ChargeRef& ref) {
    std::vector<Fraction> fractions;
    for (const catalog::Share& share : shares_of(ref)) {
        Fraction fraction{share.partner, share.partner_name, share.percent,
                          share.percent / Exact(100)};
        if (share.amount) {
            // Both are per unit and prorated alike, so their ratio is the partner's part of any
            // such line.
            if (ref.fee == nullptr || ref.fee->amount.mantissa == 0) continue;
            fraction.of_line = share.amount->exact() / ref.fee->amount.exact();
            fraction.percent = Exact();
        }
        fractions.push_back(std::move(fraction));
    }
    return fractions;
}

// Which lines a discount takes from: its details name the same lines in the same order.
std::vector<const InvoiceLine*> targets_of(const Invoice& invoice, const InvoiceLine& discount,
                                           const catalog::Discount& rule) {
    std::vector<const InvoiceLine*> targets;
    for (const InvoiceLine& line : invoice.lines) {
        const bool charged = line.kind == LineKind::fee || line.kind == LineKind::usage;
        if (charged && line.department == discount.department &&
            line.tax_category == discount.tax_category && line.tax == discount.tax &&
            line.cycle == discount.cycle &&
            std::ranges::find(rule.on, line.component) != rule.on.end()) {
            targets.push_back(&line);
        }
    }
    return targets;
}

std::vector<Fraction> discount_fractions(const catalog::Snapshot& catalog, const Invoice& invoice,
                                         const InvoiceLine& discount,
                                         const catalog::Discount& rule) {
    std::vector<Fraction> fractions;
    if (discount.exact.is_zero()) return fractions;
    const auto targets = targets_of(invoice, discount, rule);
    const std::size_t known = std::min(targets.size(), discount.details.size());
    for (std::size_t i = 0; i < known; ++i) {
        const catalog::Version* version = catalog.numbered(targets[i]->version);
        if (version == nullptr) continue;
        for (const Fraction& share : fractions_of(find_charge(*version, targets[i]->component))) {
            if (share.percent.is_zero()) continue;
            const Exact part = discount.details[i].exact * share.of_line / discount.exact;
            const auto same = std::ranges::find(fractions, share.partner, &Fraction::partner);
            if (same == fractions.end()) {
                fractions.push_back({share.partner, share.name, share.percent, part});
                continue;
            }
            same->of_line += part;
            if (same->percent != share.percent) same->percent = Exact();
        }
    }
    return fractions;
}

}  // namespace

std::vector<SharedLine> shared_lines(const catalog::Snapshot& catalog, const Invoice& invoice) {
    std::vector<SharedLine> shared;
    for (const InvoiceLine& line : invoice.lines) {
        const catalog::Version* version = catalog.numbered(line.version);
        if (version == nullptr || !line.component) continue;
        const ChargeRef ref = find_charge(*version, line.component);
        // Where a sponsor pays, its own document shares the charge.
        const bool nothing =
            line.exact.is_zero() && line.amount.atoms == 0 && line.already_billed.atoms == 0;
        if (nothing && ref.usage != nullptr && !ref.usage->paid_by.empty()) continue;
        const auto fractions = ref.discount != nullptr
                                   ? discount_fractions(catalog, invoice, line, *ref.discount)
                                   : fractions_of(ref);
        if (fractions.empty()) continue;
        const Money total =
            payable(*version, {line.already_billed.atoms + line.amount.atoms, invoice.currency});
        const Money before = payable(*version, {line.already_billed.atoms, invoice.currency});
        const auto parts = split(total, version->payable_digits, fractions);
        const auto parts_before = split(before, version->payable_digits, fractions);
        SharedLine entry{&line,
                         {total.atoms - before.atoms, invoice.currency},
                         {parts[0].atoms - parts_before[0].atoms, invoice.currency},
                         {}};
        for (std::size_t i = 0; i < fractions.size(); ++i) {
            entry.parts.push_back(
                {fractions[i].partner,
                 fractions[i].name,
                 fractions[i].percent,
                 parts_before[i + 1],
                 {parts[i + 1].atoms - parts_before[i + 1].atoms, invoice.currency}});
        }
        shared.push_back(std::move(entry));
    }
    return shared;
}

}  // namespace farthing::settlement
