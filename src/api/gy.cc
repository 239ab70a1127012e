#include "api/gy.h"

#include <algorithm>

#include "api/problem.h"
#include "base/hash.h"
#include "directory/directory.h"

namespace farthing::api {

namespace {

using diameter::Code;
using diameter::CreditControlAnswer;
using diameter::CreditControlRequest;
using diameter::Fault;
using diameter::RequestedAction;
using diameter::RequestType;
using diameter::ServiceUnits;
using diameter::SubscriberKind;
using engine::ChargeAction;

constexpr std::string_view kGranted = "granted";

ChargeAction action_of(const CreditControlRequest& request) {
    switch (*request.type) {
        case RequestType::initial: return ChargeAction::start;
        case RequestType::update: return ChargeAction::update;
        case RequestType::termination: return ChargeAction::end;
        case RequestType::event: break;
    }
    switch (*request.action) {
        case RequestedAction::direct_debiting: return ChargeAction::debit;
        case RequestedAction::refund_account: return ChargeAction::refund;
        case RequestedAction::check_balance:
        case RequestedAction::price_enquiry: break;
    }
    return ChargeAction::enquire;
}

engine::NetworkCounts counts_of(const ServiceUnits& units) {
    return {units.octets, units.seconds, units.pieces};
}

// What a service counts where the request tells nothing of it, by the context's specification.
std::optional<Dimension> usual_of(std::string_view context) {
    if (context.find("32251@") != std::string_view::npos) return Dimension::volume;
    if (context.find("32260@") != std::string_view::npos) return Dimension::time;
    if (context.find("32274@") != std::string_view::npos ||
        context.find("32270@") != std::string_view::npos)
        return Dimension::message;
    return std::nullopt;
}

void name_subscribers(const CreditControlRequest& request, engine::ChargeQuestion& question) {
    for (const diameter::Subscriber& subscriber : request.subscribers) {
        const std::string data(subscriber.data);
        switch (subscriber.kind) {
            case SubscriberKind::e164:
            case SubscriberKind::sip_uri:
                question.identities.emplace_back(IdentityKind::msisdn, diameter::number_of(data));
                question.identities.emplace_back(IdentityKind::did, diameter::number_of(data));
                break;
            case SubscriberKind::imsi:
                question.identities.emplace_back(IdentityKind::imsi, data);
                break;
            case SubscriberKind::nai:
            case SubscriberKind::private_id:
                question.identities.emplace_back(IdentityKind::device, data);
                break;
        }
    }
}

std::string session_of(const CreditControlRequest& request) {
    std::string session(request.session);
    if (request.sub_session) session += ";sub=" + std::to_string(*request.sub_session);
    return session;
}

// Several MSCC of one rating group, for the services in it, are charged as one.
void add_service(const diameter::ServiceRequest& asked, const CreditControlRequest& request,
                 const GyPolicy& policy, engine::ChargeQuestion& question) {
    auto& service = question.service_at(asked.group());
    if (const auto meter = policy.meters.find(service.group); meter != policy.meters.end())
        service.meter = meter->second;
    service.usual = usual_of(request.context);
    service.network = request.network;
    service.called = diameter::number_of(request.called);
    service.calling = diameter::number_of(request.calling);
    const bool event = request.type == RequestType::event;
    if (asked.requested) service.counts = counts_of(*asked.requested);
    for (const ServiceUnits& units : asked.used) {
        if (units.empty()) continue;
        if (event) {
            if (!asked.requested) service.counts = counts_of(units);
        } else {
            service.used.push_back({{}, {}, counts_of(units)});
        }
    }
    service.asks = service.asks || asked.requested.has_value();
    // What is reported ends the grant before it; who wants more says so.
    service.releases = !service.asks && (service.releases || !asked.used.empty() || asked.ends);
}

Code code_of(const engine::ChargeAnswer::Service& service) {
    switch (verdict_of(service)) {
        case Verdict::granted: return Code::success;
        case Verdict::no_money: return Code::credit_limit_reached;
        case Verdict::over_limit: return Code::end_user_service_denied;
        case Verdict::not_here: return Code::authorization_rejected;
        case Verdict::unrated: break;
    }
    return Code::rating_failed;
}

Fault fault_of(const CreditControlRequest& request, const engine::ChargeAnswer& told) {
    if (told.why == "unknown_session" || told.why == "session_ended")
        return {Code::unknown_session_id, told.what};
    if (told.why == "number_conflict" || told.why == "number_forgotten")
        return {Code::invalid_avp_value, told.what, std::string(request.number_avp)};
    if (told.why == "other_subscriber" && !request.subscriber_avps.empty())
        return {Code::invalid_avp_value, told.what, std::string(request.subscriber_avps.front())};
    return {Code::unable_to_comply, told.what};
}

Fault fault_of(const Error& error) {
    if (error.code == name_of(ApiReason::overloaded)) return {Code::too_busy, error.message};
    if (error.code == name_of(DirectoryReason::unknown_subscription))
        return {Code::user_unknown, error.message};
    return {Code::unable_to_comply, error.message};
}

// What of a grant a service is told: of those that share it, the first that asked.
void tell_service(const diameter::ServiceRequest& asked,
                  const engine::ChargeAnswer::Service& service, bool granted_before,
                  const GyPolicy& policy, diameter::ServiceAnswer& answer) {
    answer.code = code_of(service);
    if (answer.code == Code::credit_limit_reached && asked.requested && !policy.redirect.empty()) {
        answer.code = Code::success;  // at once to where money can be paid in
        answer.final = true;
        return;
    }
    if (service.granted == 0 || granted_before) return;
    const engine::NetworkCounts& counts = service.counts;
    answer.granted = ServiceUnits{counts.bytes, counts.seconds, counts.pieces};
    answer.valid_seconds = static_cast<std::uint32_t>(service.valid_seconds);
    answer.final = service.final;
}

// What it costs, in whole minor units as far as it has no part of one.
diameter::Cost cost_of(const Money& money) {
    diameter::Cost cost{static_cast<std::int64_t>(money.atoms), -money.currency.atom_digits(),
                        money.currency.numeric()};
    while (cost.digits % 10 == 0 && cost.exponent < -money.currency.minor_digits()) {
        cost.digits /= 10;
        cost.exponent += 1;
    }
    return cost;
}

// What has a price has one whether the balance covers it or not.
CreditControlAnswer told_of_enquiry(const CreditControlRequest& request,
                                    const engine::ChargeAnswer& told) {
    CreditControlAnswer answer;
    Money cost;
    bool enough = true;
    for (const engine::ChargeAnswer::Service& service : told.services) {
        cost.currency = service.charged.currency;
        cost.atoms += service.cost.atoms;
        if (verdict_of(service) == Verdict::no_money) {
            enough = false;
        } else if (answer.code == Code::success) {
            answer.code = code_of(service);
            answer.text = service.what;
        }
    }
    if (answer.code == Code::rating_failed)
        answer.failed_avp = request.services.empty() || request.services.front().whole.empty()
                                ? diameter::missing(diameter::Key::requested_service_unit).avp
                                : std::string(request.services.front().whole);
    if (answer.code != Code::success) return answer;
    if (request.action == RequestedAction::check_balance) {
        answer.enough = enough;
    } else {
        answer.cost = cost_of(cost);
    }
    return answer;
}

}  // namespace

std::optional<Fault> refusal_of(const CreditControlRequest& request, const GyPolicy& policy) {
    if (auto fault = diameter::misdirected(policy.node, request)) return fault;
    const bool begins = request.type == RequestType::initial || request.type == RequestType::event;
    if (begins && request.subscribers.empty())
        return diameter::missing(diameter::Key::subscription_id);
    return std::nullopt;
}

engine::ChargeQuestion question_of(const CreditControlRequest& request, const GyPolicy& policy) {
    engine::ChargeQuestion question;
    question.session = session_of(request);
    question.number = *request.number;
    question.action = action_of(request);
    question.apart = true;
    name_subscribers(request, question);
    for (const diameter::ServiceRequest& asked : request.services)
        add_service(asked, request, policy, question);
    if (question.services.empty() && request.type == RequestType::event)
        add_service({}, request, policy, question);
    if (question.action == ChargeAction::enquire) question.session.clear();
    if (question.action == ChargeAction::refund && !request.refunds.empty()) {
        // The refund is a request of the debit's session, with a number that is its own: as wide
        // as it takes, so that no two refunds are ever one.
        question.session = std::string(request.refunds);
        question.number = hash64(session_of(request)) | std::uint64_t{1} << 63;
    }
    return question;
}

CreditControlAnswer refused(Fault fault) {
    CreditControlAnswer answer;
    answer.code = fault.code;
    answer.text = std::move(fault.text);
    answer.failed_avp = std::move(fault.avp);
    return answer;
}

CreditControlAnswer answer_of(const CreditControlRequest& request,
                              const Result<engine::ChargeAnswer>& told, const GyPolicy& policy) {
    if (!told) return refused(fault_of(told.error()));
    if (told->why != kGranted) return refused(fault_of(request, *told));
    if (request.type == RequestType::event && action_of(request) == ChargeAction::enquire)
        return told_of_enquiry(request, *told);
    CreditControlAnswer answer;
    answer.redirect = policy.redirect;
    if (request.type == RequestType::initial) {
        answer.failover = policy.failover ? 1U : 0U;
        if (policy.failure_handling)
            answer.failure_handling = static_cast<std::uint32_t>(*policy.failure_handling);
    }
    if (request.type == RequestType::event && request.action == RequestedAction::direct_debiting)
        answer.refund = request.session;
    if (request.services.empty() && !told->services.empty()) {  // an event of one thing
        answer.code = code_of(told->services.front());
        answer.text = told->services.front().what;
        if (answer.code == Code::rating_failed)
            answer.failed_avp = diameter::missing(diameter::Key::requested_service_unit).avp;
    }
    std::vector<std::uint32_t> granted;
    for (std::size_t i = 0; i < request.services.size(); ++i) {
        const diameter::ServiceRequest& asked = request.services[i];
        diameter::ServiceAnswer& one = answer.services.emplace_back();
        one.asked = i;
        const auto found =
            std::ranges::find(told->services, asked.group(), &engine::ChargeAnswer::Service::group);
        if (found == told->services.end()) continue;
        const bool before = std::ranges::find(granted, asked.group()) != granted.end();
        tell_service(asked, *found, before || !asked.requested, policy, one);
        if (one.granted) granted.push_back(asked.group());
        if (one.code == Code::success) continue;
        if (answer.text.empty()) answer.text = found->what;
        if (one.code == Code::rating_failed && answer.failed_avp.empty())
            answer.failed_avp = asked.whole.empty()
                                    ? diameter::missing(diameter::Key::rating_group).avp
                                    : std::string(asked.whole);
        if (!request.in_mscc) answer.code = *one.code;
    }
    return answer;
}

}  // namespace farthing::api
