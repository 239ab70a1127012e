#include "api/nchf.h"

#include <algorithm>
#include <array>
#include <span>

#include "api/problem.h"
#include "base/hash.h"
#include "diameter/credit_control.h"
#include "directory/directory.h"
#include "nchf/charging_answer.h"

namespace farthing::api {

namespace {

using engine::ChargeAction;
using engine::ChargeQuestion;
using nchf::ChargingData;
using nchf::Operation;
using nchf::Problem;

constexpr std::size_t kContainersMax = 64;  // of a group in one request

ChargeAction action_of(const NchfRequest& request) {
    switch (request.target.operation) {
        case Operation::update: return ChargeAction::update;
        case Operation::release: return ChargeAction::end;
        case Operation::create: break;
    }
    const bool debits = request.data.one_time && !request.data.happened;
    return debits ? ChargeAction::debit : ChargeAction::start;
}

bool debits(const NchfRequest& request) {
    return action_of(request) == ChargeAction::debit;
}

// What a request is about; a debit of nothing that it names is about one thing.
std::span<const nchf::UnitUsage> usages_of(const NchfRequest& request) {
    static const nchf::UnitUsage kOne;
    if (request.data.usages.empty() && debits(request)) return {&kOne, 1};
    return request.data.usages;
}

engine::NetworkCounts counts_of(const nchf::Units& units) {
    return {units.octets, units.seconds, units.pieces};
}

void add(engine::NetworkCounts& sum, const engine::NetworkCounts& more) {
    const auto add_one = [](std::optional<std::int64_t>& to,
                            const std::optional<std::int64_t>& from) {
        if (!from) return;
        const std::int64_t before = to.value_or(0);
        to = *from > INT64_MAX - before ? INT64_MAX : before + *from;
    };
    add_one(sum.bytes, more.bytes);
    add_one(sum.seconds, more.seconds);
    add_one(sum.pieces, more.pieces);
}

std::optional<Dimension> usual_of(nchf::ServiceKind kind) {
    switch (kind) {
        case nchf::ServiceKind::data: return Dimension::volume;
        case nchf::ServiceKind::message: return Dimension::message;
        case nchf::ServiceKind::call: return Dimension::time;
        case nchf::ServiceKind::unknown: break;
    }
    return std::nullopt;
}

void name_subscribers(const ChargingData& data, ChargeQuestion& question) {
    for (const nchf::Subscriber& who : data.who) {
        switch (who.kind) {
            case nchf::SubscriberKind::imsi:
                question.identities.emplace_back(IdentityKind::imsi, who.value);
                break;
            case nchf::SubscriberKind::number:
                question.identities.emplace_back(IdentityKind::msisdn, who.value);
                question.identities.emplace_back(IdentityKind::did, who.value);
                break;
            case nchf::SubscriberKind::name:
                question.identities.emplace_back(IdentityKind::device, who.value);
                break;
        }
    }
}

// By what a repeat is known: a created session by its name alone, which is made of its key.
engine::ChargeFingerprint fingerprint_of(const NchfRequest& request, const std::string& session) {
    const ChargingData& data = request.data;
    const auto half = [](std::uint64_t hash) { return static_cast<std::uint32_t>(hash); };
    if (request.target.operation == Operation::create) return {half(hash64(session)), 0, false};
    const auto operation = static_cast<std::uint64_t>(request.target.operation);
    return {half(mix64(data.content, operation)), half(hash64(data.stamp)), data.again};
}

// Usage since the container before it was closed, by the client's clock.
void add_container(const nchf::Container& container, const nchf::Container* before,
                   const ChargingData& data, ChargeQuestion::Service& service) {
    if (container.units.empty()) return;
    if (service.used.size() >= kContainersMax)
        return add(service.used.back().counts, counts_of(container.units));
    auto& used = service.used.emplace_back();
    used.counts = counts_of(container.units);
    if (before != nullptr && before->closed)
        used.micros_ago = std::max<std::int64_t>(0, data.at.micros - before->closed->micros);
}

bool wants_quota(const nchf::UnitUsage& usage) {
    if (!usage.requested) return false;
    const bool offline =
        !usage.used.empty() && std::ranges::all_of(usage.used, &nchf::Container::offline);
    return !offline || !usage.requested->empty();
}

void add_usage(const nchf::UnitUsage& usage, const ChargingData& data, ChargeQuestion& question) {
    auto& service = question.service_at(usage.group);
    const nchf::Container* before = nullptr;
    for (const nchf::Container& container : usage.used) {
        add_container(container, before, data, service);
        before = &container;
    }
    if (usage.requested) add(service.counts, counts_of(*usage.requested));
    service.asks = service.asks || wants_quota(usage);
    // What is reported ends the grant before it; who wants more says so.
    service.releases = !service.asks && (service.releases || !usage.used.empty());
}

// Events ask for what they report, or report what they ask for.
void settle_event(const ChargingData& data, ChargeQuestion::Service& service) {
    if (!data.happened) {
        if (is_empty(service.counts))
            for (const auto& used : service.used) add(service.counts, used.counts);
        if (is_empty(service.counts)) service.counts.pieces = 1;
        service.used.clear();
        return;
    }
    if (service.used.empty()) {
        auto& used = service.used.emplace_back();
        used.counts = service.counts;
        if (is_empty(used.counts)) used.counts.pieces = 1;
    }
    service.asks = false;
    service.releases = true;
}

std::string_view result_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::granted: return "SUCCESS";
        case Verdict::no_money: return "QUOTA_LIMIT_REACHED";
        case Verdict::over_limit: return "END_USER_SERVICE_DENIED";
        case Verdict::not_here: return "END_USER_SERVICE_REJECTED";
        case Verdict::unrated: break;
    }
    return "RATING_FAILED";
}

