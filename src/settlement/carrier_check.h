// A carrier's itemised invoice against our own cost rating, record by record. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/exact.h"
#include "base/reason.h"

namespace farthing {
#define FARTHING_CARRIER_DIFFERENCES(X)                                          \
    X(missing_at_ours, "the carrier charges a record that we have not",          \
      "Look for its file or in suspense, or dispute the record.")                \
    X(extra_at_ours, "we have a record that the carrier does not charge",        \
      "Nothing is owed for it as yet; ask whether it comes on a later invoice.") \
    X(quantity_differs, "the carrier counts another quantity",                   \
      "Compare the record with your own switch.")                                \
    X(price_differs, "the carrier asks another price for the same quantity",     \
      "Compare the deck with the carrier's price file of that day.")             \
    X(record_unreadable, "a record of the invoice can't be read", "Mend the feed's description.")
FARTHING_REASON_ENUM(CarrierDifference, FARTHING_CARRIER_DIFFERENCES)
}  // namespace farthing

namespace farthing::settlement {

struct CarriedRecord {
    std::string key;            // what says which record it is
    std::int64_t place = 0;     // of the caller's
    std::int64_t quantity = 0;  // as the source counts it, in the meter's base unit
    std::int64_t billable = 0;  // after increments: a carrier may write either
    Exact amount;
    int digits = 0;  // theirs: how many decimals the amount was written with
};

struct CarriedPair {
    CarrierDifference kind{};
    const CarriedRecord* theirs = nullptr;
    const CarriedRecord* ours = nullptr;
};
struct CarrierComparison {
    std::vector<CarriedPair> differences;  // in the order of theirs, then of ours
    std::int64_t matched = 0;
};

// Records with one key meet in their order. A quantity agrees that is our counted or our billable
// one; an amount that differs by less than the last digit that the carrier writes was only rounded.
CarrierComparison compare_carried(std::span<const CarriedRecord> theirs,
                                  std::span<const CarriedRecord> ours);

}  // namespace farthing::settlement
