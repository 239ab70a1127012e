// What `serve` says of all protocols of networks: addresses, and how they charge.
#pragma once

#include <string>
#include <vector>

#include "api/charge_policy.h"
#include "api/server.h"
#include "cli/command.h"

namespace farthing::cli {

Result<api::Address> address_of(const std::string& text);
bool is_loopback(const std::string& host);
std::vector<Option> policy_options();
Result<api::ChargePolicy> charge_policy_of(Context& context);

}  // namespace farthing::cli
