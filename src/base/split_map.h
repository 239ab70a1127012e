// A hash table in many parts, each of which grows at another time: what is added while somebody
// waits for an answer does not wait until a million others are moved.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <unordered_map>
#include <utility>

namespace farthing {

// REQUIRES: all bits of a hash differ between keys.
template <class Key, class Value, class Hash>
class SplitMap {
  public:
    // nullptr: there is none. What is found stays in its place until it is erased.
    template <class Other>
    Value* find(const Other& key) {
        auto& part = part_of(key);
        const auto found = part.find(key);
        return found == part.end() ? nullptr : &found->second;
    }
    template <class Other>
    const Value* find(const Other& key) const {
        return const_cast<SplitMap*>(this)->find(key);
    }
    // Whether there was none.
    bool emplace(const Key& key, Value value) {
        return part_of(key).emplace(key, std::move(value)).second;
    }
    // REQUIRES: there is one.
    template <class Other>
    void erase(const Other& key) {
        auto& part = part_of(key);
        part.erase(part.find(key));
    }
    std::size_t size() const {
        std::size_t size = 0;
        for (const auto& part : parts_) size += part.size();
        return size;
    }
    template <class Visit>
    void each(const Visit& visit) {  // of its key and its value, in no order
        for (auto& part : parts_)
            for (auto& [key, value] : part) visit(key, value);
    }

  private:
    static constexpr std::size_t kParts = 256;
    using Part = std::unordered_map<Key, Value, Hash, std::equal_to<>>;
    template <class Other>
    Part& part_of(const Other& key) {
        return parts_[(Hash()(key) >> 32) % kParts];
    }
    std::array<Part, kParts> parts_;
};

}  // namespace farthing
