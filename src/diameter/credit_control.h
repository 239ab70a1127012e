// Credit control (RFC 8506, TS 32.299 Gy and Ro) as values: what a request says, and its answer.
// A request's texts point into the message that it was read from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diameter/message.h"

namespace farthing::diameter {

enum class RequestType : std::uint32_t { initial = 1, update, termination, event };
enum class RequestedAction : std::uint32_t {
    direct_debiting,
    refund_account,
    check_balance,
    price_enquiry
};
enum class SubscriberKind : std::uint32_t { e164, imsi, sip_uri, nai, private_id };

// What is asked for, used or granted, in each way it may be counted.
struct ServiceUnits {
    std::optional<std::int64_t> octets;  // in total, or the sum of both directions
    std::optional<std::int64_t> seconds;
    std::optional<std::int64_t> pieces;  // service specific
    bool after_change = false;           // used after the price changed, as its client says
    bool empty() const { return !octets && !seconds && !pieces; }
    bool operator==(const ServiceUnits&) const = default;
};

// One MSCC; or, of a request without any, what stands at the level of the command.
struct ServiceRequest {
    std::optional<std::uint32_t> rating_group;
    std::vector<std::uint32_t> services;
    std::optional<ServiceUnits> requested;
    std::vector<ServiceUnits> used;
    bool ends = false;            // the client needs no more of it: a final report
    std::string_view whole = {};  // the MSCC as it came
    // The number by which it is charged: a missing rating group has the documented default.
    std::uint32_t group() const {
        if (rating_group) return *rating_group;
        return services.empty() ? 0 : services.front();
    }
};

struct Subscriber {
    SubscriberKind kind = SubscriberKind::e164;
    std::string_view data;
};

struct CreditControlRequest {
    Header header;
    std::string_view session;
    std::optional<std::uint64_t> sub_session;
    std::string_view origin_host;
    std::string_view origin_realm;
    std::string_view destination_host;
    std::string_view destination_realm;
    bool application = false;  // Auth-Application-Id was there
    std::string_view context;
    std::optional<RequestType> type;
    std::optional<std::uint32_t> number;
    std::string_view number_avp;  // as it came
    std::optional<RequestedAction> action;
    std::string_view action_avp;
    std::vector<Subscriber> subscribers;
    std::vector<std::string_view> subscriber_avps;  // as they came
    std::vector<ServiceRequest> services;
    bool in_mscc = false;  // else `services` holds what stands at the level of the command
    std::string network;   // the serving one, as MCC and MNC
    std::string_view called;
    std::string_view calling;
    std::string_view refunds;  // what a debit gave, by which it is taken back
    std::vector<std::string_view> routes;
    std::vector<std::string_view> proxies;  // Proxy-Info, as it came
};
// Reads as far as it can: what the answer must repeat is there although something is at fault, and
// of several faults the first is told. REQUIRES: a header and `message.size()` bytes.
std::optional<Fault> read_credit_control(std::string_view message, CreditControlRequest& request);

struct ServiceAnswer {
    std::size_t asked = 0;  // which of the request's services it is about
    std::optional<Code> code = Code::success;
    std::optional<ServiceUnits> granted;
    std::uint32_t valid_seconds = 0;  // 0: not told
    bool final = false;
};
struct Cost {
    std::int64_t digits = 0;
    std::int32_t exponent = 0;   // of ten, by which they are multiplied
    std::uint16_t currency = 0;  // ISO 4217 number
    bool operator==(const Cost&) const = default;
};
struct CreditControlAnswer {
    Code code = Code::success;
    std::string text = {};  // of a refusal
    std::string failed_avp = {};
    std::vector<ServiceAnswer> services = {};
    std::string refund = {};                             // by which a debit can be taken back
    std::optional<bool> enough = {};                     // of a balance that was asked for
    std::optional<Cost> cost = {};                       // of what a price was asked for
    std::optional<std::uint32_t> failover = {};          // CC-Session-Failover
    std::optional<std::uint32_t> failure_handling = {};  // of sessions and of debits
    std::string_view redirect = {};                      // URL to which a user without money is led
};
// Who answers.
struct Node {
    std::string host;
    std::string realm;
    std::uint32_t origin_state = 0;  // grows with each start
};
void write_answer(const Node& node, const CreditControlRequest& request,
                  const CreditControlAnswer& answer, std::string& out);

// "tel:+372 5551234", "sip:+3725551234@example" → "3725551234"; what is no number stays.
std::string number_of(std::string_view address);
// MCC and MNC as digits from a 3GPP-User-Location-Info; empty where it holds none.
std::string network_of(std::string_view location);

}  // namespace farthing::diameter
