// What clients of Nchf_ConvergedCharging are told (TS 32.291), as bodies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nchf/charging_data.h"

namespace farthing::nchf {

struct UnitAnswer {
    std::uint32_t group = 0;
    std::string_view result;       // resultCode
    std::optional<Units> granted;  // with it the triggers at which the client comes back
    std::int64_t valid_seconds = 0;
    bool final = false;  // there is nothing beyond the grant
    std::string_view upf;
};

struct ChargingAnswer {
    std::string_view stamp;
    std::uint32_t sequence = 0;
    std::optional<bool> failover;
    std::string_view failure_handling;  // empty: not said
    std::string_view redirect;  // URL for users whose units are final; empty: they are cut off
    std::vector<UnitAnswer> units;
};

std::string write_answer(const ChargingAnswer& answer);
// To a client: come back for another grant, or end the session.
std::string write_notification(bool abort);

}  // namespace farthing::nchf
