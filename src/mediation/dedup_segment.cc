// A segment, all numbers little-endian:
//
//   magic     8 bytes "FTDEDUP1"; the last character is the version
//   kind      1 byte  1 slots, 2 keys, 3 numbers; 128 more: they are taken back
//   rule      8 bytes hash of how the feed tells duplicates
//   days      4 bytes how many
//   per day   4 bytes day since 1970-01-01 (signed, ascending), 8 bytes length of its body
//   bodies    in the order of the days
//   checksum  8 bytes XXH3-64 of all before
//
// A body of slots holds, by ascending subscription (varints):
//   subscription minus the one before it, number of runs, and per run: its start minus the end of
//   the run before, its length. Number of runs 0: the bitmap itself follows, 8 bytes per 64 slots.
// A body of numbers holds, by ascending owner (varints): the owner minus the one before it, number
//   of runs, and per run: its first number minus the end of the run before (0 at first), its
//   length.
// A body of keys holds, ascending: 8 bytes high half, 8 bytes low half, 8 bytes content.
#include "mediation/dedup_segment.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "mediation/dedup.h"

namespace farthing::mediation {
namespace {

static_assert(std::endian::native == std::endian::little,
              "segments are written as they stand in memory");
constexpr std::string_view kSegmentMagic = "FTDEDUP1";
constexpr std::size_t kSegmentHeadSize = 8 + 1 + 8 + 4;
constexpr std::size_t kSegmentDaySize = 4 + 8;
constexpr std::size_t kChecksumSize = 8;
constexpr std::uint8_t kTakesBack = 0x80;
constexpr std::uint64_t kNumbersMax = std::uint64_t{1} << 28;  // in a day: no batch has as many

template <class Number>
void put(std::string& out, Number number) {
    std::array<char, sizeof(Number)> bytes{};
    std::memcpy(bytes.data(), &number, sizeof number);
    out.append(bytes.data(), bytes.size());
}

void put_varint(std::string& out, std::uint64_t number) {
    while (number >= 0x80) {
        out += static_cast<char>(number | 0x80);
        number >>= 7;
    }
    out += static_cast<char>(number);
}

// Takes numbers off the front; every read is checked against what is left.
class Bytes {
  public:
    explicit Bytes(std::string_view left) : left_(left) {}
    bool empty() const { return left_.empty(); }
    std::size_t size() const { return left_.size(); }

    template <class Number>
    std::optional<Number> take() {
        if (left_.size() < sizeof(Number)) return std::nullopt;
        Number number{};
        std::memcpy(&number, left_.data(), sizeof number);
        left_.remove_prefix(sizeof number);
        return number;
    }
    std::optional<std::uint64_t> take_varint() {
        std::uint64_t number = 0;
        for (unsigned shift = 0; shift < 63; shift += 7) {
            const auto byte = take<std::uint8_t>();
            if (!byte) return std::nullopt;
            number |= static_cast<std::uint64_t>(*byte & 0x7FU) << shift;
            if (*byte < 0x80) return number;
        }
        return std::nullopt;
    }
    std::optional<std::string_view> take_bytes(std::uint64_t count) {
        if (count > left_.size()) return std::nullopt;
        const std::string_view taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }

