#include "rating/mover.h"

#include <algorithm>

#include "base/assert.h"

namespace farthing::rating {

namespace {

std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) {
    return (std::uint64_t{high} << 32) | low;
}

std::optional<std::int64_t> sum64(std::int64_t a, std::int64_t b) {
    return narrow64(i128{a} + b);
}

void add_to(Segment& segment, const Move& move) {
    segment.quantity += move.billable;
    segment.sessions += move.adds.fees;
    segment.below += move.adds.below;
    segment.below_quantity += move.adds.below_quantity;
    segment.records += 1;
}

}  // namespace

Mover::Mover(const catalog::Snapshot& catalog, const directory::Directory& directory,
             CounterTable& counters)
    : catalog_(catalog), directory_(directory), counters_(counters), prices_(catalog) {}

void Mover::forget() {
    lives_.clear();
    touched_.clear();
    allowances_.clear();
    members_.clear();
    grown_.clear();
}

void Mover::prefetch(const Lane& lane) const {
    if (lane.counter >= lives_.size()) return;
    const Live& live = lives_[lane.counter];
    __builtin_prefetch(&live);
    __builtin_prefetch(reinterpret_cast<const char*>(&live) + sizeof(Live) - 1);
}

void Mover::prefetch_counter(const Lane& lane) const {
    if (lane.counter >= lives_.size()) return;
    const Live& live = lives_[lane.counter];
    if (live.last == nullptr) return;
    __builtin_prefetch(live.last, 1);
    __builtin_prefetch(reinterpret_cast<const char*>(live.last) + sizeof(Segment) - 1, 1);
    __builtin_prefetch(&live.counter->by_day);
}

Mover::Live& Mover::open(std::uint32_t number) {
    if (number >= lives_.size())
        lives_.resize(std::max<std::size_t>(number + 1, lives_.size() * 2));
    Live& live = lives_[number];
    if (live.counter != nullptr) return live;
    live.counter = &counters_.at(number);
    const auto& members = live.counter->members;
    for (std::uint32_t slot = 0; slot < members.size(); ++slot) {
        members_[pair_of(number, members[slot].first.value)] = slot;
    }
    return live;
}

std::int64_t Mover::allowance(std::uint32_t number, VersionNo version) {
    const auto [found, is_new] = allowances_.try_emplace(pair_of(number, version.value));
    if (is_new)
        found->second = segment_allowance(catalog_, directory_, counters_.at(number), version);
    return found->second;
}

// A window that turns out to be longer shares its allowance over more days: what was charged until
// then is kept, so that the next move settles the difference.
void Mover::follow_window(std::uint32_t number, VersionNo in_force) {
    Live& live = lives_[number];
    if (live.window_end == live.counter->window_end) return;
    if (live.settled) {
        Grown grown{live.window_end, {}};
        std::int64_t from = 0;
        for (const Segment& segment : live.counter->segments) {
            from = begin_of(pricing_of(*live.counter, segment), segment, from);
            const std::int64_t to = from + segment.quantity;
            const auto amounts = amounts_of(number, segment, from, to, segment.session_totals());
            FARTHING_ASSERT(amounts);  // planning refuses what does not fit
            grown.charged.push_back(amounts->usage + amounts->fee);
            from = to;
        }
        grown_.try_emplace(number, std::move(grown));
    }
    live.window_end = live.counter->window_end;
    live.settled = false;
    live.last = nullptr;
    allowances_.erase(pair_of(number, in_force.value));
    forget_allowances(number);
}

void Mover::forget_allowances(std::uint32_t number) {
    for (const Segment& segment : lives_[number].counter->segments) {
        allowances_.erase(pair_of(number, segment.version.value));
    }
}

// A window that only grew for records that could not be rated has not grown.
void Mover::shrink_back() {
    for (const auto& [number, grown] : grown_) {
        Live& live = lives_[number];
        live.counter->window_end = live.window_end = grown.window_end;
        live.settled = true;
        live.last = nullptr;
        forget_allowances(number);
    }
    grown_.clear();
}

const Pricing& Mover::pricing_of(const Counter& counter, const Segment& segment) {
    const Pricing* pricing =
        prices_.of(segment.version, counter.key.component, counter.key.item, segment.start);
    FARTHING_ASSERT(pricing != nullptr);  // a published version is never taken back
    return *pricing;
}

// How far in its tiers the counter is at the end of the segment before `position`.
std::int64_t Mover::end_before(const Counter& counter, std::size_t position) {
    std::int64_t end = 0;
    for (std::size_t i = 0; i < position; ++i) {
        const Segment& segment = counter.segments[i];
        end = begin_of(pricing_of(counter, segment), segment, end) + segment.quantity;
    }
    return end;
}

