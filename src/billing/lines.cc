#include "billing/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/assert.h"

namespace farthing::billing {
namespace {

// Departments in the order of the tree: the payer, then each child with all below it, in order of
// account.
void rank_below(const directory::Directory& directory, AccountId top,
                std::unordered_map<AccountId, std::uint32_t>& ranks) {
    std::vector<AccountId> open{top};
    while (!open.empty()) {
        const AccountId account = open.back();
        open.pop_back();
        ranks.emplace(account, static_cast<std::uint32_t>(ranks.size()));
        const auto& children = directory.account(account).children;
        open.insert(open.end(), children.rbegin(), children.rend());
    }
}

Draft correction(const Context& context, const std::vector<Draft>& lines, const Money& clean,
                 const Money& before) {
    Draft draft = lines.back();
    InvoiceLine& line = draft.line;
    line.text += ", correction";
    line.period = line.cycle;
    line.fraction = Exact(1);
    line.details.clear();
    line.exact = Exact();
    for (const Draft& part : lines) {
        line.exact += part.line.exact;
        line.details.push_back({part.line.text, to_string(part.line.period),
                                number_text(part.line.quantity), part.line.exact,
                                part.line.amount});
    }
    line.exact -= before.exact();
    line.details.push_back({"billed before", "", "", -before.exact(), -before});
    line.already_billed = before;
    line.arithmetic = fmt::format("{} − {} billed before", clean.to_string(), before.to_string());
    line.amount = {clean.atoms - before.atoms, context.currency()};
    return draft;
}

bool same_key(const InvoiceLine& a, const InvoiceLine& b) {
    return a.component == b.component && a.department == b.department && a.cycle == b.cycle;
}

}  // namespace

Result<Context> Context::of(const Input& input) {
    Context context;
    context.input_ = &input;
    const Instant last = Instant{input.directory.zone().start_of(input.cycle.end).micros - 1};
    context.rules_ = input.catalog.at(last);
    if (context.rules_ == nullptr) {
        return fail(BillingReason::catalog_missing,
                    fmt::format("no catalog version is in force on {}",
                                to_string(input.cycle.end.plus_days(-1))));
    }
    if (input.payers == nullptr) {
        context.own_payers_ = std::make_shared<const PayerIndex>(input.directory);
    }
    context.payers_ = input.payers != nullptr ? input.payers : context.own_payers_.get();
    for (const BilledAmount& billed : input.billed) {
        const BilledKey key{billed.component, context.billed_department(billed.department),
                            billed.period};
        const auto at = context.billed_.try_emplace(key, context.zero()).first;
        if (billed.amount.currency != context.currency())
            return fail(BillingReason::currency_mixed);
        FARTHING_TRY(at->second, context.sum(at->second, billed.amount));
    }
    if (context.grouped()) rank_below(input.directory, input.payer, context.sections_);
    context.choose_details();
    return context;
}

// Details go by department where several are paid for, else by subscription while a person could
// still read them.
void Context::choose_details() {
    std::set<AccountId> accounts;
    for (const PaidStretch& stretch : payers_->of(input_->payer)) {
        if (!directory().subscriptions_of(stretch.account).empty())
            accounts.insert(stretch.account);
    }
    if (accounts.size() > 1) {
        detail_by_ = DetailBy::department;
    } else if (accounts.size() == 1 &&
               directory().subscriptions_of(*accounts.begin()).size() <= kDetailSubscriptionsMax) {
        detail_by_ = DetailBy::subscription;
    }
}

DetailBy Context::detail_by(AccountId department) const {
    if (!grouped()) return detail_by_;
    const bool few = directory().subscriptions_of(department).size() <= kDetailSubscriptionsMax;
    return few ? DetailBy::subscription : DetailBy::nobody;
}

std::uint32_t Context::section_of(AccountId department) const {
    const auto found = sections_.find(department);
    return found == sections_.end() ? static_cast<std::uint32_t>(sections_.size()) : found->second;
}

AccountId Context::account_of(const rating::CounterKey& key) const {
    return directory().account_of(key.owner_kind, key.owner);
}

AccountId Context::customer_of(AccountId account) const {
    const AccountId top = directory().account(account).top;
    return top == directory().account(input_->payer).top ? account : top;
}

std::string Context::title_of(AccountId account) const {
    const AccountFact& fact = directory().account(account).fact;
    return fact.title.empty() ? fact.name : std::string(fact.title);
}

Draft Context::draft(const ChargeRef& ref, AccountId department) const {
    Draft draft;
    draft.section = section_of(department);
    draft.plan = ref.plan_place;
    draft.charge = ref.charge_place;
    InvoiceLine& line = draft.line;
    line.version = ref.version->number;
    line.department = department;
    line.department_title = title_of(department);
    line.already_billed = zero();
    line.rounding = rounding_text(*ref.version);
    std::string category;
    if (ref.fee != nullptr) {
        line.kind = LineKind::fee;
        line.component = ref.fee->id;
        line.service = ref.plan->title.empty() ? ref.plan->name : ref.plan->title;
        line.text = ref.fee->title.empty() ? ref.fee->name : ref.fee->title;
        line.unit = ref.fee->unit;
        line.unit_price = ref.fee->text;
        category = ref.fee->tax_category;
    } else {
        FARTHING_ASSERT(ref.usage != nullptr);
        line.kind = LineKind::usage;
        line.component = ref.usage->id;
        line.text = ref.usage->title.empty() ? ref.usage->name : ref.usage->title;
        const catalog::Meter* meter = ref.version->meter(ref.usage->meter);
        FARTHING_ASSERT(meter != nullptr);  // the compiler resolved it
        line.service = meter->title.empty() ? meter->name : meter->title;
        category = ref.usage->tax_category;
    }
    line.tax_category = category.empty() ? rules_->default_tax_category : category;
    return draft;
}

const Money* Context::billed(const BilledKey& key) const {
    const auto found = billed_.find(key);
    return found == billed_.end() ? nullptr : &found->second;
}

const InvoiceLine* Context::corrected(const InvoiceLine& line) const {
    if (input_->corrects == nullptr) return nullptr;
    for (const InvoiceLine& before : input_->corrects->lines) {
        if (before.component && same_key(before, line)) return &before;
    }
    return nullptr;
}

DatePeriod Context::cycle_of_months(Date day, int months) const {
    return cycle_of(day, bill_day(), months);
}

std::string_view Context::country_of(AccountId account) const {
    const AccountFact* fact = &directory().account(account).fact;
    while (fact->country.empty() && fact->parent) fact = &directory().account(fact->parent).fact;
    return fact->country;
}

Result<Money> Context::rounded_line(const catalog::Version& version, const Exact& exact) const {
    if (version.currency != currency()) return fail(BillingReason::currency_mixed);
    const auto money = rounded_money(exact, currency(), version.line_digits, version.line_rounding);
    if (!money || !narrow64(money->atoms) || *narrow64(money->atoms) == INT64_MIN) {
        return fail(BillingReason::amount_out_of_range,
                    fmt::format("{} {} is more than a posting holds", exact.to_decimal(2),
                                currency().code()));
    }
    return *money;
}

Result<Money> Context::sum(const Money& a, const Money& b) const {
    const auto sum = checked_add(a, b);
    if (!sum || !narrow64(sum->atoms)) return fail(BillingReason::amount_out_of_range);
    return *sum;
}

Result<Money> Context::difference(const Money& a, const Money& b) const {
    return sum(a, -b);
}

Result<void> append_unbilled(const Context& context, std::vector<Draft> lines,
                             std::vector<Draft>& document) {
    for (std::size_t first = 0, end = 0; first < lines.size(); first = end) {
        const InvoiceLine& head = lines[first].line;
        while (end < lines.size() && same_key(lines[end].line, head)) end += 1;
        const Money* billed = context.billed(
            {head.component, context.billed_department(head.department), head.cycle});
        Money before = billed == nullptr ? context.zero() : *billed;
        Money clean = context.zero();
        std::size_t kept = billed == nullptr ? first : end + 1;
        for (std::size_t i = first; i < end; ++i) {
            if (billed != nullptr && clean == before) kept = i;
            FARTHING_TRY(clean, context.sum(clean, lines[i].line.amount));
        }
        if (billed != nullptr && clean == before) kept = end;
        if (kept > end) {
            FARTHING_CHECK(context.difference(clean, before));
            document.push_back(correction(context,
                                          {lines.begin() + static_cast<std::ptrdiff_t>(first),
                                           lines.begin() + static_cast<std::ptrdiff_t>(end)},
                                          clean, before));
            continue;
        }
        for (std::size_t i = kept; i < end; ++i) document.push_back(std::move(lines[i]));
    }
    return {};
}

std::string price_text(const Decimal& price, Currency currency) {
    const int scale = std::max(price.scale, currency.minor_digits());
    return scaled_to_string(i128{price.mantissa} * power_of_ten128(scale - price.scale), scale);
}

std::string rounding_text(const catalog::Version& version) {
    return fmt::format("{}, {} digits", name_of(version.line_rounding), version.line_digits);
}

std::string number_text(const Exact& number) {
    return number.to_decimal(3);
}

std::vector<Money> split_money(const Money& amount, int digits, std::vector<Exact> weights) {
    Exact sum;
    for (const Exact& weight : weights) sum += weight;
    if (sum.is_zero()) return {};
    for (Exact& weight : weights) {
        if (sum.sign() < 0) weight = -weight;
        if (weight.sign() < 0) return {};
    }
    const i128 unit = power_of_ten128(amount.currency.atom_digits() - digits);
    FARTHING_ASSERT(amount.atoms % unit == 0);
    std::vector<Money> parts;
    for (const i128 part : split_largest_remainder(amount.atoms / unit, weights)) {
        parts.push_back({part * unit, amount.currency});
    }
    return parts;
}

void attribute(const Money& amount, int digits, std::vector<LineDetail>& details) {
    std::vector<Exact> weights;
    for (LineDetail& detail : details) {
        weights.push_back(detail.exact);
        detail.attributed = {0, amount.currency};
    }
    const auto parts = split_money(amount, digits, std::move(weights));
    for (std::size_t i = 0; i < parts.size(); ++i) details[i].attributed = parts[i];
}

}  // namespace farthing::billing
