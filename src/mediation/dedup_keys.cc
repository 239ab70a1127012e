// Keys: per day one open-addressing table of 128-bit keys, each with the content that came with it.
#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "base/prefetch.h"
#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

constexpr Hash128 kFree{};
constexpr Hash128 kStandIn{0,
                           1};  // what a key of all zeros is kept as, since zeros mark a free place

class KeyTable {
  public:
    // The entry of that key, entering it when it is new. REQUIRES: the key is not kFree.
    std::pair<StoredKey*, bool> enter(Hash128 key, std::uint64_t content) {
        if ((count_ + 1) * 8 > places_.size() * 7) grow();
        StoredKey& place = places_[place_of(key)];
        const bool fresh = place.key == kFree;
        if (fresh) {
            place = {key, content};
            count_ += 1;
        }
        return {&place, fresh};
    }
    // Closes the gap by moving later entries of the same run up, so that no marks of the dead
    // remain.
    void erase(Hash128 key) {
        if (places_.empty()) return;
        const std::size_t mask = places_.size() - 1;
        std::size_t gap = place_of(key);
        if (places_[gap].key == kFree) return;
        count_ -= 1;
        for (std::size_t at = (gap + 1) & mask; places_[at].key != kFree; at = (at + 1) & mask) {
            const std::size_t home = home_of(places_[at].key);
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                places_[gap] = places_[at];
                gap = at;
            }
        }
        places_[gap].key = kFree;
    }
    void fetch(Hash128 key) const {
        if (!places_.empty()) prefetch(places_[home_of(key)]);
    }
    std::size_t memory_bytes() const { return places_.capacity() * sizeof(StoredKey); }

  private:
    std::size_t home_of(Hash128 key) const {
        return mix64(key.high, key.low) & (places_.size() - 1);
    }
    std::size_t place_of(Hash128 key) const {
        const std::size_t mask = places_.size() - 1;
        std::size_t at = home_of(key);
        while (places_[at].key != kFree && places_[at].key != key) at = (at + 1) & mask;
        return at;
    }
    void grow() {
        std::vector<StoredKey> before(std::max<std::size_t>(places_.size() * 2, 1024));
        before.swap(places_);
        for (const StoredKey& entry : before) {
            if (entry.key != kFree) places_[place_of(entry.key)] = entry;
        }
    }

    std::vector<StoredKey> places_;  // a power of two
    std::size_t count_ = 0;
};

constexpr std::size_t kParts = 256;  // so few that the ends of all of them stay near

std::size_t part_of(const StoredKey& key, int shift) {
    return (key.key.high >> shift) % kParts;
}

// Puts keys into parts by eight bits; where each part begins, and the last one ends.
std::array<std::uint32_t, kParts + 1> part(std::span<const StoredKey> from, StoredKey* to,
                                           int shift) {
    std::array<std::uint32_t, kParts + 1> starts{};
    for (const StoredKey& key : from) starts[part_of(key, shift) + 1] += 1;
    for (std::size_t i = 1; i <= kParts; ++i) starts[i] += starts[i - 1];
    auto next = starts;
    for (const StoredKey& key : from) to[next[part_of(key, shift)]++] = key;
    return starts;
}

// Hashes are spread evenly: parted twice by their first bits they leave a few at a time to sort.
// `room` is used again.
void sort_keys(std::vector<StoredKey>& keys, std::vector<StoredKey>& room) {
    constexpr std::size_t kFew = 4096;
    if (keys.size() < kFew) return std::sort(keys.begin(), keys.end());
    std::uint64_t all = 0;
    for (const StoredKey& key : keys) all |= key.key.high;
    const int first = std::max(0, static_cast<int>(std::bit_width(all)) - 8);
    const int second = std::max(0, first - 8);
    if (room.size() < keys.size()) room.resize(keys.size());
    const auto parts = part(keys, room.data(), first);
    for (std::size_t i = 0; i < kParts; ++i) {
        StoredKey* const at = keys.data() + parts[i];
        const auto ends =
            part(std::span(room).subspan(parts[i], parts[i + 1] - parts[i]), at, second);
        for (std::size_t j = 0; j < kParts; ++j) std::sort(at + ends[j], at + ends[j + 1]);
    }
}

