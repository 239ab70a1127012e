// A planted fault that must be found: if the runner reports this target as sound, the runner is
// broken.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= 2 && data[0] == 'F' && data[1] == 'x') {
        std::fputs("the canary sings\n", stderr);
        std::abort();
    }
    return 0;
}
