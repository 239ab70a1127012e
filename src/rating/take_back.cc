// Takes back what records added to counters, and un-pins stretches of them: what corrections are
// made of (R1, R2).
#include <algorithm>

#include "base/assert.h"
#include "rating/mover.h"

namespace farthing::rating {

namespace {

// Sums of what a piece of a segment holds.
struct Piece {
    i128 quantity = 0;
    SessionTotals sessions;
    std::int64_t records = 0;
    Instant last = Instant::min();
    void add(const Contribution& part) {
        quantity += part.billable;
        sessions = sessions + part.adds;
        records += 1;
        last = std::max(last, part.when);
    }
    void give(Segment& segment) const {
        segment.quantity = static_cast<std::int64_t>(quantity);
        segment.sessions = sessions.fees;
        segment.below = sessions.below;
        segment.below_quantity = sessions.below_quantity;
        segment.records = records;
        segment.last = last;
    }
};

// What is left of each segment before and after the span that is un-pinned.
struct Pieces {
    Piece before;
    Piece after;
    bool make_up(const Segment& segment) const {
        return before.quantity + after.quantity == segment.quantity &&
               before.records + after.records == segment.records &&
               before.sessions + after.sessions == segment.session_totals();
    }
};

// Adds a segment to the one before it.
void merge(Segment& into, const Segment& more) {
    into.last = more.last;
    into.quantity += more.quantity;
    into.sessions += more.sessions;
    into.below += more.below;
    into.below_quantity += more.below_quantity;
    into.records += more.records;
    into.posted_atoms += more.posted_atoms;
    if (into.posted_shares.size() < more.posted_shares.size())
        into.posted_shares.resize(more.posted_shares.size());
    for (std::size_t i = 0; i < more.posted_shares.size(); ++i) {
        into.posted_shares[i].first = more.posted_shares[i].first;
        into.posted_shares[i].second += more.posted_shares[i].second;
    }
}

}  // namespace

// The segment that holds a contribution: of its version and payer, the last that begins before it.
std::size_t Mover::segment_of(const Counter& counter, const Contribution& part) const {
    for (std::size_t i = counter.segments.size(); i-- > 0;) {
        const Segment& segment = counter.segments[i];
        if (segment.version == part.version && segment.payer == part.payer &&
            segment.start <= part.when && part.when <= segment.last)
            return i;
    }
    return kNowhere;
}

// What is posted must agree with the snapshots before anything moves.
bool Mover::settled(std::uint32_t number, RatedChunk& rated) {
    const Live& live = open(number);
    follow_window(number);
    return live.settled || settle(number, &rated);
}

// The day of its window on which a contribution of that version counts.
std::uint32_t Mover::day_of(const Contribution& part, const catalog::Version& version,
                            const catalog::UsageCharge& charge) {
    if (!part.days.empty()) return part.days.front().day;
    if (charge.window != catalog::Window::cycle) return 0;
    return static_cast<std::uint32_t>(recent_.date_of(version.zone, part.when) -
                                      part.key.window_first);
}

// REQUIRES: nothing else moves the counter while parts are taken from that segment.
void Mover::give_from(std::uint32_t number, std::size_t at, Giving& from) {
    const Counter& counter = *lives_[number].counter;
    const Segment& segment = counter.segments[at];
    from.at = at;
    from.version = catalog_.numbered(segment.version);
    from.lane = lane_of(counter, segment, from.terms);
    from.begin = begin_of(*from.lane.pricing, segment, end_before(counter, at));
}

// The counter without the contribution.
void Mover::subtract(std::uint32_t number, const Giving& from, const Contribution& part) {
    Counter& counter = *lives_[number].counter;
    Segment& segment = counter.segments[from.at];
    const SessionTotals sessions = segment.session_totals() - part.adds;
    segment.quantity -= part.billable;
    segment.sessions = sessions.fees;
    segment.below = sessions.below;
    segment.below_quantity = sessions.below_quantity;
    segment.records -= 1;
    const std::uint32_t day = day_of(part, *from.version, *from.terms.charge);
    if (part.days.empty()) counter.by_day.add(day, -part.billable);
    for (const DayPart& one : part.days) counter.by_day.add(one.day, -one.billable);
    if (part.key.owner_kind != OwnerKind::subscription) {
        counter.members[member_slot(number, part.subscription)].second -= part.billable;
        auto& uses = counter.member_days;
        const MemberDay wanted{segment.start, day, part.subscription, 0};
        const auto use = std::lower_bound(uses.begin(), uses.end(), wanted);
        if (use != uses.end() && !(wanted < *use)) {
            use->quantity -= part.billable;
            if (use->quantity == 0) uses.erase(use);
        }
    }
    if (segment.records == 0) segment.close();
}

// The row by which a record gives back what it was charged.
void Mover::append_taken_back(std::uint32_t number, Giving& from, const Contribution& part,
                              std::uint32_t row, RatedChunk& rated) {
    Move move;
    move.when = part.when;
    move.billable = -part.billable;
    move.adds = SessionTotals{} - part.adds;
    move.from = from.begin + lives_[number].counter->segments[from.at].quantity;
    move.to = move.from - part.billable;
    move.charge = -part.charge;
    move.fee = -part.fee;
    from.lane.subscription = part.subscription;
    append(from.lane, move, row, rated);
    const auto index = static_cast<std::uint32_t>(rated.size() - 1);
    for (const DayPart& day : part.days)
        rated.days.emplace_back(index, DayPart{day.day, -day.billable});
}

std::size_t Mover::take_back(std::span<const Contribution* const> parts, RatedChunk& rated) {
    if (parts.empty()) return 0;
    const CounterKey& key = parts.front()->key;
    if (counters_.find(key) == nullptr) return 0;
    const std::uint32_t number = counters_.touch(key, parts.front()->window_end);
    if (!settled(number, rated)) return 0;
    Counter& counter = *lives_[number].counter;
    const auto before = amounts_of_segments(number);
    FARTHING_ASSERT(before);  // planning refuses what does not fit
    const Counter kept = counter;
    std::vector<std::pair<i128, i128>> rest(before->size());  // charge and fee by segment
    const std::size_t rows = rated.size();
    const auto give_up = [&](std::size_t at) {
        counter = kept;
        rated.truncate(rows);
        refresh(number);
        return at;
    };
    Giving from;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Contribution& part = *parts[i];
        const std::size_t at = segment_of(counter, part);
        if (at == kNowhere) return give_up(i);
        if (at != from.at) give_from(number, at, from);
        append_taken_back(number, from, part, static_cast<std::uint32_t>(i), rated);
        subtract(number, from, part);
        rest[at].first += part.charge;
        rest[at].second += part.fee;
    }
    const auto after = amounts_of_segments(number);
    if (!after) return give_up(0);
    for (std::size_t i = 0; i < rest.size(); ++i) {
        const Amounts& was = (*before)[i];
        const Amounts& is = (*after)[i];
        const auto charge = narrow64(rest[i].first + is.usage + is.fee - was.usage - was.fee);
        if (!charge) return give_up(0);
        Move move;
        move.charge = *charge;
        move.fee = static_cast<std::int64_t>(rest[i].second + is.fee - was.fee);
        if (move.charge != 0 || move.fee != 0)
            append_for(number, kept.segments[i], move, kNoRow, rated);
    }
    refresh(number);
    touch(number, lives_[number]);
    return parts.size();
}

