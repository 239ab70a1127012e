// Answers of credit control, as bytes.
#include <algorithm>
#include <limits>

#include "diameter/credit_control.h"

namespace farthing::diameter {

namespace {

constexpr std::uint32_t kTerminate = 0;
constexpr std::uint32_t kRedirect = 1;
constexpr std::uint32_t kUrl = 2;

void write_granted(Writer& writer, const ServiceUnits& units) {
    const std::size_t group = writer.open(Key::granted_service_unit);
    if (units.seconds)
        writer.u32(Key::cc_time, static_cast<std::uint32_t>(std::min<std::int64_t>(
                                     *units.seconds, std::numeric_limits<std::uint32_t>::max())));
    if (units.octets) writer.u64(Key::cc_total_octets, static_cast<std::uint64_t>(*units.octets));
    if (units.pieces)
        writer.u64(Key::cc_service_specific_units, static_cast<std::uint64_t>(*units.pieces));
    writer.close(group);
}

void write_final(Writer& writer, std::string_view redirect) {
    const std::size_t group = writer.open(Key::final_unit_indication);
    writer.u32(Key::final_unit_action, redirect.empty() ? kTerminate : kRedirect);
    if (!redirect.empty()) {
        const std::size_t server = writer.open(Key::redirect_server);
        writer.u32(Key::redirect_address_type, kUrl);
        writer.text(Key::redirect_server_address, redirect);
        writer.close(server);
    }
    writer.close(group);
}

void write_cost(Writer& writer, const Cost& cost) {
    const std::size_t group = writer.open(Key::cost_information);
    const std::size_t value = writer.open(Key::unit_value);
    writer.u64(Key::value_digits, static_cast<std::uint64_t>(cost.digits));
    writer.u32(Key::exponent, static_cast<std::uint32_t>(cost.exponent));
    writer.close(value);
    writer.u32(Key::currency_code, cost.currency);
    writer.close(group);
}

void write_service(Writer& writer, const ServiceRequest& asked, const ServiceAnswer& answer,
                   const CreditControlAnswer& all, bool in_mscc) {
    const std::size_t group = in_mscc ? writer.open(Key::multiple_services) : 0;
    if (answer.granted) write_granted(writer, *answer.granted);
    if (in_mscc) {
        for (const std::uint32_t service : asked.services)
            writer.u32(Key::service_identifier, service);
        if (asked.rating_group) writer.u32(Key::rating_group, *asked.rating_group);
    }
    if (answer.valid_seconds > 0) writer.u32(Key::validity_time, answer.valid_seconds);
    if (in_mscc && answer.code)
        writer.u32(Key::result_code, static_cast<std::uint32_t>(*answer.code));
    if (answer.final) write_final(writer, all.redirect);
    if (in_mscc) writer.close(group);
}

}  // namespace

void write_answer(const Node& node, const CreditControlRequest& request,
                  const CreditControlAnswer& answer, std::string& out) {
    Header header = request.header;
    const bool protocol = is_protocol_error(answer.code);
    header.flags =
        static_cast<std::uint8_t>((request.header.flags & kProxiable) | (protocol ? kError : 0));
    Writer writer(out, header);
    if (!request.session.empty()) writer.text(Key::session_id, request.session);
    writer.u32(Key::result_code, static_cast<std::uint32_t>(answer.code));
    writer.text(Key::origin_host, node.host);
    writer.text(Key::origin_realm, node.realm);
    if (!protocol) {
        writer.u32(Key::auth_application_id, kCreditControlApplication);
        if (request.type)
            writer.u32(Key::cc_request_type, static_cast<std::uint32_t>(*request.type));
        if (request.number) writer.u32(Key::cc_request_number, *request.number);
        if (request.sub_session) writer.u64(Key::cc_sub_session_id, *request.sub_session);
    }
    writer.u32(Key::origin_state_id, node.origin_state);
    if (answer.failover) writer.u32(Key::cc_session_failover, *answer.failover);
    for (const ServiceAnswer& service : answer.services)
        write_service(writer, request.services[service.asked], service, answer, request.in_mscc);
    if (answer.failure_handling)
        writer.u32(Key::credit_control_failure_handling, *answer.failure_handling);
    if (answer.cost) write_cost(writer, *answer.cost);
    if (answer.enough) writer.u32(Key::check_balance_result, *answer.enough ? 0 : 1);
    if (!answer.refund.empty()) writer.text(Key::refund_information, answer.refund);
    if (!answer.text.empty()) writer.text(Key::error_message, answer.text);
    if (!answer.failed_avp.empty()) {
        const std::size_t group = writer.open(Key::failed_avp);
        writer.copy(answer.failed_avp);
        writer.close(group);
    }
    for (const std::string_view proxy : request.proxies) writer.copy(proxy);
    writer.end();
}

}  // namespace farthing::diameter
