// What may be used: grants, and events that happen at once or not at all.
#include <algorithm>

#include "charging/charger.h"

namespace farthing::charging {

namespace {

constexpr std::int64_t kGraceSeconds = 60;  // for an answer on its way, beyond its validity

}  // namespace

// The largest quantity whose hold the purses have room for; the first unit that costs must have it
// (EC18). REQUIRES: standings_ is where the service stands.
std::int64_t Charger::most_that_fits(const rating::EarlierParts& earlier, std::int64_t most,
                                     bool beyond_caps, Bounded& bound) const {
    const auto bound_of = [&](std::int64_t raw) {
        return holds_.fits(standings_, Holds::of_grant(standings_, earlier, raw), beyond_caps);
    };
    bound = bound_of(most);
    std::int64_t grace = INT64_MAX;
    for (const auto& standing : standings_.prices)
        grace = std::min(grace, standing.pricing->rule().grace);
    const std::int64_t first =
        std::max<std::int64_t>(0, std::min(grace, kQuantityMax - 1) - earlier.raw) + 1;
    if (bound.by == ledger::Bound::none && most >= first) return most;
    if (const auto of_first = bound_of(first); of_first.by != ledger::Bound::none) {
        bound = of_first;
        return 0;
    }
    if (bound.by == ledger::Bound::none) return most;
    std::int64_t low = std::min(first, most);
    std::int64_t high = most - 1;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2 + (high - low) % 2;
        if (bound_of(middle).by == ledger::Bound::none) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    bound = bound_of(low + 1);
    return low;
}

namespace {

ChargeReason reason_of(ledger::Bound bound) {
    switch (bound) {
        case ledger::Bound::cap: return ChargeReason::cap_reached;
        case ledger::Bound::plan: return ChargeReason::spending_cap_reached;
        default: return ChargeReason::no_money;
    }
}
void refuse(const Bounded& bound, ServiceAnswer& told) {
    told.why = reason_of(bound.by);
    if (bound.by == ledger::Bound::cap) told.whose_cap = bound.whose;
}
ChargeReason reason_of(SuspenseReason why) {
    return why == SuspenseReason::over_limit ? ChargeReason::limit_reached
                                             : ChargeReason::not_chargeable;
}

}  // namespace

bool Charger::only_slows() const {
    return std::ranges::any_of(standings_.prices, [](const rating::Standing& standing) {
        return standing.capped != nullptr &&
               standing.capped->spending_cap->action == catalog::CapAction::throttle;
    });
}

void Charger::grant(const Request& request, const ServiceRequest& asked, Open& open,
                    Service& service, ServiceAnswer& told) {
    if (is_suspended(open)) {
        told.why = ChargeReason::subscription_suspended;
        return;
    }
    const Instant next = next_use(service, request.at);
    const rating::EarlierParts earlier = earlier_parts(open, service, next);
    if (const auto why = stand(open, service, next); why != SuspenseReason::none) {
        told.suspense = why;
        told.why = reason_of(why);
        return;
    }
    const std::int64_t wanted = asked.units.value_or(usual_units(service.meter, request.at));
    std::int64_t most = std::min(wanted, standings_.most);  // a price's edge is not the end
    std::int64_t left = kQuantityMax;
    for (const auto& limit : standings_.limits)
        left = std::min(left, limit.left - holds_.of_limit(limit.key));
    const bool limited = left < most;
    most = std::min(most, left);
    if (most <= 0) {
        told.why = limited ? ChargeReason::limit_reached : ChargeReason::granted;
        told.final = limited;
        return;
    }
    Bounded bound;
    std::int64_t units = most_that_fits(earlier, most, false, bound);
    // Up to the cap at full speed; what is asked for beyond it passes slowly.
    const bool slows = bound.by == ledger::Bound::plan && only_slows();
    if (slows && units == 0) {
        told.why = ChargeReason::throttled;
        units = most_that_fits(earlier, most, true, bound);
    }
    told.final = limited || (units < most && !(slows && bound.by == ledger::Bound::plan));
    if (units == 0) {
        refuse(bound, told);
        return;
    }
    hold(earlier, units, service);
    // Another price begins: the client comes back for it (EC45). A session that counts time gets
    // there by what it uses, which may be later than the clock does.
    const std::int64_t same_price =
        (standings_.holds_until.micros - next.micros) / kMicrosPerSecond;
    const std::int64_t valid = std::clamp<std::int64_t>(same_price, 1, policy_.valid_seconds);
    told.granted = units;
    told.valid_seconds = static_cast<std::int32_t>(valid);
    service.held_until =
        request.at.plus_micros(std::max(2 * valid, valid + kGraceSeconds) * kMicrosPerSecond);
}

bool Charger::covers(const Request& request, std::int64_t units, Open& open, Service& service,
                     ServiceAnswer& told) {
    if (is_suspended(open)) {
        told.why = ChargeReason::subscription_suspended;
        return false;
    }
    const rating::EarlierParts earlier = earlier_parts(open, service, request.at);
    if (const auto why = stand(open, service, request.at); why != SuspenseReason::none) {
        told.suspense = why;
        told.why = reason_of(why);
        return false;
    }
    for (const auto& limit : standings_.limits) {
        if (limit.left - holds_.of_limit(limit.key) < units) {
            told.why = ChargeReason::limit_reached;
            return false;
        }
    }
    Bounded bound;
    if (units > 0 && most_that_fits(earlier, units, only_slows(), bound) < units) {
        refuse(bound, told);
        return false;
    }
    return true;
}

Answer Charger::enquire(const Request& request) {
    pass(request.at);
    Open open;  // of a session that nobody keeps
    open.session.subscription = request.subscription;
    open.session.network = request.network;
    Answer told;
    for (const ServiceRequest& asked : request.services) {
        Service& service = open.session.services[asked.group];
        describe(asked, open.session, service);
        ServiceAnswer& one = told.services.emplace_back();
        one.group = asked.group;
        one.granted = asked.units.value_or(usual_units(service.meter, request.at));
        if (!covers(request, one.granted, open, service, one)) continue;
        hold(earlier_parts(open, service, request.at), one.granted, service);
    }
    for (auto& [group, service] : open.session.services) release(service);
    return told;
}

// Where one of several can't be debited none is: all are told why.
bool Charger::refuse_whole(Answer& answer) {
    const auto refused = std::ranges::find_if(answer.services, [](const ServiceAnswer& one) {
        return one.why != ChargeReason::granted && one.why != ChargeReason::throttled;
    });
    if (refused == answer.services.end()) return false;
    const ChargeReason why = refused->why;
    for (ServiceAnswer& one : answer.services) {
        one.granted = 0;
        if (one.why == ChargeReason::granted) one.why = why;
    }
    return true;
}

// All of it or nothing.
void Charger::debit(const Request& request, const ServiceRequest& asked, Open& open,
                    Service& service, ServiceAnswer& told) {
    const std::int64_t units = asked.units.value_or(usual_units(service.meter, request.at));
    if (!covers(request, units, open, service, told)) return;
    use({request, asked.group, open, service}, {units, request.at}, told);
    if (told.suspense == SuspenseReason::none) {
        told.granted = units;
    } else {  // it does not happen
        told.why = reason_of(told.suspense);
        taken_.uses.pop_back();
    }
}

// Takes back what a debit of this session charged: the counter goes back (R2).
void Charger::refund(const Request& request, const ServiceRequest& asked, Open& open,
                     Service& service, ServiceAnswer& told) {
    const std::int64_t units = asked.units.value_or(service.sum.raw);
    if (!open.session.events || units <= 0 || units > service.sum.raw) {
        told.why = ChargeReason::nothing_to_refund;
        return;
    }
    use({request, asked.group, open, service}, {-units, service.sum.start}, told);
    if (told.suspense == SuspenseReason::none) return;
    told.why = reason_of(told.suspense);
    taken_.uses.pop_back();
}

}  // namespace farthing::charging
