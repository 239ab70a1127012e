#include "billing/payer_index.h"

#include <algorithm>

namespace farthing::billing {
namespace {

// Calls `see(payer, stretch)` for every stretch, in order of account, then time.
template <class See>
void each_stretch(const directory::Directory& directory, See see) {
    for (const directory::Account& account : directory.accounts()) {
        const auto& steps = account.payer.steps;
        const bool used = !directory.subscriptions_of(account.fact.id).empty();
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const AccountId payer = steps[i].value;
            if (!payer || (!used && payer != account.fact.id)) continue;
            const Date end = i + 1 < steps.size() ? steps[i + 1].from : Date::max();
            see(payer, PaidStretch{account.fact.id, {steps[i].from, end}});
        }
    }
}

}  // namespace

// A counting sort by payer: two passes, no allocation per payer.
PayerIndex::PayerIndex(const directory::Directory& directory)
    : first_of_(directory.accounts().size() + 1, 0) {
    std::uint32_t total = 0;
    each_stretch(directory, [&](AccountId payer, const PaidStretch&) {
        first_of_[payer.value] += 1;
        total += 1;
    });
    for (std::size_t i = 1; i < first_of_.size(); ++i) first_of_[i] += first_of_[i - 1];
    stretches_.resize(total);
    std::vector<std::uint32_t> next(first_of_.begin(), first_of_.end());
    each_stretch(directory, [&](AccountId payer, const PaidStretch& stretch) {
        stretches_[next[payer.value - 1]++] = stretch;
    });
}

std::span<const PaidStretch> PayerIndex::of(AccountId payer) const {
    if (!payer || payer.value >= first_of_.size()) return {};
    const std::uint32_t first = first_of_[payer.value - 1];
    return std::span(stretches_).subspan(first, first_of_[payer.value] - first);
}

std::vector<AccountId> PayerIndex::payers(DatePeriod period) const {
    std::vector<AccountId> found;
    for (std::uint32_t id = 1; id < first_of_.size(); ++id) {
        const auto stretches = of(AccountId{id});
        const bool pays = std::ranges::any_of(stretches, [&](const PaidStretch& stretch) {
            return !stretch.period.intersect(period).empty();
        });
        if (pays) found.push_back(AccountId{id});
    }
    return found;
}

}  // namespace farthing::billing
