// What is posted of counters: the deltas of a batch, and bringing it in line when an allowance, a
// window or what was carried over into one changed.
#include <algorithm>

#include "base/assert.h"
#include "base/prefetch.h"
#include "rating/mover.h"

namespace farthing::rating {

// A window that turns out to be longer shares its allowance over more days: what was charged until
// then is kept, so that the next move settles the difference.
void Mover::follow_window(std::uint32_t number) {
    Live& live = lives_[number];
    if (live.window_end == live.counter->window_end) return;
    if (live.settled) {
        const Date grown_end = live.counter->window_end;
        live.counter->window_end = live.window_end;
        const auto amounts = amounts_of_segments(number);
        live.counter->window_end = grown_end;
        FARTHING_ASSERT(amounts);  // planning refuses what does not fit
        Grown grown{live.window_end, {}};
        for (const Amounts& one : *amounts) grown.charged.push_back(one.usage + one.fee);
        grown_.try_emplace(number, std::move(grown));
    }
    live.window_end = live.counter->window_end;
    live.settled = false;
    live.stands = false;
    live.age += 1;
}

// A window that only grew for records that could not be rated has not grown.
void Mover::shrink_back() {
    for (const auto& [number, grown] : grown_) {
        Live& live = lives_[number];
        live.counter->window_end = live.window_end = grown.window_end;
        live.settled = true;
        live.stands = false;
        live.age += 1;
    }
    grown_.clear();
}

// The same where what was carried into it may have changed meanwhile.
void Mover::shrink_back(RatedChunk& rated) {
    const auto all = grown_;
    for (const auto& [number, grown] : all) {
        Live& live = lives_[number];
        live.counter->window_end = live.window_end = grown.window_end;
        live.age += 1;
        if (settle(number, nullptr)) settle(number, &rated);
    }
}

// By segment; nullopt where one leaves 64 bits.
std::optional<std::vector<Amounts>> Mover::amounts_of_segments(std::uint32_t number) {
    const Counter& counter = counters_.at(number);
    beyond_segments(number, nullptr, nullptr, before_);
    std::vector<Amounts> all;
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        const auto amounts =
            amounts_at(pricing_of(counter, segment), before_[i], segment.session_totals());
        if (!amounts || !narrow64(i128{amounts->usage} + amounts->fee - segment.posted_atoms))
            return std::nullopt;
        all.push_back(*amounts);
    }
    return all;
}

// Brings what is posted in line with the snapshots before anything moves: a changed allowance has
// its own rows. Without `rated` it only asks whether that fits.
bool Mover::settle(std::uint32_t number, RatedChunk* rated) {
    const auto amounts = amounts_of_segments(number);
    if (!amounts) return false;
    const auto grown = grown_.find(number);
    std::vector<std::int64_t> differences;
    for (std::size_t i = 0; i < amounts->size(); ++i) {
        const Amounts& now = (*amounts)[i];
        const std::int64_t charged = grown != grown_.end()
                                         ? grown->second.charged[i]
                                         : counters_.at(number).segments[i].posted_atoms;
        const auto difference = narrow64(i128{now.usage} + now.fee - charged);
        if (!difference) return false;
        differences.push_back(*difference);
    }
    if (rated == nullptr) return true;
    for (std::size_t i = 0; i < differences.size(); ++i) {
        append_difference(number, i, differences[i], *rated);
    }
    lives_[number].settled = true;
    grown_.erase(number);
    return true;
}

// A row without a record, where a segment's charge changed although nothing was added to it.
void Mover::append_difference(std::uint32_t number, std::size_t position, std::int64_t atoms,
                              RatedChunk& rated) {
    if (atoms == 0) return;
    const Counter& counter = counters_.at(number);
    const Segment& segment = counter.segments[position];
    Move move;
    move.from = pricing_of(counter, segment).begins_at(end_before(counter, position));
    move.to = move.from + segment.quantity;
    move.charge = atoms;
    append_for(number, segment, move, kNoRow, rated);
    touch(number, lives_[number]);
}

