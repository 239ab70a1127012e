#include "cli/serve_diameter.h"

#include <ostream>

#include "api/problem.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kWatchdogMin = 6;  // RFC 3539
constexpr std::int64_t kWatchdogMax = 3'600;

Result<api::DiameterServer::Ports> diameter_ports_of(Context& context) {
    api::DiameterServer::Ports ports;
    if (context.arguments.given("--diameter")) {
        FARTHING_TRY(ports.tcp, address_of(context, "--diameter", "diameter"));
    }
    if (context.arguments.given("--diameter-sctp")) {
        FARTHING_TRY(ports.sctp, address_of(context, "--diameter-sctp", "sctp"));
        if (ports.sctp->tls)
            return fail(ApiReason::sctp_unencrypted, "", context["--diameter-sctp"]);
    }
    return ports;
}

Result<api::GyPolicy> gy_policy_of(Context& context, const api::DiameterServer::Ports& ports) {
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
    for (const auto& address : {ports.tcp, ports.sctp})
        if (policy.peers.known.empty() && address && !is_loopback(address->host))
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

}  // namespace

std::vector<Option> diameter_options() {
    return {
        {"--diameter", "HOST:PORT", "charge over Diameter (Gy, Ro) as well; the port is 3868"},
        {"--diameter-sctp", "HOST:PORT", "the same over SCTP, in clear text"},
        {"--host", "NAME", "our Origin-Host; needed with them"},
        {"--realm", "NAME", "our Origin-Realm (else what follows the first dot of --host)"},
        {"--peer", "NAME",
         "Origin-Host of a peer that may connect; repeat it. None: any, on "
         "loopback only"},
        {"--watchdog", "SECONDS", "of silence before a peer is asked (else 30)"},
    };
}

Result<std::optional<DiameterService>> diameter_service_of(Context& context) {
    FARTHING_TRY(auto ports, diameter_ports_of(context));
    if (!ports.tcp && !ports.sctp) return std::optional<DiameterService>();
    FARTHING_TRY(auto policy, gy_policy_of(context, ports));
    return DiameterService{std::move(ports), std::move(policy)};
}

Result<std::unique_ptr<api::DiameterServer>> start_diameter(Context& context,
                                                            DiameterService service,
                                                            api::DiameterServer::Charge charge) {
    const api::DiameterServer::Ports ports = service.ports;
    const auto say = [&context](const Error& what) {
        context.err << what.to_string() + '\n' << std::flush;
    };
    FARTHING_TRY(auto server, api::DiameterServer::listen(ports, std::move(service.policy),
                                                          std::move(charge), say));
    const auto tell = [&](std::string_view what, const api::Address& place, std::uint16_t port) {
        context.out << what << " on " << place.host << ':' << port << std::endl;
    };
    if (ports.tcp) tell("diameter", *ports.tcp, server->port());
    if (ports.sctp) tell("diameter over SCTP", *ports.sctp, server->sctp_port());
    return server;
}

}  // namespace farthing::cli
