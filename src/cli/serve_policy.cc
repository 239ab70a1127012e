#include "cli/serve_policy.h"

#include "base/utf8.h"
#include "cli/parse.h"
#include "cli/session.h"

namespace farthing::cli {

namespace {

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

Result<api::FailureHandling> failure_handling_of(const std::string& text) {
    if (text == "terminate") return api::FailureHandling::terminate;
    if (text == "continue") return api::FailureHandling::go_on;
    if (text == "retry") return api::FailureHandling::retry;
    return fail(UsageReason::bad_value, "--failure-handling is terminate, continue or retry");
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

Result<api::Address> address_of(Context& context, std::string_view option, std::string_view what) {
    api::Address address;
    if (context.arguments.given(option)) {
        FARTHING_TRY(address, address_of(context[option]));
    }
    const bool certified = context.arguments.given("--tls-cert");
    if (certified != context.arguments.given("--tls-key"))
        return fail(UsageReason::bad_usage, "--tls-cert and --tls-key go together");
    bool clear = !certified;
    for (const std::string& port : context.arguments.all("--clear")) {
        if (port != "http" && port != "diameter" && port != "sctp" && port != "nchf")
            return fail(UsageReason::bad_value, "--clear is http, diameter, sctp or nchf");
        clear = clear || port == what;
    }
    if (!clear) address.tls = api::TlsFiles{context["--tls-cert"], context["--tls-key"]};
    return address;
}

Result<std::int64_t> at_least_one(Context& context, std::string_view option,
                                  std::int64_t otherwise) {
    if (!context.arguments.given(option)) return otherwise;
    FARTHING_TRY(const std::int64_t number, whole_number(context[option]));
    if (number < 1 || number > 10'000'000)
        return fail(UsageReason::bad_value, std::string(option) + " is between 1 and 10000000");
    return number;
}

bool is_loopback(const std::string& host) {
    return host.starts_with("127.") || host == "::1";
}

std::vector<Option> policy_options() {
    return {
        {"--meter", "GROUP=METER",
         "the meter of a rating group (else the only one that counts "
         "what the network does); repeat it"},
        {"--redirect", "URL", "where users without money are led (else they are cut off)"},
        {"--failover", "", "another node serves the same sessions: peers are told"},
        {"--failure-handling", "WHAT", "terminate, continue or retry: told to peers"},
        {"--tls-cert", "FILE", "PEM, with its chain: all ports speak TLS"},
        {"--tls-key", "FILE", "PEM, of that certificate"},
        {"--clear", "PORT",
         "http, diameter, sctp or nchf: a port without TLS all the same; repeat it"},
    };
}

Result<api::ChargePolicy> charge_policy_of(Context& context) {
    api::ChargePolicy policy;
    for (const std::string& text : context.arguments.all("--meter")) {
        FARTHING_TRY(auto meter, meter_of(text));
        policy.meters.insert_or_assign(meter.first, std::move(meter.second));
    }
    policy.redirect = context["--redirect"];
    policy.failover = context.arguments.given("--failover");
    if (context.arguments.given("--failure-handling")) {
        FARTHING_TRY(policy.failure_handling, failure_handling_of(context["--failure-handling"]));
    }
    return policy;
}

}  // namespace farthing::cli
