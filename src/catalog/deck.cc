#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <tuple>

#include "base/assert.h"
#include "base/decimal.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "catalog/snapshot.h"

namespace farthing::catalog {

namespace {

constexpr std::uint32_t kManyRows = std::numeric_limits<std::uint32_t>::max();
constexpr unsigned kRankShift = 61;  // above the largest deck_key
constexpr std::uint64_t kItemBit = std::uint64_t{1} << 62;
// Bits of the filter per slot: at most one absent key in 16 is looked for, and it stays in a cache.
constexpr std::size_t kFilterBitsPerSlot = 8;

// deck_key of each of the first digits of `number`: of none at [0], of all at [count].
struct PrefixKeys {
    std::array<std::uint64_t, kPrefixDigitsMax + 1> keys;
    std::size_t count = 0;

    explicit PrefixKeys(std::string_view number) {
        keys[0] = 1;
        while (count < std::min(number.size(), kPrefixDigitsMax) && is_digit(number[count])) {
            keys[count + 1] = keys[count] * 10 + static_cast<std::uint64_t>(number[count] - '0');
            count += 1;
        }
    }
};

// Spreads keys over the slots by the high bits, over the filter by the low ones.
std::uint64_t scatter(std::uint64_t key) {
    key *= 0x9E3779B97F4A7C15U;
    return key ^ (key >> 32);
}

// Of `slots`, a power of two, the one where the search for a key begins.
std::size_t place_of(std::uint64_t key, std::size_t slots) {
    return (scatter(key) >> 20) & (slots - 1);
}

// What rows are looked for by: rank and prefix, or the network.
std::uint64_t slot_key(const RateRow& row) {
    const std::uint64_t key = row.key >= kItemBit ? deck_key(row.prefix) : row.key;
    return (std::uint64_t{row.rank} << kRankShift) | key;
}

// One row to be sorted, without the row.
struct SortKey {
    std::uint64_t slot;
    Instant valid_from;
    std::uint32_t row;
    std::uint8_t wideness;
    std::uint8_t origin;