std::optional<Amounts> Mover::amounts_of(std::uint32_t number, const Segment& segment,
                                         std::int64_t from, std::int64_t to,
                                         const SessionTotals& sessions) {
    return pricing_of(counters_.at(number), segment)
        .atoms(from, to, sessions, allowance(number, segment.version));
}

// The segment of an event: the one that has it between its first and last event; else the one of
// the version in force; else a new one, which starts where the version or the payer does, or after
// what another version has rated already.
Mover::Place Mover::place_of(const Counter& counter, const Lane& lane, Instant when) const {
    const auto& segments = counter.segments;
    Instant start = lane.natural.start;
    bool others_between = false;
    for (std::size_t i = segments.size(); i-- > 0;) {
        const Segment& segment = segments[i];
        if (segment.payer != lane.payer || segment.start > when) continue;
        const bool of_this_price =
            segment.version == lane.version->number && segment.start >= lane.natural.start;
        if (when <= segment.last || (of_this_price && !others_between))
            return {i, false, segment.start, segment.version};
        if (segment.empty()) continue;
        others_between = true;
        if (segment.last >= start) start = segment.last.plus_micros(1);
    }
    const auto after =
        std::upper_bound(segments.begin(), segments.end(), start,
                         [](Instant at, const Segment& segment) { return at < segment.start; });
    return {static_cast<std::size_t>(after - segments.begin()), true, start, lane.version->number};
}

void Mover::bind(Lane& lane, Instant when) {
    lane.counter = counters_.touch(lane.key, lane.window.end);
    const Counter& counter = *open(lane.counter).counter;
    follow_window(lane.counter, lane.version->number);
    const Place place = place_of(counter, lane, when);
    lane.segment_start = place.start;
    lane.pinned = place.version;
    lane.pricing = place.version == lane.version->number
                       ? prices_.of(*lane.version, *lane.charge, lane.row)
                       : prices_.of(place.version, lane.key.component, lane.key.item, place.start);
    FARTHING_ASSERT(lane.pricing != nullptr);
    // Around `when`, as far as no other segment of the payer has pinned the time.
    lane.span = {std::max(lane.natural.start, place.start), lane.natural.end};
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        if (segment.payer != lane.payer) continue;
        if (segment.empty() && (place.is_new || i != place.position)) continue;
        if (!place.is_new && i == place.position) {
            if (segment.version != lane.version->number) {
                lane.span.end = std::min(lane.span.end, segment.last.plus_micros(1));
            }
        } else if (segment.start > when) {
            lane.span.end = std::min(lane.span.end, segment.start);
        } else if (segment.last < when) {
            lane.span.start = std::max(lane.span.start, segment.last.plus_micros(1));
        }
    }
    lane.member = kNone;
    const auto member = members_.find(pair_of(lane.counter, lane.subscription.value));
    if (member != members_.end()) lane.member = member->second;
}

bool Mover::shares_fit(const Pricing& pricing, std::int64_t from, std::int64_t to,
                       const SessionTotals& sessions, std::int64_t free_units) const {
    if (pricing.shares_within_charge()) return true;
    return std::ranges::all_of(pricing.shares(), [&](const Pricing::ShareCurve& share) {
        return pricing.share_atoms(share, from, to, sessions, free_units).has_value();
    });
}

bool Mover::plan(Lane& lane, Instant when, std::uint32_t day, const SessionUse& use, Move& move) {
    move.lane = &lane;
    move.when = when;
    move.day = day;
    move.billable = use.billable;
    move.adds = use.totals;
    move.days = {};
    const Live& live = lives_[lane.counter];
    move.at_end = live.last != nullptr && live.last->start == lane.segment_start &&
                  live.last->payer == lane.payer && day < live.counter->by_day.size();
    return move.at_end ? plan_at_end(lane, live, move) : plan_anywhere(lane, move);
}

