// What is used: each container is a part of its session, whose total reports and files share.
#include <algorithm>

#include "charging/charger.h"

namespace farthing::charging {

// The rater's key of the session's total.
OpenSession Charger::sum_told(const UsageChunk& chunk, const Service& service) {
    OpenSession sum = service.sum;
    sum.key = rating::session_key(chunk, 0);
    return sum;
}

// As a part of its session, of which it is the first where it `begins`.
void Charger::rate(UsageChunk& chunk, bool begins, Service& service) {
    const Hash128 session = service.sum.key;
    chunk.session[0] = session;
    const OpenSession known = sum_told(chunk, service);
    rating::SessionBook book;
    book.learn(known.key, begins ? nullptr : &known);
    rater_.rate(chunk, rated_, Perspective::retail, book);
    const OpenSession* now = book.find(known.key);
    if (now == nullptr || chunk.outcome[0] == Outcome::suspended) return;
    service.sum = *now;
    service.sum.key = session;
}

// How much more of the service the hard limits of its plan let pass.
std::int64_t Charger::left_of_limits(const Open& open, const Service& service, Instant when) {
    std::int64_t left = kQuantityMax;
    if (stand(open, service, when) == SuspenseReason::none) {
        for (const auto& limit : standings_.limits) left = std::min(left, limit.left);
    }
    return left;
}

// Of what a client counted apart because the price changed: a grant ends at the first change.
Instant Charger::start_of(const Part& part, const UsedUnits& used) {
    const Instant since = used.start.value_or(part.service.since);
    if (!used.after_change || stand(part.open, part.service, since) != SuspenseReason::none)
        return since;
    const Instant change = standings_.holds_until;
    return change <= part.request.at ? change : since;
}

void Charger::use(const Part& part, const UsedUnits& used, ServiceAnswer& told) {
    count(part, charged_session(part.open.session.known_as(), part.group), used, told);
}

// One container of usage, of the session with that key.
void Charger::count(const Part& part, Hash128 key, const UsedUnits& used, ServiceAnswer& told) {
    const auto& [request, group, open, service] = part;
    const Instant start = start_of(part, used);
    const bool begins = !service.begun();
    if (begins) service.sum.key = key;
    // What a file told before is counted already.
    const std::int64_t beyond = service.sum.reported + used.units - service.sum.counted();
    const std::int64_t fresh =
        used.units <= 0 ? used.units : std::clamp(beyond, std::int64_t{0}, used.units);
    UsageChunk& chunk = chunk_of(open, service, start, fresh);
    rated_.clear();
    if (fresh == 0 && used.units > 0) {
        chunk.outcome[0] = Outcome::duplicate;
        chunk.session[0] = key;
    } else {
        rate(chunk, begins, service);
    }
    const Outcome outcome = chunk.outcome[0];
    const SuspenseReason reason = chunk.reason[0];
    if (outcome == Outcome::suspended && reason == SuspenseReason::over_limit &&
        !request.is_event()) {
        const std::int64_t left = left_of_limits(open, service, start);
        if (left > 0 && left < used.units) {  // what is within the limit is charged, the rest waits
            if (begins) service.sum = {};
            count(part, key, {left, start}, told);
            return count(part, key, {used.units - left, start}, told);
        }
    }
    if (outcome != Outcome::suspended) {
        if (used.units > 0) {
            service.sum.reported += used.units;
        } else {
            service.sum.refunded -= used.units;
        }
        taken_.sums.push_back(sum_told(chunk, service));
    }
    OnlineUse record{.session = std::string(open.session.id),
                     .number = static_cast<std::uint32_t>(request.number),  // of a refund its end
                     .group = group,
                     .subscription = open.session.subscription,
                     .meter = service.meter,
                     .network = service.network,
                     .called = std::string(service.called),
                     .calling = std::string(service.calling),
                     .start = start,
                     .quantity = used.units,
                     .outcome = outcome,
                     .reason = reason,
                     .key = service.sum.key,
                     .counted = used.units - fresh};
    if (begins && outcome == Outcome::suspended) service.sum = {};
    tell_use(std::move(record), told);
    if (stand(open, service, start) != SuspenseReason::none) return;
    holds_.refresh(standings_);
    // What is granted will be used now: buckets that covered usage of then may cover it no more.
    if (standings_.holds_until <= request.at &&
        stand(open, service, request.at) == SuspenseReason::none)
        holds_.refresh(standings_);
}

// With what it came to, as `rated_` has it.
void Charger::tell_use(OnlineUse record, ServiceAnswer& told) {
    i128 overrun = 0;
    for (std::size_t i = 0; i < rated_.size(); ++i) {
        record.charge_atoms += rated_.row[i] == 0 ? rated_.charge_atoms[i] : 0;
        taken_.atoms += rated_.charge_atoms[i];
        taken_.payers.insert(rated_.payer[i]);
        overrun += charge(rated_, i);
    }
    append(taken_.rated, rated_, static_cast<std::uint32_t>(taken_.uses.size()));
    record.overrun_atoms = narrow64(overrun).value_or(INT64_MAX);
    told.charged_atoms += record.charge_atoms;
    told.overrun_atoms += overrun;
    if (record.reason != SuspenseReason::none) told.suspense = record.reason;
    taken_.uses.push_back(std::move(record));
}

// Services of open sessions whose total the usage is a part of.
std::vector<std::pair<Charger::Open*, Service*>> Charger::those_with(const OnlineUse& use) {
    std::vector<std::pair<Open*, Service*>> found;
    for (Open* open = first_of(use.subscription); open != nullptr; open = open->after) {
        if (open->session.subscription != use.subscription) continue;
        for (auto& [group, service] : open->session.services) {
            const Hash128 key = service.begun() ? service.sum.key
                                                : charged_session(open->session.known_as(), group);
            if (service.meter == use.meter && key == use.key) found.emplace_back(open, &service);
        }
    }
    return found;
}

// It is used where and when it was, whatever its session does now.
Again Charger::charge_again(const WaitingUse& waits, std::optional<OpenSession> known,
                            Instant now) {
    const OnlineUse& use = waits.use;
    const auto open = those_with(use);
    Service service;
    if (!open.empty()) {
        service.sum = open.front().second->sum;
    } else if (known) {
        service.sum = *known;
        service.sum.key = use.key;
    }
    service.meter = use.meter;
    service.network = use.network;
    service.called = use.called;
    service.calling = use.calling;
    Open as_it_was;
    as_it_was.session.id = use.session;
    as_it_was.session.subscription = use.subscription;
    Request request;
    request.number = use.number;
    request.action = Action::update;
    request.at = now;
    ServiceAnswer told;
    const std::size_t uses = taken_.uses.size();
    count({request, use.group, as_it_was, service}, use.key, {use.quantity, use.start}, told);
    const Outcome outcome = taken_.uses[uses].outcome;
    if (outcome == Outcome::suspended) {
        taken_.uses.resize(uses);
        return {outcome, told.suspense};
    }
    taken_.again.push_back(waits.place);
    taken_.last_sums.push_back(taken_.sums.back());
    for (const auto& [session, of] : open) {
        of->sum = service.sum;
        mark(*session);
    }
    return {outcome, SuspenseReason::none, told.charged_atoms, taken_.sums.back()};
}

}  // namespace farthing::charging
