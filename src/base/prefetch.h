// Asks the processor for memory that will be needed soon.
#pragma once

#include <cstddef>

namespace farthing {

constexpr std::size_t kCacheLine = 64;

// The line at that address. To the compiler asking ahead has no effect: a function that does
// nothing else would be left out where it sees its body, so an effect is feigned.
inline void prefetch_line(const void* at) {
    __builtin_prefetch(at, 1);
    asm volatile("" : : "r"(at));
}

// All lines that the object lies in, to be read and written.
template <class T>
void prefetch(const T& object) {
    const auto* const first = reinterpret_cast<const char*>(&object);
    for (std::size_t at = 0; at < sizeof(T); at += kCacheLine) prefetch_line(first + at);
    prefetch_line(first + sizeof(T) - 1);
}

}  // namespace farthing
