// Credit control put to the engine: requests as questions, its answers as result codes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/charge_policy.h"
#include "base/error.h"
#include "diameter/credit_control.h"
#include "diameter/peer.h"
#include "engine/online.h"

namespace farthing::api {

struct GyPolicy : ChargePolicy {
    diameter::Node node;
    diameter::PeerPolicy peers;
};

// The client's Session-Id of a session as it is charged.
std::string client_session_of(std::string_view session);

// What is wrong with a request although it can be read.
std::optional<diameter::Fault> refusal_of(const diameter::CreditControlRequest& request,
                                          const GyPolicy& policy);
engine::ChargeQuestion question_of(const diameter::CreditControlRequest& request,
                                   const GyPolicy& policy);
// Texts of the answer may point into `told`, the request and the policy.
diameter::CreditControlAnswer answer_of(const diameter::CreditControlRequest& request,
                                        const Result<engine::ChargeAnswer>& told,
                                        const GyPolicy& policy);
// A request that is refused as a whole.
diameter::CreditControlAnswer refused(diameter::Fault fault);

}  // namespace farthing::api
