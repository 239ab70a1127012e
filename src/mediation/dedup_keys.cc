// Keys: per day one open-addressing table of 128-bit keys, each with the content that came with it.
#include <algorithm>
#include <array>
#include <bit>
#include <span>

#include "base/prefetch.h"
#include "base/steady_vector.h"
#include "mediation/dedup_buckets.h"

namespace farthing::mediation {
namespace {

constexpr Hash128 kFree{};
constexpr Hash128 kStandIn{0,
                           1};  // what a key of all zeros is kept as, since zeros mark a free place

// Keys in the order in which they came, those of the batch at hand last, and a table of eight bytes
// a place that tells where a key stands.
class KeyTable {
  public:
    // The entry of that key, entering it when it is new. REQUIRES: the key is not kFree.
    std::pair<const StoredKey*, bool> enter(Hash128 key, std::uint64_t content) {
        if ((used_ + 1) * 4 > places_.size() * 3) grow();
        const std::uint32_t tag = tag_of(key);
        Place& place = places_[place_of(key, tag)];
        if (place.number != 0) return {&keys_[place.number - 1], false};
        keys_.push_back({key, content});
        place = {tag, static_cast<std::uint32_t>(keys_.size())};
        used_ += 1;
        return {&keys_.back(), true};
    }
    // Nothing when there is no such key.
    void erase(Hash128 key) {
        const std::uint32_t number = free_place_of(key);
        if (number == 0) return;
        keys_[number - 1] = {};
        erased_ += number > committed_ ? 1 : 0;
    }
    // The same, of a key of the batch at hand only.
    void withdraw(Hash128 key) {
        const std::uint32_t number =
            places_.empty() ? 0 : places_[place_of(key, tag_of(key))].number;
        if (number > committed_) erase(key);
    }
    void give_up() {
        for (std::size_t i = committed_; i < keys_.size(); ++i) {
            if (keys_[i].key != kFree) erase(keys_[i].key);
        }
        keys_.truncate(committed_);
        erased_ = 0;
    }
    void commit() {
        committed_ = keys_.size();
        erased_ = 0;
    }
    // Of the batch at hand.
    std::size_t entered() const { return keys_.size() - committed_ - erased_; }
    void copy_entered(std::vector<StoredKey>& to) const {
        to.clear();
        for (std::size_t i = committed_; i < keys_.size(); ++i) {
            if (keys_[i].key != kFree) to.push_back(keys_[i]);
        }
    }
    void fetch(Hash128 key) const {
        if (!places_.empty()) prefetch_line(&places_[tag_of(key) & (places_.size() - 1)]);
    }
    std::size_t memory_bytes() const {
        return places_.capacity() * sizeof(Place) + keys_.size() * sizeof(StoredKey);
    }

  private:
    struct Place {
        std::uint32_t tag = 0;     // of the key: where it belongs
        std::uint32_t number = 0;  // of the key, from 1; 0: free
    };
    static std::uint32_t tag_of(Hash128 key) {
        return static_cast<std::uint32_t>(mix64(key.high, key.low));
    }
    // Where the key stands, or would.
    std::size_t place_of(Hash128 key, std::uint32_t tag) const {
        const std::size_t mask = places_.size() - 1;
        for (std::size_t at = tag & mask;; at = (at + 1) & mask) {
            const Place& place = places_[at];
            if (place.number == 0) return at;
            if (place.tag == tag && keys_[place.number - 1].key == key) return at;
        }
    }
    // Frees its place and closes the gap by moving later entries of the same run up, so that no
    // marks of the dead remain. The key's number; 0 when it has no place.
    std::uint32_t free_place_of(Hash128 key) {
        if (places_.empty()) return 0;
        const std::size_t mask = places_.size() - 1;
        std::size_t gap = place_of(key, tag_of(key));
        const std::uint32_t number = places_[gap].number;
        if (number == 0) return 0;
        used_ -= 1;
        for (std::size_t at = (gap + 1) & mask; places_[at].number != 0; at = (at + 1) & mask) {
            const std::size_t home = places_[at].tag & mask;
            if (((at - home) & mask) >= ((at - gap) & mask)) {
                places_[gap] = places_[at];
                gap = at;
            }
        }
        places_[gap] = {};
        return number;
    }
    void grow() {
        std::vector<Place> before(std::max<std::size_t>(places_.size() * 2, 1024));
        before.swap(places_);
        const std::size_t mask = places_.size() - 1;
        for (const Place& place : before) {
            if (place.number == 0) continue;
            std::size_t at = place.tag & mask;
            while (places_[at].number != 0) at = (at + 1) & mask;
            places_[at] = place;
        }
    }

