#include "store/crash_point.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace farthing::store {

namespace {

std::atomic<long> passed = 0;

void write_count() {
    const char* path = std::getenv("FARTHING_CRASH_COUNT_FILE");
    std::FILE* file = path == nullptr ? nullptr : std::fopen(path, "w");
    if (file == nullptr) return;
    std::fprintf(file, "%ld\n", passed.load());
    std::fclose(file);
}

// The number of the point that kills; 0 for none.
long read_fatal() {
    if (std::getenv("FARTHING_CRASH_COUNT_FILE") != nullptr) std::atexit(write_count);
    const char* at = std::getenv("FARTHING_CRASH_AT");
    return at == nullptr ? 0 : std::strtol(at, nullptr, 10);
}

}  // namespace

void crash_point() {
    static const long fatal = read_fatal();
    if (++passed == fatal) std::raise(SIGKILL);
}

}  // namespace farthing::store
