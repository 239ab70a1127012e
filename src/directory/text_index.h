// Finds a thing by its text: open addressing from a hash to the thing's number. The texts stay
// where they are, so five million names cost 12 to 24 bytes each here and a look-up never
// allocates.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/prefetch.h"

namespace farthing::directory {

class TextIndex {
  public:
    TextIndex() = default;
    // Room for that many entries; more must not be put in.
    explicit TextIndex(std::size_t entries) : slots_(std::bit_ceil(entries + entries / 2 + 1)) {}

    // The number for which `same(number)` holds among those with that hash; 0 when there is none.
    template <class Same>
    std::uint32_t find(std::uint64_t hash, const Same& same) const {
        return slots_.empty() ? 0 : slots_[slot_of(hash, same)].number;
    }
    // Has the processor fetch where a search for that hash begins.
    void prefetch(std::uint64_t hash) const {
        if (!slots_.empty()) prefetch_line(&slots_[hash & (slots_.size() - 1)]);
    }
    // The place of that number, 0 in it when it is new: the caller writes the number there.
    template <class Same>
    std::uint32_t& place(std::uint64_t hash, const Same& same) {
        Slot& slot = slots_[slot_of(hash, same)];
        slot.tag = tag_of(hash);
        return slot.number;
    }

  private:
    struct Slot {
        std::uint32_t tag =
            0;  // upper half of the hash: most strangers are told without touching their text
        std::uint32_t number = 0;  // 0: free
    };
    static std::uint32_t tag_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    template <class Same>
    std::size_t slot_of(std::uint64_t hash, const Same& same) const {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = hash & mask;
        while (slots_[at].number != 0) {
            if (slots_[at].tag == tag_of(hash) && same(slots_[at].number)) break;
            at = (at + 1) & mask;
        }
        return at;
    }
    std::vector<Slot> slots_;
};

}  // namespace farthing::directory
