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
    auto made = std::make_unique<Open>();
    Open& open = *made;
    open.session = std::move(session);
    open.due = due_.end();
    Open*& first = first_of(open.session.subscription);
    open.after = std::exchange(first, &open);
    if (open.after != nullptr) open.after->before = &open;
    const bool fresh = sessions_.emplace(open.session.id, std::move(made));
    FARTHING_ASSERT(fresh);
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
    if (!open.session.ended) tell_last(open.session);
    due_.erase(open.due);
    taken_.forgotten.push_back(open.session.id);
    sessions_.erase(taken_.forgotten.back());
}

void Charger::set_purses(Purses purses, Instant now) {
    holds_.clear();
    purses_ = std::move(purses);
    caps_.follow();
    pass(now);
    sessions_.each([&](const std::string&, const auto& open) {
        open->held.clear();
        hold_again(*open, now);
    });
}

// Of a pool anybody may be a member: then each session is asked.
void Charger::follow(std::span<const OwnerBlock> owners, Instant now) {
    caps_.follow(owners);
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
    sessions_.each([&](const std::string&, const auto& open) {
        if (holds_on(*open, owners)) hold_again(*open, now);
    });
}

bool Charger::holds_on(const Open& open, std::span<const OwnerBlock> owners) {
    const auto among = [&](const rating::CounterKey& key) {
        return std::ranges::binary_search(owners, owners_of(rating::block_of(key)));
    };
    return std::ranges::any_of(open.held, [&](const auto& one) {
        const Hold& held = one.second;
        return std::ranges::any_of(held.counters, among, &Held::key) ||
               std::ranges::any_of(held.limits, among);
    });
}

// As the counters stand now. What can't be told any more holds nothing.
void Charger::hold_again(Open& open, Instant now) {
    for (auto& [group, service] : open.session.services) {
        const std::int64_t units = service.granted;
        if (units == 0) continue;
        release(group, open, service);
        service.granted = units;
        const Instant next = next_use(service, now);
        const rating::EarlierParts earlier = earlier_parts(open, service, next);
        if (stand(open, service, next) != SuspenseReason::none) continue;
        hold(group, earlier, units, open, service);
    }
}

// REQUIRES: `standings_` is where the service stands.
void Charger::hold(std::uint32_t group, const rating::EarlierParts& earlier, std::int64_t units,
                   Open& open, Service& service) {
    Hold& held = open.held[group];
    held.counters = Holds::of_grant(standings_, earlier, units);
    for (const auto& limit : standings_.limits) held.limits.push_back(limit.key);
    holds_.add(standings_, held.counters);
    holds_.add_to_limits(standings_, units);
    service.granted = units;
}

void Charger::release(std::uint32_t group, Open& open, Service& service) {
    if (const auto held = open.held.find(group); held != open.held.end()) {
        holds_.remove(held->second.counters);
        holds_.remove_from_limits(held->second.limits, service.granted);
        open.held.erase(held);
    }
    service.granted = 0;
}

}  // namespace farthing::charging
