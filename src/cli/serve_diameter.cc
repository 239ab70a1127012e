#include "cli/serve_diameter.h"

#include "base/utf8.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kWatchdogMin = 6;  // RFC 3539
constexpr std::int64_t kWatchdogMax = 3'600;

Result<std::pair<std::uint32_t, std::string>> meter_of(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size())
        return fail(UsageReason::bad_value,
                    "--meter is RATING-GROUP=METER, not \"" + printable(text) + "\"");
    FARTHING_TRY(const std::int64_t group, whole_number(text.substr(0, equals)));
    if (group < 0 || group > UINT32_MAX)
        return fail(UsageReason::bad_value, "a rating group has 32 bits");
    return std::pair(static_cast<std::uint32_t>(group), text.substr(equals + 1));
}

Result<std::uint32_t> failure_handling_of(const std::string& text) {
    if (text == "terminate") return 0U;
    if (text == "continue") return 1U;
    if (text == "retry") return 2U;
    return fail(UsageReason::bad_value, "--failure-handling is terminate, continue or retry");
}

bool is_loopback(const std::string& host) {
    return host.starts_with("127.") || host == "::1";
}

}  // namespace

Result<api::Address> address_of(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return fail(UsageReason::bad_value, "an address is HOST:PORT, not \"" + text + "\"");
    FARTHING_TRY(const std::int64_t port, whole_number(text.substr(colon + 1)));
    if (port < 0 || port > 65'535) return fail(UsageReason::bad_value, "a port is at most 65535");
    return api::Address{text.substr(0, colon), static_cast<std::uint16_t>(port)};
}

std::vector<Option> diameter_options() {
    return {
        {"--diameter", "HOST:PORT", "charge over Diameter (Gy, Ro) as well; the port is 3868"},
        {"--host", "NAME", "our Origin-Host; needed with --diameter"},
        {"--realm", "NAME", "our Origin-Realm (else what follows the first dot of --host)"},
        {"--peer", "NAME",
         "Origin-Host of a peer that may connect; repeat it. None: any, on "
         "loopback only"},
        {"--meter", "GROUP=METER",
         "the meter of a rating group (else the only one that counts "
         "what the network does); repeat it"},
        {"--redirect", "URL", "where users without money are led (else they are cut off)"},
        {"--watchdog", "SECONDS", "of silence before a peer is asked (else 30)"},
        {"--failover", "", "another node serves the same sessions: peers are told"},
        {"--failure-handling", "WHAT", "terminate, continue or retry: told to peers"},
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
    for (const std::string& text : context.arguments.all("--meter")) {
        FARTHING_TRY(auto meter, meter_of(text));
        policy.meters.insert_or_assign(meter.first, std::move(meter.second));
    }
    policy.redirect = context["--redirect"];
    policy.failover = context.arguments.given("--failover");
    if (context.arguments.given("--failure-handling")) {
        FARTHING_TRY(policy.failure_handling, failure_handling_of(context["--failure-handling"]));
    }
    if (context.arguments.given("--watchdog")) {
        FARTHING_TRY(const std::int64_t seconds, whole_number(context["--watchdog"]));
        if (seconds < kWatchdogMin || seconds > kWatchdogMax)
            return fail(UsageReason::bad_value, "--watchdog is between 6 and 3600");
        policy.peers.watchdog_micros = seconds * kMicrosPerSecond;
    }
    return policy;
}

}  // namespace farthing::cli
