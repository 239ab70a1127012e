// Which fees a payer owes for a cycle, and for how many units on which days. Private to this room.
#pragma once

#include <map>
#include <vector>

#include "billing/lines.h"
#include "billing/quantity_lines.h"

namespace farthing::billing {

// Who pays in turn within a cycle. Payers of other bill days have other cycles and are left out.
using PayerPath = std::vector<std::pair<AccountId, DatePeriod>>;

struct FeeKey {
    std::uint32_t section = 0;
    std::uint32_t plan = 0;
    std::uint32_t charge = 0;
    ComponentId component;
    AccountId department;
    VersionNo version;
    std::uint32_t special = 0;  // which of the version's special prices, from 1; 0 for none
    PayerPath path;             // empty: this payer alone
    auto operator<=>(const FeeKey&) const = default;
};
struct FeeQuantity {
    ChargeRef ref;
    QuantityChanges changes;  // units by day, of all payers of the path
    // Fees that are not prorated and fees paid once: units per department, and the days they stand
    // for.
    std::map<AccountId, i128> whole;
    DatePeriod days{Date::max(), Date::min()};
    Decimal amount;  // of one unit: the fee's, or the special price
};
using FeeQuantities = std::map<FeeKey, FeeQuantity>;

// What is paid once is owed when it begins, whatever the fee says.
catalog::FeeTiming timing_of(const catalog::Fee& fee);

// Which periods a fee is charged for: 1, 3 or 12 months.
int months_of(const catalog::Fee& fee);
// By month, quarter or year, as against by day or once.
bool is_periodic(const catalog::Fee& fee);

// Whether a subscription began on that day or later.
bool has_begun_since(const directory::Subscription& subscription, Date day);

// Fees of that timing and number of months for `cycle`, that many months of the payer, of
// subscriptions that began on `begun_since` or later.
Result<FeeQuantities> fee_quantities(const Context& context, DatePeriod cycle,
                                     catalog::FeeTiming timing, int months,
                                     Date begun_since = Date::min());

// The same of one subscription, each stretch of one plan, quantity and payer by itself, fees per
// day by day; fees of accounts are no subscription's. Those that have not begun by `due_by` are
// left out.
struct StretchFee {
    DatePeriod days;
    FeeKey key;
    FeeQuantity quantity;
};
Result<std::vector<StretchFee>> fees_by_stretch(const Context& context, DatePeriod cycle,
                                                catalog::FeeTiming timing, int months,
                                                SubscriptionId subscription);

}  // namespace farthing::billing
