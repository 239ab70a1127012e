// What `serve` says of Nchf: its options, and the settings they make.
#pragma once

#include <vector>

#include "api/nchf_server.h"
#include "cli/command.h"

namespace farthing::cli {

std::vector<Option> nchf_options();
Result<api::NchfServer::Settings> nchf_settings_of(Context& context);

}  // namespace farthing::cli