// Atoms that the segments come to.
i128 Mover::worth_of(std::uint32_t number) {
    const auto amounts = amounts_of_segments(number);
    FARTHING_ASSERT(amounts);  // no more than was planned before
    i128 worth = 0;
    for (const Amounts& one : *amounts) worth += i128{one.usage} + one.fee;
    return worth;
}

// What capped members used, by the segments as they are now. REQUIRES: `parts` are all there is.
void Mover::count_members_again(Counter& counter, std::span<const Contribution> parts) {
    if (counter.member_days.empty()) return;
    counter.member_days.clear();
    for (const Contribution& part : parts) {
        const std::size_t at = segment_of(counter, part);
        if (at == kNowhere) continue;
        const Segment& segment = counter.segments[at];
        const catalog::UsageCharge& charge = pricing_of(counter, segment).charge();
        if (!charge.allowance || !charge.allowance->counts_members()) continue;
        const std::uint32_t day = day_of(part, *catalog_.numbered(segment.version), charge);
        counter.member_days.push_back({segment.start, day, part.subscription, part.billable});
    }
    join_member_days(counter);
}

// One use for each member, day and segment.
void Mover::join_member_days(Counter& counter) {
    auto& uses = counter.member_days;
    std::ranges::sort(uses, [](const MemberDay& a, const MemberDay& b) { return a < b; });
    LeanVector<MemberDay> joined;
    for (const MemberDay& use : uses) {
        const bool same = !joined.empty() && !(joined.back() < use);
        if (same) {
            joined.back().quantity += use.quantity;
        } else {
            joined.push_back(use);
        }
    }
    uses = std::move(joined);
}