    bool operator<(const SortKey& other) const {
        return std::tie(slot, wideness, origin, valid_from, row) <
               std::tie(other.slot, other.wideness, other.origin, other.valid_from, other.row);
    }
};

// By `RateRow::origin`: 0 for sets that hold no other, more for those that do, most for anywhere.
std::vector<std::uint8_t> wideness_of(const std::vector<OriginSet>& origins) {
    std::vector<std::uint8_t> wideness(origins.size() + 1, 0);
    wideness[0] = kOriginSetsMax;
    for (std::size_t i = 0; i < origins.size(); ++i) {
        for (const OriginSet& other : origins) {
            const bool wider = inside(other, origins[i]) && !inside(origins[i], other);
            wideness[i + 1] = static_cast<std::uint8_t>(wideness[i + 1] + (wider ? 1 : 0));
        }
    }
    return wideness;
}

// Whether some prefix in `set` begins `number`, or is it.
bool holds(const OriginSet& set, std::string_view number) {
    for (std::size_t length = 1; length <= number.size(); ++length) {
        if (std::ranges::binary_search(set.prefixes, number.substr(0, length))) return true;
    }
    return false;
}

}  // namespace

std::uint64_t deck_key(std::string_view prefix) {
    FARTHING_ASSERT(prefix.size() <= kPrefixDigitsMax);
    std::uint64_t key = 1;  // the leading 1 keeps "07" apart from "7"
    for (const char digit : prefix) key = key * 10 + static_cast<std::uint64_t>(digit - '0');
    return key;
}

std::uint64_t item_key(std::string_view deck, std::string_view origin, std::string_view prefix) {
    const std::uint64_t names = mix64(hash64(deck), hash64(origin));
    return kItemBit | (mix64(names, deck_key(prefix)) & (kItemBit - 1));
}

bool inside(const OriginSet& a, const OriginSet& b) {
    return std::ranges::all_of(a.prefixes,
                               [&](const std::string& prefix) { return holds(b, prefix); });
}

bool overlap(const OriginSet& a, const OriginSet& b) {
    const auto any_in = [](const OriginSet& x, const OriginSet& y) {
        return std::ranges::any_of(x.prefixes,
                                   [&](const std::string& prefix) { return holds(y, prefix); });
    };
    return any_in(a, b) || any_in(b, a);
}

OriginIndex::OriginIndex(const std::vector<OriginSet>& sets) {
    FARTHING_ASSERT(sets.size() <= kOriginSetsMax);
    std::array<bool, kPrefixDigitsMax + 1> used{};
    for (std::size_t i = 0; i < sets.size(); ++i) {
        for (const std::string& prefix : sets[i].prefixes) {
            sets_[deck_key(prefix)] |= std::uint64_t{1} << i;
            used[prefix.size()] = true;
        }
    }
    for (std::size_t length = used.size(); length-- > 0;) {
        if (used[length]) lengths_.push_back(length);
    }
}

std::uint64_t OriginIndex::sets_of(std::string_view calling) const {
    const PrefixKeys prefixes(calling);
    std::uint64_t sets = 0;
    for (const std::size_t length : lengths_) {
        if (length > prefixes.count) continue;
        const auto found = sets_.find(prefixes.keys[length]);
        if (found != sets_.end()) sets |= found->second;
    }
    return sets;
}

Deck::Deck(std::string name, std::vector<RateRow> rows, std::vector<OriginSet> origins)
    : name_(std::move(name)),
      rows_(std::move(rows)),
      origins_(std::move(origins)),
      origin_index_(origins_) {
    sort_rows();
    build_index();
    build_probes();
}

void Deck::sort_rows() {
    const std::vector<std::uint8_t> wideness = wideness_of(origins_);
    std::vector<SortKey> order;
    order.reserve(rows_.size());
    for (const RateRow& row : rows_) {
        order.push_back({slot_key(row), row.valid_from, static_cast<std::uint32_t>(order.size()),
                         wideness[row.origin], row.origin});
    }
    if (std::is_sorted(order.begin(), order.end())) return;
    std::sort(order.begin(), order.end());
    std::vector<RateRow> sorted;
    sorted.reserve(rows_.size());
    for (const SortKey& key : order) sorted.push_back(std::move(rows_[key.row]));
    rows_ = std::move(sorted);
}

void Deck::build_index() {
    std::size_t size = 16;
    while (size < rows_.size() * 2) size *= 2;
    slots_.resize(size);
    filter_.resize(size * kFilterBitsPerSlot / 64);
    std::unordered_map<std::uint64_t, std::uint32_t> periods;
    std::uint32_t first = 0;
    const auto count = static_cast<std::uint32_t>(rows_.size());
    while (first < count) {
        const std::uint64_t key = slot_key(rows_[first]);
        std::uint32_t end = first + 1;
        while (end < count && slot_key(rows_[end]) == key) end += 1;
        add_slot(first, end, periods);
        first = end;
    }
}

void Deck::add_slot(std::uint32_t first, std::uint32_t end,
                    std::unordered_map<std::uint64_t, std::uint32_t>& periods) {
    Slot added{slot_key(rows_[first]), first, kManyRows};
    const RateRow& row = rows_[first];
    if (end == first + 1 && row.origin == 0) {
        const auto mixed = mix64(static_cast<std::uint64_t>(row.valid_from.micros),
                                 static_cast<std::uint64_t>(row.valid_until.micros));
        const auto [found, is_new] =
            periods.try_emplace(mixed, static_cast<std::uint32_t>(periods_.size()));
        if (is_new) periods_.emplace_back(row.valid_from, row.valid_until);
        const bool same = periods_[found->second] == std::pair(row.valid_from, row.valid_until);
        if (same) added.period = found->second;
    }
    if (added.period == kManyRows) {
        added.at = static_cast<std::uint32_t>(spans_.size());
        for (std::uint32_t from = first; from < end;) {
            std::uint32_t last = from + 1;
            while (last < end && rows_[last].key == rows_[from].key) last += 1;
            spans_.push_back({from, last, rows_[from].origin, last < end});
            from = last;
        }
    }
    for (std::uint32_t i = first; i < end; ++i) {
        if (rows_[i].key < kItemBit) continue;
        const auto [known, is_new] = slot_of_.try_emplace(rows_[i].key, added.key);
        const bool twice =
            i > first && rows_[i].key == rows_[i - 1].key && rows_[i].origin != rows_[i - 1].origin;
        keys_clash_ = keys_clash_ || twice || (!is_new && known->second != added.key);
    }
    const std::uint64_t spread = scatter(added.key);
    filter_[(spread / 64) & (filter_.size() - 1)] |= std::uint64_t{1} << (spread % 64);
    std::size_t at = place_of(added.key, slots_.size());
    while (slots_[at].key != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = added;
}

void Deck::build_probes() {
    std::array<std::array<bool, kPrefixDigitsMax + 1>, kRanksMax> used{};
    for (const RateRow& row : rows_) {
        FARTHING_ASSERT(row.rank < kRanksMax);
        used[row.rank][std::min(row.prefix.size(), kPrefixDigitsMax)] = true;
    }
    for (std::size_t rank = 0; rank < used.size(); ++rank) {
        for (std::size_t length = kPrefixDigitsMax + 1; length-- > 0;) {
            if (!used[rank][length]) continue;
            probes_.push_back({std::uint64_t{rank} << kRankShift, length});
            longest_ = std::max(longest_, length);
        }
    }
}

bool Deck::may_have(std::uint64_t key) const {
    const std::uint64_t spread = scatter(key);
    return (filter_[(spread / 64) & (filter_.size() - 1)] >> (spread % 64) & 1) != 0;
}

const Deck::Slot* Deck::slot(std::uint64_t key) const {
    std::size_t at = place_of(key, slots_.size());
    while (slots_[at].key != key) {
        if (slots_[at].key == 0) return nullptr;
        at = (at + 1) & (slots_.size() - 1);
    }
    return &slots_[at];
}

// The search keeps a key with thousands of dated prices from costing more than its logarithm.
const RateRow* Deck::valid(const Span& span, Instant when) const {
    const auto first = rows_.begin() + span.first;
    const auto after =
        std::upper_bound(first, rows_.begin() + span.end, when,
                         [](Instant at, const RateRow& row) { return at < row.valid_from; });
    if (after == first) return nullptr;
    const RateRow& row = *std::prev(after);
    return when < row.valid_until ? &row : nullptr;
}

const RateRow* Deck::choose(const Slot& slot, Instant when, std::string_view calling) const {
    if (slot.period != kManyRows) {
        const auto& [from, until] = periods_[slot.period];
        return from <= when && when < until ? &rows_[slot.at] : nullptr;
    }
    std::uint64_t sets = 0;
    bool known = false;
    for (std::size_t i = slot.at;; ++i) {
        const Span& span = spans_[i];
        if (span.origin != 0 && !known) {
            sets = origin_index_.sets_of(calling);
            known = true;
        }
        const bool applies = span.origin == 0 || (sets >> (span.origin - 1) & 1) != 0;
        if (const RateRow* found = applies ? valid(span, when) : nullptr) return found;
        if (!span.more) return nullptr;
    }
}

// The filter is asked for all lengths before anything is done about an answer, so that the
// processor fetches those answers together.
const RateRow* Deck::match(std::string_view called, Instant when, std::string_view calling) const {
    constexpr std::size_t kTogether = 32;
    const PrefixKeys prefixes(called.substr(0, longest_));
    for (std::size_t first = 0; first < probes_.size(); first += kTogether) {
        const std::size_t count = std::min(kTogether, probes_.size() - first);
        std::array<std::uint64_t, kTogether> keys;
        std::uint32_t maybe = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Probe& probe = probes_[first + i];
            if (probe.length > prefixes.count) continue;
            keys[i] = probe.rank | prefixes.keys[probe.length];
            // A slot is mostly further away than the filter; asked for now, it comes meanwhile.
            prefetch_line(&slots_[place_of(keys[i], slots_.size())]);
            maybe |= std::uint32_t{may_have(keys[i])} << i;
        }
        for (; maybe != 0; maybe &= maybe - 1) {
            const Slot* found = slot(keys[static_cast<std::size_t>(std::countr_zero(maybe))]);
            if (found == nullptr) continue;
            if (const RateRow* row = choose(*found, when, calling)) return row;
        }
    }
    return nullptr;
}

const RateRow* Deck::row(std::uint64_t key, Instant when) const {
    if (key == 0) return nullptr;  // no network; also how empty slots look
    std::uint64_t wanted = key;
    if (key >= kItemBit) {
        const auto known = slot_of_.find(key);
        if (known == slot_of_.end()) return nullptr;
        wanted = known->second;
    }
    const Slot* found = slots_.empty() ? nullptr : slot(wanted);
    if (found == nullptr) return nullptr;
    if (found->period != kManyRows)
        return rows_[found->at].key == key ? choose(*found, when, {}) : nullptr;
    for (std::size_t i = found->at;; ++i) {
        if (rows_[spans_[i].first].key == key) return valid(spans_[i], when);
        if (!spans_[i].more) return nullptr;
    }
}

std::string_view Deck::origin_of(const RateRow& row) const {
    return row.origin == 0 ? std::string_view() : std::string_view(origins_[row.origin - 1].name);
}

}  // namespace farthing::catalog
