#include "api/charge_policy.h"

#include "model/outcome.h"

namespace farthing::api {

bool is_empty(const engine::NetworkCounts& counts) {
    return !counts.bytes && !counts.seconds && !counts.pieces;
}

Verdict verdict_of(const engine::ChargeAnswer::Service& service) {
    const std::string& why = service.why;
    if (why == "granted" || why == "throttled") return Verdict::granted;
    if (service.suspense == name_of(SuspenseReason::not_allowed_here)) return Verdict::not_here;
    if (why == "no_money" || why == "cap_reached" || why == "spending_cap_reached" ||
        why == "subscription_suspended")
        return Verdict::no_money;
    return why == "limit_reached" ? Verdict::over_limit : Verdict::unrated;
}

}  // namespace farthing::api