// What was posted for the counter stands on an allowance that may have changed with an earlier
// window.
void Mover::fit_again(std::uint32_t number, RatedChunk& rated) {
    Live& live = open(number);
    if (!live.settled) {
        live.age += 1;
        live.stands = false;
        if (settle(number, nullptr)) settle(number, &rated);
        return;
    }
    const auto before = amounts_of_segments(number);
    std::vector<std::pair<std::uint64_t, Known>> kept;
    for (const Segment& segment : live.counter->segments) {
        const std::uint64_t key = pair_of(number, segment.version.value);
        kept.emplace_back(key, included_[key]);
    }
    live.age += 1;
    const auto after = amounts_of_segments(number);
    FARTHING_ASSERT(before);  // planning refuses what does not fit
    if (!after) {             // it stays as it was, as where the directory asks for too much
        live.age -= 1;
        for (auto& [key, known] : kept) included_[key] = std::move(known);
        return;
    }
    for (std::size_t i = 0; i < after->size(); ++i) {
        const Amounts& old = (*before)[i];
        const Amounts& now = (*after)[i];
        append_difference(number, i, now.usage + now.fee - old.usage - old.fee, rated);
    }
    refresh(number);
}

// Over the windows after it, until nothing was used for as long as anything it left could live.
void Mover::carry_from(const Counter& counter, RatedChunk& rated) {
    const auto carries = carries_.find(counter.key.component.value);
    const Date end = buckets_end(directory_, counter.key);
    if (carries == carries_.end() && end <= counter.key.window_first) return;
    const int months = carries == carries_.end() ? 0 : carries->second;
    LaterWindows windows(directory_, counter.key);
    CounterKey key = counter.key;
    for (int unused = 0;; ++unused) {
        const auto window = windows.next();
        if (!window) return;
        if (unused >= months + windows.spare() && window->first > end) return;
        key.window_first = window->first;
        const Counter* later = counters_.find(key);
        if (later == nullptr) continue;
        fit_again(counters_.touch(key, later->window_end), rated);
        unused = -1;
    }
}

void Mover::carry(RatedChunk& rated) {
    if (carries_.empty() && !directory_.has_buckets()) return;
    shrink_back(rated);
    const std::vector<std::uint32_t> moved = touched_;
    for (const std::uint32_t number : moved) carry_from(counters_.at(number), rated);
}

void Mover::deltas_of(std::uint32_t number, const Rater::TakeDelta& take) {
    const Live& live = lives_[number];
    Counter& counter = *live.counter;
    const bool alone = live.stands && live.simple && counter.segments.size() == 1;
    if (alone) {
        before_ = {{0, live.total, live.allowance}};
    } else {
        beyond_segments(number, nullptr, nullptr, before_);
    }
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        Segment& segment = counter.segments[i];
        const Beyond& beyond = before_[i];
        const Pricing& pricing =
            live.stands && &segment == &live.last() ? *live.pricing : pricing_of(counter, segment);
        const auto amounts = amounts_at(pricing, beyond, segment.session_totals());
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
        for (std::size_t k = 0; k < shares.size(); ++k) {
            const auto atoms = pricing.share_atoms(shares[k], beyond.from, beyond.to,
                                                   segment.session_totals(), beyond.free);
            FARTHING_ASSERT(atoms);
            auto& [partner, posted] = segment.posted_shares[k];
            if (*atoms != posted) delta.shares.push_back({shares[k].partner, *atoms - posted});
            partner = shares[k].partner;
            posted = *atoms;
        }
        if (delta.charge_atoms != 0 || !delta.shares.empty()) take(delta);
    }
}

// What moved lies anywhere: counters are asked for before their number comes up.
void Mover::prefetch_touched(std::size_t at) const {
    constexpr std::size_t kLives = 32;
    constexpr std::size_t kCounters = 16;
    if (at + kLives < touched_.size()) farthing::prefetch(lives_[touched_[at + kLives]]);
    if (at + kCounters >= touched_.size()) return;
    farthing::prefetch(*lives_[touched_[at + kCounters]].counter);
}

void Mover::take_deltas(const Rater::TakeDelta& take) {
    shrink_back();
    // Keys beside the numbers: sorting through the counters would wait for memory at each
    // comparison.
    std::vector<std::pair<CounterKey, std::uint32_t>> in_order;
    in_order.reserve(touched_.size());
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        prefetch_touched(i);
        in_order.emplace_back(lives_[touched_[i]].counter->key, touched_[i]);
    }
    if (!std::ranges::is_sorted(in_order)) {
        std::ranges::sort(in_order);
        for (std::size_t i = 0; i < in_order.size(); ++i) touched_[i] = in_order[i].second;
    }
    for (std::size_t i = 0; i < touched_.size(); ++i) {
        prefetch_touched(i);
        deltas_of(touched_[i], take);
        lives_[touched_[i]].touched = false;
    }
    touched_.clear();
}

}  // namespace farthing::rating
