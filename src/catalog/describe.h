// Prices in words: what price lists show and differences compare.
#pragma once

#include <string>

#include "catalog/snapshot.h"

namespace farthing::catalog {

// "5.00 per package, 1 GB for 30 days of data, priority 2, rollover 500 MB".
std::string package_words(const Package& package, const Plan& plan);
// "0.05 per MB"; "0.10 per MB up to 100 MB, then 0.05 per MB"; "by deck uk-az".
std::string price_text(const UsageCharge& charge, const Meter& meter);
// "50 MB per subscription, shared by the account"; empty without allowance.
std::string allowance_text(const UsageCharge& charge, const Meter& meter);
// "rounded up to 60 s, then to 6 s"; empty where nothing is rounded up.
// "at least 0.03 per session, free up to 3 s": what the session rule says besides increments and
// the fee; empty when nothing.
std::string session_text(const UsageCharge& charge, const Meter& meter);
// "mon-fri 08:00-20:00": of the band whose price the charge is; empty when it applies by itself.
std::string band_text(const UsageCharge& charge, const Version& version);
// " from 2026-02-01 until 2026-03-31": when a customer's special price holds; empty otherwise.
std::string customer_days_text(const UsageCharge& charge, const Plan& plan);
// "50.00 for each subscription and month; sessions are blocked beyond it".
std::string cap_text(const SpendingCap& cap);
std::string increments_text(const Increments& increments, const Meter& meter);
// "30 % to Lumen Lamps, 0.05 to …"; empty without shares.
std::string shares_text(const std::vector<Share>& shares, const Version& version);
// " in GB of businesses until 2023-12-31"; empty where the rule is for all.
std::string tax_scope_text(const TaxRule& rule);
// " from 2024-01-01 until 2024-12-31"; empty for all days.
std::string days_text(DatePeriod days);
// "toward_zero, 4 digits".
std::string rounding_text(Rounding rounding, int digits);

}  // namespace farthing::catalog
