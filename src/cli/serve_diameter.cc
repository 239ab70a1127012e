#include "cli/serve_diameter.h"

#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kWatchdogMin = 6;  // RFC 3539
constexpr std::int64_t kWatchdogMax = 3'600;

}  // namespace

std::vector<Option> diameter_options() {
    return {
        {"--diameter", "HOST:PORT", "charge over Diameter (Gy, Ro) as well; the port is 3868"},
        {"--host", "NAME", "our Origin-Host; needed with --diameter"},
        {"--realm", "NAME", "our Origin-Realm (else what follows the first dot of --host)"},
        {"--peer", "NAME",
         "Origin-Host of a peer that may connect; repeat it. None: any, on "
         "loopback only"},
        {"--watchdog", "SECONDS", "of silence before a peer is asked (else 30)"},
    };
}

Result<api::GyPolicy> gy_policy_of(Context& context) {
    api::GyPolicy policy;
    policy.node.host = context["--host"];
    const std::size_t dot = policy.node.host.find('.');
    policy.node.realm = context["--realm"];
    if (policy.node.realm.empty() && dot != std::string::npos)
        policy.node.realm = policy.node.host.substr(dot + 1);
    if (policy.node.host.empty() || policy.node.realm.empty())
        return fail(
            UsageReason::bad_usage,
            "say who serves: --host ocs.example.org, and --realm where the host has no dot");
    policy.node.origin_state = static_cast<std::uint32_t>(context.now().micros / kMicrosPerSecond);
    policy.peers.known = context.arguments.all("--peer");
    FARTHING_TRY(const api::Address address, address_of(context["--diameter"]));
    if (policy.peers.known.empty() && !is_loopback(address.host))
        return fail(UsageReason::bad_usage,
                    "say who may connect: --peer HOST; without keys any host could charge");
    FARTHING_TRY(static_cast<api::ChargePolicy&>(policy), charge_policy_of(context));
    if (context.arguments.given("--watchdog")) {
        FARTHING_TRY(const std::int64_t seconds, whole_number(context["--watchdog"]));
        if (seconds < kWatchdogMin || seconds > kWatchdogMax)
            return fail(UsageReason::bad_value, "--watchdog is between 6 and 3600");
        policy.peers.watchdog_micros = seconds * kMicrosPerSecond;
    }
    return policy;
}

}  // namespace farthing::cli
