#include <malloc.h>

#include <iostream>

#include "cli/command.h"

int main(int argc, char** argv) {
    // Columns and row groups of megabytes come and go with every batch: kept in the heap, the
    // kernel does not clear their pages each time.
    mallopt(M_MMAP_THRESHOLD, 1 << 28);
    mallopt(M_TRIM_THRESHOLD, 1 << 29);
    std::ios::sync_with_stdio(false);
    const std::vector<std::string> line(argv + 1, argv + argc);
    return static_cast<int>(farthing::cli::run(line, std::cout, std::cerr));
}
