#include "rating/counters.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "base/hash.h"

namespace farthing::rating {

namespace {

struct KeyHash {
    std::size_t operator()(const CounterKey& key) const {
        std::uint64_t hash = mix64(key.owner, key.component.value);
        hash = mix64(hash, key.item);
        hash = mix64(
            hash,
            (static_cast<std::uint64_t>(static_cast<std::uint32_t>(key.window_first.days)) << 16) |
                (static_cast<std::uint64_t>(key.perspective) << 8) |
                static_cast<std::uint64_t>(key.owner_kind));
        return hash;
    }
};

}  // namespace

struct CounterTable::State {
    struct Block {
        std::vector<std::uint32_t> counters;
        bool dirty = false;
    };

    Loader loader;
    std::deque<Counter> counters;  // a deque, because raters keep addresses
    std::vector<Block*> block_of_counter;
    std::map<PackKey, Block> blocks;  // node-based: addresses stay
    std::unordered_map<CounterKey, std::uint32_t, KeyHash> index;
    Block* latest = nullptr;  // neighbours mostly come one after the other
    PackKey latest_key;
    std::uint64_t generation = 0;
    std::optional<Error> damage;

    Block& block(const PackKey& key);
    std::uint32_t add(Block& block, Counter counter);
};

CounterTable::State::Block& CounterTable::State::block(const PackKey& key) {
    if (latest != nullptr && latest_key == key) return *latest;
    const auto [found, is_new] = blocks.try_emplace(key);
    latest = &found->second;
    latest_key = key;
    if (!is_new || !loader) return *latest;
    auto stored = unpack_counters(key, loader(key));
    if (!stored) {
        if (!damage) damage = std::move(stored).error();
        return *latest;
    }
    for (Counter& counter : *stored) add(found->second, std::move(counter));
    return *latest;
}

std::uint32_t CounterTable::State::add(Block& block, Counter counter) {
    const auto number = static_cast<std::uint32_t>(counters.size());
    index.emplace(counter.key, number);
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
    const auto found = state_->index.find(key);
    if (found == state_->index.end()) {
        Counter fresh;
        fresh.key = key;
        fresh.window_end = window_end;
        return state_->add(block, std::move(fresh));
    }
    // Two bill days can begin a cycle on the same last day of a short month and end it on different
    // ones.
    Counter& counter = state_->counters[found->second];
    counter.window_end = std::max(counter.window_end, window_end);
    return found->second;
}

const Counter* CounterTable::find(const CounterKey& key) {
    state_->block(block_of(key));
    const auto found = state_->index.find(key);
    if (found == state_->index.end()) return nullptr;
    const Counter& counter = state_->counters[found->second];
    return counter.segments.empty() ? nullptr : &counter;
}

Counter& CounterTable::at(std::uint32_t index) {
    return state_->counters[index];
}

void CounterTable::mark_dirty(std::uint32_t index) {
    state_->block_of_counter[index]->dirty = true;
}

std::vector<CounterPack> CounterTable::dirty_packs() const {
    std::vector<CounterPack> packs;
    std::vector<const Counter*> counters;
    for (const auto& [key, block] : state_->blocks) {
        if (!block.dirty) continue;
        counters.clear();
        for (const std::uint32_t number : block.counters)
            counters.push_back(&state_->counters[number]);
        packs.push_back({key, pack_counters(counters)});
    }
    return packs;
}

void CounterTable::mark_clean() {
    for (auto& [key, block] : state_->blocks) block.dirty = false;
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
