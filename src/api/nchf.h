// Nchf_ConvergedCharging put to the engine: requests as questions, its answers as bodies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/charge_policy.h"
#include "base/error.h"
#include "engine/online.h"
#include "nchf/charging_data.h"

namespace farthing::api {

constexpr std::int64_t kNchfGrantMax = INT32_MAX;  // what clients of 32 bits can read

struct NchfPolicy : ChargePolicy {
    std::int64_t grant_max = kNchfGrantMax;  // of one grant, in octets, seconds or pieces
};

struct NchfAnswer {
    int status = 200;
    std::string body;
    bool problem = false;   // the body is one
    bool busy = false;      // come again
    std::string reference;  // of what was created
};

// A request that asks for a session or is part of one.
struct NchfRequest {
    nchf::Target target;
    nchf::ChargingData data;
};
std::expected<NchfRequest, nchf::Problem> read_nchf(std::string_view method, std::string_view path,
                                                    std::string_view body);
// What is wrong with a request although it can be read.
std::optional<nchf::Problem> refusal_of(const NchfRequest& request, const NchfPolicy& policy);
engine::ChargeQuestion question_of(const NchfRequest& request, const NchfPolicy& policy);
NchfAnswer answer_of(const NchfRequest& request, const Result<engine::ChargeAnswer>& told,
                     const NchfPolicy& policy);
NchfAnswer refused(const nchf::Problem& problem);

}  // namespace farthing::api
