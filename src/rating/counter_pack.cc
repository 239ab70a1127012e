// A block of counters as bytes.
//
//   pack     := version(1 byte = 1 to 3) count counter* checksum(8 bytes, little-endian)
//   counter  := component item owner window_days segments by_day members uses  sorted by key
//   segments := count { start version payer quantity sessions records posted last shares below }
//   below    := sessions below the minimum, ~their quantity; from version 2 on, which is written
//               where a session of the block was
//   shares   := count { partner ~atoms }
//   by_day   := count { ~quantity }
//   members  := count { subscription ~quantity }                              sorted, each as the
//   step from the last
//   uses     := count { segment, counted from the first; day; subscription; ~quantity }  of members
//               with a cap; only in version 3, which is written where the block has such a pool
//
// Numbers are varints of 7 bits, least significant first; those marked ~, and quantities and times,
// are zigzag-coded. `owner` counts from the block's first owner, `start` in microseconds from
// midnight UTC of the window's first day, `last` from `start`. What the block's key says is not
// repeated; the checksum covers it, so bytes that were filed under another key are damaged too.
#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "rating/counters.h"

namespace farthing::rating {

namespace {

constexpr char kPackVersion = 1;
constexpr char kPackVersionWithMinimums = 2;
constexpr char kPackVersionWithCaps = 3;
constexpr std::size_t kChecksumBytes = 8;
constexpr std::size_t kDaysMax = UINT16_MAX;  // of a window, which is written in as many bits

std::uint64_t checksum_of(const PackKey& key, std::string_view bytes) {
    std::uint64_t hash = mix64(hash64(bytes), key.block);
    hash = mix64(hash, static_cast<std::uint32_t>(key.window_first));
    return mix64(hash, (static_cast<std::uint64_t>(key.perspective) << 8) | key.owner_kind);
}

std::int64_t window_start_micros(Date first) {
    return std::int64_t{first.days} * kMicrosPerDay;
}

class Writer {
  public:
    // Makes room for so many numbers: what is written next. `room` is used again.
    explicit Writer(std::string& room) : bytes_(room) {}
    void room_for(std::size_t numbers) {
        const std::size_t needed = size_ + numbers * kDigitsMax;
        if (bytes_.size() < needed) bytes_.resize(std::max(needed, bytes_.size() * 2));
    }
    // REQUIRES: there is room.
    void number(std::uint64_t value) {
        char* at = bytes_.data() + size_;
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>((value & 0x7f) | 0x80);
        *at++ = static_cast<char>(value);
        size_ = static_cast<std::size_t>(at - bytes_.data());
    }
    void signed_number(std::int64_t value) {
        number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void count(std::size_t value) { number(value); }
    void byte(char value) { bytes_[size_++] = value; }
    void seal(const PackKey& key) {
        const std::uint64_t checksum = checksum_of(key, written());
        room_for(kChecksumBytes);
        for (std::size_t i = 0; i < kChecksumBytes; ++i) {
            byte(static_cast<char>((checksum >> (8 * i)) & 0xff));
        }
    }
    std::string_view written() const { return std::string_view(bytes_).substr(0, size_); }

  private:
    static constexpr std::size_t kDigitsMax = 10;
    std::string& bytes_;
    std::size_t size_ = 0;
};

// Reads what Writer wrote. Past the first fault every read gives 0, so callers ask `ok` once per
// loop.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at_ == bytes_.size()) return broken();
            const auto part = static_cast<unsigned char>(bytes_[at_++]);
            const auto bits = static_cast<std::uint64_t>(part & 0x7f);
            if (shift == 63 && bits > 1) return broken();
            value |= bits << shift;
            if ((part & 0x80) == 0) return value;
        }
        return broken();
    }
    std::int64_t signed_number() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
    }
    std::uint32_t number32() {
        const std::uint64_t value = number();
        if (value > UINT32_MAX) return static_cast<std::uint32_t>(broken());
        return static_cast<std::uint32_t>(value);
    }
    // Of things that take at least a byte each, so a damaged count never asks for more memory than
    // there are bytes.
    std::size_t count() {
        const std::uint64_t value = number();
        if (value > bytes_.size() - at_) return static_cast<std::size_t>(broken());
        return static_cast<std::size_t>(value);
    }
    // What was read can't be what was written.
    void refuse() { broken(); }
    bool ok() const { return ok_; }
    bool at_end() const { return at_ == bytes_.size(); }

  private:
    std::uint64_t broken() {
        ok_ = false;
        at_ = bytes_.size();
        return 0;
    }
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

