// Windows that are no sum of what files hold: worth the greatest of their parts, the last of them,
// or how many different values they have. What a record adds depends on what its window came to
// before; it is less than nothing where a later one is smaller. Pure; `engine/grown_windows.h`
// reads back what that was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "mediation/windows.h"

namespace farthing::mediation {

// So many different values of a window are kept, at most.
constexpr std::int64_t kWindowValuesMax = 65'536;

class WindowGrowth {
  public:
    // REQUIRES: as of Windows.
    WindowGrowth(const Feed& feed, const catalog::Version& meters) : windows_(feed, meters) {}

    bool grows(MeterId meter) const { return windows_.grows(meter); }
    WindowFunction function(MeterId meter) const { return windows_.function(meter); }
    // Its `growth` is what the window came to so far; of `last`, its `last` is when, once it has
    // parts. Valid until the next call.
    Window& of(const UsageChunk& chunk, std::size_t row) { return windows_.of(chunk, row); }
    // The record's window; null: it was not met.
    Window* find(const UsageChunk& chunk, std::size_t row) {
        return windows_.find(windows_.key_of(chunk, row));
    }
    // In the order in which they were met.
    const std::vector<Window>& all() const { return windows_.all(); }
    std::uint32_t index_of(const Window& window) const {
        return static_cast<std::uint32_t>(&window - windows_.all().data());
    }
    // What the record adds to its window; none: it has one value more than are kept.
    // REQUIRES: its meter grows, as everywhere here.
    std::optional<std::int64_t> growth(const UsageChunk& chunk, std::size_t row);
    // Adds it. REQUIRES: that it adds something known.
    void add(const UsageChunk& chunk, std::size_t row);
    // Adds what a chargeable record, which ends then, says of earlier parts: all that `max` and
    // `last` need of them.
    void add_charged(Window& window, Instant end, std::int64_t quantity) const;

  private:
    struct Value {
        std::uint32_t window = 0;
        std::uint64_t value = 0;
        bool operator==(const Value&) const = default;
    };
    struct ValueHash {
        std::size_t operator()(const Value& of) const { return mix64(of.window, of.value); }
    };
    // Its value, or what would be the number of its text; none: the record has none.
    std::optional<std::uint64_t> value_of(const UsageChunk& chunk, std::size_t row);
    std::uint64_t number_of(std::string_view text);
    bool is_newer(const Window& window, const UsageChunk& chunk, std::size_t row) const;

    Windows windows_;
    std::unordered_set<Value, ValueHash> values_;
    std::unordered_map<std::string, std::uint64_t> numbers_;  // of texts
    std::string text_;                                        // reused
};

}  // namespace farthing::mediation
