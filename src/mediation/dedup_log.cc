#include "mediation/dedup_log.h"

#include <algorithm>
#include <bit>

namespace farthing::mediation {

Entered* BatchLog::find(Hash128 key, Date day) {
    if (entries_.empty()) return nullptr;
    index_entries();
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = mix64(key.high, key.low) & mask; index_[at] != 0; at = (at + 1) & mask) {
        Entered& entry = entries_[index_[at] - 1];
        if (entry.live && entry.key == key && entry.day == day) return &entry;
    }
    return nullptr;
}

void BatchLog::index_entries() {
    if (index_.size() < entries_.size() * 2) {
        index_.assign(std::bit_ceil(entries_.size() * 4), 0);
        indexed_ = 0;
    }
    while (indexed_ < entries_.size()) place(indexed_++);
}

void BatchLog::place(std::size_t entry) {
    const std::size_t mask = index_.size() - 1;
    std::size_t at = mix64(entries_[entry].key.high, entries_[entry].key.low) & mask;
    while (index_[at] != 0) at = (at + 1) & mask;
    index_[at] = static_cast<std::uint32_t>(entry + 1);
}

void BatchLog::clear() {
    entries_.clear();
    if (indexed_ > 0) std::ranges::fill(index_, 0U);
    indexed_ = 0;
}

std::int64_t BatchLog::memory_bytes() const {
    return static_cast<std::int64_t>(entries_.capacity() * sizeof(Entered) +
                                     index_.capacity() * sizeof(std::uint32_t));
}

}  // namespace farthing::mediation
