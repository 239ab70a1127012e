// The names of the protocol: attributes (AVPs), commands, answer codes. RFC 6733, RFC 8506, TS
// 32.299.
#pragma once

#include <cstdint>
#include <string_view>

namespace farthing::diameter {

enum class Type : std::uint8_t {
    octets,
    text,
    unsigned32,
    unsigned64,
    integer32,
    integer64,
    time,
    address,
    grouped
};

constexpr std::uint32_t kThreeGpp = 10'415;  // the vendor
constexpr std::uint64_t of_vendor(std::uint32_t vendor, std::uint32_t code) {
    return std::uint64_t{vendor} << 32 | code;
}

// Vendor in the upper half, code in the lower: codes of vendors overlap.
enum class Key : std::uint64_t {
    event_timestamp = 55,
    called_station_id = 30,
    host_ip_address = 257,
    auth_application_id = 258,
    vendor_specific_application_id = 260,
    session_id = 263,
    origin_host = 264,
    supported_vendor_id = 265,
    vendor_id = 266,
    result_code = 268,
    product_name = 269,
    disconnect_cause = 273,
    origin_state_id = 278,
    failed_avp = 279,
    error_message = 281,
    route_record = 282,
    destination_realm = 283,
    proxy_info = 284,
    re_auth_request_type = 285,
    destination_host = 293,
    origin_realm = 296,
    inband_security_id = 299,
    cc_input_octets = 412,
    cc_money = 413,
    cc_output_octets = 414,
    cc_request_number = 415,
    cc_request_type = 416,
    cc_service_specific_units = 417,
    cc_session_failover = 418,
    cc_sub_session_id = 419,
    cc_time = 420,
    cc_total_octets = 421,
    check_balance_result = 422,
    cost_information = 423,
    currency_code = 425,
    credit_control_failure_handling = 427,
    direct_debiting_failure_handling = 428,
    exponent = 429,
    final_unit_indication = 430,
    granted_service_unit = 431,
    rating_group = 432,
    redirect_address_type = 433,
    redirect_server = 434,
    redirect_server_address = 435,
    requested_action = 436,
    requested_service_unit = 437,
    service_identifier = 439,
    subscription_id = 443,
    subscription_id_data = 444,
    unit_value = 445,
    used_service_unit = 446,
    value_digits = 447,
    validity_time = 448,
    final_unit_action = 449,
    subscription_id_type = 450,
    tariff_change_usage = 452,
    multiple_services_indicator = 455,
    multiple_services = 456,
    service_context_id = 461,
    subscription_id_extension = 659,
    subscription_id_e164 = 660,
    subscription_id_imsi = 661,
    subscription_id_sip_uri = 662,
    subscription_id_private = 664,
    sgsn_mcc_mnc = of_vendor(kThreeGpp, 18),
    user_location_info = of_vendor(kThreeGpp, 22),
    calling_party_address = of_vendor(kThreeGpp, 831),
    called_party_address = of_vendor(kThreeGpp, 832),
    reporting_reason = of_vendor(kThreeGpp, 872),
    service_information = of_vendor(kThreeGpp, 873),
    ps_information = of_vendor(kThreeGpp, 874),
    ims_information = of_vendor(kThreeGpp, 876),
    address_data = of_vendor(kThreeGpp, 897),
    recipient_address = of_vendor(kThreeGpp, 1201),
    sms_information = of_vendor(kThreeGpp, 2000),
    refund_information = of_vendor(kThreeGpp, 2022),
    recipient_info = of_vendor(kThreeGpp, 2026),
    originator_received_address = of_vendor(kThreeGpp, 2027),
};
constexpr std::uint32_t vendor_of(Key key) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(key) >> 32);
}
constexpr std::uint32_t code_of(Key key) {
    return static_cast<std::uint32_t>(key);
}

// What is known of an attribute; nullptr: nothing.
struct Known {
    Key key;
    Type type;
    bool must;  // its M bit is set where we write it
};
const Known* known(Key key);

constexpr std::uint32_t kCapabilitiesExchange = 257;
constexpr std::uint32_t kReAuth = 258;
constexpr std::uint32_t kCreditControl = 272;
constexpr std::uint32_t kAbortSession = 274;
constexpr std::uint32_t kWatchdog = 280;
constexpr std::uint32_t kDisconnect = 282;

constexpr std::uint32_t kBaseApplication = 0;
constexpr std::uint32_t kCreditControlApplication = 4;
constexpr std::uint32_t kRelayApplication = 0xffff'ffff;

enum class Code : std::uint32_t {
    success = 2001,
    command_unsupported = 3001,
    unable_to_deliver = 3002,
    realm_not_served = 3003,
    too_busy = 3004,
    loop_detected = 3005,
    application_unsupported = 3007,
    invalid_hdr_bits = 3008,
    unknown_peer = 3010,
    election_lost = 4003,
    end_user_service_denied = 4010,
    credit_limit_reached = 4012,
    avp_unsupported = 5001,
    unknown_session_id = 5002,
    authorization_rejected = 5003,
    invalid_avp_value = 5004,
    missing_avp = 5005,
    avp_occurs_too_many_times = 5009,
    no_common_application = 5010,
    unsupported_version = 5011,
    unable_to_comply = 5012,
    invalid_avp_length = 5014,
    invalid_message_length = 5015,
    user_unknown = 5030,
    rating_failed = 5031,
};
// Those of the protocol itself: their answers carry the E bit.
constexpr bool is_protocol_error(Code code) {
    return static_cast<std::uint32_t>(code) / 1000 == 3;
}

}  // namespace farthing::diameter
