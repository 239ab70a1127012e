// Refusals as TS 29.500 and TS 32.291 write them.
#pragma once

#include <string>
#include <string_view>

namespace farthing::nchf {

struct Problem {
    int status = 400;
    std::string_view cause;  // for machines; empty: the status says it
    std::string detail;
    std::string param = {};  // JSON pointer to what is at fault
};

// A body of application/problem+json.
std::string write_problem(const Problem& problem);

}  // namespace farthing::nchf