void write_segment(Writer& out, const Segment& segment, std::int64_t base, char version) {
    out.signed_number(segment.start.micros - base);
    out.number(segment.version.value);
    out.number(segment.payer.value);
    out.signed_number(segment.quantity);
    out.signed_number(segment.sessions);
    out.signed_number(segment.records);
    out.signed_number(segment.posted_atoms);
    out.signed_number(segment.last.micros - segment.start.micros);
    out.count(segment.posted_shares.size());
    for (const auto& [partner, atoms] : segment.posted_shares) {
        out.number(partner.value);
        out.signed_number(atoms);
    }
    if (version == kPackVersion) return;
    out.signed_number(segment.below);
    out.signed_number(segment.below_quantity);
}

// Sum of two stored numbers; damaged ones may be anything, and must not overflow.
std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

Segment read_segment(Reader& in, std::int64_t base, char version) {
    Segment segment;
    segment.start = {wrapping_sum(in.signed_number(), base)};
    segment.version = {in.number32()};
    segment.payer = {in.number32()};
    segment.quantity = in.signed_number();
    segment.sessions = in.signed_number();
    segment.records = in.signed_number();
    segment.posted_atoms = in.signed_number();
    segment.last = {wrapping_sum(in.signed_number(), segment.start.micros)};
    const std::size_t shares = in.count();
    for (std::size_t i = 0; i < shares && in.ok(); ++i) {
        const PartnerId partner{in.number32()};
        segment.posted_shares.emplace_back(partner, in.signed_number());
    }
    if (version == kPackVersion) return segment;
    segment.below = in.signed_number();
    segment.below_quantity = in.signed_number();
    return segment;
}

// A closed segment stands for its payer only where no other of the payer's does.
void keep_segments(const Counter& counter, std::vector<const Segment*>& kept) {
    kept.clear();
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const Segment& segment = counter.segments[i];
        bool stands = !segment.empty() || segment.posted_atoms != 0;
        if (!stands) {
            stands = true;
            for (std::size_t j = 0; j < counter.segments.size() && stands; ++j) {
                const Segment& other = counter.segments[j];
                if (j == i || other.payer != segment.payer) continue;
                stands = other.empty() && j < i;
            }
        }
        if (stands) kept.push_back(&segment);
    }
}

// Uses are of segments that hold something, which are kept.
void write_uses(Writer& out, const Counter& counter, const std::vector<const Segment*>& segments) {
    out.count(counter.member_days.size());
    std::size_t segment = 0;
    for (const MemberDay& use : counter.member_days) {
        while (segments[segment]->start < use.segment) segment += 1;
        out.count(segment);
        out.number(use.day);
        out.number(use.member.value);
        out.signed_number(use.quantity);
    }
}

void read_uses(Reader& in, Counter& counter) {
    const std::size_t uses = in.count();
    for (std::size_t i = 0; i < uses && in.ok(); ++i) {
        const std::size_t segment = in.count();
        MemberDay use;
        use.day = in.number32();
        use.member = {in.number32()};
        use.quantity = in.signed_number();
        if (segment >= counter.segments.size()) return in.refuse();
        use.segment = counter.segments[segment].start;
        counter.member_days.push_back(use);
    }
}

void write_members(Writer& out, const Counter& counter) {
    auto members = counter.members;
    std::sort(members.begin(), members.end());
    out.count(members.size());
    std::uint32_t last = 0;
    for (const auto& [subscription, quantity] : members) {
        out.number(subscription.value - last);
        out.signed_number(quantity);
        last = subscription.value;
    }
}

// The most numbers that a counter comes to.
std::size_t numbers_of(const Counter& counter) {
    constexpr std::size_t kHead = 8;  // with the counts
    constexpr std::size_t kOfSegment = 11;
    constexpr std::size_t kOfUse = 4;
    std::size_t shares = 0;
    for (const Segment& segment : counter.segments) shares += segment.posted_shares.size();
    return kHead + counter.segments.size() * kOfSegment + shares * 2 + counter.by_day.size() +
           counter.members.size() * 2 + counter.member_days.size() * kOfUse;
}

void write_counter(Writer& out, const Counter& counter, char version, PackRoom& room) {
    std::vector<const Segment*>& segments = room.segments;
    out.room_for(numbers_of(counter));
    out.number(counter.key.component.value);
    out.number(counter.key.item);
    out.number(counter.key.owner % kPackOwners);
    out.count(static_cast<std::size_t>(counter.window_end - counter.key.window_first));
    keep_segments(counter, segments);
    out.count(segments.size());
    const std::int64_t base = window_start_micros(counter.key.window_first);
    for (const Segment* segment : segments) write_segment(out, *segment, base, version);
    out.count(counter.by_day.size());
    counter.by_day.expand(room.days);
    for (const std::int64_t quantity : room.days) out.signed_number(quantity);
    write_members(out, counter);
    if (version == kPackVersionWithCaps) write_uses(out, counter, segments);
}

