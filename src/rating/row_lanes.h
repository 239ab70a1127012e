// Which lane the records of a deck's row go to, for each lane that is priced by a deck, and those
// of an hour or a day, for each lane that counts by them. Open addressing, because a subscription
// that calls around the world asks here once per call, and each look-up should wait for memory
// once.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "catalog/snapshot.h"
#include "rating/lane.h"

namespace farthing::rating {

class RowLanes {
  public:
    // kNone where there is none yet.
    std::uint32_t find(std::uint32_t base, std::uint64_t what) const {
        if (slots_.empty()) return kNone;
        for (std::size_t at = place(base, what);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[at];
            if (slot.what == 0) return kNone;
            if (slot.what == what && slot.base == base) return slot.lane;
        }
    }
    std::uint32_t find(std::uint32_t base, const catalog::RateRow* row) const {
        return find(base, of(row));
    }
    // REQUIRES: it is not there.
    void add(std::uint32_t base, std::uint64_t what, std::uint32_t lane) {
        if (used_ * 2 >= slots_.size()) grow();
        used_ += 1;
        put({what, base, lane});
    }
    void add(std::uint32_t base, const catalog::RateRow* row, std::uint32_t lane) {
        add(base, of(row), lane);
    }
    void prefetch(std::uint32_t base, const catalog::RateRow* row) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[place(base, of(row))]);
    }
    void clear() {
        slots_.clear();
        used_ = 0;
    }

  private:
    struct Slot {
        std::uint64_t what = 0;  // the row, or the item of the hour or day; 0: the slot is free
        std::uint32_t base = 0;
        std::uint32_t lane = 0;
    };
    static constexpr std::size_t kSlotsMin = 1024;

    static std::uint64_t of(const catalog::RateRow* row) {
        return reinterpret_cast<std::uintptr_t>(row);
    }
    std::size_t place(std::uint32_t base, std::uint64_t what) const {
        return mix64(base, what) & (slots_.size() - 1);
    }
    void put(Slot slot) {
        std::size_t at = place(slot.base, slot.what);
        while (slots_[at].what != 0) at = (at + 1) & (slots_.size() - 1);
        slots_[at] = slot;
    }
    void grow() {
        std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.what != 0) put(slot);
        }
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace farthing::rating
