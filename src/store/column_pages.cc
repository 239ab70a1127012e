#include "store/column_pages.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace farthing::store {

namespace {

constexpr std::size_t kBlock = 128;  // values of a delta block, in
constexpr std::size_t kMiniBlocks = 4;
constexpr std::size_t kMini = kBlock / kMiniBlocks;
constexpr std::size_t kVarintMax = 10;
constexpr std::size_t kDictionaryMax = 16 * 1024;

// Values of some bits each, the first in the lowest ones.
struct Bits {
    char* at;
    std::uint64_t word = 0;
    unsigned used = 0;

    // REQUIRES: the value fits in `width` bits.
    void add(std::uint64_t value, unsigned width) {
        word |= value << used;
        used += width;
        if (used < 64) return;
        std::memcpy(at, &word, sizeof word);
        at += sizeof word;
        used -= 64;
        word = used == 0 ? 0 : value >> (width - used);
    }
    // The end; up to 8 bytes beyond are written. REQUIRES: all bits together are whole bytes.
    char* end() {
        std::memcpy(at, &word, sizeof word);
        return at + used / 8;
    }
};
// The width is known where this is compiled, so that all shifts are.
template <unsigned width, class U>
char* pack_mini(const U* values, char* to) {
    Bits bits{to};
#pragma GCC unroll 32
    for (std::size_t i = 0; i < kMini; ++i) bits.add(values[i], width);
    return bits.end();
}
template <class U, unsigned... widths>
constexpr auto packers_of(std::integer_sequence<unsigned, widths...>) {
    return std::array{&pack_mini<widths, U>...};
}
// By width.
template <class U>
constexpr auto kPackers = packers_of<U>(std::make_integer_sequence<unsigned, sizeof(U) * 8 + 1>());

// Bytes written into room that was taken before.
class Out {
  public:
    explicit Out(std::size_t room) {
        bytes_.resize_and_overwrite(room, [](char*, std::size_t size) { return size; });
        at_ = bytes_.data();
    }
    void byte(std::uint8_t value) { *at_++ = static_cast<char>(value); }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
        byte(static_cast<std::uint8_t>(value));
    }
    void zigzag(std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        varint((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0));
    }
    // REQUIRES: each value fits in `width` bits, all are whole bytes, 8 bytes of room beyond.
    void packed(const std::uint32_t* values, std::size_t count, unsigned width) {
        Bits bits{at_};
        for (std::size_t i = 0; i < count; ++i) bits.add(values[i], width);
        at_ = bits.end();
    }
    // Values of a mini block that fit in `width` bits. REQUIRES: 8 bytes of room beyond.
    template <class U>
    void mini(const U* values, unsigned width) {
        at_ = kPackers<U>[width](values, at_);
    }
    std::string take() {
        bytes_.resize(static_cast<std::size_t>(at_ - bytes_.data()));
        return std::move(bytes_);
    }

  private:
    std::string bytes_;
    char* at_ = nullptr;
};

void head(Out& out, std::size_t block, std::size_t values, std::int64_t first) {
    out.varint(block);
    out.varint(kMiniBlocks);
    out.varint(values);
    out.zigzag(first);
}

// One block: the least difference, the widths of what is above it, and that. Of a whole block the
// count is a constant, so that its loops become steps of several values.
template <class T, class Count>
void delta_block(const T* before, Count count, Out& out) {
    using U = std::make_unsigned_t<T>;
    std::array<U, kBlock> deltas;
    T least = std::numeric_limits<T>::max();
    for (std::size_t i = 0; i < count; ++i) {
        deltas[i] = static_cast<U>(before[i + 1]) - static_cast<U>(before[i]);
        least = std::min(least, static_cast<T>(deltas[i]));
    }
    for (std::size_t i = 0; i < count; ++i) deltas[i] -= static_cast<U>(least);
    std::fill(deltas.begin() + static_cast<std::ptrdiff_t>(count), deltas.end(), U{0});
    out.zigzag(least);
    std::array<unsigned, kMiniBlocks> widths{};
    for (std::size_t mini = 0; mini < kMiniBlocks; ++mini) {
        U all = 0;
        for (std::size_t i = 0; i < kMini; ++i) all |= deltas[mini * kMini + i];
        widths[mini] = static_cast<unsigned>(std::bit_width(all));
        out.byte(static_cast<std::uint8_t>(widths[mini]));
    }
    for (std::size_t mini = 0; mini < kMiniBlocks; ++mini) {
        if (widths[mini] > 0) out.mini(deltas.data() + mini * kMini, widths[mini]);
    }
}

