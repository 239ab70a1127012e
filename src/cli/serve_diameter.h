// What `serve` says of Diameter: its options, and the policy they make.
#pragma once

#include <vector>

#include "api/gy.h"
#include "api/server.h"
#include "cli/command.h"

namespace farthing::cli {

Result<api::Address> address_of(const std::string& text);
std::vector<Option> diameter_options();
Result<api::GyPolicy> gy_policy_of(Context& context);

}  // namespace farthing::cli