    SteadyVector<StoredKey> keys_;  // those that were erased are kFree
    std::vector<Place> places_;     // a power of two
    std::size_t used_ = 0;
    std::size_t committed_ = 0;  // keys of earlier batches, which come first
    std::size_t erased_ = 0;     // of the others
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
        std::vector<StoredKey> last;  // those of the batch come last
        table.copy_entered(last);
        table.give_up();
        FARTHING_CHECK(read_keys(stored.body, [&](const StoredKey& key) {
            table.enter(key.key == kFree ? kStandIn : key.key, key.content);
        }));
        table.commit();
        for (const StoredKey& key : last) table.enter(key.key, key.content);
        return {};
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

    std::vector<Candidate> check(const UsageChunk& chunk) override {
        std::vector<Candidate> found;
        auto later = entered_later<Place>([&](const Place& place) { enter(chunk, place, found); });
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

    std::vector<DayKeys> entered() const override {
        std::vector<DayKeys> found;
        for (const auto& [day, table] : days_) {
            if (table.entered() > 0) found.push_back({day, table.entered()});
        }
        return found;
    }
    void withdraw(const DayKey& entered) override { days_.at(entered.day).withdraw(entered.key); }
    void give_up() override {
        for (auto& [day, table] : days_) table.give_up();
    }
    void committed() override {
        for (auto& [day, table] : days_) table.commit();
    }
    void take_back(const DayKey& entered) override { days_.at(entered.day).erase(entered.key); }

    SegmentBytes encode_entered(std::uint64_t rule) override {
        SegmentWriter writer(kind(), rule);
        for (const auto& [day, table] : days_) {
            if (table.entered() == 0) continue;
            writer.add_keys(day, table.entered(), [&, this](std::vector<StoredKey>& keys) {
                table.copy_entered(keys);
                sort_keys(keys, room_);
            });
        }
        return writer.finish();
    }
    SegmentBytes encode_taken_back(BatchLog& keys, std::uint64_t rule) override {
        SegmentWriter writer(kind(), rule, true);
        keys.sort_days([&](Date day, std::vector<StoredKey>& of_day) {
            sort_keys(of_day, room_);
            writer.add_keys(day, of_day.size(),
                            [&of_day](std::vector<StoredKey>& told) { told = of_day; });
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

    void enter(const UsageChunk& chunk, const Place& place, std::vector<Candidate>& found) const {
        const bool slots = slot_micros_ > 0;
        const std::uint64_t content =
            slots ? slot_content(chunk, place.row) : chunk.content[place.row];
        const auto [entry, fresh] = place.table->enter(place.key.key, content);
        if (fresh) return;
        const std::uint64_t kept = entry->content;
        found.push_back({.row = static_cast<std::uint32_t>(place.row),
                         .key = place.key.key,
                         .content_known = true,
                         .content = slots ? told_content(kept, chunk, place.row) : kept});
    }

    std::int64_t slot_micros_;
    std::size_t sequence_;
    std::map<Date, KeyTable> days_;
    std::vector<StoredKey> room_;  // that is used again
};

}  // namespace

std::unique_ptr<Buckets> key_buckets(std::int64_t slot_micros, std::size_t sequence) {
    return std::make_unique<KeyBuckets>(slot_micros, sequence);
}

}  // namespace farthing::mediation
