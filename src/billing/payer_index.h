// Who pays for which accounts, and when: built once per bill run, so that billing a payer never
// scans the tree.
#pragma once

#include <span>
#include <vector>

#include "directory/directory.h"

namespace farthing::billing {

// The payer pays for all subscriptions of the account on those days.
struct PaidStretch {
    AccountId account;
    DatePeriod period;  // `end` is Date::max() while nothing else is known
    bool operator==(const PaidStretch&) const = default;
};

class PayerIndex {
  public:
    explicit PayerIndex(const directory::Directory& directory);
    // In order of account, then time. Only accounts with subscriptions, and the payer itself.
    std::span<const PaidStretch> of(AccountId payer) const;
    // All who pay for anything on a day of `period`, by id.
    std::vector<AccountId> payers(DatePeriod period) const;

  private:
    std::vector<PaidStretch> stretches_;   // by payer
    std::vector<std::uint32_t> first_of_;  // payer id - 1 → first stretch; one more at the end
};

}  // namespace farthing::billing