template <class T>
std::string delta(std::span<const T> values) {
    const std::size_t blocks = values.size() / kBlock + 1;
    Out out(kVarintMax * 4 + blocks * (kVarintMax + kMiniBlocks + kBlock * sizeof(T)) + 8);
    head(out, kBlock, values.size(), values.empty() ? 0 : values.front());
    constexpr std::integral_constant<std::size_t, kBlock> kWhole;
    std::size_t at = 0;
    for (; at + kBlock < values.size(); at += kBlock) delta_block(values.data() + at, kWhole, out);
    if (at + 1 < values.size()) delta_block(values.data() + at, values.size() - 1 - at, out);
    return out.take();
}

// Numbers values in the order in which they first appear.
template <class T>
class Numbering {
  public:
    Numbering() : slots_(64) {}
    std::uint32_t number_of(T value) {
        Slot* slot = place_of(value);
        if (slot->number != 0) return slot->number - 1;
        values_.push_back(value);
        slot->value = value;
        slot->number = static_cast<std::uint32_t>(values_.size());
        if (values_.size() * 2 > slots_.size()) grow();
        return static_cast<std::uint32_t>(values_.size() - 1);
    }
    const std::vector<T>& values() const { return values_; }

  private:
    struct Slot {
        T value{};
        std::uint32_t number = 0;  // + 1; 0: free
    };
    Slot* place_of(T value) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = mix64(0, static_cast<std::uint64_t>(value)) & mask;
        while (slots_[at].number != 0 && slots_[at].value != value) at = (at + 1) & mask;
        return &slots_[at];
    }
    void grow() {
        slots_.assign(slots_.size() * 4, {});
        for (std::size_t i = 0; i < values_.size(); ++i)
            *place_of(values_[i]) = {values_[i], static_cast<std::uint32_t>(i + 1)};
    }
    std::vector<Slot> slots_;
    std::vector<T> values_;
};

std::size_t run_at(std::span<const std::uint32_t> places, std::size_t at) {
    std::size_t end = at + 1;
    while (end < places.size() && places[end] == places[at]) ++end;
    return end - at;
}

// Runs of eight and more as runs, what lies between packed in groups of eight.
std::string hybrid(std::vector<std::uint32_t>& places, std::uint32_t entries) {
    constexpr std::size_t kGroup = 8;
    const auto width = static_cast<unsigned>(std::bit_width(entries - 1));
    const std::size_t count = places.size();
    places.resize(count + kGroup);  // the last group, wherever it begins, is filled up
    const std::span<const std::uint32_t> real = std::span(places).first(count);
    Out out(1 + count * (width + 1) / 8 + count / kGroup * 5 + 64);
    out.byte(static_cast<std::uint8_t>(width));
    std::size_t at = 0;
    while (at < count) {
        const std::size_t run = run_at(real, at);
        if (run >= kGroup) {
            out.varint(std::uint64_t{run} << 1);
            for (unsigned bits = 0; bits < width; bits += 8)
                out.byte(static_cast<std::uint8_t>(real[at] >> bits));
            at += run;
            continue;
        }
        const std::size_t first = at;
        do at += kGroup;
        while (at < count && run_at(real, at) < kGroup);
        out.varint(std::uint64_t{(at - first) / kGroup} << 1 | 1);
        out.packed(places.data() + first, at - first, width);
    }
    return out.take();
}

