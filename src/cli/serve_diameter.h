// What `serve` says of Diameter: its options, and the policy they make.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "api/diameter_server.h"
#include "cli/command.h"
#include "cli/serve_policy.h"

namespace farthing::cli {

std::vector<Option> diameter_options();

struct DiameterService {
    api::DiameterServer::Ports ports;
    api::GyPolicy policy;
};
// Nothing where Diameter is not served.
Result<std::optional<DiameterService>> diameter_service_of(Context& context);
Result<std::unique_ptr<api::DiameterServer>> start_diameter(Context& context,
                                                            DiameterService service,
                                                            api::DiameterServer::Charge charge);

}  // namespace farthing::cli
