// The ledger entries of what rating moved: one per payer, price and period (R6).
#pragma once

#include <map>
#include <vector>

#include "ledger/ledger.h"
#include "model/currency.h"
#include "rating/rater.h"

namespace farthing::engine {

// Unbilled against revenue, or what carriers charge; partners' shares beside them.
class UsageEntries {
  public:
    UsageEntries(Perspective side, Currency currency, BatchId batch)
        : cost_(side == Perspective::cost), currency_(currency), batch_(batch) {}
    void add(const rating::SegmentDelta& delta);
    std::vector<Entry> finish() &&;

  private:
    struct Key {
        AccountId payer;
        ComponentId component;
        DatePeriod period;
        auto operator<=>(const Key&) const = default;
    };
    ledger::EntryBuilder& entry_of(const Key& key);

    bool cost_;
    Currency currency_;
    BatchId batch_;
    std::map<Key, ledger::EntryBuilder> builders_;
};

// Of all that moved since they were asked for last.
std::vector<Entry> usage_entries(rating::Rater& rater, Perspective side, Currency currency,
                                 BatchId batch);

}  // namespace farthing::engine
