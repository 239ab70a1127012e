// What `serve` says of all protocols of networks: addresses, and how they charge.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/charge_policy.h"
#include "api/server.h"
#include "cli/command.h"

namespace farthing::cli {

Result<api::Address> address_of(const std::string& text);
// Of the port named WHAT: http, diameter or nchf.
Result<api::Address> address_of(Context& context, std::string_view option, std::string_view what);
// The option's number, from 1 to 10 million.
Result<std::int64_t> at_least_one(Context& context, std::string_view option,
                                  std::int64_t otherwise);
bool is_loopback(const std::string& host);
std::vector<Option> policy_options();
Result<api::ChargePolicy> charge_policy_of(Context& context);

}  // namespace farthing::cli