bool Mover::unpin(const CounterKey& key, Period span, std::span<const Contribution> rest,
                  RatedChunk& rated) {
    const Counter* known = counters_.find(key);
    if (known == nullptr) return rest.empty();
    const std::uint32_t number = counters_.touch(key, known->window_end);
    if (!settled(number, rated)) return false;
    Counter& counter = *lives_[number].counter;
    std::vector<Pieces> pieces(counter.segments.size());
    for (const Contribution& part : rest) {
        const std::size_t at = segment_of(counter, part);
        if (at == kNowhere) return false;
        (part.when < span.start ? pieces[at].before : pieces[at].after).add(part);
    }
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (!pieces[i].make_up(counter.segments[i])) return false;
    }
    const i128 before = worth_of(number);
    for (std::size_t i = counter.segments.size(); i-- > 0;) {
        Segment& segment = counter.segments[i];
        if (segment.empty() || segment.last < span.start || segment.start >= span.end) continue;
        const Segment whole = segment;
        const auto& [first, second] = pieces[i];
        if (first.records > 0) first.give(segment);
        if (first.records == 0 && second.records > 0) {
            segment.start = span.end;
            second.give(segment);
        }
        if (first.records > 0 && second.records > 0) {
            Segment later;
            later.start = span.end;
            later.version = whole.version;
            later.payer = whole.payer;
            second.give(later);
            counter.segments.insert(counter.segments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                    std::move(later));
        }
    }
    count_members_again(counter, rest);
    tell_worth(number, before, rated);
    refresh(number);
    touch(number, lives_[number]);
    return true;
}

void Mover::join(const CounterKey& key, RatedChunk& rated) {
    if (counters_.find(key) == nullptr) return;
    const std::uint32_t number = counters_.touch(key, key.window_first);
    if (!settled(number, rated)) return;
    Counter& counter = *lives_[number].counter;
    const i128 before = worth_of(number);
    for (std::size_t i = 0; i + 1 < counter.segments.size();) {
        const Segment& next = counter.segments[i + 1];
        const Segment& segment = counter.segments[i];
        const bool same = !segment.empty() && !next.empty() && segment.version == next.version &&
                          segment.payer == next.payer &&
                          &pricing_of(counter, segment) == &pricing_of(counter, next);
        if (!same) {
            i += 1;
            continue;
        }
        for (MemberDay& use : counter.member_days) {
            if (use.segment == next.start) use.segment = segment.start;
        }
        merge(counter.segments[i], next);
        counter.segments.erase(counter.segments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
    join_member_days(counter);
    tell_worth(number, before, rated);
    refresh(number);
    touch(number, lives_[number]);
}

// What cutting and joining change: tiers that restart, and an atom where fees are rounded with
// others.
void Mover::tell_worth(std::uint32_t number, i128 before, RatedChunk& rated) {
    const Counter& counter = counters_.at(number);
    Move move;
    move.charge = static_cast<std::int64_t>(worth_of(number) - before);
    if (move.charge != 0) append_for(number, counter.segments.back(), move, kNoRow, rated);
}

}  // namespace farthing::rating
