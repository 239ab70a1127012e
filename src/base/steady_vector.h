// A vector whose elements stay where they are while it grows: it grows by whole blocks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace farthing {

template <class T>
class SteadyVector {
  public:
    T& operator[](std::size_t index) { return blocks_[index / kBlock][index % kBlock]; }
    const T& operator[](std::size_t index) const { return blocks_[index / kBlock][index % kBlock]; }
    T& back() { return (*this)[size_ - 1]; }
    std::size_t size() const { return size_; }
    void push_back(T value) {
        if (size_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<T[]>(kBlock));
        (*this)[size_++] = std::move(value);
    }
    // Fresh elements up to that size, where it is smaller.
    void grow_to(std::size_t size) {
        while (blocks_.size() * kBlock < size) blocks_.push_back(std::make_unique<T[]>(kBlock));
        size_ = std::max(size_, size);
    }
    // REQUIRES: size <= size().
    void truncate(std::size_t size) {
        FARTHING_ASSERT(size <= size_);
        while (size_ > size) (*this)[--size_] = T{};
    }
    void clear() {
        blocks_.clear();
        size_ = 0;
    }

  private:
    static constexpr std::size_t kBlock = 512;
    std::vector<std::unique_ptr<T[]>> blocks_;
    std::size_t size_ = 0;
};

}  // namespace farthing