bool Mover::plan_at_end(const Lane& lane, const Live& live, Move& move) const {
    const Pricing& pricing = *lane.pricing;
    std::int64_t to = 0;
    if (__builtin_add_overflow(live.total, move.billable, &to)) return false;
    const auto usage = pricing.usage().atoms(to, live.allowance);
    if (!usage) return false;
    move.from = live.total;
    move.to = to;
    move.usage_after = *usage;
    move.fee_after = live.fee;
    const SessionTotals sessions = live.last->session_totals() + move.adds;
    if (move.adds != SessionTotals{}) {
        const auto fee = pricing.fee_atoms(sessions);
        if (!fee) return false;
        move.fee_after = *fee;
    }
    move.fee = move.fee_after - live.fee;
    const auto charge = narrow64(i128{*usage} - live.usage + move.fee);
    const i128 whole = i128{*usage} - live.usage_before + move.fee_after;
    if (!charge || !narrow64(whole) || !narrow64(whole - live.last->posted_atoms)) return false;
    move.charge = *charge;
    return pricing.shares_within_charge() ||
           shares_fit(pricing, to - live.last->quantity - move.billable, to, sessions,
                      live.allowance);
}

// Adds to `charge` what it changes on the segments from `first` on that they begin at `after`
// instead of `before`; up to one whose tiers begin anew.
bool Mover::later_segments(std::uint32_t number, std::size_t first, std::int64_t before,
                           std::int64_t after, i128& charge) {
    const auto& segments = counters_.at(number).segments;
    for (std::size_t i = first; i < segments.size(); ++i) {
        const Segment& segment = segments[i];
        if (segment.empty()) continue;
        const Pricing& pricing = pricing_of(counters_.at(number), segment);
        if (pricing.begins_at(before) == pricing.begins_at(after)) return true;
        const auto end = sum64(before, segment.quantity);
        const auto new_end = sum64(after, segment.quantity);
        if (!end || !new_end) return false;
        const SessionTotals sessions = segment.session_totals();
        const auto was = amounts_of(number, segment, before, *end, sessions);
        const auto is = amounts_of(number, segment, after, *new_end, sessions);
        if (!was || !is) return false;
        if (!narrow64(i128{is->usage} + is->fee - segment.posted_atoms)) return false;
        if (!shares_fit(pricing, after, *new_end, sessions, allowance(number, segment.version)))
            return false;
        charge += i128{is->usage} - was->usage;
        before = *end;
        after = *new_end;
    }
    return true;
}

bool Mover::plan_anywhere(Lane& lane, Move& move) {
    const std::uint32_t number = lane.counter;
    Counter& counter = *lives_[number].counter;
    if (counter.window_end < lane.window.end) {  // it shrank back
        counter.window_end = lane.window.end;
        follow_window(number, lane.version->number);
    }
    if (!lives_[number].settled && !settle(number, nullptr)) return false;
    const Place place = place_of(counter, lane, move.when);
    const Segment own = place.is_new ? Segment{} : counter.segments[place.position];
    const std::int64_t before_it = end_before(counter, place.position);
    const std::int64_t start = lane.pricing->begins_at(before_it);
    const SessionTotals sessions = own.session_totals() + move.adds;
    const std::int64_t free_units = allowance(number, place.version);
    move.from = start + own.quantity;
    const auto to = sum64(move.from, move.billable);
    if (!to) return false;
    move.to = *to;
    const auto before = lane.pricing->atoms(start, move.from, own.session_totals(), free_units);
    const auto after = lane.pricing->atoms(start, move.to, sessions, free_units);
    if (!before || !after || !shares_fit(*lane.pricing, start, move.to, sessions, free_units))
        return false;
    if (!narrow64(i128{after->usage} + after->fee - own.posted_atoms)) return false;
    move.fee = after->fee - before->fee;
    i128 charge = i128{after->usage} - before->usage + move.fee;
    const std::size_t next = place.position + (place.is_new ? 0 : 1);
    const std::int64_t was = place.is_new || own.empty() ? before_it : move.from;
    if (!later_segments(number, next, was, move.to, charge)) return false;
    const auto narrow = narrow64(charge);
    if (!narrow) return false;
    move.charge = *narrow;
    return true;
}

// Brings what is posted in line with the snapshots before anything moves: a changed allowance has
// its own rows. Without `rated` it only asks whether that fits.
bool Mover::settle(std::uint32_t number, RatedChunk* rated) {
    Counter& counter = counters_.at(number);
    const auto grown = grown_.find(number);
    std::int64_t from = 0;
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        const Pricing& pricing = pricing_of(counter, segment);
        from = begin_of(pricing, segment, from);
        const std::int64_t to = from + segment.quantity;
        const auto amounts =
            pricing.atoms(from, to, segment.session_totals(), allowance(number, segment.version));
        if (!amounts) return false;
        const i128 charge = i128{amounts->usage} + amounts->fee;
        const std::int64_t charged =
            grown != grown_.end() ? grown->second.charged[i] : segment.posted_atoms;
        const auto difference = narrow64(charge - charged);
        if (!difference || !narrow64(charge - segment.posted_atoms)) return false;
        if (rated != nullptr && *difference != 0) {
            Move move;
            move.from = from;
            move.to = to;
            move.charge = *difference;
            append_for(number, segment, move, kNoRow, *rated);
            touch(number, lives_[number]);
        }
        from = to;
    }
    if (rated == nullptr) return true;
    lives_[number].settled = true;
    grown_.erase(number);
    return true;
}

