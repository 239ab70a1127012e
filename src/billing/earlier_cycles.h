// Which cycles before a document's own it makes up for: fees and minimums of which more is known
// now, and cycles that were passed over. What usage is of them, counters say.
#pragma once

#include <vector>

#include "billing/bill.h"
#include "settlement/charge_ref.h"

namespace farthing::billing {

// How many cycles of each length back a change of the facts still corrects what was billed.
constexpr std::size_t kCyclesBack = 3;

struct EarlierCycle {
    DatePeriod cycle;
    // Only subscriptions that began on this day or later count: older ones were billed elsewhere.
    Date begun_since = Date::min();
};

// Cycles of so many months of the payer, oldest first: the latest few that its documents billed, or
// of which fees were taken, and of the few just before its own those that nobody billed although
// billing had begun.
std::vector<EarlierCycle> earlier_cycles(const Input& input, int months);

// First days of those of which a document needs the counters although no usage came since: what is
// included goes by who subscribed, and minimums may compare each subscription by itself.
std::vector<Date> windows_of_facts(const Input& input);

}  // namespace farthing::billing
