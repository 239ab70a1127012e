#include "rating/counters.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "base/steady_vector.h"

namespace farthing::rating {

namespace {

constexpr std::uint32_t kAbsent = UINT32_MAX;

struct PackHash {
    std::size_t operator()(const PackKey& key) const {
        return mix64(mix64(key.block, static_cast<std::uint32_t>(key.window_first)),
                     (static_cast<std::uint64_t>(key.perspective) << 8) | key.owner_kind);
    }
};

// Numbers of counters by key, eight bytes a slot: there are as many counters as a network has
// devices times the destinations that each calls.
class Index {
  public:
    template <class KeyOf>
    std::uint32_t find(const CounterKey& key, KeyOf key_of) const {
        if (slots_.empty()) return kAbsent;
        const std::uint64_t hash = hash_of(key);
        for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
            const Slot& slot = slots_[at];
            if (slot.number == kAbsent) return kAbsent;
            if (slot.tag == tag_of(hash) && key_of(slot.number) == key) return slot.number;
        }
    }
    // REQUIRES: it is not there.
    template <class KeyOf>
    void add(const CounterKey& key, std::uint32_t number, KeyOf key_of) {
        if ((used_ + 1) * 3 > slots_.size() * 2) grow(key_of);
        put(hash_of(key), number);
        used_ += 1;
    }

  private:
    struct Slot {
        std::uint32_t tag = 0;
        std::uint32_t number = kAbsent;
    };
    static constexpr std::size_t kSlotsMin = 1024;

    static std::uint32_t tag_of(std::uint64_t hash) {
        return static_cast<std::uint32_t>(hash >> 32);
    }
    std::size_t mask() const { return slots_.size() - 1; }
    void put(std::uint64_t hash, std::uint32_t number) {
        std::size_t at = hash & mask();
        while (slots_[at].number != kAbsent) at = (at + 1) & mask();
        slots_[at] = {tag_of(hash), number};
    }
    template <class KeyOf>
    void grow(KeyOf key_of) {
        std::vector<Slot> old(slots_.empty() ? kSlotsMin : slots_.size() * 2);
        old.swap(slots_);
        for (const Slot& slot : old) {
            if (slot.number != kAbsent) put(hash_of(key_of(slot.number)), slot.number);
        }
    }

    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

void prefetch_content(const Counter& counter) {
    if (counter.segments.size() > 1) prefetch(counter.segments.back());
    counter.by_day.prefetch_values();
}

}  // namespace

struct CounterTable::State {
    struct Block {
        PackKey key;
        std::vector<std::uint32_t> counters;
        bool dirty = false;
    };

    Loader loader;
    SteadyVector<Counter> counters;  // raters keep addresses
    std::vector<Block*> block_of_counter;
    std::unordered_map<PackKey, Block, PackHash> blocks;  // node-based: addresses stay
    std::vector<Block*> dirty;
    Index index;
    Block* latest = nullptr;  // neighbours mostly come one after the other
    PackKey latest_key;
    std::uint64_t generation = 0;
    std::optional<Error> damage;

