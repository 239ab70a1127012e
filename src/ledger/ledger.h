// The only place where value moves: entries whose postings sum to zero per currency, never edited.
// A mistake is undone by its mirror image, which stays visible. Balances are folds. Pure: the store
// keeps what is made here.
#pragma once

#include <map>
#include <vector>

#include "model/ledger_entry.h"

namespace farthing::ledger {

bool is_balanced(const Entry& entry);
// The same postings with opposite signs, naming what it reverses.
Entry mirror_of(const Entry& wrong);

// Adds up postings to the same account and drops those that are zero; the result is one entry or
// none.
class EntryBuilder {
  public:
    explicit EntryBuilder(Entry header) : entry_(std::move(header)) {}
    // Moves `atoms` from `credit` to `debit`; negative atoms move back. False on overflow: nothing
    // was moved.
    [[nodiscard]] bool move(LedgerAccount debit, LedgerAccount credit, std::int64_t atoms);
    bool empty() const { return sums_.empty(); }
    // REQUIRES: is balanced by construction; asserted.
    Entry finish() &&;

  private:
    Entry entry_;
    std::map<LedgerAccount, std::int64_t> sums_;
};

}  // namespace farthing::ledger