Problem problem_of(const Error& error) {
    if (error.code == name_of(DirectoryReason::unknown_subscription))
        return {404, "USER_UNKNOWN", error.message};
    const int status = problem(error).status;
    if (status == 503) return {503, "NF_CONGESTION", error.message};
    if (status == 400) return {400, "CHARGING_FAILED", error.message};
    return {500, "SYSTEM_FAILURE", error.message};
}

Problem problem_of(const engine::ChargeAnswer& told) {
    if (told.why == "unknown_session" || told.why == "session_ended")
        return {404, "CONTEXT_NOT_FOUND", told.what};
    return {400, "CHARGING_FAILED", told.what};
}

bool says_units(const nchf::UnitUsage& usage) {
    return (usage.requested && !usage.requested->empty()) ||
           std::ranges::any_of(usage.used, [](const auto& one) { return !one.units.empty(); });
}

// Of a debit that does not say how much of a group, among those that `counts` tells.
template <class Counts>
std::optional<Problem> unit_missing(const NchfRequest& request, Counts&& counts) {
    if (!debits(request)) return std::nullopt;
    const auto usages = usages_of(request);
    for (std::size_t i = 0; i < usages.size(); ++i) {
        if (says_units(usages[i]) || !counts(usages[i].group)) continue;
        std::string place = "/multipleUnitUsage";
        if (!request.data.usages.empty()) place += "/" + std::to_string(i) + "/requestedUnit";
        return Problem{400, "MANDATORY_IE_MISSING",
                       place + " is needed: it is not counted in pieces", place};
    }
    return std::nullopt;
}

// Of an event that can't be: why.
std::optional<Problem> denial_of(const NchfRequest& request, const engine::ChargeAnswer& told) {
    if (told.services.empty()) return std::nullopt;
    for (const auto& service : told.services)
        if (verdict_of(service) == Verdict::granted) return std::nullopt;
    const auto& first = told.services.front();
    switch (verdict_of(first)) {
        case Verdict::no_money: return Problem{403, "QUOTA_LIMIT_REACHED", first.what};
        case Verdict::over_limit: return Problem{403, "END_USER_REQUEST_DENIED", first.what};
        case Verdict::not_here: return Problem{403, "END_USER_REQUEST_REJECTED", first.what};
        default: break;
    }
    // One piece was meant, and what it is about does not count pieces.
    auto fault = unit_missing(request, [&](std::uint32_t group) {
        const auto found =
            std::ranges::find(told.services, group, &engine::ChargeAnswer::Service::group);
        return found != told.services.end() && verdict_of(*found) == Verdict::unrated &&
               found->meter.empty() && found->suspense.empty();
    });
    return fault ? *std::move(fault) : Problem{400, "CHARGING_FAILED", first.what};
}

// Whether it is told what it got of its group: a debit always, else who asks.
bool is_told(const nchf::UnitUsage& usage, bool debit) {
    return debit || wants_quota(usage);
}

// Those that ask for one group share what it is granted.
class Shares {
  public:
    explicit Shares(const NchfRequest& request) {
        for (const nchf::UnitUsage& usage : usages_of(request))
            if (is_told(usage, debits(request))) left_[usage.group] += 1;
    }
    nchf::Units next(const engine::ChargeAnswer::Service& service) {
        std::int64_t& left = left_[service.group];
        auto [told, added] = rest_.try_emplace(service.group, service.counts);
        nchf::Units units;
        const auto part = [left](std::optional<std::int64_t>& rest,
                                 std::optional<std::int64_t>& to) {
            if (!rest) return;
            to = *rest / left;
            *rest -= *to;
        };
        part(told->second.bytes, units.octets);
        part(told->second.seconds, units.seconds);
        part(told->second.pieces, units.pieces);
        left -= 1;
        return units;
    }

  private:
    std::map<std::uint32_t, std::int64_t> left_;
    std::map<std::uint32_t, engine::NetworkCounts> rest_;
};

