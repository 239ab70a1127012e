// What readers of the formats share: a record as views of its mapped fields, each in a slot
// that is resolved once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "mediation/decode.h"
#include "mediation/feed.h"
#include "model/outcome.h"

namespace farthing::mediation {

// One record as it was found. `fault` says that it could not be taken apart; its fields mean
// nothing then.
struct RecordView {
    std::int64_t line = 0;
    std::string_view raw;
    SuspenseReason fault = SuspenseReason::none;
};

// A record that could be taken apart: its fields by slot, and its row of the chunk.
struct Row {
    std::string_view* fields = nullptr;
    std::size_t row = 0;
};

// Records side by side: they are mapped column by column, so that what the feed asks of each field
// is decided once for all of them.
class RecordBlock {
  public:
    static constexpr std::size_t kRecords = 64;

    explicit RecordBlock(std::size_t slots) : slots_(slots), fields_(slots * kRecords) {}
    RecordView& record(std::size_t i) { return records_[i]; }
    std::string_view* fields(std::size_t i) { return fields_.data() + i * slots_; }

  private:
    std::array<RecordView, kRecords> records_;
    std::size_t slots_;
    std::vector<std::string_view> fields_;
};

// Text that normalisation builds (quotes undone, numbers rewritten) until the next chunk.
class Arena {
  public:
    char* take(std::size_t size) {
        if (size > left_) refill(size);
        char* begin = at_;
        at_ += size;
        left_ -= size;
        return begin;
    }
    void give_back(std::size_t size) {  // the tail of the last take
        at_ -= size;
        left_ += size;
    }
    std::string_view copy(std::string_view text) {
        char* begin = take(text.size());
        if (!text.empty()) std::memcpy(begin, text.data(), text.size());
        return {begin, text.size()};
    }
    // Begins a new round. What was taken lives for kRoundsKept rounds more, so that chunks can be
    // read while later ones are decoded.
    void clear() {
        round_ += 1;
        std::erase_if(blocks_,
                      [&](const Block& block) { return block.round + kRoundsKept < round_; });
        at_ = nullptr;
        left_ = 0;
    }

  private:
    static constexpr std::uint64_t kRoundsKept = kChunksAhead + 2;
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::uint64_t round = 0;
    };
    void refill(std::size_t size) {
        constexpr std::size_t kBlock = std::size_t{1} << 18;
        const std::size_t room = std::max(size, kBlock);
        blocks_.push_back({std::make_unique_for_overwrite<char[]>(room), round_});
        at_ = blocks_.back().bytes.get();
        left_ = room;
    }
    std::uint64_t round_ = 0;
    std::vector<Block> blocks_;
    char* at_ = nullptr;
    std::size_t left_ = 0;
};

// Slot 0 is the field that the feed does not map: always empty.
using Slot = std::uint16_t;
constexpr Slot kNoSlot = 0;

// The mapped fields, each once, and which of them is what.
struct FieldMap {
    explicit FieldMap(const Feed& feed);

    std::vector<FieldRef> refs;  // by slot
    // Slots a reader fills, and one more that takes what nobody asked for.
    std::size_t slots() const { return refs.size() + 1; }
    Slot unwanted() const { return static_cast<Slot>(refs.size()); }
    Slot slot_of(const FieldRef& ref) const;
    Slot add(const FieldRef& ref);

    Slot id, service, start, end, start_clock, end_clock, duration, answered, network, mcc, mnc,
        called, calling, carrier, amount, parts, digest;
    std::array<Slot, 2> keep;
    std::vector<Slot> guide;        // by rule
    std::vector<Slot> filters;      // by rule
    std::vector<Slot> same_record;  // of same_record_fields
    std::vector<Slot> session;      // of partials.by_fields
    Slot charging_id;
    Slot rating_group;
    Slot last_part;
    std::vector<Slot> quantities;             // of every service, for sums over a file
    Slot subscription, number, action, date;  // inventory
};

// "column energy_j", "field data.energy", "characters 21-22", "column 4".
std::string describe(const FieldRef& ref, FormatKind format);

inline bool is_blank(char c) {
    return c == ' ' || c == '\t';
}
std::string_view without_blanks_around(std::string_view text);
inline std::string_view trimmed(std::string_view text) {  // hardly a field has any
    if (text.empty() || (!is_blank(text.front()) && !is_blank(text.back()))) return text;
    return without_blanks_around(text);
}
// A line without the carriage return that some systems end it with.
inline std::string_view without_return(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}
// The line at `cursor`, which moves on to the next one. REQUIRES: cursor is not at the end.
inline std::string_view take_line(const char*& cursor, const char* end) {
    const char* const begin = cursor;
    const void* found = std::memchr(begin, '\n', static_cast<std::size_t>(end - begin));
    const char* const newline = found == nullptr ? end : static_cast<const char*>(found);
    cursor = newline == end ? end : newline + 1;
    return without_return({begin, newline});
}
// The bytes after the byte order mark that some editors write.
inline std::string_view without_mark(std::string_view bytes) {
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    return bytes;
}

}  // namespace farthing::mediation