  private:
    std::string_view left_;
};

std::unexpected<Error> damaged(std::string detail, std::string place = {}) {
    return fail(DedupReason::segment_damaged, std::move(detail), std::move(place));
}

void set_run(std::span<std::uint64_t> words, SlotRun run) {
    for (std::size_t bit = run.first; bit < run.first + run.length;) {
        const std::size_t low = bit % kWordBits;
        const std::size_t count = std::min(kWordBits - low, run.first + run.length - bit);
        const std::uint64_t ones =
            count == kWordBits ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
        words[bit / kWordBits] |= ones << low;
        bit += count;
    }
}

// False when the bytes end early or name a slot that the day does not have.
bool read_bitmap(Bytes& bytes, std::size_t slots, std::span<std::uint64_t> words) {
    std::ranges::fill(words, 0U);
    const auto runs = bytes.take_varint();
    if (!runs) return false;
    if (*runs == 0) {
        for (std::uint64_t& word : words) {
            const auto taken = bytes.take<std::uint64_t>();
            if (!taken) return false;
            word = *taken;
        }
        return slots % kWordBits == 0 || words.back() >> (slots % kWordBits) == 0;
    }
    std::size_t end = 0;
    for (std::uint64_t i = 0; i < *runs; ++i) {
        const auto gap = bytes.take_varint();
        const auto length = bytes.take_varint();
        if (!gap || !length || *length == 0 || *gap > slots - end || *length > slots - end - *gap)
            return false;
        set_run(words, {end + *gap, *length});
        end += *gap + *length;
    }
    return true;
}

}  // namespace

std::vector<SlotRun> runs_of(std::span<const std::uint64_t> words) {
    std::vector<SlotRun> runs;
    for (std::size_t w = 0; w < words.size(); ++w) {
        for (std::uint64_t rest = words[w]; rest != 0;) {
            const auto low = static_cast<std::size_t>(std::countr_zero(rest));
            const auto length = static_cast<std::size_t>(std::countr_one(rest >> low));
            const std::size_t first = w * kWordBits + low;
            if (!runs.empty() && runs.back().first + runs.back().length == first) {
                runs.back().length += length;
            } else {
                runs.push_back({first, length});
            }
            if (low + length == kWordBits) break;
            rest &= ~std::uint64_t{0} << (low + length);
        }
    }
    return runs;
}

SegmentBytes SegmentWriter::finish() {
    SegmentBytes bytes;
    std::string& head = bytes.head_ = kSegmentMagic;
    put(head,
        static_cast<std::uint8_t>(static_cast<unsigned>(kind_) | (takes_back_ ? kTakesBack : 0U)));
    put(head, rule_);
    put(head, static_cast<std::uint32_t>(days_.size()));
    for (const SegmentBytes::Day& day : days_) {
        put(head, day.day.days);
        put(head, static_cast<std::uint64_t>(day.size()));
    }
    bytes.days_ = std::move(days_);
    return bytes;
}

std::string_view SegmentBytes::next() {
    const std::size_t at = told_++;
    if (at > days_.size() + 1) return {};
    if (at == days_.size() + 1) {
        put(checksum_, hash_.value());
        return checksum_;
    }
    const std::string_view bytes = at == 0 ? std::string_view(head_) : day_at(at - 1);
    if (bytes.empty()) return next();
    hash_.add(bytes);
    return bytes;
}

std::string_view SegmentBytes::day_at(std::size_t at) {
    static_assert(sizeof(StoredKey) == 24);  // without gaps: written as it stands in memory
    const Day& day = days_[at];
    if (!day.tell) return day.body;
    std::vector<StoredKey>& keys = keys_[at % 2];
    keys.clear();
    day.tell(keys);
    FARTHING_ASSERT(keys.size() == day.keys);
    return {reinterpret_cast<const char*>(keys.data()), keys.size() * sizeof(StoredKey)};
}

std::string SegmentBytes::all() {
    std::string bytes;
    for (std::string_view some = next(); !some.empty(); some = next()) bytes += some;
    return bytes;
}

Result<SegmentReader> SegmentReader::open(std::string_view bytes, SegmentKind kind,
                                          std::uint64_t rule, const std::string& path) {
    if (!bytes.starts_with(kSegmentMagic) || bytes.size() < kSegmentMagic.size() + kChecksumSize) {
        return damaged("it does not start as a file of duplicate keys", path);
    }
    const std::string_view checked = bytes.substr(0, bytes.size() - kChecksumSize);
    if (Bytes(bytes.substr(checked.size())).take<std::uint64_t>() != hash64(checked)) {
        return damaged("its checksum does not match its content", path);
    }
    Bytes rest(checked.substr(kSegmentMagic.size()));
    const auto stored_kind = rest.take<std::uint8_t>();
    const auto stored_rule = rest.take<std::uint64_t>();
    const auto count = rest.take<std::uint32_t>();
    if (!stored_kind || !stored_rule || !count) return damaged("its head is cut short", path);
    if ((*stored_kind & ~kTakesBack) != static_cast<std::uint8_t>(kind) || *stored_rule != rule) {
        return fail(DedupReason::segment_of_other_rule, {}, path);
    }
    SegmentReader reader;
    reader.takes_back_ = (*stored_kind & kTakesBack) != 0;
    std::vector<std::uint64_t> sizes;
    for (std::uint32_t i = 0; i < *count; ++i) {
        const auto day = rest.take<std::int32_t>();
        const auto size = rest.take<std::uint64_t>();
        if (!day || !size) return damaged("its list of days is cut short", path);
        if (!reader.days_.empty() && Date{*day} <= reader.days_.back().day)
            return damaged("its days do not ascend", path);
        reader.days_.push_back({{*day}, {}});
        sizes.push_back(*size);
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto body = rest.take_bytes(sizes[i]);
        if (!body) return damaged("a day of it is cut short", path);
        reader.days_[i].body = *body;
    }
    if (!rest.empty()) return damaged("something follows its last day", path);
    return reader;
}

const SegmentReader::Day* SegmentReader::day(Date day) const {
    const auto at = std::ranges::lower_bound(days_, day, {}, &Day::day);
    return at != days_.end() && at->day == day ? &*at : nullptr;
}

void SlotsBody::add(std::uint32_t subscription, std::span<const std::uint64_t> words) {
    put_varint(bytes_, subscription - last_);
    last_ = subscription;
    const std::vector<SlotRun> runs = runs_of(words);
    if (runs.size() * 3 > words.size_bytes()) {  // a run takes 2 to 4 bytes
        put_varint(bytes_, 0);
        for (const std::uint64_t word : words) put(bytes_, word);
        return;
    }
    put_varint(bytes_, runs.size());
    std::size_t end = 0;
    for (const SlotRun& run : runs) {
        put_varint(bytes_, run.first - end);
        put_varint(bytes_, run.length);
        end = run.first + run.length;
    }
}

Result<void> read_slots(std::string_view body, std::size_t slots, const TakeSlots& take) {
    Bytes bytes(body);
    std::vector<std::uint64_t> words((slots + kWordBits - 1) / kWordBits);
    std::uint32_t subscription = 0;
    while (!bytes.empty()) {
        const auto step = bytes.take_varint();
        if (!step || *step == 0 || *step > UINT32_MAX - subscription)
            return damaged("its subscriptions do not ascend");
        subscription += static_cast<std::uint32_t>(*step);
        if (!read_bitmap(bytes, slots, words)) return damaged("a bitmap of it is malformed");
        take(subscription, words);
    }
    return {};
}

void NumbersBody::add(std::uint32_t owner, std::span<const NumberRun> runs) {
    put_varint(bytes_, owner - last_);
    last_ = owner;
    put_varint(bytes_, runs.size());
    std::int64_t end = 0;
    for (const NumberRun& run : runs) {
        put_varint(bytes_, static_cast<std::uint64_t>(run.first - end));
        put_varint(bytes_, static_cast<std::uint64_t>(run.length));
        end = run.end();
    }
}

Result<void> read_numbers(std::string_view body, const TakeNumbers& take) {
    Bytes bytes(body);
    std::uint32_t owner = 0;
    std::uint64_t numbers = 0;
    while (!bytes.empty()) {
        const auto step = bytes.take_varint();
        const auto runs = bytes.take_varint();
        if (!step || *step == 0 || *step > UINT32_MAX - owner || !runs || *runs == 0)
            return damaged("its owners do not ascend");
        owner += static_cast<std::uint32_t>(*step);
        std::uint64_t end = 0;
        for (std::uint64_t i = 0; i < *runs; ++i) {
            const auto gap = bytes.take_varint();
            const auto length = bytes.take_varint();
            const std::uint64_t left = static_cast<std::uint64_t>(kNumberMax) + 1 - end;
            const bool fits = gap && length && (i == 0 || *gap > 0) && *length > 0 &&
                              *gap <= left && *length <= left - *gap &&
                              *length <= kNumbersMax - numbers;
            if (!fits) return damaged("a run of numbers is malformed");
            take(owner,
                 {static_cast<std::int64_t>(end + *gap), static_cast<std::int64_t>(*length)});
            end += *gap + *length;
            numbers += *length;
        }
    }
    return {};
}

Result<void> read_keys(std::string_view body, const TakeKey& take) {
    if (body.size() % sizeof(StoredKey) != 0) return damaged("a key of it is cut short");
    std::optional<Hash128> last;
    for (std::size_t at = 0; at < body.size(); at += sizeof(StoredKey)) {
        StoredKey key;
        std::memcpy(&key, body.data() + at, sizeof key);
        if (last && key.key <= *last) return damaged("its keys do not ascend");
        last = key.key;
        take(key);
    }
    return {};
}

}  // namespace farthing::mediation
