// What `serve` says of Diameter: its options, and the policy they make.
#pragma once

#include <vector>

#include "api/gy.h"
#include "cli/command.h"
#include "cli/serve_policy.h"

namespace farthing::cli {

std::vector<Option> diameter_options();
Result<api::GyPolicy> gy_policy_of(Context& context);

}  // namespace farthing::cli
