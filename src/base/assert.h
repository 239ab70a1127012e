// Broken invariants of ours stop the process: the batch in memory is lost, the store replays it.
#pragma once

namespace farthing {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);
}

#define FARTHING_ASSERT(condition)                                                   \
    do {                                                                             \
        if (!(condition)) ::farthing::assert_failed(#condition, __FILE__, __LINE__); \
    } while (false)
