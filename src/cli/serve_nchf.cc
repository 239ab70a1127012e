#include "cli/serve_nchf.h"

#include <ostream>

#include "cli/parse.h"
#include "cli/serve_policy.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

constexpr std::int64_t kGrantLeast = 10'000'000;  // what is usual fits
constexpr std::int64_t kGrantMost = std::int64_t{1} << 53;

}  // namespace

std::vector<Option> nchf_options() {
    return {
        {"--nchf", "HOST:PORT", "charge over 5G's Nchf_ConvergedCharging (HTTP/2) as well"},
        {"--nchf-client", "NETWORK",
         "hosts that may ask: 10.1.0.0/16; repeat it. None: any, on loopback only"},
        {"--nchf-ca", "FILE", "whom to trust when clients are told by https (else the system's)"},
        {"--nchf-grant", "N", "octets that one grant has at most (else 2147483647)"},
    };
}

Result<api::NchfServer::Settings> nchf_settings_of(Context& context) {
    api::NchfServer::Settings settings;
    FARTHING_TRY(settings.address, address_of(context, "--nchf", "nchf"));
    settings.authorities = context["--nchf-ca"];
    settings.say = [&context](const Error& what) {
        context.err << what.to_string() + '\n' << std::flush;
    };
    settings.clients = context.arguments.all("--nchf-client");
    if (settings.clients.empty() && !is_loopback(settings.address.host))
        return fail(UsageReason::bad_usage,
                    "say who may connect: --nchf-client NETWORK; without keys any host could "
                    "charge");
    if (settings.clients.empty()) settings.clients = {"127.0.0.0/8", "::1"};
    FARTHING_TRY(static_cast<api::ChargePolicy&>(settings.policy), charge_policy_of(context));
    if (context.arguments.given("--nchf-grant")) {
        FARTHING_TRY(settings.policy.grant_max, whole_number(context["--nchf-grant"]));
        if (settings.policy.grant_max < kGrantLeast || settings.policy.grant_max > kGrantMost)
            return fail(UsageReason::bad_value, "--nchf-grant is between 10000000 and 2^53");
    }
    return settings;
}

}  // namespace farthing::cli