void Mover::touch(std::uint32_t number, Live& live) {
    if (live.touched) return;
    live.touched = true;
    touched_.push_back(number);
    counters_.mark_dirty(number);
}

void Mover::refresh(std::uint32_t number) {
    Live& live = lives_[number];
    Counter& counter = *live.counter;
    live.last = nullptr;
    if (counter.segments.back().empty()) return;  // what comes to it goes the long way
    live.last = &counter.segments.back();
    live.pricing = &pricing_of(counter, *live.last);
    const std::int64_t before =
        live.pricing->begins_at(end_before(counter, counter.segments.size() - 1));
    live.allowance = allowance(number, live.last->version);
    live.total = before + live.last->quantity;
    const auto usage_before = live.pricing->usage().atoms(before, live.allowance);
    const auto usage = live.pricing->usage().atoms(live.total, live.allowance);
    const auto fee = live.pricing->fee_atoms(live.last->session_totals());
    FARTHING_ASSERT(usage_before && usage && fee);  // planning refuses what does not fit
    live.usage_before = *usage_before;
    live.usage = *usage;
    live.fee = *fee;
}

std::uint32_t Mover::member_slot(std::uint32_t number, SubscriptionId subscription) {
    auto& members = counters_.at(number).members;
    const auto [found, is_new] = members_.try_emplace(pair_of(number, subscription.value));
    if (is_new) {
        found->second = static_cast<std::uint32_t>(members.size());
        members.emplace_back(subscription, 0);
    }
    return found->second;
}

void Mover::insert_where_new(const Move& move) {
    Counter& counter = *lives_[move.lane->counter].counter;
    const Place place = place_of(counter, *move.lane, move.when);
    auto at = counter.segments.begin() + static_cast<std::ptrdiff_t>(place.position);
    if (place.is_new) {
        Segment fresh;
        fresh.start = place.start;
        fresh.last = move.when;
        fresh.version = place.version;
        fresh.payer = move.lane->payer;
        at = counter.segments.insert(at, std::move(fresh));
    }
    add_to(*at, move);
    at->last = std::max(at->last, move.when);
    const std::int64_t of_window = move.lane->windowed ? 1 : move.lane->window.days();
    const auto days = std::max(static_cast<std::size_t>(of_window), std::size_t{move.day} + 1);
    if (counter.by_day.size() < days) counter.by_day.resize(days);
}

void Mover::make(const Move& move, std::uint32_t row, RatedChunk& rated) {
    Lane& lane = *move.lane;
    if (!lives_[lane.counter].settled) settle(lane.counter, &rated);
    Live& live = lives_[lane.counter];
    if (move.at_end) {
        Segment& segment = *live.last;
        add_to(segment, move);
        segment.last = std::max(segment.last, move.when);
        live.total = move.to;
        live.usage = move.usage_after;
        live.fee = move.fee_after;
    } else {
        insert_where_new(move);
        refresh(lane.counter);
    }
    if (move.days.empty()) live.counter->by_day[move.day] += move.billable;
    for (const DayPart& part : move.days) live.counter->by_day[part.day] += part.billable;
    if (lane.key.owner_kind != OwnerKind::subscription) {
        if (lane.member == kNone) lane.member = member_slot(lane.counter, lane.subscription);
        live.counter->members[lane.member].second += move.billable;
    }
    touch(lane.counter, live);
    append(lane, move, row, rated);
}

void Mover::append(const Lane& lane, const Move& move, std::uint32_t row, RatedChunk& rated) const {
    rated.row.push_back(row);
    rated.perspective.push_back(lane.key.perspective);
    rated.subscription.push_back(lane.subscription);
    rated.payer.push_back(lane.payer);
    rated.component.push_back(lane.key.component);
    rated.version.push_back(lane.pinned);
    rated.owner_kind.push_back(lane.key.owner_kind);
    rated.owner.push_back(lane.key.owner);
    rated.item.push_back(lane.key.item);
    rated.window_first.push_back(lane.key.window_first);
    rated.window_end.push_back(lane.window.end);
    rated.segment_start.push_back(lane.segment_start);
    rated.billable.push_back(move.billable);
    rated.from.push_back(move.from);
    rated.to.push_back(move.to);
    rated.charge_atoms.push_back(move.charge);
    rated.fee_atoms.push_back(move.fee);
    rated.below.push_back(static_cast<std::int32_t>(move.adds.below));
    rated.below_quantity.push_back(move.adds.below_quantity);
    rated.when.push_back(row == kNoRow ? lane.segment_start : move.when);
    rated.fees.push_back(static_cast<std::int32_t>(move.adds.fees));
    if (!move.days.empty()) append_days(lane, move, rated);
}

