#include "nchf/charging_answer.h"

#include "base/json.h"

namespace farthing::nchf {

namespace {

constexpr std::int64_t kThresholdPart = 5;  // a fifth of the grant is left when the client asks

void write_trigger(JsonWriter& json, std::string_view type) {
    json.begin_object()
        .field("triggerCategory", "IMMEDIATE_REPORT")
        .field("triggerType", type)
        .end_object();
}

// Clients act on a grant only where its triggers say so.
void write_grant(JsonWriter& json, const UnitAnswer& unit) {
    const Units& granted = *unit.granted;
    json.key("grantedUnit").begin_object();
    if (granted.seconds) json.field("time", *granted.seconds);
    if (granted.octets) json.field("totalVolume", *granted.octets);
    if (granted.pieces) json.field("serviceSpecificUnits", *granted.pieces);
    json.end_object();
    const auto threshold = [&](std::string_view name, const std::optional<std::int64_t>& count) {
        if (!count || unit.final || *count < kThresholdPart) return false;
        json.field(name, *count / kThresholdPart);
        return true;
    };
    bool some = threshold("timeQuotaThreshold", granted.seconds);
    some = threshold("volumeQuotaThreshold", granted.octets) || some;
    some = threshold("unitQuotaThreshold", granted.pieces) || some;
    json.key("triggers").begin_array();
    write_trigger(json, "QUOTA_EXHAUSTED");
    if (some) write_trigger(json, "QUOTA_THRESHOLD");
    if (unit.valid_seconds > 0) write_trigger(json, "VALIDITY_TIME");
    json.end_array();
    if (unit.valid_seconds > 0) json.field("validityTime", unit.valid_seconds);
}

void write_final(JsonWriter& json, std::string_view redirect) {
    json.key("finalUnitIndication").begin_object();
    json.field("finalUnitAction", redirect.empty() ? "TERMINATE" : "REDIRECT");
    if (!redirect.empty()) {
        json.key("redirectServer")
            .begin_object()
            .field("redirectAddressType", "URL")
            .field("redirectServerAddress", redirect)
            .end_object();
    }
    json.end_object();
}

}  // namespace

std::string write_answer(const ChargingAnswer& answer) {
    JsonWriter json(false);
    json.begin_object()
        .field("invocationTimeStamp", answer.stamp)
        .field("invocationSequenceNumber", answer.sequence);
    if (!answer.failure_handling.empty()) {
        json.key("invocationResult")
            .begin_object()
            .field("failureHandling", answer.failure_handling)
            .end_object();
    }
    if (answer.failover)
        json.field("sessionFailover",
                   *answer.failover ? "FAILOVER_SUPPORTED" : "FAILOVER_NOT_SUPPORTED");
    if (!answer.units.empty()) {
        json.key("multipleUnitInformation").begin_array();
        for (const UnitAnswer& unit : answer.units) {
            json.begin_object().field("ratingGroup", unit.group).field("resultCode", unit.result);
            if (unit.granted) write_grant(json, unit);
            if (unit.final) write_final(json, answer.redirect);
            if (!unit.upf.empty()) json.field("uPFID", unit.upf);
            json.end_object();
        }
        json.end_array();
    }
    return json.end_object().text();
}

std::string write_notification(bool abort) {
    JsonWriter json(false);
    json.begin_object().field("notificationType", abort ? "ABORT_CHARGING" : "REAUTHORIZATION");
    return json.end_object().text();
}

std::string write_problem(const Problem& problem) {
    JsonWriter json(false);
    json.begin_object().field("status", problem.status);
    if (!problem.cause.empty()) json.field("cause", problem.cause);
    if (!problem.detail.empty()) json.field("detail", problem.detail);
    if (!problem.param.empty()) {
        json.key("invalidParams")
            .begin_array()
            .begin_object()
            .field("param", problem.param)
            .field("reason", problem.detail)
            .end_object()
            .end_array();
    }
    return json.end_object().text();
}

}  // namespace farthing::nchf
