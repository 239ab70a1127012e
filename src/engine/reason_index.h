// Every reason that any room gives, in one list: from it the manual of errors is written.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/reason.h"

namespace farthing::engine {

struct ReasonGroup {
    std::string_view title;
    std::span<const ReasonText> rows;
};
std::vector<ReasonGroup> reason_groups();

}  // namespace farthing::engine
