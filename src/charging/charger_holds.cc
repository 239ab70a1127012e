// What sessions hold while they are open, and finding those whose counters others moved.
#include <algorithm>

#include "base/assert.h"
#include "charging/charger.h"

namespace farthing::charging {

Charger::Open*& Charger::first_of(SubscriptionId subscription) {
    const std::size_t block = subscription.value / rating::kPackOwners;
    if (block >= of_block_.size()) of_block_.resize(block + 1);
    return of_block_[block];
}

// REQUIRES: there is none with its id.
Charger::Open& Charger::add(Session session) {
    const std::string_view id = session.id;
    const bool fresh = sessions_.emplace(id, Open{std::move(session), due_.end()});
    FARTHING_ASSERT(fresh);
    Open& open = *sessions_.find(id);
    Open*& first = first_of(open.session.subscription);
    open.after = std::exchange(first, &open);
    if (open.after != nullptr) open.after->before = &open;
    return open;
}

void Charger::forget(Open& open) {
    if (open.before == nullptr) {
        first_of(open.session.subscription) = open.after;
    } else {
        open.before->after = open.after;
    }
    if (open.after != nullptr) open.after->before = open.before;
    if (open.changed) std::erase(taken_.changed, &open.session);
    if (open.changed || !open.session.ended) tell_last(open.session);
    due_.erase(open.due);
    const std::string id(open.session.id);
    if (open.session.counts_on()) {
        taken_.asleep.push_back({id, pack_session(open.session)});
    } else {
        taken_.forgotten.push_back(id);
    }
    sessions_.erase(std::string_view(id));
}

namespace {

// Whether what it was told last left something to be wished for that money can buy.
bool waits_for_money(const Session& session) {
    if (session.ended || session.answers.empty()) return false;
    const auto last = session.answers.numbered(session.answers.newest());
    return last && std::ranges::any_of(last->answer.services, [](const ServiceAnswer& service) {
               return service.final || service.why == ChargeReason::no_money;
           });
}

}  // namespace

void Charger::each_waiting(SubscriptionId subscription,
                           const std::function<void(const Session&)>& visit) {
    for (Open* open = first_of(subscription); open != nullptr; open = open->after) {
        const Session& session = open->session;
        if (session.subscription == subscription && waits_for_money(session)) visit(session);
    }
}

void Charger::hold_nothing() {
    holds_.clear();
    sessions_.each([](std::string_view, Open& open) {
        for (auto& [group, service] : open.session.services) {
            service.held = {};
            service.limits = {};
        }
    });
}

void Charger::set_purses(Purses purses, Instant now) {
    hold_nothing();
    purses_ = std::move(purses);
    caps_.follow();
    levels_.set(purses_);
    pass(now);
    // By owner, as counters and purses are sorted: those of neighbours lie near each other.
    for (Open* open : of_block_) {
        for (; open != nullptr; open = open->after) hold_again(*open, now);
    }
}

// Of a pool anybody may be a member: then each session is asked.
void Charger::follow(std::span<const OwnerBlock> owners, Instant now) {
    caps_.follow(owners);
    levels_.follow(owners);
    pass(now);
    bool pools = false;
    for (const OwnerBlock& one : owners) {
        if (one.perspective != Perspective::retail) continue;
        if (one.owner_kind != static_cast<std::uint8_t>(OwnerKind::subscription)) {
            pools = pools || holds_.holds_on(one);
        } else if (one.block < of_block_.size()) {
            for (Open* open = of_block_[one.block]; open != nullptr; open = open->after)
                hold_again(*open, now);
        }
    }
    if (!pools) return;
    sessions_.each([&](std::string_view, Open& open) {
        if (holds_on(open, owners)) hold_again(open, now);
    });
}

bool Charger::holds_on(const Open& open, std::span<const OwnerBlock> owners) {
    const auto among = [&](const rating::CounterKey& key) {
        return std::ranges::binary_search(owners, owners_of(rating::block_of(key)));
    };
    return std::ranges::any_of(open.session.services, [&](const auto& one) {
        const Service& service = one.second;
        const auto key_of = [](const Held& held) { return held.counter->first; };
        return std::ranges::any_of(service.held, among, key_of) ||
               std::ranges::any_of(service.limits, among);
    });
}

std::optional<i128> Charger::room(AccountId account, AccountId payer, Date cycle) {
    std::optional<i128> least;
    const auto bound = [&](AccountId, const ledger::Purse& purse) {
        const i128 room = purse.room(cycle).atoms;
        least = std::min(least.value_or(room), room);
    };
    levels_.each_from(account, payer, cycle, bound);
    if (const ledger::Purse& purse = purses_[payer]; purse.limited()) bound(payer, purse);
    return least;
}

i128 Charger::held_below(AccountId account) const {
    const auto counts = [&](const rating::CounterKey& counter, AccountId payer) {
        return counts_for(directory_, account, counter, payer);
    };
    i128 held = 0;
    for (const OwnerBlock& owners : owners_below(directory_, account))
        held += holds_.held_on(owners, counts);
    return held;
}

// As the counters stand now. What can't be told any more holds nothing.
void Charger::hold_again(Open& open, Instant now) {
    for (auto& [group, service] : open.session.services) {
        const std::int64_t units = service.granted;
        if (units == 0) continue;
        release(service);
        service.granted = units;
        const Instant next = next_use(service, now);
        const rating::EarlierParts earlier = earlier_parts(open, service, next);
        if (stand(open, service, next) != SuspenseReason::none) continue;
        hold(earlier, units, service);
    }
}

// REQUIRES: `standings_` is where the service stands, which holds nothing.
void Charger::hold(const rating::EarlierParts& earlier, std::int64_t units, Service& service) {
    const std::vector<Held> grant = Holds::of_grant(standings_, earlier, units);
    service.held.assign(grant.begin(), grant.end());
    for (const auto& limit : standings_.limits) service.limits.push_back(limit.key);
    holds_.add(standings_, service.held);
    holds_.add_to_limits(standings_, units);
    service.granted = units;
}

void Charger::release(Service& service) {
    holds_.remove(service.held);
    holds_.remove_from_limits(service.limits, service.granted);
    service.held = {};
    service.limits = {};
    service.granted = 0;
}

}  // namespace farthing::charging
