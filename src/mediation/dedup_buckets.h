// The keys of one feed by UTC day, in memory: what Dedup asks of both layers.
#pragma once

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/int128.h"
#include "mediation/dedup.h"
#include "mediation/dedup_log.h"
#include "mediation/dedup_segment.h"

namespace farthing::mediation {

// Rounded down, also before 1970. REQUIRES: divisor > 0.
constexpr std::int64_t floor_div(std::int64_t dividend, std::int64_t divisor) {
    return dividend / divisor - (dividend % divisor < 0 ? 1 : 0);
}

// Has each place entered when kAhead later ones were added, in order: by then its memory is there.
template <class Place, class Enter>
class EnteredLater {
  public:
    explicit EnteredLater(Enter enter) : enter_(std::move(enter)) {}
    void add(const Place& place) {
        if (added_ >= kAhead) enter_(waiting_[added_ % kAhead]);
        waiting_[added_++ % kAhead] = place;
    }
    void finish() {
        for (std::size_t i = added_ - std::min(added_, kAhead); i < added_; ++i)
            enter_(waiting_[i % kAhead]);
    }

  private:
    static constexpr std::size_t kAhead = 32;
    Enter enter_;
    std::array<Place, kAhead> waiting_{};
    std::size_t added_ = 0;
};
template <class Place, class Enter>
EnteredLater<Place, Enter> entered_later(Enter enter) {
    return EnteredLater<Place, Enter>(std::move(enter));
}

class Buckets {
  public:
    virtual ~Buckets() = default;
    virtual SegmentKind kind() const = 0;
    virtual DayKey key_of(const UsageChunk& chunk, std::size_t row) const = 0;
    // The day of key_of alone.
    virtual Date day_of(const UsageChunk& chunk, std::size_t row) const = 0;
    // The event times whose records fall on that day.
    virtual Period starts_of(Date day) const = 0;

    virtual void open_day(Date day) = 0;  // makes it, empty, unless it is there
    virtual void drop_day(Date day) = 0;
    // Adds one stored day to an open one.
    virtual Result<void> absorb(const SegmentReader::Day& stored) = 0;
    // Takes one away from it.
    virtual Result<void> forget(const SegmentReader::Day& stored) = 0;
    // How many keys a stored day holds.
    virtual Result<std::int64_t> count(const SegmentReader::Day& stored) const = 0;
    // Enters live rows into their days, for the batch at hand; returns those whose key stands there
    // already. REQUIRES: the days of all live rows are open.
    virtual std::vector<Candidate> check(const UsageChunk& chunk) = 0;
    // What the batch entered, and did not withdraw: days that have a key, ascending.
    struct DayKeys {
        Date day;
        std::size_t keys = 0;
    };
    virtual std::vector<DayKeys> entered() const = 0;
    // Takes back what the batch entered; nothing when it did not.
    virtual void withdraw(const DayKey& entered) = 0;
    // All of it: the batch is given up.
    virtual void give_up() = 0;
    // It is the batch's no more: the next one begins.
    virtual void committed() = 0;
    // It as a segment, by ascending day and key, to be asked for before any of it changes.
    // REQUIRES: something was entered.
    virtual SegmentBytes encode_entered(std::uint64_t rule) = 0;
    // Takes back what any batch entered.
    virtual void take_back(const DayKey& entered) = 0;
    // Keys that were taken back as a segment; it may leave them in another order. REQUIRES: there
    // is one.
    virtual SegmentBytes encode_taken_back(BatchLog& keys, std::uint64_t rule) = 0;
    // Of the days, and of what is kept of the batch beside them.
    virtual std::int64_t memory_bytes() const = 0;
    virtual std::int64_t batch_bytes() const { return 0; }
};

// Buckets that keep what the batch entered beside their days.
class LoggedBuckets : public Buckets {
  public:
    std::vector<DayKeys> entered() const final {
        std::vector<DayKeys> found;
        for (const auto& [date, day] : log_.days()) {
            if (day.live() > 0) found.push_back({date, day.live()});
        }
        return found;
    }
    void withdraw(const DayKey& entered) final {
        if (log_.withdraw(entered)) take_back(entered);
    }
    void give_up() final {
        for (const auto& [date, day] : log_.days()) {
            for (const StoredKey& entered : day.keys) {
                if (entered.key != Hash128{}) take_back({entered.key, date});
            }
        }
        log_.clear();
    }
    void committed() final { log_.clear(); }
    SegmentBytes encode_entered(std::uint64_t rule) final { return encode(log_, rule, false); }
    SegmentBytes encode_taken_back(BatchLog& keys, std::uint64_t rule) final {
        return encode(keys, rule, true);
    }
    std::int64_t batch_bytes() const final { return log_.memory_bytes(); }

  protected:
    virtual SegmentBytes encode(BatchLog& keys, std::uint64_t rule, bool takes_back) = 0;
    BatchLog log_;
};

// One bit per slot of the day and subscription.
std::unique_ptr<Buckets> slot_buckets(std::int64_t slot_micros);
// 128-bit keys. `slot_micros` above 0: the key is the subscription and its slot, for slots so short
// that a bitmap would be nearly empty. `sequence` above 0: the subscription and the number that it
// gave the record. Else it is the chunk's.
std::unique_ptr<Buckets> key_buckets(std::int64_t slot_micros, std::size_t sequence);
// The numbers that each subscription gave its records, which stand in that reading.
std::unique_ptr<Buckets> number_buckets(std::size_t reading);

// The slot that holds `start`. Never so low that its own start overflows.
constexpr std::int64_t slot_of(Instant start, std::int64_t slot_micros) {
    const std::int64_t lowest = INT64_MIN / slot_micros;
    const std::int64_t slot = floor_div(start.micros, slot_micros);
    return slot < lowest ? lowest : slot;
}
// The first slot that starts on the day or later; wide, since the days at the ends of time start
// beyond 64 bits.
constexpr i128 first_slot_of(Date day, std::int64_t slot_micros) {
    const i128 start = i128{day.days} * kMicrosPerDay;
    return start / slot_micros + (start % slot_micros > 0 ? 1 : 0);
}
// The event times whose slots start on the day.
constexpr Period starts_on(Date day, std::int64_t slot_micros) {
    const auto at = [&](Date date) {
        const i128 micros = first_slot_of(date, slot_micros) * slot_micros;
        if (micros < INT64_MIN) return Instant::min();
        return micros > INT64_MAX ? Instant::max() : Instant{static_cast<std::int64_t>(micros)};
    };
    return {at(day), at(day.plus_days(1))};
}
// What a row is told of the content that was kept of the winner of its slot: its own where it is
// the same identity's and the same. Releases before this one kept it with any identity, the first
// of a subscription too.
inline std::uint64_t told_content(std::uint64_t kept, const UsageChunk& chunk, std::size_t row) {
    const bool same = kept == slot_content(chunk, row) || kept == content_with_identity(chunk, row);
    if (same) return chunk.content[row];
    return kept == chunk.content[row] ? ~kept : kept;  // the first identity's, which says the same
}
constexpr Date day_of_instant(Instant at) {
    return {static_cast<std::int32_t>(floor_div(at.micros, kMicrosPerDay))};
}

}  // namespace farthing::mediation
