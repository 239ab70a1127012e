#include "charging/holds.h"

#include <algorithm>

namespace farthing::charging {

namespace {

// Beyond every purse, and far from wrapping when some of it are added.
constexpr i128 kNobodyHas = i128{1} << 100;

i128 highest(const rating::Level& level, i128 billable) {
    const auto narrow = narrow64(billable);
    const auto atoms = narrow ? rating::highest_atoms(level, *narrow) : std::nullopt;
    return atoms ? i128{*atoms} : kNobodyHas;
}

// Whether what the increments of a session cost is a whole number of atoms: else the sum that tops
// up to minimums is rounded, by one atom at most.
bool comes_out_even(const rating::Pricing& pricing) {
    constexpr std::int64_t kMany = 1'000'000;  // shows fractions far smaller than an atom
    const auto even = [&](std::int64_t step) {
        if (step > kQuantityMax / kMany) return false;
        const auto one = pricing.usage().atoms(step, 0);
        const auto many = pricing.usage().atoms(step * kMany, 0);
        return one && many && i128{*one} * kMany == *many;
    };
    return even(pricing.rule().increments.first) && even(pricing.rule().increments.next);
}

// Fee and minimum beside what the quantity costs, at the worst quantity of the grant. The first
// unit beyond the grace carries them whole, and what follows pays the minimum off: only flat prices
// have one.
i128 extra_of(const rating::Level& level, const rating::EarlierParts& earlier, std::int64_t raw,
              std::int64_t billable) {
    const rating::Pricing& pricing = *level.pricing;
    if (!pricing.has_fee() && !pricing.has_minimum()) return 0;
    const std::int64_t beyond_grace =
        std::max<std::int64_t>(pricing.rule().grace - earlier.raw, 0) + 1;
    const std::int64_t first = std::min(beyond_grace, raw);
    const rating::SessionTotals at_first = pricing.use_after(earlier, first, true).totals;
    const auto beside = pricing.fee_atoms(at_first);
    if (!beside) return kNobodyHas;
    const i128 whole = std::max<i128>(0, *beside);
    if (!pricing.has_minimum() || at_first.below <= 0) return whole;
    // The most of the two ends, less what the quantity costs by itself.
    const auto at_end = pricing.fee_atoms(pricing.use_after(earlier, raw, true).totals);
    if (!at_end) return kNobodyHas;
    const std::int64_t first_billable = rating::billable_of(earlier.raw + first, pricing.rule()) -
                                        rating::billable_of(earlier.raw, pricing.rule());
    const i128 of_first = highest(level, first_billable) + whole;
    return std::max<i128>(of_first - highest(level, billable), *at_end) +
           (comes_out_even(pricing) ? 0 : 1);
}

}  // namespace

std::vector<Held> Holds::of_grant(const rating::Standings& at, const rating::EarlierParts& earlier,
                                  std::int64_t raw) {
    std::vector<Held> grant;
    for (const rating::Standing& standing : at.prices) {
        const rating::Pricing& pricing = *standing.pricing;
        if (!pricing.countable(earlier.raw + raw)) {
            grant.push_back({nullptr, 0, kNobodyHas});
            continue;
        }
        const std::int64_t billable = rating::billable_of(earlier.raw + raw, pricing.rule()) -
                                      rating::billable_of(earlier.raw, pricing.rule());
        grant.push_back({nullptr, billable, extra_of(standing, earlier, raw, billable)});
    }
    return grant;
}

i128 Holds::atoms_of(const HeldCounter& counter) {
    return std::min(kNobodyHas, highest(counter.level, counter.billable) + counter.extra);
}

i128 Holds::more_of(const rating::Standing& standing, const Held& grant) const {
    const auto known = counters_.find(standing.key);
    HeldCounter counter{.level = standing, .billable = grant.billable, .extra = grant.extra};
    if (known != counters_.end()) {
        counter.billable += known->second.billable;
        counter.extra += known->second.extra;
        counter.held = known->second.held;
    }
    return atoms_of(counter) - counter.held;
}

Bounded Holds::fits(const rating::Standings& at, std::span<const Held> grant,
                    bool beyond_caps) const {
    struct More {
        AccountId whose;
        const ledger::Purse* purse;
        Date cycle;
        i128 atoms = 0;
    };
    std::vector<More> more;
    for (std::size_t i = 0; i < grant.size(); ++i) {
        const rating::Standing& standing = at.prices[i];
        const i128 atoms = more_of(standing, grant[i]);
        const auto add = [&](AccountId whose, const ledger::Purse& purse) {
            const auto same = std::ranges::find(more, &purse, &More::purse);
            if (same == more.end()) {
                more.push_back({whose, &purse, standing.key.window_first, atoms});
            } else {
                same->atoms += atoms;
            }
        };
        const auto purse = purses_.find(standing.payer);
        if (purse != purses_.end() && purse->second.limited()) add(standing.payer, purse->second);
        levels_.each(standing.key, standing.payer, add);
    }
    for (const More& one : more) {
        const auto room = one.purse->room(one.cycle);
        if (one.atoms > 0 && one.atoms > room.atoms) return {room.bound, one.whose};
    }
    if (beyond_caps || fits_caps(at, grant)) return {};
    return {ledger::Bound::plan};
}

bool Holds::fits_caps(const rating::Standings& at, std::span<const Held> grant) const {
    std::map<CapKey, std::pair<i128, const catalog::Plan*>> more;
    for (std::size_t i = 0; i < grant.size(); ++i) {
        const rating::Standing& standing = at.prices[i];
        const auto key = Caps::key_of(standing.capped, standing.key, standing.payer);
        if (!key) continue;
        auto& [atoms, capped] = more[*key];
        atoms += more_of(standing, grant[i]);
        capped = standing.capped;
    }
    return std::ranges::all_of(more, [&](const auto& one) {
        const auto& [atoms, capped] = one.second;
        return atoms <= 0 || atoms <= caps_.room(one.first, *capped);
    });
}

void Holds::hold(HeldCounters::value_type& counter, i128 atoms) {
    auto& [key, of] = counter;
    purses_[of.payer].hold(atoms - of.held);
    levels_.hold(key, of.payer, atoms - of.held);
    if (const auto cap = Caps::key_of(of.capped, key, of.payer)) caps_.hold(*cap, atoms - of.held);
    of.held = atoms;
}

void Holds::place(HeldCounters::value_type& counter, const rating::Standing& standing) {
    HeldCounter& of = counter.second;
    const bool elsewhere = of.payer != standing.payer || of.capped != standing.capped;
    if (of.held != 0 && elsewhere) hold(counter, 0);
    of.level = standing;
    of.payer = standing.payer;
    of.capped = standing.capped;
}

void Holds::add(const rating::Standings& at, std::span<Held> grant) {
    for (std::size_t i = 0; i < grant.size(); ++i) {
        auto& counter = *counters_.try_emplace(at.prices[i].key).first;
        place(counter, at.prices[i]);
        counter.second.grants += 1;
        counter.second.billable += grant[i].billable;
        counter.second.extra += grant[i].extra;
        hold(counter, atoms_of(counter.second));
        grant[i].counter = &counter;
    }
}

void Holds::remove(std::span<const Held> grant) {
    for (const Held& held : grant) {
        HeldCounter& of = held.counter->second;
        of.grants -= 1;
        of.billable -= held.billable;
        of.extra -= held.extra;
        const bool none = of.billable == 0 && of.extra == 0;
        hold(*held.counter, none ? i128{0} : atoms_of(of));
        if (of.grants == 0) counters_.erase(held.counter->first);
    }
}

void Holds::refresh(const rating::Standings& at) {
    for (const rating::Standing& standing : at.prices) {
        const auto found = counters_.find(standing.key);
        if (found == counters_.end()) continue;
        place(*found, standing);
        hold(*found, atoms_of(found->second));
    }
}

void Holds::clear() {
    for (auto& counter : counters_) hold(counter, 0);
    counters_.clear();
    limits_.clear();
}

namespace {

rating::CounterKey first_of(const OwnerBlock& owners) {
    rating::CounterKey first;
    first.perspective = owners.perspective;
    first.owner_kind = static_cast<OwnerKind>(owners.owner_kind);
    first.owner = owners.block * rating::kPackOwners;
    first.window_first = Date::min();
    return first;
}

}  // namespace

bool Holds::holds_on(const OwnerBlock& owners) const {
    const auto any = [&](const auto& counters) {
        const auto found = counters.lower_bound(first_of(owners));
        return found != counters.end() && owners_of(rating::block_of(found->first)) == owners;
    };
    return any(counters_) || any(limits_);
}

i128 Holds::held_on(const OwnerBlock& owners, const Counts& counts) const {
    i128 held = 0;
    for (auto at = counters_.lower_bound(first_of(owners)); at != counters_.end(); ++at) {
        const auto& [key, of] = *at;
        if (owners_of(rating::block_of(key)) != owners) break;
        if (counts(key, of.payer)) held += of.held;
    }
    return held;
}

std::int64_t Holds::of_limit(const rating::CounterKey& key) const {
    const auto found = limits_.find(key);
    return found == limits_.end() ? 0 : narrow64(found->second).value_or(kQuantityMax);
}

void Holds::add_to_limits(const rating::Standings& at, std::int64_t raw) {
    for (const rating::LimitStanding& limit : at.limits) limits_[limit.key] += raw;
}

void Holds::remove_from_limits(std::span<const rating::CounterKey> keys, std::int64_t raw) {
    for (const rating::CounterKey& key : keys) {
        const auto found = limits_.find(key);
        if (found != limits_.end() && (found->second -= raw) <= 0) limits_.erase(found);
    }
}

}  // namespace farthing::charging