// Rows that lie on one day, that of their event time, say nothing.
void Mover::append_days(const Lane& lane, const Move& move, RatedChunk& rated) {
    const auto row = static_cast<std::uint32_t>(rated.size() - 1);
    const std::size_t first = rated.days.size();
    for (const DayPart& part : move.days) {
        const auto same =
            std::find_if(rated.days.begin() + static_cast<std::ptrdiff_t>(first), rated.days.end(),
                         [&](const auto& known) { return known.second.day == part.day; });
        if (same == rated.days.end()) {
            rated.days.emplace_back(row, part);
        } else {
            same->second.billable += part.billable;
        }
    }
    std::erase_if(rated.days, [&](const auto& known) {
        return known.first == row && known.second.billable == 0;
    });
    const auto own =
        static_cast<std::uint32_t>(lane.version->zone.date_of(move.when) - lane.key.window_first);
    const bool plain = rated.days.size() == first ||
                       (rated.days.size() == first + 1 && rated.days.back().second.day == own);
    if (plain) rated.days.resize(first);
}

void Mover::reprice(const CounterKey& key, RatedChunk& rated) {
    const Counter* counter = counters_.find(key);
    if (counter == nullptr) return;
    const std::uint32_t number = counters_.touch(key, counter->window_end);
    if (open(number).settled || !settle(number, nullptr)) return;
    settle(number, &rated);
}

void Mover::deltas_of(std::uint32_t number, std::vector<SegmentDelta>& deltas) {
    const Live& live = lives_[number];
    Counter& counter = *live.counter;
    std::int64_t from = 0;
    for (Segment& segment : counter.segments) {
        const bool at_end = &segment == live.last;
        const Pricing& pricing = at_end ? *live.pricing : pricing_of(counter, segment);
        from = begin_of(pricing, segment, from);
        const std::int64_t to = from + segment.quantity;
        const std::int64_t free_units =
            at_end ? live.allowance : allowance(number, segment.version);
        const auto amounts = pricing.atoms(from, to, segment.session_totals(), free_units);
        FARTHING_ASSERT(amounts);  // planning refuses what does not fit
        const std::int64_t charge = amounts->usage + amounts->fee;
        SegmentDelta delta{counter.key,
                           {counter.key.window_first, counter.window_end},
                           segment.start,
                           segment.version,
                           segment.payer,
                           charge - segment.posted_atoms,
                           {}};
        segment.posted_atoms = charge;
        const auto& shares = pricing.shares();
        if (segment.posted_shares.size() < shares.size())
            segment.posted_shares.resize(shares.size());
        for (std::size_t i = 0; i < shares.size(); ++i) {
            const auto atoms =
                pricing.share_atoms(shares[i], from, to, segment.session_totals(), free_units);
            FARTHING_ASSERT(atoms);
            auto& [partner, posted] = segment.posted_shares[i];
            if (*atoms != posted) delta.shares.push_back({shares[i].partner, *atoms - posted});
            partner = shares[i].partner;
            posted = *atoms;
        }
        if (delta.charge_atoms != 0 || !delta.shares.empty()) deltas.push_back(std::move(delta));
        from = to;
    }
}

std::vector<SegmentDelta> Mover::take_deltas() {
    shrink_back();
    // Keys beside the numbers: sorting through the counters would wait for memory at each
    // comparison.
    std::vector<std::pair<CounterKey, std::uint32_t>> in_order;
    in_order.reserve(touched_.size());
    for (const std::uint32_t number : touched_) {
        in_order.emplace_back(lives_[number].counter->key, number);
    }
    if (!std::ranges::is_sorted(in_order)) std::ranges::sort(in_order);
    std::vector<SegmentDelta> deltas;
    deltas.reserve(touched_.size());
    for (const auto& [key, number] : in_order) {
        deltas_of(number, deltas);
        lives_[number].touched = false;
    }
    touched_.clear();
    return deltas;
}

}  // namespace farthing::rating
