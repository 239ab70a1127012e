// A number for each pair: the lane that records of a deck's row go to, for each lane that is priced
// by a deck; that of an hour or a day, for each lane that counts by them; what was looked up of a
// subscription in a network. Open addressing, because a subscription that calls around the world
// asks here once per call, and each look-up should wait for memory once.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "base/prefetch.h"
#include "rating/lane.h"

namespace farthing::rating {

class PairIndex {
  public:
    // kNone where there is none yet.
    std::uint32_t find(std::uint32_t base, std::uint64_t what) const {
        const std::size_t slot = slot_of(base, what);
        return slot == kAbsent ? kNone : slots_[slot].number;
    }
    // Where its number stands, until the next `add`; nullptr where there is none yet.
    std::uint32_t* at(std::uint32_t base, std::uint64_t what) {
        const std::size_t slot = slot_of(base, what);
        return slot == kAbsent ? nullptr : &slots_[slot].number;
    }
    // REQUIRES: it is not there, and `what` is not 0.
    void add(std::uint32_t base, std::uint64_t what, std::uint32_t number) {
        if (used_ * 2 >= slots_.size()) grow();
        used_ += 1;
        put({what, base, number});
    }
    void prefetch(std::uint32_t base, std::uint64_t what) const {
        if (!slots_.empty()) farthing::prefetch_line(&slots_[place(base, what)]);
    }
    bool empty() const { return used_ == 0; }
    void clear() {
        slots_.clear();
        used_ = 0;
    }

  private:
    struct Slot {
        std::uint64_t what = 0;  // 0: the slot is free
        std::uint32_t base = 0;
        std::uint32_t number = 0;
    };
    static constexpr std::size_t kSlotsMin = 1024;
    static constexpr std::size_t kAbsent = SIZE_MAX;

    std::size_t slot_of(std::uint32_t base, std::uint64_t what) const {
        if (slots_.empty()) return kAbsent;
        for (std::size_t at = place(base, what);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot& slot = slots_[at];
            if (slot.what == 0) return kAbsent;
            if (slot.what == what && slot.base == base) return at;
        }
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
