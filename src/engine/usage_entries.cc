#include "engine/usage_entries.h"

#include <map>

#include "base/assert.h"
#include "ledger/ledger.h"

namespace farthing::engine {

std::vector<Entry> usage_entries(const std::vector<rating::SegmentDelta>& deltas, Perspective side,
                                 Currency currency, BatchId batch) {
    const bool cost = side == Perspective::cost;
    struct Key {
        AccountId payer;
        ComponentId component;
        DatePeriod period;
        auto operator<=>(const Key&) const = default;
    };
    std::map<Key, ledger::EntryBuilder> builders;
    for (const rating::SegmentDelta& delta : deltas) {
        const Key key{delta.payer, delta.key.component, delta.window};
        auto found = builders.find(key);
        if (found == builders.end()) {
            Entry header;
            header.kind = cost ? EntryKind::cost : EntryKind::usage;
            header.batch = batch;
            if (!cost) header.payer = key.payer;
            header.component = key.component;
            header.period = key.period;
            header.currency = currency;
            found = builders.emplace(key, ledger::EntryBuilder(std::move(header))).first;
        }
        ledger::EntryBuilder& entry = found->second;
        // The rater refuses charges beyond a posting; only a batch's sum of them could still leave
        // 64 bits.
        const LedgerAccount earned{LedgerKind::revenue, delta.key.component.value};
        const LedgerAccount spent{LedgerKind::cost, delta.key.component.value};
        const LedgerAccount debit =
            cost ? spent : LedgerAccount{LedgerKind::unbilled, delta.payer.value};
        const LedgerAccount credit =
            cost ? LedgerAccount{LedgerKind::payable, delta.payer.value} : earned;
        FARTHING_ASSERT(entry.move(debit, credit, delta.charge_atoms));
        for (const auto& share : delta.shares) {
            FARTHING_ASSERT(entry.move({LedgerKind::share_cost, share.partner.value},
                                       {LedgerKind::partner, share.partner.value}, share.atoms));
        }
    }
    std::vector<Entry> entries;
    for (auto& [key, entry] : builders) {
        if (!entry.empty()) entries.push_back(std::move(entry).finish());
    }
    return entries;
}

}  // namespace farthing::engine
