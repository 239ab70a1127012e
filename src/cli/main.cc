#include <iostream>

#include "cli/command.h"

// jemalloc reads this when the process starts. Columns, keys and row groups of megabytes come and
// go with every batch: on huge pages they are found with fewer steps, and what was given back is
// kept for the next, since having the kernel clear it again costs more than what is done with it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "thp:always,dirty_decay_ms:-1,oversize_threshold:0,narenas:4";
}

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    const std::vector<std::string> line(argv + 1, argv + argc);
    return static_cast<int>(farthing::cli::run(line, std::cout, std::cerr));
}
