// RADIUS as FreeRADIUS tells it by its REST module: attributes as JSON, of requests to authorise
// and to account.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http.h"
#include "base/error.h"
#include "engine/online.h"

namespace farthing::api {

enum class RadiusWhat : std::uint8_t { none, authorize, accounting };

struct RadiusQuestion {
    engine::ChargeQuestion charge;
    bool nothing = false;  // there is nothing to charge: it is answered at once
};
// `meter`: what the session counts.
Result<RadiusQuestion> read_radius(RadiusWhat what, const std::string& meter,
                                   std::string_view body);
HttpAnswer radius_answer(RadiusWhat what, const Result<engine::ChargeAnswer>& told);

}  // namespace farthing::api
