// The stored form of what one batch added to a feed's dedup state. The bytes are described in
// dedup_segment.cc.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil.h"
#include "base/error.h"
#include "base/hash.h"

namespace farthing::mediation {

enum class SegmentKind : std::uint8_t { slots = 1, keys, numbers };

constexpr std::size_t kWordBits = 64;  // of a bitmap of slots
// Slots that follow each other.
struct SlotRun {
    std::size_t first = 0;
    std::size_t length = 0;
};
std::vector<SlotRun> runs_of(std::span<const std::uint64_t> words);

struct StoredKey {
    Hash128 key;
    std::uint64_t content = 0;
    constexpr auto operator<=>(const StoredKey&) const = default;
};

// The bytes of a segment, some at a time: of keys by the million one day stands in order while the
// one before is written.
class SegmentBytes {
  public:
    // The next ones; empty: that was all. They stand until the next but one are asked for.
    std::string_view next();
    std::string all();  // where `next` was not asked

  private:
    friend class SegmentWriter;
    struct Day {
        Date day;
        std::string body;
        std::size_t keys = 0;  // instead of a body
        std::function<void(std::vector<StoredKey>&)> tell;
        std::size_t size() const { return body.size() + keys * sizeof(StoredKey); }
    };
    std::string_view day_at(std::size_t at);

    std::string head_;
    std::vector<Day> days_;
    std::size_t told_ = 0;  // the head, days, and the checksum
    std::array<std::vector<StoredKey>, 2> keys_;
    Hash64 hash_;
    std::string checksum_;
};

// `rule` stands for how the feed tells duplicates; keys of different rules can't be compared.
class SegmentWriter {
  public:
    // `takes_back`: the keys stand no more, since the files that brought them were taken back.
    SegmentWriter(SegmentKind kind, std::uint64_t rule, bool takes_back = false)
        : kind_(kind), rule_(rule), takes_back_(takes_back) {}
    // REQUIRES: days ascend.
    void add_day(Date day, std::string body) { days_.push_back({day, std::move(body), 0, {}}); }
    // Likewise; `tell` fills in so many keys, which ascend. It is asked when the day's bytes are.
    using TellKeys = std::function<void(std::vector<StoredKey>& keys)>;
    void add_keys(Date day, std::size_t keys, TellKeys tell) {
        days_.push_back({day, {}, keys, std::move(tell)});
    }
    SegmentBytes finish();  // once

  private:
    SegmentKind kind_;
    std::uint64_t rule_;
    bool takes_back_;
    std::vector<SegmentBytes::Day> days_;
};

class SegmentReader {
  public:
    struct Day {
        Date day;
        std::string_view body;
    };
    // Checks checksum, kind, rule and day list. Views point into `bytes`. `path` is told in errors.
    static Result<SegmentReader> open(std::string_view bytes, SegmentKind kind, std::uint64_t rule,
                                      const std::string& path);
    std::span<const Day> days() const { return days_; }
    const Day* day(Date day) const;  // nullptr: nothing of that day
    bool takes_back() const { return takes_back_; }

  private:
    std::vector<Day> days_;
    bool takes_back_ = false;
};

// The body of one day of slots: bitmaps by ascending subscription.
class SlotsBody {
  public:
    // REQUIRES: subscriptions ascend, from 1; `words` has a bit set.
    void add(std::uint32_t subscription, std::span<const std::uint64_t> words);
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
    std::uint32_t last_ = 0;
};
using TakeSlots =
    std::function<void(std::uint32_t subscription, std::span<const std::uint64_t> words)>;
// `slots`: how many a day has.
Result<void> read_slots(std::string_view body, std::size_t slots, const TakeSlots& take);

// Numbers that follow each other.
struct NumberRun {
    std::int64_t first = 0;
    std::int64_t length = 0;
    constexpr std::int64_t end() const { return first + length; }
    constexpr auto operator<=>(const NumberRun&) const = default;
};
constexpr std::int64_t kNumberMax = std::int64_t{1} << 61;

// The body of one day of numbers: runs by ascending owner.
class NumbersBody {
  public:
    // REQUIRES: owners ascend, from 1; runs ascend, do not touch, and hold numbers from 0 to
    // kNumberMax; there is one.
    void add(std::uint32_t owner, std::span<const NumberRun> runs);
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
    std::uint32_t last_ = 0;
};
using TakeNumbers = std::function<void(std::uint32_t owner, const NumberRun& run)>;
Result<void> read_numbers(std::string_view body, const TakeNumbers& take);

// The body of one day of keys.
using TakeKey = std::function<void(const StoredKey& key)>;
Result<void> read_keys(std::string_view body, const TakeKey& take);

}  // namespace farthing::mediation
