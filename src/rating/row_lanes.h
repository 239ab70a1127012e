// Which lane the records of a deck's row go to, for each lane that is priced by a deck. Open
// addressing, because a subscription that calls around the world asks here once per call, and each
// look-up should wait for memory once.
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
    std::uint32_t find(std::uint32_t base, const catalog::RateRow* row) const {
        if (slots_.empty()) return kNone;
        for (std::size_t at = place(base, row);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[at];
            if (slot.row == nullptr) return kNone;
            if (slot.row == row && slot.base == base) return slot.lane;
        }
    }
    // REQUIRES: it is not there.
    void add(std::uint32_t base, const catalog::RateRow* row, std::uint32_t lane) {
        if (used_ * 2 >= slots_.size()) grow();
        used_ += 1;
        put({row, base, lane});
    }
    void prefetch(std::uint32_t base, const catalog::RateRow* row) const {
        if (!slots_.empty()) __builtin_prefetch(&slots_[place(base, row)]);
    }
    void clear() {
        slots_.clear();
        used_ = 0;
    }

  private:
    struct Slot {
        const catalog::RateRow* row = nullptr;  // none: the slot is free
        std::uint32_t base = 0;
        std::uint32_t lane = 0;
    };
    static constexpr std::size_t kSlotsMin = 1024;

    std::size_t place(std::uint32_t base, const catalog::RateRow* row) const {
        return mix64(base, reinterpret_cast<std::uintptr_t>(row)) & (slots_.size() - 1);
    }
    void put(Slot slot) {
        std::size_t at = place(slot.base, slot.row);
        while (slots_[at].row != nullptr) at = (at + 1) & (slots_.size() - 1);
        slots_[at] = slot;
    }
    void grow() {
        std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.row != nullptr) put(slot);
        }
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace farthing::rating
