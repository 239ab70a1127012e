#include "mediation/dedup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

// Slots shorter than a second would make bitmaps of more than 10 KB a day that are nearly empty.
constexpr std::int64_t kShortestBitmapSlot = kMicrosPerSecond;
// Days beyond this are let go, the least recently used first: their segments bring them back when
// they are needed.
constexpr std::int64_t kKeptBytesMax = std::int64_t{256} << 20;

std::unique_ptr<Buckets> buckets_of(const Feed& feed, Dedup::Content content) {
    const std::int64_t slot = feed.slots.micros;
    const bool told_by_archive = content == Dedup::Content::in_archive;
    if (told_by_archive && feed.sequence > 0) return number_buckets(feed.sequence - 1);
    return told_by_archive && slot >= kShortestBitmapSlot ? slot_buckets(slot)
                                                          : key_buckets(slot, feed.sequence);
}

}  // namespace

std::uint64_t dedup_rule(const Feed& feed) {
    if (feed.sequence > 0) return hash64(fmt::format("numbers {}", feed.sequence));
    if (feed.slots.micros > 0) return hash64(fmt::format("slots {}", feed.slots.micros));
    return hash64(fmt::format("same record {}{}", fmt::join(feed.same_record, "\n"),
                              feed.rates_cost() ? "\ncontent by identity" : ""));
}

std::uint64_t slot_content(const UsageChunk& chunk, std::size_t row) {
    return chunk.is_further(row) ? content_with_identity(chunk, row) : chunk.content[row];
}

std::uint64_t content_with_identity(const UsageChunk& chunk, std::size_t row) {
    return mix64(mix64(chunk.content[row], static_cast<std::uint64_t>(chunk.identity_kind[row])),
                 hash64(chunk.identity[row]));
}

Result<void> require_same_rule(const Feed& feed, std::string_view segment,
                               const std::string& path) {
    const SegmentKind kind = buckets_of(feed, Dedup::Content::in_archive)->kind();
    FARTHING_CHECK(SegmentReader::open(segment, kind, dedup_rule(feed), path));
    return {};
}

struct Dedup::State {
    struct Segment {
        std::string path;
        Date first_day;
        Date last_day;
        bool covers(Date day) const { return first_day <= day && day <= last_day; }
    };
    struct Day {
        std::size_t absorbed = 0;  // of `segments`: those before it are in memory
        std::int64_t used_in = 0;  // the batch that touched it last
    };

    State(const Feed& feed, Reader read, Content content)
        : rule(dedup_rule(feed)), reader(std::move(read)), buckets(buckets_of(feed, content)) {}

    // Opens the days of the chunk's live rows and brings in what is stored of them.
    void open_days(const UsageChunk& chunk) {
        std::set<Date> stale;
        Period last{};
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (!chunk.live(row) || last.contains(chunk.start[row])) continue;
            const Date date = buckets->day_of(chunk, row);
            last = buckets->starts_of(date);
            Day& day = days[date];
            day.used_in = batch;
            buckets->open_day(date);
            if (day.absorbed < segments.size()) stale.insert(date);
        }
        if (!stale.empty()) load(stale);
    }

    // Reads each stored segment once for all days that lack it.
    void load(const std::set<Date>& stale) {
        for (std::size_t i = 0; i < segments.size(); ++i) {
            std::vector<Date> wanted;
            std::ranges::copy_if(stale, std::back_inserter(wanted), [&](Date day) {
                return days[day].absorbed <= i && segments[i].covers(day);
            });
            if (wanted.empty()) continue;
            if (auto read = absorb(segments[i], wanted); !read) {
                error = std::move(read).error();
                error->place = segments[i].path;
                forget(stale);
                return;
            }
        }
        for (const Date day : stale) days[day].absorbed = segments.size();
    }

    Result<void> absorb(const Segment& segment, const std::vector<Date>& wanted) {
        const std::string bytes = reader(segment.path);
        FARTHING_TRY(const SegmentReader stored,
                     SegmentReader::open(bytes, buckets->kind(), rule, segment.path));
        for (const Date day : wanted) {
            const SegmentReader::Day* found = stored.day(day);
            if (found == nullptr) continue;
            FARTHING_CHECK(stored.takes_back() ? buckets->forget(*found) : buckets->absorb(*found));
        }
        return {};
    }

    // Half-read days must not pass for whole ones. All that the batch entered goes with them: it is
    // given up anyway.
    void forget(const std::set<Date>& half_read) {
        buckets->give_up();
        for (const Date day : half_read) {
            days.erase(day);
            buckets->drop_day(day);
        }
    }

    void evict() {
        while (buckets->memory_bytes() > kKeptBytesMax) {
            const auto oldest = std::ranges::min_element(
                days, {}, [](const auto& day) { return day.second.used_in; });
            if (oldest == days.end() || oldest->second.used_in == batch) return;
            buckets->drop_day(oldest->first);
            days.erase(oldest);
        }
    }

    std::uint64_t rule;
    Reader reader;
    std::unique_ptr<Buckets> buckets;
    BatchLog taken_back;
    std::vector<Segment> segments;
    std::map<Date, Day> days;  // in memory
    std::int64_t batch = 1;
    std::optional<Error> error;
};

