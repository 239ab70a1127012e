// What all kinds of lines share while a document is composed. Private to this room.
#pragma once

#include <compare>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "billing/bill.h"
#include "settlement/charge_ref.h"

namespace farthing::billing {

// Lines of one component and cycle are billed together: what earlier documents billed is taken off
// their sum.
struct BilledKey {
    ComponentId component;
    AccountId department;  // none unless lines are grouped per account
    DatePeriod cycle;
    auto operator<=>(const BilledKey&) const = default;
};

// A line and its place in the document.
struct Draft {
    InvoiceLine line;
    std::uint32_t section = 0;  // rank of the department; 0 unless grouped
    std::uint32_t plan = 0;     // position in the catalog
    std::uint32_t charge = 0;   // position in the plan
};

// What a component and cycle has come to in all: what revenue must stand at, and what its lines
// must sum to.
struct Total {
    Exact exact;
    Money lines;
    std::int64_t rated_atoms = 0;  // usage: what rating posted
    std::map<PartnerId, std::int64_t> rated_shares;
    // Usage of pools: what this payer pays of others', less what others pay of this one's; and of
    // whose.
    std::int64_t shifted_atoms = 0;
    std::map<AccountId, std::int64_t> of_owners = {};
};
using Totals = std::map<std::pair<ComponentId, DatePeriod>, Total>;

using settlement::ChargeRef;

// By whom the details of a line are told: one rule for all lines (docs/explanation/billing.md).
enum class DetailBy : std::uint8_t { department, subscription, nobody };
constexpr std::size_t kDetailSubscriptionsMax = 1'000;

class Context {
  public:
    static Result<Context> of(const Input& input);

    const Input& input() const { return *input_; }
    const PayerIndex& payers() const { return *payers_; }
    const catalog::Version& rules() const { return *rules_; }  // in force on the cycle's last day
    const directory::Directory& directory() const { return input_->directory; }
    Currency currency() const { return rules_->currency; }
    bool grouped() const { return rules_->documents.group_per_account; }
    DetailBy detail_by(AccountId department) const;

    // The department a line of that account's charges stands under, in the document and in
    // `BilledKey`.
    AccountId department_of(AccountId account) const { return grouped() ? account : input_->payer; }
    AccountId billed_department(AccountId department) const {
        return grouped() ? department : AccountId{};
    }
    std::uint32_t section_of(AccountId department) const;
    // Whose counter it is.
    AccountId account_of(const rating::CounterKey& key) const;
    // By whom a sponsor knows an account: the top of its tree; in the payer's own tree, itself.
    AccountId customer_of(AccountId account) const;
    std::string title_of(AccountId account) const;

    // A line of that component without figures. REQUIRES: `ref` names a fee or a usage charge.
    Draft draft(const ChargeRef& ref, AccountId department) const;
    // nullptr where no document billed that component, department and cycle before.
    const Money* billed(const BilledKey& key) const;
    // Of a note: the line of its invoice for the same component, department and cycle; else
    // nullptr.
    const InvoiceLine* corrected(const InvoiceLine& line) const;
    unsigned bill_day() const { return directory().account(input_->payer).fact.bill_day; }
    // That many months of the payer, from January, around a day.
    DatePeriod cycle_of_months(Date day, int months) const;
    // Its own, else that of the nearest account above that has one.
    std::string_view country_of(AccountId account) const;

    Money zero() const { return {0, currency()}; }
    Result<Money> rounded_line(const catalog::Version& version, const Exact& exact) const;
    Result<Money> sum(const Money& a, const Money& b) const;
    Result<Money> difference(const Money& a, const Money& b) const;

  private:
    Context() = default;
    void rank_departments();
    void choose_details();

    const Input* input_ = nullptr;
    const PayerIndex* payers_ = nullptr;
    std::shared_ptr<const PayerIndex> own_payers_;
    const catalog::Version* rules_ = nullptr;
    std::map<BilledKey, Money> billed_;
    std::unordered_map<AccountId, std::uint32_t> sections_;
    DetailBy detail_by_ = DetailBy::nobody;
};

// Lines without what earlier documents billed (EC72). Lines that were billed as they are vanish;
// where the rest is no whole line, one correction of the cycle takes their place.
Result<void> append_unbilled(const Context& context, std::vector<Draft> lines,
                             std::vector<Draft>& document);

// "5.00": with the currency's decimals at least, and all that the catalog wrote.
std::string price_text(const Decimal& price, Currency currency);
// "toward_zero, 4 digits"
std::string rounding_text(const catalog::Version& version);
// An exact number as people read it; thousandths are enough for a quantity.
std::string number_text(const Exact& number);

// Gives each detail its part of `amount`, so that they sum to it (largest remainder on `exact`).
void attribute(const Money& amount, int digits, std::vector<LineDetail>& details);
// The parts of `amount` at `digits` by `weights` of any one sign; empty where the weights sum to
// nothing.
std::vector<Money> split_money(const Money& amount, int digits, std::vector<Exact> weights);

}  // namespace farthing::billing
