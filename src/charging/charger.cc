#include "charging/charger.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"

namespace farthing::charging {

namespace {

constexpr std::int64_t kLongestMicros = 3650 * kMicrosPerDay;  // that a session goes on

Instant after(Instant when, std::int64_t seconds) {
    return when.plus_micros(seconds * kMicrosPerSecond);
}

std::uint64_t mix_text(std::uint64_t hash, std::string_view text) {
    return mix64(hash, hash64(text));
}

}  // namespace

std::uint64_t content_of(const Request& request) {
    std::uint64_t hash = mix64(static_cast<std::uint64_t>(request.action), 0);
    hash = mix64(hash, request.subscription.value);
    for (const ServiceRequest& service : request.services) {
        hash = mix64(hash, service.group);
        hash = mix64(hash, service.meter.value);
        hash = mix64(hash, service.network.value);
        hash = mix_text(hash, service.called);
        hash = mix_text(hash, service.calling);
        for (const UsedUnits& used : service.used) {
            hash = mix64(hash, static_cast<std::uint64_t>(used.units));
            hash = mix64(hash, static_cast<std::uint64_t>(used.start.value_or(Instant{}).micros));
            if (used.after_change) hash = mix64(hash, 1);
        }
        hash = mix64(hash, (service.asks ? 1U : 0U) + (service.releases ? 2U : 0U) +
                               (service.units ? 4U : 0U));
        hash = mix64(hash, static_cast<std::uint64_t>(service.units.value_or(0)));
    }
    return hash;
}

Instant Session::held_until() const {
    Instant until = Instant::min();
    for (const auto& [group, service] : services)
        if (service.granted > 0) until = std::max(until, service.held_until);
    return until;
}

std::vector<OpenSession> sums_of(const Session& session) {
    std::vector<OpenSession> sums;
    for (const auto& [group, service] : session.services) {
        if (!service.begun()) continue;
        sums.push_back(service.sum);
        sums.back().key = rating::session_key(service.sum.key, service.meter, session.subscription);
    }
    return sums;
}

Charger::Charger(const catalog::Snapshot& catalog, const directory::Directory& directory,
                 rating::Rater& rater, Policy policy, Caps::Committed committed,
                 Levels::Committed committed_below)
    : catalog_(catalog),
      directory_(directory),
      rater_(rater),
      policy_(policy),
      caps_(catalog, std::move(committed)),
      levels_(directory, std::move(committed_below)),
      holds_(purses_, caps_, levels_) {
    chunk_.in_parts = true;
    chunk_.resize(1);
}

const Session* Charger::find(std::string_view id) const {
    const auto* found = sessions_.find(id);
    return found == nullptr ? nullptr : &found->session;
}

void Charger::load(Session session) {
    schedule(add(std::move(session)));
}

void Charger::count_filed(const std::vector<OpenSession>& sums) {
    if (sums.empty()) return;
    std::map<Hash128, const OpenSession*> by_key;
    for (const OpenSession& sum : sums) by_key[sum.key] = &sum;
    sessions_.each([&](std::string_view, Open& open) {
        for (auto& [group, service] : open.session.services) {
            // One of which nothing was reported yet has its key all the same.
            const Hash128 key =
                service.begun() ? service.sum.key : charged_session(open.session.known_as(), group);
            const auto found =
                by_key.find(rating::session_key(key, service.meter, open.session.subscription));
            // What was counted only grows: what is less was told before files told no more.
            if (found == by_key.end() || found->second->counted() < service.sum.counted()) continue;
            const std::int64_t reported = service.sum.reported;
            service.sum = *found->second;
            service.sum.key = key;
            service.sum.reported = std::max(service.sum.reported, reported);
        }
    });
}

void Charger::wake(Session session, Instant now) {
    Open& open = add(std::move(session));
    open.due = due_.emplace(after(now, policy_.remembered_seconds), &open);
}

std::optional<std::string> Charger::fell_asleep(std::string_view id) const {
    for (const OnlineDelta::KeptSession& one : taken_.asleep)
        if (one.id == id) return one.bytes;
    return std::nullopt;
}

// What is not said again is as it was, and a service is where its session is.
void Charger::describe(const ServiceRequest& asked, const Session& session, Service& service) {
    service.meter = asked.meter;
    if (asked.network) {
        service.network = asked.network;
    } else if (!service.network) {
        service.network = session.network;
    }
    if (!asked.called.empty()) service.called = asked.called;
    if (!asked.calling.empty()) service.calling = asked.calling;
}

// The next moment at which the session changes although nobody says anything.
void Charger::schedule(Open& open) {
    if (open.due != due_.end()) due_.erase(open.due);
    const Session& session = open.session;
    Instant next = after(session.last, policy_.remembered_seconds);
    Instant held = Instant::max();
    for (const auto& [group, service] : session.services) {
        if (service.granted > 0) held = std::min(held, service.held_until);
        if (!session.ended)  // it is remembered from its silence on, not from its last word
            next = std::max(next, after(service.held_until, policy_.remembered_seconds));
    }
    open.due = due_.emplace(std::min(next, held), &open);
}

void Charger::mark(Open& open) {
    if (open.changed) return;
    open.changed = true;
    taken_.changed.push_back(&open.session);
}

void Charger::pass(Instant now) {
    while (!due_.empty() && due_.begin()->first <= now) {
        Open& open = *due_.begin()->second;
        bool returned = false;
        for (auto& [group, service] : open.session.services) {
            if (service.granted == 0 || service.held_until > now) continue;
            release(service);
            returned = true;
        }
        if (returned) {
            mark(open);
            schedule(open);
            continue;
        }
        forget(open);
    }
}

Taken Charger::take() {
    for (const Session* session : taken_.changed) {
        sessions_.find(std::string_view(session->id))->changed = false;
        if (session->ended) tell_last(*session);
    }
    return std::exchange(taken_, {});
}

void Charger::tell_last(const Session& session) {
    const std::vector<OpenSession> sums = sums_of(session);
    taken_.last_sums.insert(taken_.last_sums.end(), sums.begin(), sums.end());
}

i128 Charger::charge(const RatedChunk& rated, std::size_t row) {
    caps_.charge(rated, row);
    levels_.charge(rated, row);
    return purses_[rated.payer[row]].charge(rated.window_first[row], rated.charge_atoms[row]);
}

namespace {

bool begins(const Request& request) {
    return request.action == Action::start || request.action == Action::debit;
}

// It stands for what was reported of a session that nobody began.
bool never_began(const Session& session) {
    return session.ended && session.services.empty();
}

// Of one that is not open.
ChargeReason why_not_open(const Session& session) {
    return never_began(session) ? ChargeReason::unknown_session : ChargeReason::session_ended;
}

bool reports(const Request& request) {
    return std::ranges::any_of(request.services, [](const ServiceRequest& service) {
        return std::ranges::any_of(service.used,
                                   [](const UsedUnits& one) { return one.units > 0; });
    });
}

Session session_of(const Request& request) {
    Session session;
    session.id = request.session;
    session.charging_id = request.charging_id;
    session.subscription = request.subscription;
    return session;
}

}  // namespace

std::optional<Answer> Charger::repeated(Request& request, std::uint64_t& content,
                                        const Session& session) {
    const auto as_told = [](const KeptAnswer& kept) {
        Answer answer = kept.answer;
        answer.repeated = true;
        return answer;
    };
    if (!request.fingerprint) {
        content = content_of(request);
        const auto kept = session.answers.numbered(request.number);
        if (!kept) {
            if (request.number >= session.forgotten_below) return std::nullopt;
            return Answer{ChargeReason::number_forgotten, {}, false};
        }
        if (kept->content != content) return Answer{ChargeReason::number_conflict, {}, false};
        return as_told(*kept);
    }
    const Fingerprint& print = *request.fingerprint;
    content = std::uint64_t{print.content} << 32 | print.stamp;
    auto kept = session.answers.find([&](std::uint64_t one) { return one == content; });
    if (!kept && print.again)
        kept = session.answers.find([&](std::uint64_t one) { return one >> 32 == print.content; });
    if (kept) return as_told(*kept);
    // It may be one of those that are forgotten: what was charged once is not charged again.
    if (print.again && session.forgotten_below > 0)
        return Answer{ChargeReason::number_forgotten, {}, false};
    request.number = session.answers.empty() ? 0 : session.answers.newest() + 1;
    if (begins(request) && !session.answers.empty() && !never_began(session))
        return Answer{ChargeReason::number_forgotten, {}, false};
    return std::nullopt;
}

Answer Charger::handle(Request request) {
    pass(request.at);
    Open* const found = sessions_.find(std::string_view(request.session));
    const bool known = found != nullptr;
    const bool lost = !known && !begins(request);  // usage of nobody's session is kept all the same
    if (lost && (!reports(request) || !request.subscription))
        return {ChargeReason::unknown_session, {}, false};
    Open& open = !known                          ? add(session_of(request))
                 : request.whose == Whose::newer ? begin_anew(request, *found)
                                                 : *found;
    Session& session = open.session;
    if (lost) session.ended = true;
    if (known && request.is_event() && !session.ended)
        return {ChargeReason::session_goes_on, {}, false};
    std::uint64_t content = 0;
    if (auto told = repeated(request, content, session)) return *std::move(told);
    if (session.subscription != request.subscription)
        return {ChargeReason::other_subscriber, {}, false};
    if (begins(request) && never_began(session)) session.ended = false;
    if (request.counted_at && request.whose != Whose::earlier)
        session.counted_at = std::max(session.counted_at, *request.counted_at);
    if (session.ended && !request.is_event() && !reports(request))
        return {why_not_open(session), {}, false};
    if (request.whose == Whose::earlier && !reports(request))
        return {ChargeReason::session_ended, {}, false};
    session.last = std::max(session.last, request.at);
    if (!request.client.empty()) session.client = request.client;
    const bool over = session.ended || request.whose == Whose::earlier;
    const Answer told =
        over && !request.is_event() ? set_aside(request, open) : answer(request, open);
    keep(request, content, told, open);
    return told;
}

// Its id is used again: what came before is another session, and has ended.
Charger::Open& Charger::begin_anew(const Request& request, Open& open) {
    EarlierSession before{open.session.counted_at, 0, open.session.known_as()};
    for (auto& [group, service] : open.session.services) {
        before.told += service.told;
        release(service);
    }
    forget(open);
    Session anew = session_of(request);
    anew.earlier.push_back(std::move(before));
    return add(std::move(anew));
}

// What is reported of a session that is not open waits: nobody knows any more what was charged.
Answer Charger::set_aside(const Request& request, Open& open) {
    Session& session = open.session;
    const bool earlier = request.whose == Whose::earlier;
    const std::string_view known_as =
        earlier ? std::string_view(session.earlier.front().known_as) : session.known_as();
    for (const ServiceRequest& asked : request.services) {
        for (const UsedUnits& used : asked.used) {
            if (used.units <= 0) continue;
            taken_.uses.push_back({.session = std::string(session.id),
                                   .number = static_cast<std::uint32_t>(request.number),
                                   .group = asked.group,
                                   .subscription = session.subscription,
                                   .meter = asked.meter,
                                   .network = asked.network ? asked.network : request.network,
                                   .called = asked.called,
                                   .calling = asked.calling,
                                   .start = used.start.value_or(request.at),
                                   .quantity = used.units,
                                   .outcome = Outcome::suspended,
                                   .reason = SuspenseReason::unknown_session,
                                   .key = charged_session(known_as, asked.group)});
            if (!used.of_counter) continue;
            if (earlier) {
                session.earlier.front().told += used.units;
            } else if (const auto of = session.services.find(asked.group);
                       of != session.services.end()) {
                of->second.told += used.units;
            }
        }
    }
    return {earlier ? ChargeReason::session_ended : why_not_open(session), {}, false};
}

Answer Charger::answer(const Request& request, Open& open) {
    Session& session = open.session;
    const bool debits = request.action == Action::debit;
    if (debits && !session.ended) session.events = true;
    if (debits && request.whole && request.services.size() > 1) {
        Answer all = enquire(request);
        if (refuse_whole(all)) {
            session.ended = true;
            for (const ServiceRequest& asked : request.services)
                describe(asked, session, session.services[asked.group]);
            return all;
        }
    }
    if (request.is_event() || request.only || request.action == Action::end) session.ended = true;
    if (request.network) session.network = request.network;
    Answer told;
    for (const ServiceRequest& asked : request.services)
        told.services.push_back(serve(request, asked, open));
    if (request.action == Action::end)
        for (auto& [group, service] : session.services) release(service);
    return told;
}

// The oldest answers make room for the newest; what was told before them is not told again.
void Charger::keep(const Request& request, std::uint64_t content, const Answer& answer,
                   Open& open) {
    Session& session = open.session;
    session.answers.add({request.number, content, answer});
    while (session.answers.size() > policy_.answers)
        session.forgotten_below = session.answers.drop_oldest() + 1;
    mark(open);
    schedule(open);
}

ServiceAnswer Charger::serve(const Request& request, const ServiceRequest& asked, Open& open) {
    ServiceAnswer told;
    told.group = asked.group;
    const auto [found, added] = open.session.services.try_emplace(asked.group);
    Service& service = found->second;
    if (added) service.since = request.at;
    if (asked.network) open.session.network = asked.network;
    if (!service.begun() && service.granted == 0) {
        describe(asked, open.session, service);
        if (asked.filed) {
            service.sum = *asked.filed;
            service.sum.key = charged_session(open.session.known_as(), asked.group);
        }
    }
    if (request.action == Action::debit) {
        debit(request, asked, open, service, told);
        return told;
    }
    if (request.action == Action::refund) {
        refund(request, asked, open, service, told);
        return told;
    }
    const std::int64_t granted = service.granted;
    const bool renews = asked.asks || asked.releases || request.action == Action::end;
    std::int64_t used = 0;
    for (const UsedUnits& one : asked.used) used += one.units;
    // What was granted turns into what was used; the rest is held anew.
    if (renews || used > 0) release(service);
    for (const UsedUnits& one : asked.used) {
        use({request, asked.group, open, service}, one, told);
        if (one.of_counter) service.told += one.units;
    }
    service.since = request.at;
    if (request.action == Action::end || asked.releases) return told;
    if (asked.asks) {
        if (asked.network) service.network = asked.network;  // what is used there is priced there
        grant(request, asked, open, service, told);
    } else if (used > 0 && granted > used) {
        const Instant held_until = service.held_until;
        ServiceRequest rest{asked.group, service.meter};
        rest.units = granted - used;
        ServiceAnswer left;
        grant(request, rest, open, service, left);
        if (service.granted > 0) service.held_until = held_until;
    }
    return told;
}

UsageChunk& Charger::chunk_of(const Open& open, const Service& service, Instant start,
                              std::int64_t quantity) {
    chunk_.subscription[0] = open.session.subscription;
    chunk_.meter[0] = service.meter;
    chunk_.network[0] = service.network;
    chunk_.called[0] = service.called;
    chunk_.calling[0] = service.calling;
    chunk_.start[0] = chunk_.end[0] = start;
    chunk_.quantity[0] = quantity;
    chunk_.session[0] = {};
    chunk_.outcome[0] = Outcome::rated;
    chunk_.reason[0] = SuspenseReason::none;
    return chunk_;
}

SuspenseReason Charger::stand(const Open& open, const Service& service, Instant when) {
    return rater_.stand(chunk_of(open, service, when, 0), 0, standings_);
}

std::int64_t Charger::micros_of_unit(MeterId meter, Instant when) const {
    const catalog::Version* version = catalog_.at(when);
    const catalog::Meter* found = version == nullptr ? nullptr : version->meter(meter);
    if (found == nullptr || found->unit->dimension != Dimension::time) return 0;
    return found->unit->size * (kMicrosPerSecond / 1000);  // sizes of time are in milliseconds
}

std::int64_t Charger::usual_units(MeterId meter, Instant when) const {
    const catalog::Version* version = catalog_.at(when);
    const catalog::Meter* found = version == nullptr ? nullptr : version->meter(meter);
    if (found == nullptr) return policy_.usual_pieces;
    if (const std::int64_t unit = micros_of_unit(meter, when); unit > 0)
        return std::max<std::int64_t>(1, policy_.usual_seconds * kMicrosPerSecond / unit);
    return found->unit->dimension == Dimension::volume ? policy_.usual_bytes : policy_.usual_pieces;
}

// A session that counts time goes on from where it is; what else is used has the price of now.
Instant Charger::next_use(const Service& service, Instant now) const {
    if (!service.begun()) return now;
    const std::int64_t unit = micros_of_unit(service.meter, service.sum.start);
    if (unit == 0) return now;
    return service.sum.start.plus_micros(std::min(service.sum.raw, kLongestMicros / unit) * unit);
}

// What came of the session before, as the price of usage at `when` counts it.
rating::EarlierParts Charger::earlier_parts(const Open& open, const Service& service,
                                            Instant when) {
    rating::EarlierParts earlier{service.begun(), service.sum.raw, service.sum.answered};
    earlier.elsewhere = earlier.any && when != service.sum.start &&
                        !rater_.one_price(chunk_of(open, service, when, 0), 0, service.sum.start);
    return earlier;
}

}  // namespace farthing::charging
