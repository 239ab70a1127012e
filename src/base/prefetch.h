// Asks the processor for memory that will be needed soon.
#pragma once

#include <cstddef>
#include <cstdint>

namespace farthing {

constexpr std::size_t kCacheLine = 64;

// All lines that the object lies in, to be read and written.
template <class T>
void prefetch(const T& object) {
    const auto address = reinterpret_cast<std::uintptr_t>(&object);
    const std::uintptr_t end = address + sizeof(T);
    for (std::uintptr_t line = address / kCacheLine * kCacheLine; line < end; line += kCacheLine)
        __builtin_prefetch(reinterpret_cast<const void*>(line), 1);
}

}  // namespace farthing
