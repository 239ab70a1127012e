#include "engine/usage_entries.h"

#include "base/assert.h"

namespace farthing::engine {

ledger::EntryBuilder& UsageEntries::entry_of(const Key& key) {
    const auto found = builders_.find(key);
    if (found != builders_.end()) return found->second;
    Entry header;
    header.kind = cost_ ? EntryKind::cost : EntryKind::usage;
    header.batch = batch_;
    if (!cost_) header.payer = key.payer;
    header.component = key.component;
    header.period = key.period;
    header.currency = currency_;
    return builders_.emplace(key, ledger::EntryBuilder(std::move(header))).first->second;
}

void UsageEntries::add(const rating::SegmentDelta& delta) {
    ledger::EntryBuilder& entry = entry_of({delta.payer, delta.key.component, delta.window});
    // The rater refuses charges beyond a posting; only a batch's sum of them could still leave
    // 64 bits.
    const LedgerAccount earned{LedgerKind::revenue, delta.key.component.value};
    const LedgerAccount spent{LedgerKind::cost, delta.key.component.value};
    const LedgerAccount debit =
        cost_ ? spent : LedgerAccount{LedgerKind::unbilled, delta.payer.value};
    const LedgerAccount credit =
        cost_ ? LedgerAccount{LedgerKind::payable, delta.payer.value} : earned;
    FARTHING_ASSERT(entry.move(debit, credit, delta.charge_atoms));
    for (const auto& share : delta.shares) {
        FARTHING_ASSERT(entry.move({LedgerKind::share_cost, share.partner.value},
                                   {LedgerKind::partner, share.partner.value}, share.atoms));
    }
}

std::vector<Entry> UsageEntries::finish() && {
    std::vector<Entry> entries;
    for (auto& [key, entry] : builders_) {
        if (!entry.empty()) entries.push_back(std::move(entry).finish());
    }
    return entries;
}

std::vector<Entry> usage_entries(rating::Rater& rater, Perspective side, Currency currency,
                                 BatchId batch) {
    UsageEntries entries(side, currency, batch);
    rater.take_deltas([&](const rating::SegmentDelta& delta) { entries.add(delta); });
    return std::move(entries).finish();
}

}  // namespace farthing::engine