void read_days(Reader& in, Counter& counter) {
    const std::size_t days = in.count();
    if (days > kDaysMax) return in.refuse();
    counter.by_day.resize(days);
    for (std::size_t day = 0; day < days && in.ok(); ++day) {
        const std::int64_t quantity = in.signed_number();
        if (quantity != 0) counter.by_day.add(day, quantity);
    }
}

Counter read_counter(Reader& in, const PackKey& block, char version) {
    Counter counter;
    counter.key.perspective = block.perspective;
    counter.key.owner_kind = static_cast<OwnerKind>(block.owner_kind);
    counter.key.window_first = {block.window_first};
    counter.key.component = {in.number32()};
    counter.key.item = in.number();
    counter.key.owner = block.block * kPackOwners + in.number32() % kPackOwners;
    counter.window_end =
        counter.key.window_first.plus_days(static_cast<int>(in.number32() & 0xffff));
    const std::size_t segments = in.count();
    const std::int64_t base = window_start_micros(counter.key.window_first);
    for (std::size_t i = 0; i < segments && in.ok(); ++i) {
        counter.segments.push_back(read_segment(in, base, version));
    }
    read_days(in, counter);
    const std::size_t members = in.count();
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < members && in.ok(); ++i) {
        last += in.number32();
        counter.members.emplace_back(SubscriptionId{last}, in.signed_number());
    }
    if (version == kPackVersionWithCaps) read_uses(in, counter);
    return counter;
}

bool any_below_minimum(const std::vector<const Counter*>& counters) {
    return std::ranges::any_of(counters, [](const Counter* counter) {
        return std::ranges::any_of(counter->segments, [](const Segment& segment) {
            return segment.below != 0 || segment.below_quantity != 0;
        });
    });
}

// The oldest that says all there is.
char version_for(const std::vector<const Counter*>& counters) {
    const bool capped = std::ranges::any_of(
        counters, [](const Counter* counter) { return !counter->member_days.empty(); });
    if (capped) return kPackVersionWithCaps;
    return any_below_minimum(counters) ? kPackVersionWithMinimums : kPackVersion;
}

std::unexpected<Error> damaged(std::string_view what) {
    return fail(
        RatingReason::counter_pack_damaged,
        std::string(sentence_of(RatingReason::counter_pack_damaged)) + ": " + std::string(what));
}

}  // namespace

PackKey block_of(const CounterKey& key) {
    return {key.perspective, static_cast<std::uint8_t>(key.owner_kind), key.window_first.days,
            key.owner / kPackOwners};
}

std::string pack_counters(const std::vector<const Counter*>& counters, PackRoom& room) {
    std::vector<const Counter*>& used = room.used;
    used.clear();
    for (const Counter* counter : counters) {
        if (!counter->segments.empty()) used.push_back(counter);
    }
    if (used.empty()) return {};
    std::sort(used.begin(), used.end(),
              [](const Counter* a, const Counter* b) { return a->key < b->key; });
    const PackKey block = block_of(used.front()->key);
    Writer out(room.bytes);
    out.room_for(2);
    const char version = version_for(used);
    out.byte(version);
    out.count(used.size());
    for (const Counter* counter : used) {
        FARTHING_ASSERT(block_of(counter->key) == block);
        write_counter(out, *counter, version, room);
    }
    out.seal(block);
    return std::string(out.written());
}

Result<std::vector<Counter>> unpack_counters(const PackKey& key, std::string_view bytes) {
    std::vector<Counter> counters;
    if (bytes.empty()) return counters;
    if (bytes.size() < 2 + kChecksumBytes) return damaged("it is cut short");
    const std::string_view body = bytes.substr(0, bytes.size() - kChecksumBytes);
    std::uint64_t stored = 0;
    for (std::size_t i = 0; i < kChecksumBytes; ++i) {
        stored |= std::uint64_t{static_cast<unsigned char>(bytes[body.size() + i])} << (8 * i);
    }
    if (stored != checksum_of(key, body)) return damaged("its checksum differs");
    const char version = body.front();
    if (version < kPackVersion || version > kPackVersionWithCaps)
        return damaged("its format is not known to this release");
    Reader in(body.substr(1));
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        counters.push_back(read_counter(in, key, version));
    }
    if (!in.ok() || !in.at_end()) return damaged("its length does not fit its content");
    return counters;
}

}  // namespace farthing::rating