Dedup::Dedup(const Feed& feed, Reader reader, Content content)
    : state_(std::make_unique<State>(feed, std::move(reader), content)) {}
Dedup::Dedup(Dedup&&) noexcept = default;
Dedup& Dedup::operator=(Dedup&&) noexcept = default;
Dedup::~Dedup() = default;

void Dedup::add_segment(const std::string& path, Date first_day, Date last_day) {
    state_->segments.push_back({path, first_day, last_day});
}

std::vector<Candidate> Dedup::check(const UsageChunk& chunk) {
    if (!state_->error) state_->open_days(chunk);
    if (state_->error) return {};
    return state_->buckets->check(chunk);
}

const std::optional<Error>& Dedup::error() const {
    return state_->error;
}

void Dedup::withdraw(const UsageChunk& chunk, const std::vector<std::uint32_t>& rows) {
    Buckets& buckets = *state_->buckets;
    for (const std::uint32_t row : rows) buckets.withdraw(buckets.key_of(chunk, row));
}

void Dedup::take_back(const UsageChunk& chunk) {
    if (!state_->error) state_->open_days(chunk);
    if (state_->error) return;
    for (std::size_t row = 0; row < chunk.size(); ++row) {
        if (!chunk.live(row)) continue;
        const DayKey key = state_->buckets->key_of(chunk, row);
        state_->taken_back.enter(key, 0);
        state_->buckets->take_back(key);
    }
}

bool Dedup::was_taken_back(const UsageChunk& chunk, std::size_t row) const {
    const DayKey key = state_->buckets->key_of(chunk, row);
    return state_->taken_back.find(key) != nullptr;
}

Dedup::Delta Dedup::delta() {
    const auto days = state_->buckets->entered();
    if (days.empty()) return {};
    std::int64_t keys = 0;
    for (const Buckets::DayKeys& day : days) keys += static_cast<std::int64_t>(day.keys);
    return {.bytes = state_->buckets->encode_entered(state_->rule),
            .first_day = days.front().day,
            .last_day = days.back().day,
            .keys = keys};
}

Dedup::Delta Dedup::taken_back() {
    BatchLog& keys = state_->taken_back;
    if (keys.live() == 0) return {};
    return {.bytes = state_->buckets->encode_taken_back(keys, state_->rule),
            .first_day = keys.days().begin()->first,
            .last_day = keys.days().rbegin()->first,
            .keys = static_cast<std::int64_t>(keys.live())};
}

void Dedup::committed(const std::string& path) {
    State& state = *state_;
    if (const auto days = state.buckets->entered(); !days.empty()) {
        const std::size_t before = state.segments.size();
        state.segments.push_back({path, days.front().day, days.back().day});
        for (auto& [date, day] : state.days) {
            if (day.absorbed == before)
                day.absorbed = before + 1;  // it holds the batch's keys as they were entered
        }
    }
    state.buckets->committed();
    state.evict();
    state.batch += 1;
}

void Dedup::discard() {
    state_->buckets->give_up();
    state_->error.reset();
}

Result<Dedup::Cost> Dedup::cost_of(Date day) {
    State& state = *state_;
    Cost cost;
    const std::int64_t before = state.buckets->memory_bytes();
    state.buckets->open_day(day);
    state.days[day] = {};
    state.load({day});
    if (state.error) return fail(*state.error);
    cost.bytes = state.buckets->memory_bytes() - before;
    for (const State::Segment& segment : state.segments) {
        if (!segment.covers(day)) continue;
        const std::string bytes = state.reader(segment.path);
        FARTHING_TRY(const SegmentReader stored,
                     SegmentReader::open(bytes, state.buckets->kind(), state.rule, segment.path));
        const SegmentReader::Day* found = stored.day(day);
        if (found == nullptr) continue;
        FARTHING_TRY(const std::int64_t keys, state.buckets->count(*found));
        cost.keys += stored.takes_back() ? -keys : keys;
    }
    return cost;
}

std::int64_t Dedup::memory_bytes() const {
    std::int64_t bytes = state_->buckets->memory_bytes() + state_->buckets->batch_bytes();
    for (const State::Segment& segment : state_->segments) {
        bytes += static_cast<std::int64_t>(sizeof segment + segment.path.capacity());
    }
    return bytes;
}

}  // namespace farthing::mediation
