#include "rating/mover.h"

#include <algorithm>

#include "base/assert.h"
#include "base/prefetch.h"

namespace farthing::rating {

namespace {

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

std::int64_t total_of(const Counter& counter) {
    std::int64_t total = 0;
    for (const Segment& segment : counter.segments) total += segment.quantity;
    return total;
}

// Whether what each member of a pool at that price uses is kept by day.
bool counts_members(const Pricing& pricing) {
    const auto& allowance = pricing.charge().allowance;
    return allowance && allowance->counts_members();
}

}  // namespace

Mover::Mover(const catalog::Snapshot& catalog, const directory::Directory& directory,
             CounterTable& counters)
    : catalog_(catalog),
      directory_(directory),
      counters_(counters),
      prices_(catalog),
      counter_of_([this](const CounterKey& key) { return counters_.find(key); }) {
    for (const auto& version : catalog.versions()) {
        for (const catalog::Plan& plan : version->plans) {
            for (const catalog::UsageCharge& charge : plan.charges) {
                if (charge.allowance && charge.allowance->rollover)
                    carries_[charge.id.value] = carries_for(catalog, charge.id);
            }
        }
    }
}

void Mover::forget() {
    lives_.clear();
    touched_.clear();
    included_.clear();
    members_.clear();
    capped_.clear();
    grown_.clear();
}

void Mover::forget(std::span<const std::uint32_t> numbers) {
    for (const std::uint32_t number : numbers) {
        if (number >= lives_.size() || lives_[number].counter == nullptr) continue;
        const Live& known = lives_[number];
        FARTHING_ASSERT(!known.touched);
        for (const auto& [member, quantity] : known.counter->members)
            members_.erase(pair_of(number, member.value));
        grown_.erase(number);
        Live fresh;
        fresh.capped = known.capped;
        fresh.age = known.age + 1;
        fresh.loads = known.loads + 1;
        lives_[number] = fresh;
        loads_again_ = true;
    }
}

void Mover::prefetch(const Lane& lane) const {
    if (lane.counter >= lives_.size()) return;
    farthing::prefetch(lives_[lane.counter]);
}

void Mover::prefetch_counter(const Lane& lane) const {
    if (lane.counter >= lives_.size()) return;
    const Live& live = lives_[lane.counter];
    if (!live.stands) return;
    prefetch_range(&live.counter->segments, &live.counter->by_day + 1);
}

// The day by UTC is the window's own, or its neighbour.
void Mover::prefetch_day(const Lane& lane, Instant when) const {
    if (lane.counter >= lives_.size() || !lives_[lane.counter].stands) return;
    const std::int64_t day = when.micros / kMicrosPerDay - lane.terms->window.first.days;
    if (day >= 0)
        lives_[lane.counter].counter->by_day.prefetch_value(static_cast<std::size_t>(day));
}

Mover::Live& Mover::open(std::uint32_t number) {
    lives_.grow_to(std::size_t{number} + 1);
    Live& live = lives_[number];
    if (live.counter != nullptr) return live;
    live.counter = &counters_.at(number);
    live.window_end = live.counter->window_end;  // nothing grew that anybody here had counted on
    const auto& members = live.counter->members;
    for (std::uint32_t slot = 0; slot < members.size(); ++slot) {
        members_[pair_of(number, members[slot].first.value)] = slot;
    }
    return live;
}

const Included& Mover::included(std::uint32_t number, VersionNo version) {
    static const Included kNothing;
    const Counter& counter = counters_.at(number);
    const catalog::Version* by = catalog_.numbered(version);
    FARTHING_ASSERT(by != nullptr);  // a published version is never taken back
    const catalog::UsageCharge* charge = find_charge(*by, counter.key.component).charge;
    if (charge == nullptr || (!charge->allowance && !has_buckets(directory_, counter.key)))
        return kNothing;
    const std::uint32_t age = lives_[number].age;
    const auto [found, is_new] = included_.try_emplace(pair_of(number, version.value));
    if (!is_new && found->second.age == age) return found->second.included;
    Included now = included_of(catalog_, *by, directory_, counter.key,
                               {counter.key.window_first, counter.window_end}, counter_of_);
    found->second = {std::move(now), age};
    return found->second.included;
}

// Each segment by its own version, as if that had been in force all the time. `added`: of an
// addition that makes a segment.
void Mover::beyond_segments(std::uint32_t number, const Addition* addition, const Lane* added,
                            std::vector<Beyond>& result) {
    const Counter& counter = counters_.at(number);
    const bool inserts = addition != nullptr && addition->is_new;
    const std::size_t segments = counter.segments.size() + (inserts ? 1 : 0);
    result.clear();
    VersionNo walked;
    std::int64_t end = 0;
    for (std::size_t i = 0; i < segments; ++i) {
        const bool is_new = inserts && i == addition->segment;
        const bool shifted = inserts && i > addition->segment;
        const Segment* own = is_new ? nullptr : &counter.segments[i - (shifted ? 1 : 0)];
        const VersionNo version = own == nullptr ? added->pricing->version() : own->version;
        const Pricing& pricing = own == nullptr ? *added->pricing : pricing_of(counter, *own);
        const bool adds = addition != nullptr && addition->segment == i;
        // One of which everything was taken back stands nowhere.
        const bool stands = own == nullptr || adds || !own->empty();
        const std::int64_t start = stands ? pricing.begins_at(end) : end;
        end = start + (own == nullptr ? 0 : own->quantity) + (adds ? addition->billable : 0);
        const Included& now = included(number, version);
        if (now.simple()) {
            result.push_back({start, end, now.at_end()});
            continue;
        }
        if (version != walked) beyond_of(counter, now, addition, of_version_);
        walked = version;
        result.push_back(of_version_[i]);
    }
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

// The segment of an event: the one that has it between its first and last event; else the one of
// the version in force; else a new one, which starts where the version or the payer does, or after
// what another version has rated already.
Mover::Place Mover::place_of(const Counter& counter, const Lane& lane, Instant when) const {
    const auto& segments = counter.segments;
    Instant start = lane.terms->natural.start;
    bool others_between = false;
    for (std::size_t i = segments.size(); i-- > 0;) {
        const Segment& segment = segments[i];
        if (segment.payer != lane.payer || segment.start > when) continue;
        const bool of_this_price = segment.version == lane.terms->version->number &&
                                   segment.start >= lane.terms->natural.start;
        if (when <= segment.last || (of_this_price && !others_between))
            return {i, false, segment.start, segment.version};
        if (segment.empty()) continue;
        others_between = true;
        if (segment.last >= start) start = segment.last.plus_micros(1);
    }
    const auto after =
        std::upper_bound(segments.begin(), segments.end(), start,
                         [](Instant at, const Segment& segment) { return at < segment.start; });
    return {static_cast<std::size_t>(after - segments.begin()), true, start,
            lane.terms->version->number};
}

void Mover::bind(Lane& lane, Instant when) {
    lane.counter = counters_.touch(lane.key(), lane.terms->window.end);
    const Counter& counter = *open(lane.counter).counter;
    follow_window(lane.counter);
    const Place place = place_of(counter, lane, when);
    lane.loads = lives_[lane.counter].loads;
    lane.segment_start = place.start;
    lane.pricing =
        place.version == lane.terms->version->number
            ? prices_.of(*lane.terms->version, *lane.terms->charge, lane.terms->row)
            : prices_.of(place.version, lane.terms->charge->id, lane.terms->item, place.start);
    FARTHING_ASSERT(lane.pricing != nullptr);
    // Around `when`, as far as no other segment of the payer has pinned the time.
    lane.span = {std::max(lane.terms->natural.start, place.start), lane.terms->natural.end};
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        if (segment.payer != lane.payer) continue;
        if (segment.empty() && (place.is_new || i != place.position)) continue;
        if (!place.is_new && i == place.position) {
            if (segment.version != lane.terms->version->number) {
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

bool Mover::shares_fit(const Pricing& pricing, const Beyond& beyond,
                       const SessionTotals& sessions) const {
    if (pricing.shares_within_charge()) return true;
    return std::ranges::all_of(pricing.shares(), [&](const Pricing::ShareCurve& share) {
        return pricing.share_atoms(share, beyond.from, beyond.to, sessions, beyond.free)
            .has_value();
    });
}

bool Mover::plan(Lane& lane, Instant when, std::uint32_t day, const SessionUse& use, Move& move,
                 std::span<const DayPart> days) {
    move.lane = &lane;
    move.when = when;
    move.day = day;
    move.billable = use.billable;
    move.adds = use.totals;
    move.days = days;
    const Live& live = lives_[lane.counter];
    move.at_end = live.stands && live.last().start == lane.segment_start &&
                  live.last().payer == lane.payer && day >= live.from_day && day < live.days &&
                  live.pricing->shares_within_charge();
    return move.at_end ? plan_at_end(lane, live, move) : plan_anywhere(lane, move);
}

// What members have used over their caps once the move is made.
std::int64_t Mover::over_with(const Lane& lane, const Live& live, const Move& move) const {
    const Capped& capped = capped_[live.capped];
    const auto known = capped.used.find(lane.subscription.value);
    const std::int64_t used = known == capped.used.end() ? 0 : known->second;
    const auto over = [&](std::int64_t quantity) {
        return std::max<std::int64_t>(0, quantity - capped.cap);
    };
    return capped.over - over(used) + over(used + move.billable);
}

bool Mover::plan_at_end(const Lane& lane, const Live& live, Move& move) const {
    const Pricing& pricing = *lane.pricing;
    std::int64_t to = 0;
    if (__builtin_add_overflow(live.total, move.billable, &to)) return false;
    const std::int64_t over = live.capped == kNone ? 0 : over_with(lane, live, move);
    const auto usage =
        live.simple
            ? pricing.usage().atoms(to, live.allowance)
            : pricing.usage().atoms(over + std::max(live.floor, to - over - live.allowance), 0);
    if (!usage) return false;
    move.over_after = over;
    move.from = live.total;
    move.to = to;
    move.usage_after = *usage;
    move.fee_after = live.fee;
    const SessionTotals sessions = live.last().session_totals() + move.adds;
    if (move.adds != SessionTotals{}) {
        const auto fee = pricing.fee_atoms(sessions);
        if (!fee) return false;
        move.fee_after = *fee;
    }
    move.fee = move.fee_after - live.fee;
    const auto charge = narrow64(i128{*usage} - live.usage + move.fee);
    const i128 whole = i128{*usage} - live.usage_before + move.fee_after;
    if (!charge || !narrow64(whole) || !narrow64(whole - live.last().posted_atoms)) return false;
    move.charge = *charge;
    return true;
}

bool Mover::plan_anywhere(Lane& lane, Move& move) {
    const std::uint32_t number = lane.counter;
    Counter& counter = *lives_[number].counter;
    if (counter.window_end < lane.terms->window.end) {  // it shrank back
        counter.window_end = lane.terms->window.end;
        follow_window(number);
    }
    if (!lives_[number].settled && !settle(number, nullptr)) return false;
    const Place place = place_of(counter, lane, move.when);
    const std::int64_t own = place.is_new ? 0 : counter.segments[place.position].quantity;
    move.from = lane.pricing->begins_at(end_before(counter, place.position)) + own;
    const auto to = sum64(move.from, move.billable);
    const auto whole = sum64(total_of(counter), move.billable);
    if (!to || !whole) return false;
    move.to = *to;
    const Addition addition{place.position,
                            place.is_new,
                            place.start,
                            move.day,
                            lane.subscription,
                            move.billable,
                            counts_members(*lane.pricing),
                            move.days};
    return plan_segments(number, addition, lane, move);
}

// What the addition changes on its segment and on those after it. Where it makes a segment, the one
// before ends earlier: what members that left took away after that is no longer its own.
bool Mover::plan_segments(std::uint32_t number, const Addition& addition, const Lane& lane,
                          Move& move) {
    const Counter& counter = *lives_[number].counter;
    beyond_segments(number, nullptr, nullptr, before_);
    beyond_segments(number, &addition, &lane, after_);
    if (addition.is_new)
        before_.insert(before_.begin() + static_cast<std::ptrdiff_t>(addition.segment), Beyond{});
    i128 charge = 0;
    const std::size_t first = addition.segment - (addition.is_new && addition.segment > 0 ? 1 : 0);
    for (std::size_t i = first; i < after_.size(); ++i) {
        const bool own = i == addition.segment;
        const std::size_t known = i - (addition.is_new && i > addition.segment ? 1 : 0);
        const Segment segment = own && addition.is_new ? Segment{} : counter.segments[known];
        const Pricing& pricing = own ? *lane.pricing : pricing_of(counter, segment);
        SessionTotals sessions = segment.session_totals();
        const auto before = amounts_at(pricing, before_[i], sessions);
        if (own) sessions = sessions + move.adds;
        const auto after = amounts_at(pricing, after_[i], sessions);
        if (!before || !after || !shares_fit(pricing, after_[i], sessions)) return false;
        if (!narrow64(i128{after->usage} + after->fee - segment.posted_atoms)) return false;
        if (own) move.fee = after->fee - before->fee;
        charge += i128{after->usage} - before->usage;
    }
    const auto narrow = narrow64(charge + move.fee);
    if (!narrow) return false;
    move.charge = *narrow;
    return true;
}

i128 Mover::left_after(const Move& move) const {
    const i128 total = i128{total_of(*lives_[move.lane->counter].counter)} + move.billable;
    return *move.lane->terms->charge->limit - total;
}

bool Mover::holds(const Move& move) const {
    if (move.billable >= 0) return true;
    const auto& segments = lives_[move.lane->counter].counter->segments;
    return std::ranges::any_of(segments, [&](const Segment& segment) {
        return segment.start == move.lane->segment_start && segment.payer == move.lane->payer &&
               segment.quantity + move.billable >= 0;
    });
}

Beyond Mover::position(const Lane& lane, std::int64_t from, Instant when, std::uint32_t day) {
    const Included& now = included(lane.counter, lane.pricing->version());
    if (now.simple()) return {from, from, now.at_end()};
    const Counter& counter = counters_.at(lane.counter);
    AtEnd at_end;
    beyond_of(counter, now, nullptr, of_version_, &at_end, day);
    const std::int64_t total = total_of(counter) - at_end.covered;
    const std::int64_t pool = now.at_end() + at_end.over + at_end.floor - total;
    const std::int64_t beyond = of_version_.empty() ? 0 : of_version_.back().to;
    std::int64_t covered = at_end.on_day.left();
    // What was used on later days needs buckets too: then what is free by its own day may not be.
    if (covered > 0 && !free_at(counter, now, lane, when, {day, covered}, beyond)) covered = 0;
    if (beyond > 0 || pool <= 0) return {beyond, beyond, 0, covered};
    std::int64_t own = now.cap;
    for (const MemberDay& use : counter.member_days)
        own -= use.member == lane.subscription ? use.quantity : 0;
    return {0, 0, std::max<std::int64_t>(0, std::min(pool, own)), covered};
}

std::optional<Date> Mover::buckets_change(const Lane& lane, std::uint32_t day) {
    if (!has_buckets(directory_, lane.key())) return std::nullopt;
    const Included& now = included(lane.counter, lane.pricing->version());
    if (now.buckets.empty()) return std::nullopt;
    const Date change =
        now.buckets.next_change(lane.terms->window.first.plus_days(static_cast<int>(day)));
    return change == Date::max() ? std::nullopt : std::optional(change);
}

// Whether so much more on that day leaves what is beyond as it is.
bool Mover::free_at(const Counter& counter, const Included& included, const Lane& lane,
                    Instant when, DayPart more, std::int64_t beyond) {
    if (counter.segments.empty()) return true;
    const Place place = place_of(counter, lane, when);
    const Addition addition{place.position,    place.is_new,  place.start, more.day,
                            lane.subscription, more.billable, false};
    beyond_of(counter, included, &addition, of_version_);
    return of_version_.back().to == beyond;
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
    live.stands = !counter.segments.back().empty();
    if (!live.stands) return;  // what comes to it goes the long way
    live.days = static_cast<std::uint32_t>(counter.by_day.size());
    live.pricing = &pricing_of(counter, live.last());
    live.total = live.pricing->begins_at(end_before(counter, counter.segments.size() - 1)) +
                 live.last().quantity;
    const Included& now = included(number, live.last().version);
    live.simple = now.simple();
    live.allowance = now.at_end();
    AtEnd at_end;
    Beyond beyond{live.total - live.last().quantity, live.total, live.allowance};
    if (!live.simple) {
        beyond_of(counter, now, nullptr, of_version_, &at_end);
        beyond = of_version_.back();
    }
    live.floor = at_end.floor;
    live.from_day = at_end.from_day;
    const auto usage_before = live.pricing->usage().atoms(beyond.from, beyond.free);
    const auto usage = live.pricing->usage().atoms(beyond.to, beyond.free);
    const auto fee = live.pricing->fee_atoms(live.last().session_totals());
    FARTHING_ASSERT(usage_before && usage && fee);  // planning refuses what does not fit
    live.usage_before = *usage_before;
    live.usage = *usage;
    live.fee = *fee;
    if (now.capped()) {
        if (live.capped == kNone) {
            live.capped = static_cast<std::uint32_t>(capped_.size());
            capped_.emplace_back();
        }
        Capped& capped = capped_[live.capped];
        capped = {now.cap, at_end.over, {}};
        for (const MemberDay& use : counter.member_days)
            capped.used[use.member.value] += use.quantity;
    } else {
        live.capped = kNone;
    }
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
    const std::int64_t of_window = move.lane->terms->windowed ? 1 : move.lane->terms->window.days();
    const auto days = std::max(static_cast<std::size_t>(of_window), std::size_t{move.day} + 1);
    if (counter.by_day.size() < days) counter.by_day.resize(days);
}

void Mover::add_member_day(const Move& move) {
    auto& uses = lives_[move.lane->counter].counter->member_days;
    MemberDay use{move.lane->segment_start, move.day, move.lane->subscription, 0};
    auto at = std::lower_bound(uses.begin(), uses.end(), use);
    if (at == uses.end() || use < *at) at = uses.insert(at, use);
    at->quantity += move.billable;
}

void Mover::make(const Move& move, std::uint32_t row, RatedChunk& rated) {
    Lane& lane = *move.lane;
    if (!lives_[lane.counter].settled) settle(lane.counter, &rated);
    Live& live = lives_[lane.counter];
    if (move.at_end) {
        Segment& segment = live.last();
        add_to(segment, move);
        segment.last = std::max(segment.last, move.when);
        live.total = move.to;
        live.usage = move.usage_after;
        live.fee = move.fee_after;
    } else {
        insert_where_new(move);
    }
    DayQuantities& by_day = live.counter->by_day;
    if (move.days.empty()) by_day.add(move.day, move.billable);
    for (const DayPart& part : move.days) by_day.add(part.day, part.billable);
    if (lane.terms->owner_kind != OwnerKind::subscription) {
        if (lane.member == kNone) lane.member = member_slot(lane.counter, lane.subscription);
        live.counter->members[lane.member].second += move.billable;
        if (counts_members(*lane.pricing)) add_member_day(move);
    }
    if (!move.at_end) {
        refresh(lane.counter);
    } else if (live.capped != kNone) {
        capped_[live.capped].over = move.over_after;
        capped_[live.capped].used[lane.subscription.value] += move.billable;
    }
    touch(lane.counter, live);
    append(lane, move, row, rated);
}

void Mover::reprice(const CounterKey& key, RatedChunk& rated) {
    const Counter* counter = counters_.find(key);
    if (counter == nullptr) return;
    const std::uint32_t number = counters_.touch(key, counter->window_end);
    if (open(number).settled || !settle(number, nullptr)) return;
    settle(number, &rated);
}

}  // namespace farthing::rating
