#include "engine/review.h"

#include <fmt/format.h>

#include <algorithm>

#include "assurance/unusual.h"
#include "base/int128.h"

namespace farthing::engine {

namespace {

assurance::UnusualRule rule_of(const Engine::State& state) {
    assurance::UnusualRule rule;
    rule.factor = state.unusual_factor;
    return rule;
}

std::string words_for(assurance::Unusual unusual, std::int64_t factor) {
    return unusual == assurance::Unusual::large ? fmt::format("more than {} times", factor)
                                                : fmt::format("less than 1/{} of", factor);
}

// To whole atoms: it is told, not compared.
std::string median_text(const std::vector<std::int64_t>& earlier,
                        const assurance::UnusualRule& rule, Currency currency) {
    return Money{assurance::doubled_median(earlier, rule) / 2, currency}.to_string();
}

}  // namespace

void Review::open(const std::vector<DocumentRun::Row>& rows) {
    if (state_.unusual_factor <= 0) return;
    for (const auto& row : rows) {
        if (row.state == InvoiceState::sent && !row.corrects)
            sent_[row.payer].push_back({row.id, row.period, row.currency, row.payable_atoms});
    }
    for (auto& [payer, sent] : sent_) {
        std::stable_sort(sent.begin(), sent.end(), [](const Sent& a, const Sent& b) {
            return a.period.first < b.period.first;
        });
    }
}

std::vector<Review::Sent> Review::earlier_than(const Invoice& invoice) const {
    std::vector<Sent> earlier;
    const auto sent = sent_.find(invoice.payer);
    if (sent == sent_.end()) return earlier;
    for (const Sent& one : sent->second) {
        if (one.period.end <= invoice.period.first && one.currency == invoice.currency)
            earlier.push_back(one);
    }
    const std::size_t most = rule_of(state_).earlier_max;
    if (earlier.size() > most)
        earlier.erase(earlier.begin(), earlier.end() - static_cast<std::ptrdiff_t>(most));
    return earlier;
}

Result<std::vector<Finding>> Review::look_at(const Invoice& invoice) {
    std::vector<Finding> found;
    if (invoice.state == InvoiceState::sent) return found;
    const std::vector<Sent> earlier = earlier_than(invoice);
    if (earlier.size() < rule_of(state_).earlier_min) return found;
    look_at_total(invoice, earlier, found);
    FARTHING_CHECK(look_at_usage(invoice, earlier, found));
    return found;
}

Finding Review::finding(const Invoice& invoice, FindingReason kind, std::string text) const {
    Finding found;
    found.kind = std::string(name_of(kind));
    found.subject = invoice.payer_name;
    found.since = state_.zone().start_of(invoice.period.first);
    found.until = state_.zone().start_of(invoice.period.end);
    found.text = std::move(text);
    return found;
}

void Review::look_at_total(const Invoice& invoice, const std::vector<Sent>& earlier,
                           std::vector<Finding>& found) const {
    const auto amount = narrow64(invoice.payable.atoms);
    if (!amount) return;
    std::vector<std::int64_t> totals;
    for (const Sent& one : earlier) totals.push_back(one.payable_atoms);
    const assurance::UnusualRule rule = rule_of(state_);
    const auto unusual = assurance::compare(*amount, totals, rule);
    if (unusual == assurance::Unusual::no) return;
    found.push_back(
        finding(invoice, FindingReason::total_unusual,
                fmt::format("{} {} is {} {}, the median of {} earlier documents",
                            invoice.payable.to_string(invoice.payable_digits),
                            invoice.currency.code(), words_for(unusual, rule.factor),
                            median_text(totals, rule, invoice.currency), totals.size())));
}

// Each usage charge beside itself on the earlier documents; nothing counts as 0 there.
Result<void> Review::look_at_usage(const Invoice& invoice, const std::vector<Sent>& earlier,
                                   std::vector<Finding>& found) const {
    struct Charge {
        std::string text;
        i128 atoms = 0;
    };
    std::map<ComponentId, Charge> charges;
    for (const InvoiceLine& line : invoice.lines) {
        if (line.kind != LineKind::usage) continue;
        Charge& charge = charges[line.component];
        charge.text = line.text;
        charge.atoms += line.amount.atoms;
    }
    if (charges.empty()) return {};
    FARTHING_TRY(const auto billed, state_.store->billed(invoice.payer));
    const assurance::UnusualRule rule = rule_of(state_);
    for (const auto& [component, charge] : charges) {
        std::map<InvoiceId, i128> before;
        for (const Sent& one : earlier) before[one.id] = 0;
        for (const BilledAmount& amount : billed) {
            const auto of = before.find(amount.invoice);
            if (of != before.end() && amount.component == component)
                of->second += amount.amount.atoms;
        }
        std::vector<std::int64_t> amounts;
        for (const Sent& one : earlier)
            amounts.push_back(narrow64(before[one.id]).value_or(INT64_MAX));
        const auto atoms = narrow64(charge.atoms);
        if (!atoms || *atoms <= 0) continue;
        const bool fresh =
            std::ranges::all_of(amounts, [](std::int64_t amount) { return amount == 0; });
        const auto unusual = assurance::compare(*atoms, amounts, rule);
        if (!fresh && unusual != assurance::Unusual::large) continue;
        const Money money{charge.atoms, invoice.currency};
        const std::string beside =
            fresh ? fmt::format("none of {} earlier documents has it", amounts.size())
                  : fmt::format("it is {} {}, the median of {} earlier documents",
                                words_for(unusual, rule.factor),
                                median_text(amounts, rule, invoice.currency), amounts.size());
        found.push_back(finding(
            invoice, FindingReason::usage_unusual,
            fmt::format("{} for {} {}: {}", charge.text, money.to_string(invoice.line_digits),
                        invoice.currency.code(), beside)));
    }
    return {};
}

void Engine::set_unusual_factor(std::int64_t factor) {
    state_->unusual_factor = factor;
}

}  // namespace farthing::engine
