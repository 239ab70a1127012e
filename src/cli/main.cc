#include <iostream>

#include "cli/command.h"

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    const std::vector<std::string> line(argv + 1, argv + argc);
    return static_cast<int>(farthing::cli::run(line, std::cout, std::cerr));
}
