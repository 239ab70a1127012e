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

// All lines between the two, to be read and written. REQUIRES: first < end.
inline void prefetch_range(const void* first, const void* end) {
    const auto* const last = static_cast<const char*>(end) - 1;
    for (const auto* at = static_cast<const char*>(first); at < last; at += kCacheLine)
        prefetch_line(at);
    prefetch_line(last);
}

// All lines that the object lies in.
template <class T>
void prefetch(const T& object) {
    prefetch_range(&object, &object + 1);
}

}  // namespace farthing