    Block& block(const PackKey& key);
    void load(Block& block);
    void load_again(Block& block);
    // With each block of these owners.
    template <class Visit>
    void each_of(std::span<const OwnerBlock> owners, Visit visit) {
        for (auto& [key, block] : blocks)
            if (std::ranges::binary_search(owners, owners_of(key))) visit(block);
    }
    std::uint32_t find(const CounterKey& key) const;
    std::uint32_t add(Block& block, Counter counter);
};

CounterTable::State::Block& CounterTable::State::block(const PackKey& key) {
    if (latest != nullptr && latest_key == key) return *latest;
    const auto [found, is_new] = blocks.try_emplace(key);
    latest = &found->second;
    latest->key = latest_key = key;
    if (is_new && loader) load(*latest);
    return *latest;
}

void CounterTable::State::load(Block& block) {
    auto stored = unpack_counters(block.key, loader(block.key));
    if (!stored) {
        if (!damage) damage = std::move(stored).error();
        return;
    }
    for (Counter& counter : *stored) {
        const std::uint32_t known = find(counter.key);
        if (known == kAbsent) {
            add(block, std::move(counter));
        } else {
            counters[known] = std::move(counter);
        }
    }
}

// What the store has no more is as if nothing had been rated in it.
void CounterTable::State::load_again(Block& block) {
    FARTHING_ASSERT(!block.dirty);
    for (const std::uint32_t number : block.counters) {
        Counter fresh;
        fresh.key = counters[number].key;
        fresh.window_end = fresh.key.window_first;
        counters[number] = std::move(fresh);
    }
    load(block);
}

std::uint32_t CounterTable::State::find(const CounterKey& key) const {
    return index.find(
        key, [this](std::uint32_t number) -> const CounterKey& { return counters[number].key; });
}

std::uint32_t CounterTable::State::add(Block& block, Counter counter) {
    const auto number = static_cast<std::uint32_t>(counters.size());
    index.add(counter.key, number,
              [this](std::uint32_t known) -> const CounterKey& { return counters[known].key; });
    block.counters.push_back(number);
    block_of_counter.push_back(&block);
    counters.push_back(std::move(counter));
    return number;
}

CounterTable::CounterTable(Loader loader) : state_(std::make_unique<State>()) {
    state_->loader = std::move(loader);
}
CounterTable::~CounterTable() = default;
CounterTable::CounterTable(CounterTable&&) noexcept = default;

std::uint32_t CounterTable::touch(const CounterKey& key, Date window_end) {
    State::Block& block = state_->block(block_of(key));
    const std::uint32_t found = state_->find(key);
    if (found == kAbsent) {
        Counter fresh;
        fresh.key = key;
        fresh.window_end = window_end;
        return state_->add(block, std::move(fresh));
    }
    // Two bill days can begin a cycle on the same last day of a short month and end it on different
    // ones.
    Counter& counter = state_->counters[found];
    counter.window_end = std::max(counter.window_end, window_end);
    return found;
}

const Counter* CounterTable::find(const CounterKey& key) {
    state_->block(block_of(key));
    const std::uint32_t found = state_->find(key);
    if (found == kAbsent) return nullptr;
    const Counter& counter = state_->counters[found];
    return counter.segments.empty() ? nullptr : &counter;
}

Counter& CounterTable::at(std::uint32_t index) {
    return state_->counters[index];
}

void CounterTable::mark_dirty(std::uint32_t index) {
    State::Block* const block = state_->block_of_counter[index];
    if (std::exchange(block->dirty, true)) return;
    state_->dirty.push_back(block);
}

// Counters lie where they were made, and all of them is read.
std::vector<CounterPack> CounterTable::dirty_packs() const {
    std::vector<CounterPack> packs;
    packs.reserve(state_->dirty.size());
    std::vector<const Counter*> counters;
    PackRoom room;
    std::ranges::sort(state_->dirty, {}, &State::Block::key);
    for (const State::Block* block : state_->dirty) {
        counters.clear();
        for (const std::uint32_t number : block->counters) {
            counters.push_back(&state_->counters[number]);
            prefetch(*counters.back());
        }
        for (const Counter* counter : counters) prefetch_content(*counter);
        packs.push_back({block->key, pack_counters(counters, room)});
    }
    return packs;
}

void CounterTable::mark_clean() {
    for (State::Block* block : std::exchange(state_->dirty, {})) block->dirty = false;
}

std::vector<std::uint32_t> CounterTable::numbers_of(std::span<const OwnerBlock> owners) const {
    std::vector<std::uint32_t> numbers;
    state_->each_of(owners, [&](const State::Block& block) {
        numbers.insert(numbers.end(), block.counters.begin(), block.counters.end());
    });
    return numbers;
}

void CounterTable::load_again(std::span<const OwnerBlock> owners) {
    state_->each_of(owners, [this](State::Block& block) { state_->load_again(block); });
}

void CounterTable::clear() {
    auto fresh = std::make_unique<State>();
    fresh->loader = std::move(state_->loader);
    fresh->generation = state_->generation + 1;
    state_ = std::move(fresh);
}

std::uint64_t CounterTable::generation() const {
    return state_->generation;
}

const std::optional<Error>& CounterTable::damage() const {
    return state_->damage;
}

}  // namespace farthing::rating
