// The chain of batches: each batch's hash covers the one before it and all that the batch recorded,
// so that a changed figure, source or file shows, however it was changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/batch.h"
#include "model/ledger_entry.h"
#include "store/store.h"

namespace farthing::store {

// What the chain covers of one batch, the same from a commit and from the database.
struct BatchSeal {
    BatchId id;
    FeedId feed;
    std::string kind;
    Instant committed_at;
    std::vector<std::pair<SourceRange, std::string>>
        ranges;  // with the source's hash; epochs are not recorded
    std::vector<ControlTotals> controls;
    std::vector<QuantityTotals> quantities;
    std::vector<std::pair<std::uint16_t, std::int64_t>> rated_atoms;
    std::vector<std::pair<std::string, std::string>> files;  // path, hash
    std::vector<Entry> entries;
    std::vector<SuspenseFix> fixes;
    std::vector<TakenBackTotals> taken_back;
    std::vector<std::string> retires;
    std::vector<WindowTotals> windows;
    std::optional<DeletedUsage> deletes;
};

// SHA-256 in hex. The order of the vectors does not matter, but that of entries does.
std::string chain_of(const std::string& previous, BatchSeal seal);

}  // namespace farthing::store
