#include "api/gy.h"

#include <algorithm>
#include <charconv>

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
// What a session as it is charged has after the client's Session-Id.
constexpr std::string_view kSubSession = ";sub=";
constexpr std::string_view kEvent = ";event=";
constexpr std::string_view kGroups = "groups=";  // of a debit, in Refund-Information
constexpr std::size_t kGroupsMax = 1'024;

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

bool debits(const CreditControlRequest& request) {
    return request.type == RequestType::event && request.action == RequestedAction::direct_debiting;
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
    if (request.sub_session)
        session += std::string(kSubSession) + std::to_string(*request.sub_session);
    return session;
}

// Of events that share a Session-Id each stands alone: a refund takes back one debit.
std::string event_of(const CreditControlRequest& request) {
    std::string event = session_of(request);
    if (*request.number != 0) event += std::string(kEvent) + std::to_string(*request.number);
    return event;
}

// A debit by which a refund finds it: where it was charged, and the groups that it debited.
struct Debit {
    std::string session;
    std::vector<std::uint32_t> groups = {};
};

// "groups=10+20;SESSION"; else a session.
Debit debit_of(std::string_view token) {
    if (!token.starts_with(kGroups)) return {std::string(token)};
    Debit debit;
    const char* at = token.data() + kGroups.size();
    const char* const end = token.data() + token.size();
    while (debit.groups.size() < kGroupsMax) {
        const auto [after, failed] = std::from_chars(at, end, debit.groups.emplace_back());
        if (failed != std::errc() || after == end || (*after != '+' && *after != ';')) break;
        at = after + 1;
        if (*after == '+') continue;
        debit.session.assign(at, end);
        return debit;
    }
    return {std::string(token)};
}

// What a refund takes back; of another request nothing.
Debit refunded_by(const CreditControlRequest& request) {
    const bool refunds = request.type == RequestType::event &&
                         request.action == RequestedAction::refund_account &&
                         !request.refunds.empty();
    return refunds ? debit_of(request.refunds) : Debit();
}

std::string token_of(const CreditControlRequest& request, const engine::ChargeAnswer& told) {
    std::string groups;
    for (const engine::ChargeAnswer::Service& service : told.services) {
        if (verdict_of(service) != Verdict::granted) continue;
        groups += (groups.empty() ? "" : "+") + std::to_string(service.group);
    }
    return groups.empty() ? groups : std::string(kGroups) + groups + ";" + event_of(request);
}

bool holds(const std::vector<std::uint32_t>& groups, std::uint32_t group) {
    return std::ranges::find(groups, group) != groups.end();
}

bool says_units(const diameter::ServiceRequest& asked) {
    return (asked.requested && !asked.requested->empty()) ||
           std::ranges::any_of(asked.used, [](const auto& units) { return !units.empty(); });
}

// Whether a refund names no group: then it is about those of its debit.
bool means_debit(const diameter::ServiceRequest& asked, const Debit& debit) {
    if (asked.rating_group || !asked.services.empty()) return false;
    return debit.groups.size() == 1 || (!debit.groups.empty() && !says_units(asked));
}

// Of several MSCC of one rating group: a session is granted the most that one asks for, of which
// all use; what events take is added up.
void ask_more(std::optional<std::int64_t>& asked, std::optional<std::int64_t> more, bool event) {
    if (!more) return;
    if (!asked || !event) {
        asked = std::max(asked.value_or(*more), *more);
    } else {
        asked = *more > INT64_MAX - *asked ? INT64_MAX : *asked + *more;
    }
}

void ask_more(engine::NetworkCounts& asked, const ServiceUnits& more, bool event) {
    ask_more(asked.bytes, more.octets, event);
    ask_more(asked.seconds, more.seconds, event);
    ask_more(asked.pieces, more.pieces, event);
}

