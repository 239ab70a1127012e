// What fees, usage charges and discounts have in common, and the two kinds of charge.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/reading.h"
#include "catalog/values.h"

namespace farthing::catalog {

// What a charge takes from its plan where it says nothing itself.
struct PlanDefaults {
    std::string plan;
    std::string tax;
    std::vector<Share> shares;
};

ValueAt value_at(const Fields& fields, std::string_view key);
// Exactly one of the two keys is there.
bool one_of(const Fields& fields, std::string_view a, std::string_view b, std::string_view what);
std::string read_tax_category(const Reading& reading, const Fields& fields,
                              const std::string& otherwise);
// `fee`: the amount of the fee that the shares are of; a fixed amount may be only of a fee.
std::vector<Share> read_shares(Reading& reading, const Fields& fields, const Decimal* fee,
                               std::string_view whose);
// The percent of `margin`; 0 where it isn't said.
Decimal read_margin(const Fields& fields);
// Exactly; nullopt where it needs more than 18 digits.
std::optional<Decimal> with_margin(const Decimal& amount, const Decimal& percent);
ComponentId component_id(Reading& reading, std::string_view plan, std::string_view name);

// How `round_up` ends.
constexpr std::string_view kPerSession = " per session";
constexpr std::string_view kPerDay = " per day";

struct ReadCharge {
    UsageCharge charge;
    std::vector<UsageCharge> in_bands;  // in step with charge.in_bands, whose indices are not set
    Condition condition;
    bool named = false;  // by the catalog itself
};
// Steps per day, window, cap and what a change does, of a usage charge whose prices and allowance
// were read.
void read_shape(Reading& reading, const Fields& fields, const Meter& meter, UsageCharge& charge);
// The session rule of a usage charge whose prices and allowance were read.
void read_session_rule(Reading& reading, const Fields& fields, const Meter& meter,
                       UsageCharge& charge);
// What a usage charge includes; nullopt where it says nothing, or nothing that can be read.
std::optional<Allowance> read_allowance(const Fields& charge, const Meter& meter,
                                        Mistakes& mistakes);
// A hard limit of a plan: what a subscription may use of a meter in a cycle.
struct ReadLimit {
    UsageCharge charge;
    Place place;
};
// The plan's `limits`; the networks that they name go into the plan.
std::vector<ReadLimit> read_limits(Reading& reading, const Node& node, Plan& plan);
// The plan's `spending_cap`; nullopt where it has none, or one with mistakes.
std::optional<SpendingCap> read_spending_cap(const Fields& plan, Mistakes& mistakes);
// A package of a plan whose charges were read; nullopt where it can't be known.
std::optional<Package> read_package(Reading& reading, const Node& node, const Plan& plan,
                                    const PlanDefaults& defaults);
// nullopt where the meter is unknown.
std::optional<ReadCharge> read_usage(Reading& reading, const Fields& fields,
                                     const PlanDefaults& defaults);

// A currency by its code; nullopt where the key isn't there or names none.
std::optional<Currency> read_currency(const Fields& fields, std::string_view key);
// `from` and `until`, both days inside; all days where neither is said.
DatePeriod read_days(const Fields& fields);

}  // namespace farthing::catalog