// `redirect`: where sessions that go on are led whose user has no money.
nchf::UnitAnswer unit_of(const nchf::UnitUsage& usage, const engine::ChargeAnswer& told, bool debit,
                         std::string_view redirect, Shares& shares) {
    nchf::UnitAnswer unit;
    unit.group = usage.group;
    unit.upf = usage.upf;
    unit.result = result_of(Verdict::granted);
    const auto found =
        std::ranges::find(told.services, usage.group, &engine::ChargeAnswer::Service::group);
    if (found == told.services.end()) return unit;
    const Verdict verdict = verdict_of(*found);
    unit.result = result_of(verdict);
    if (!is_told(usage, debit)) return unit;
    if (verdict == Verdict::no_money && !redirect.empty()) {
        unit.result = result_of(Verdict::granted);  // at once to where money can be paid in
        unit.final = true;
    } else if (found->granted > 0) {
        unit.granted = shares.next(*found);
        unit.valid_seconds = found->valid_seconds;
        unit.final = found->final;
    }
    return unit;
}

std::string body_of(const NchfRequest& request, const engine::ChargeAnswer& told,
                    const NchfPolicy& policy) {
    constexpr std::array<std::string_view, 3> kHandling = {"TERMINATE", "CONTINUE",
                                                           "RETRY_AND_TERMINATE"};
    const ChargingData& data = request.data;
    nchf::ChargingAnswer answer;
    answer.stamp = data.stamp;
    answer.sequence = data.sequence;
    if (!data.one_time) answer.redirect = policy.redirect;
    if (request.target.operation == Operation::create && !data.one_time) {
        answer.failover = policy.failover;
        if (policy.failure_handling)
            answer.failure_handling =
                kHandling.at(static_cast<std::size_t>(*policy.failure_handling));
    }
    Shares shares(request);
    for (const nchf::UnitUsage& usage : usages_of(request))
        answer.units.push_back(unit_of(usage, told, debits(request), answer.redirect, shares));
    return write_answer(answer);
}

}  // namespace

std::expected<NchfRequest, Problem> read_nchf(std::string_view method, std::string_view path,
                                              std::string_view body) {
    auto target = nchf::target_of(method, path);
    if (!target) return std::unexpected(std::move(target).error());
    auto data = nchf::read_charging_data(body);
    if (!data) return std::unexpected(std::move(data).error());
    if (target->operation == Operation::create && data->who.empty())
        return std::unexpected(Problem{400, "MANDATORY_IE_MISSING",
                                       "/subscriberIdentifier is needed to charge",
                                       "/subscriberIdentifier"});
    return NchfRequest{*std::move(target), *std::move(data)};
}

std::optional<Problem> refusal_of(const NchfRequest& request, const NchfPolicy& policy) {
    // Of what is counted in bytes or seconds nothing tells how much a debit takes.
    const auto usual = usual_of(request.data.service);
    if (usual != Dimension::volume && usual != Dimension::time) return std::nullopt;
    return unit_missing(request,
                        [&](std::uint32_t group) { return !policy.meters.contains(group); });
}

ChargeQuestion question_of(const NchfRequest& request, const NchfPolicy& policy) {
    const ChargingData& data = request.data;
    const bool creates = request.target.operation == Operation::create;
    const bool event = creates && data.one_time;
    ChargeQuestion question;
    question.session = creates ? nchf::reference_of(data) : request.target.reference;
    question.fingerprint = fingerprint_of(request, question.session);
    question.action = action_of(request);
    question.apart = true;
    question.only = event;
    question.whole = debits(request);
    question.network = data.network;
    if (!event) question.client = data.notify;
    if (creates && !event) question.charging_id = data.charging_id;
    name_subscribers(data, question);
    for (const nchf::UnitUsage& usage : usages_of(request)) add_usage(usage, data, question);
    if (event && question.services.empty()) question.services.emplace_back();
    for (auto& service : question.services) {
        if (const auto meter = policy.meters.find(service.group); meter != policy.meters.end())
            service.meter = meter->second;
        service.usual = usual_of(data.service);
        service.network = data.network;
        service.called = diameter::number_of(data.called);
        service.calling = diameter::number_of(data.calling);
        if (event) {
            settle_event(data, service);
            continue;
        }
        for (auto* count : {&service.counts.bytes, &service.counts.seconds, &service.counts.pieces})
            if (*count) *count = std::min(**count, policy.grant_max);
    }
    return question;
}

NchfAnswer refused(const Problem& problem) {
    return {problem.status, write_problem(problem), true, problem.status == 503, {}};
}

NchfAnswer answer_of(const NchfRequest& request, const Result<engine::ChargeAnswer>& told,
                     const NchfPolicy& policy) {
    if (!told) return refused(problem_of(told.error()));
    if (told->why != "granted") return refused(problem_of(*told));
    if (request.data.one_time)
        if (const auto denial = denial_of(request, *told)) return refused(*denial);
    switch (request.target.operation) {
        case Operation::release: return {204, {}, false, false, {}};
        case Operation::update: return {200, body_of(request, *told, policy), false, false, {}};
        case Operation::create: break;
    }
    return {201, body_of(request, *told, policy), false, false, nchf::reference_of(request.data)};
}

}  // namespace farthing::api
