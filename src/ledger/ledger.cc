#include "ledger/ledger.h"

#include <utility>

#include "base/assert.h"
#include "base/int128.h"

namespace farthing::ledger {

bool is_balanced(const Entry& entry) {
    i128 sum = 0;  // postings are 64-bit: 2^63 of them would be needed to leave 128 bits
    for (const Posting& posting : entry.postings) sum += posting.atoms;
    return sum == 0;
}

Entry mirror_of(const Entry& wrong) {
    Entry mirror = wrong;
    mirror.id = {};
    mirror.reverses = wrong.id;
    for (Posting& posting : mirror.postings) {
        FARTHING_ASSERT(posting.atoms != INT64_MIN);  // EntryBuilder refuses it
        posting.atoms = -posting.atoms;
    }
    return mirror;
}

bool EntryBuilder::move(LedgerAccount debit, LedgerAccount credit, std::int64_t atoms) {
    if (atoms == INT64_MIN) return false;  // has no mirror
    if (atoms == 0 || debit == credit) return true;
    const auto held = [&](const LedgerAccount& account) {
        const auto found = sums_.find(account);
        return found == sums_.end() ? 0 : found->second;
    };
    std::int64_t debited = 0;
    std::int64_t credited = 0;
    if (__builtin_add_overflow(held(debit), atoms, &debited) || debited == INT64_MIN) return false;
    if (__builtin_sub_overflow(held(credit), atoms, &credited) || credited == INT64_MIN)
        return false;
    const auto set = [&](const LedgerAccount& account, std::int64_t sum) {
        if (sum == 0) {
            sums_.erase(account);
        } else {
            sums_[account] = sum;
        }
    };
    set(debit, debited);
    set(credit, credited);
    return true;
}

Entry EntryBuilder::finish() && {
    for (const auto& [account, atoms] : sums_) entry_.postings.push_back({account, atoms});
    FARTHING_ASSERT(is_balanced(entry_));
    return std::move(entry_);
}

}  // namespace farthing::ledger
