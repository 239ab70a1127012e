// Asks the processor for memory that will be needed soon.
#pragma once

#include <cstddef>

namespace farthing {

constexpr std::size_t kCacheLine = 64;

// All lines that the object lies in, to be read and written.
template <class T>
void prefetch(const T& object) {
    const auto* const first = reinterpret_cast<const char*>(&object);
    for (std::size_t at = 0; at < sizeof(T); at += kCacheLine) __builtin_prefetch(first + at, 1);
    __builtin_prefetch(first + sizeof(T) - 1, 1);
}

}  // namespace farthing