std::string with_size(const std::string& levels) {
    const auto size = static_cast<std::uint32_t>(levels.size());
    return std::string(reinterpret_cast<const char*>(&size), sizeof size) + levels;
}

std::string level_run(std::size_t rows, std::uint8_t level) {
    Out run(kVarintMax + 1);
    run.varint(std::uint64_t{rows} << 1);
    run.byte(level);
    return with_size(run.take());
}

// How many bytes two texts begin with alike.
std::size_t shared_with(std::string_view a, std::string_view b) {
    const std::size_t most = std::min(a.size(), b.size());
    std::size_t same = 0;
    while (same + 8 <= most) {
        std::uint64_t of_a = 0;
        std::uint64_t of_b = 0;
        std::memcpy(&of_a, a.data() + same, 8);
        std::memcpy(&of_b, b.data() + same, 8);
        if (of_a != of_b) return same + static_cast<std::size_t>(std::countr_zero(of_a ^ of_b)) / 8;
        same += 8;
    }
    while (same < most && a[same] == b[same]) ++same;
    return same;
}

template <class T>
DictionaryPages dictionary(std::span<const T> values) {
    DictionaryPages pages;
    const std::size_t most = std::min(kDictionaryMax, values.size() / 4);
    Numbering<T> numbering;
    std::vector<std::uint32_t> places(values.size());
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (i == 0 || values[i] != values[i - 1]) {
            last = numbering.number_of(values[i]);
            if (last >= most) return pages;
        }
        places[i] = last;
    }
    pages.entries = static_cast<std::uint32_t>(numbering.values().size());
    if (pages.entries < 2) return {};
    pages.dictionary.assign(reinterpret_cast<const char*>(numbering.values().data()),
                            numbering.values().size() * sizeof(T));
    pages.places = hybrid(places, pages.entries);
    return pages;
}

}  // namespace

std::string delta_page(std::span<const std::int32_t> values) {
    return delta(values);
}
std::string delta_page(std::span<const std::int64_t> values) {
    return delta(values);
}

std::string constant_page(std::int64_t value, std::size_t rows) {
    Out out(kVarintMax * 5 + kMiniBlocks);
    const std::size_t block = std::max<std::size_t>(1, (rows + kBlock - 1) / kBlock) * kBlock;
    head(out, block, rows, value);
    if (rows > 1) {
        out.zigzag(0);
        for (std::size_t mini = 0; mini < kMiniBlocks; ++mini) out.byte(0);
    }
    return out.take();
}

DictionaryPages dictionary_pages(std::span<const std::int32_t> values) {
    return dictionary(values);
}
DictionaryPages dictionary_pages(std::span<const std::int64_t> values) {
    return dictionary(values);
}

std::string null_levels(std::size_t rows) {
    return level_run(rows, 0);
}

std::string levels_of(std::span<const std::string_view> texts) {
    std::vector<std::uint32_t> levels(texts.size());
    bool all = true;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        levels[i] = texts[i].empty() ? 0 : 1;
        all = all && levels[i] == 1;
    }
    return all ? level_run(texts.size(), 1) : with_size(hybrid(levels, 2).substr(1));
}

std::string delta_text_page(std::span<const std::string_view> texts) {
    std::vector<std::int32_t> shared, rest;
    shared.reserve(texts.size());
    rest.reserve(texts.size());
    std::string tails;
    std::string_view before;
    for (const std::string_view text : texts) {
        if (text.empty()) continue;
        const std::size_t same = shared_with(before, text);
        shared.push_back(static_cast<std::int32_t>(same));
        rest.push_back(static_cast<std::int32_t>(text.size() - same));
        tails += text.substr(same);
        before = text;
    }
    std::string page = delta_page(shared);
    page += delta_page(rest);
    page += tails;
    return page;
}

}  // namespace farthing::store