class KeyBuckets final : public Buckets {
  public:
    KeyBuckets(std::int64_t slot_micros, std::size_t sequence)
        : slot_micros_(slot_micros), sequence_(sequence) {}

    SegmentKind kind() const override { return SegmentKind::keys; }

    DayKey key_of(const UsageChunk& chunk, std::size_t row) const override {
        Hash128 key = chunk.key[row];
        if (slot_micros_ > 0) {
            key = {chunk.subscription[row].value,
                   static_cast<std::uint64_t>(slot_of(chunk.start[row], slot_micros_))};
        }
        if (sequence_ > 0) {
            key = {chunk.subscription[row].value,
                   static_cast<std::uint64_t>(chunk.reading[sequence_ - 1][row])};
        }
        return {key == kFree ? kStandIn : key, day_of(chunk, row)};
    }
    Date day_of(const UsageChunk& chunk, std::size_t row) const override {
        if (slot_micros_ == 0) return day_of_instant(chunk.start[row]);
        return day_of_instant({slot_of(chunk.start[row], slot_micros_) * slot_micros_});
    }

    Period starts_of(Date day) const override {
        return starts_on(day, std::max<std::int64_t>(slot_micros_, 1));
    }

    void open_day(Date day) override { days_.try_emplace(day); }
    void drop_day(Date day) override { days_.erase(day); }

    Result<void> absorb(const SegmentReader::Day& stored) override {
        KeyTable& table = days_.at(stored.day);
        return read_keys(stored.body, [&](const StoredKey& key) {
            table.enter(key.key == kFree ? kStandIn : key.key, key.content);
        });
    }

    Result<void> forget(const SegmentReader::Day& stored) override {
        KeyTable& table = days_.at(stored.day);
        return read_keys(stored.body, [&](const StoredKey& key) {
            table.erase(key.key == kFree ? kStandIn : key.key);
        });
    }

    Result<std::int64_t> count(const SegmentReader::Day& stored) const override {
        std::int64_t keys = 0;
        FARTHING_CHECK(read_keys(stored.body, [&](const StoredKey&) { keys += 1; }));
        return keys;
    }

    std::vector<Candidate> check(const UsageChunk& chunk, BatchLog& log) override {
        std::vector<Candidate> found;
        auto later =
            entered_later<Place>([&](const Place& place) { enter(chunk, place, log, found); });
        Date last;
        KeyTable* table = nullptr;
        for (std::size_t row = 0; row < chunk.size(); ++row) {
            if (!chunk.live(row)) continue;
            const DayKey key = key_of(chunk, row);
            if (table == nullptr || key.day != last) table = &days_.at(last = key.day);
            table->fetch(key.key);
            later.add({key, table, row});
        }
        later.finish();
        return found;
    }

    void take_back(const DayKey& entered) override { days_.at(entered.day).erase(entered.key); }

    std::string encode(BatchLog& log, std::uint64_t rule, bool takes_back) override {
        SegmentWriter writer(kind(), rule, takes_back);
        log.sort_days([&](Date date, std::vector<StoredKey>& keys) {
            sort_keys(keys, room_);
            writer.add_keys(date, keys);
        });
        return writer.finish();
    }

    std::int64_t memory_bytes() const override {
        std::size_t bytes = 0;
        for (const auto& [day, table] : days_) bytes += sizeof table + table.memory_bytes();
        return static_cast<std::int64_t>(bytes);
    }

  private:
    struct Place {
        DayKey key;
        KeyTable* table = nullptr;
        std::size_t row = 0;
    };

    static void enter(const UsageChunk& chunk, const Place& place, BatchLog& log,
                      std::vector<Candidate>& found) {
        const auto [entry, fresh] = place.table->enter(place.key.key, chunk.content[place.row]);
        if (fresh) {
            log.enter(place.key, entry->content);
            return;
        }
        found.push_back({.row = static_cast<std::uint32_t>(place.row),
                         .key = place.key.key,
                         .content_known = true,
                         .content = entry->content});
    }

    std::int64_t slot_micros_;
    std::size_t sequence_;
    std::map<Date, KeyTable> days_;
    std::vector<StoredKey> room_;
};

}  // namespace

std::unique_ptr<Buckets> key_buckets(std::int64_t slot_micros, std::size_t sequence) {
    return std::make_unique<KeyBuckets>(slot_micros, sequence);
}

}  // namespace farthing::mediation
