// What `serve` does as time goes by although nobody asks.
#pragma once

#include <functional>
#include <memory>

#include "api/service.h"
#include "cli/command.h"

namespace farthing::cli {

std::vector<Option> upkeep_options();
// Fees that fall due are taken; what webhooks were told long ago is forgotten. Each call does a
// little, and tells whether there is more.
Result<std::function<bool()>> upkeep_of(Context& context, std::unique_ptr<api::Service>& service);

}  // namespace farthing::cli