// Several MSCC of one rating group, for the services in it, are charged as one.
void add_service(std::uint32_t group, const diameter::ServiceRequest& asked,
                 const CreditControlRequest& request, const GyPolicy& policy,
                 engine::ChargeQuestion& question) {
    auto& service = question.service_at(group);
    if (const auto meter = policy.meters.find(service.group); meter != policy.meters.end())
        service.meter = meter->second;
    service.usual = usual_of(request.context);
    service.network = request.network;
    service.called = diameter::number_of(request.called);
    service.calling = diameter::number_of(request.calling);
    const bool event = request.type == RequestType::event;
    if (asked.requested) ask_more(service.counts, *asked.requested, event);
    if (debits(request) && !says_units(asked))
        ask_more(service.counts, {.octets = {}, .seconds = {}, .pieces = 1}, event);
    for (const ServiceUnits& units : asked.used) {
        if (units.empty()) continue;
        if (event) {
            if (!asked.requested) ask_more(service.counts, units, event);
        } else {
            service.used.push_back({{}, {}, counts_of(units)});
            service.used.back().after_change = units.after_change;
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
void tell_service(const engine::ChargeAnswer::Service& service, bool redirects, bool tells_grant,
                  diameter::ServiceAnswer& answer) {
    answer.code = code_of(service);
    if (answer.code == Code::credit_limit_reached && redirects) {
        answer.code = Code::success;  // at once to where money can be paid in
        answer.final = true;
        return;
    }
    if (service.granted == 0 || !tells_grant) return;
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
        answer.failed_avp = request.services.front().whole.empty()
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

// What a service was told: of several that it is about, the first that was refused.
const engine::ChargeAnswer::Service* told_of(const diameter::ServiceRequest& asked,
                                             const Debit& debit, const engine::ChargeAnswer& told) {
    const engine::ChargeAnswer::Service* first = nullptr;
    const bool whole = means_debit(asked, debit);
    for (const engine::ChargeAnswer::Service& service : told.services) {
        const bool is_it =
            whole ? holds(debit.groups, service.group) : asked.group() == service.group;
        if (!is_it) continue;
        if (verdict_of(service) != Verdict::granted) return &service;
        if (first == nullptr) first = &service;
    }
    return first;
}

// A debit that says no unit means one piece, and what it is about does not count pieces.
bool lacks_unit(const diameter::ServiceRequest& asked,
                const engine::ChargeAnswer::Service& service) {
    return verdict_of(service) == Verdict::unrated && service.meter.empty() &&
           service.suspense.empty() && !says_units(asked);
}

std::string failed_avp_of(const diameter::ServiceRequest& asked,
                          const CreditControlRequest& request) {
    if (!asked.whole.empty()) return std::string(asked.whole);
    const bool says_nothing = request.type == RequestType::event && !asked.requested;
    return diameter::missing(says_nothing ? diameter::Key::requested_service_unit
                                          : diameter::Key::rating_group)
        .avp;
}

void tell_services(const CreditControlRequest& request, const engine::ChargeAnswer& told,
                   CreditControlAnswer& answer) {
    const Debit debit = refunded_by(request);
    std::vector<std::uint32_t> granted;
    for (std::size_t i = 0; i < request.services.size(); ++i) {
        const diameter::ServiceRequest& asked = request.services[i];
        diameter::ServiceAnswer& one = answer.services.emplace_back();
        one.asked = i;
        const auto* const found = told_of(asked, debit, told);
        if (found == nullptr) continue;
        const bool before = holds(granted, asked.group());
        const bool tells = !before && (asked.requested || debits(request));
        tell_service(*found, asked.requested && !answer.redirect.empty(), tells, one);
        if (one.granted) granted.push_back(asked.group());
        if (one.code == Code::success) continue;
        if (answer.text.empty()) answer.text = found->what;
        if (one.code == Code::rating_failed && answer.failed_avp.empty())
            answer.failed_avp = failed_avp_of(asked, request);
        if (!request.in_mscc) answer.code = *one.code;
    }
}

// A debit of nothing, since it does not say of how much.
std::optional<Fault> unit_missing(const CreditControlRequest& request,
                                  const engine::ChargeAnswer& told) {
    for (const diameter::ServiceRequest& asked : request.services) {
        const auto* const found = told_of(asked, {}, told);
        if (found == nullptr || !lacks_unit(asked, *found)) continue;
        Fault fault = diameter::missing(diameter::Key::requested_service_unit);
        fault.text = found->what;
        return fault;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Fault> refusal_of(const CreditControlRequest& request, const GyPolicy& policy) {
    if (auto fault = diameter::misdirected(policy.node, request)) return fault;
    const bool begins = request.type == RequestType::initial || request.type == RequestType::event;
    if (begins && request.subscribers.empty())
        return diameter::missing(diameter::Key::subscription_id);
    if (!debits(request)) return std::nullopt;
    // Of what is counted in bytes or seconds nothing tells how much a debit takes.
    const auto usual = usual_of(request.context);
    if (usual != Dimension::volume && usual != Dimension::time) return std::nullopt;
    for (const diameter::ServiceRequest& asked : request.services)
        if (!says_units(asked) && !policy.meters.contains(asked.group()))
            return diameter::missing(diameter::Key::requested_service_unit);
    return std::nullopt;
}

engine::ChargeQuestion question_of(const CreditControlRequest& request, const GyPolicy& policy) {
    engine::ChargeQuestion question;
    question.session = debits(request) ? event_of(request) : session_of(request);
    question.number = *request.number;
    question.action = action_of(request);
    question.apart = true;
    question.network = request.network;
    name_subscribers(request, question);
    Debit debit = refunded_by(request);
    for (const diameter::ServiceRequest& asked : request.services) {
        if (means_debit(asked, debit)) {
            for (const std::uint32_t group : debit.groups)
                add_service(group, asked, request, policy, question);
        } else {
            add_service(asked.group(), asked, request, policy, question);
        }
    }
    if (question.action == ChargeAction::enquire) question.session.clear();
    if (!debit.session.empty()) {
        // The refund is a request of the debit's session, with a number that is its own: as wide
        // as it takes, so that no two refunds are ever one.
        question.session = std::move(debit.session);
        question.number = hash64(event_of(request)) | std::uint64_t{1} << 63;
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
    if (request.type == RequestType::initial) {
        answer.failover = policy.failover ? 1U : 0U;
        if (policy.failure_handling)
            answer.failure_handling = static_cast<std::uint32_t>(*policy.failure_handling);
    }
    // Who is led to where money can be paid in goes on afterwards.
    if (request.type == RequestType::initial || request.type == RequestType::update)
        answer.redirect = policy.redirect;
    if (debits(request)) answer.refund = token_of(request, *told);
    if (debits(request) && answer.refund.empty())
        if (auto fault = unit_missing(request, *told)) return refused(*std::move(fault));
    tell_services(request, *told, answer);
    return answer;
}

std::string client_session_of(std::string_view session) {
    for (const std::string_view part : {kEvent, kSubSession}) {
        const std::size_t at = session.rfind(part);
        if (at == std::string_view::npos || at + part.size() == session.size()) continue;
        const std::string_view number = session.substr(at + part.size());
        if (number.find_first_not_of("0123456789") == std::string_view::npos)
            session = session.substr(0, at);
    }
    return std::string(session);
}

}  // namespace farthing::api
