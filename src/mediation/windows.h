// Aggregation: the records of one owner, service and window of time become one chargeable record,
// which names its parts: how many, first, last, sum and digest. Pure: which window a record belongs
// to follows from the record and the feed alone.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/snapshot.h"
#include "mediation/feed.h"
#include "model/batch.h"
#include "model/usage.h"

namespace farthing::mediation {

struct Window {
    // What keeps it apart from others.
    SubscriptionId owner;
    MeterId meter;
    NetworkKey network;
    Instant start;
    std::string_view called;
    std::string_view calling;

    // Its parts.
    Instant first;  // event times
    Instant last;
    Instant end;                       // the latest end of a part
    std::int64_t line = 0;             // of the first part
    std::int64_t reading[2] = {0, 0};  // likewise
    std::int64_t parts = 0;
    std::int64_t sum = 0;     // of their quantities
    std::int64_t growth = 0;  // where it is no sum of them: what they add to what it came to
    std::uint64_t digest = 0;

    // For whoever prices windows: why none of it can be charged, and up to which sum it can.
    SuspenseReason refused = SuspenseReason::none;
    std::int64_t priced_up_to = -1;
};

// What stands for a record in the digest of its window: what it says, and its line.
constexpr std::uint64_t part_hash(std::uint64_t content, std::int64_t line) {
    return mix64(content, static_cast<std::uint64_t>(line));
}

class Windows {
  public:
    // REQUIRES: the feed aggregates and outlives it; `meters` name its services.
    Windows(const Feed& feed, const catalog::Version& meters);

    // The window of a record, made where there is none. Valid until the next call.
    Window& of(const UsageChunk& chunk, std::size_t row);
    // The one that these keep apart from others; null: there is none.
    Window* find(const Window& key);
    // What the record's window is kept by.
    Window key_of(const UsageChunk& chunk, std::size_t row);
    // The start of the window that holds `when`.
    Instant window_of(Instant when);
    // Makes the record a part of it, under the hash that stands for it. REQUIRES: its sum stays
    // within 64 bits.
    static void add(Window& window, const UsageChunk& chunk, std::size_t row, std::uint64_t hash);
    // What is charged of a window with those parts.
    std::int64_t quantity(const Window& window) const {
        return quantity(window.meter, window.parts, window.sum, window.growth);
    }
    std::int64_t quantity(MeterId meter, std::int64_t parts, std::int64_t sum,
                          std::int64_t growth) const {
        const Quantity function = quantity_of(meter);
        if (function == Quantity::sum) return sum;
        return function == Quantity::count ? parts : growth;
    }
    // The event time by which a window of that meter is charged that has a part then. Of `last` it
    // is one for all parts, the first instant of the window: its records move the same segment of a
    // counter, whatever was published between them, and what one gives back is there.
    Instant charged_at(MeterId meter, Instant part);
    // When the chargeable record of those parts begins and ends; of `last`, with the part that
    // counts.
    Period span(const Window& window);
    WindowFunction function(MeterId meter) const { return Rules::function(quantity_of(meter)); }
    // When a part was: an edge tells the time of the one that counts as its end.
    Instant when(Instant start, Instant end) const { return feed_.sent_by_edge() ? end : start; }
    // Whether that part of then counts instead of the window's last one, which came to `growth`.
    // Of two at one time the greater does, so that the order in which they come says nothing.
    static bool is_newer(const Window& window, Instant when, std::int64_t quantity) {
        return window.parts == 0 || when > window.last ||
               (when == window.last && quantity > window.growth);
    }
    // Of the parts of a window: where they are not summed, the sum is told and not charged.
    std::int64_t sum_max(MeterId meter) const {
        return grows(meter) ? std::numeric_limits<std::int64_t>::max() : kQuantityMax;
    }
    bool grows(MeterId meter) const { return Rules::grows(quantity_of(meter)); }
    using Rules = Feed::Aggregation;
    using Quantity = Rules::Quantity;
    Quantity quantity_of(MeterId meter) const {
        return meter.value < quantities_.size() ? quantities_[meter.value] : Quantity::sum;
    }

    const std::vector<Window>& all() const { return windows_; }
    bool empty() const { return windows_.empty(); }
    void clear();
    // Takes out the windows that `leaves` says. REQUIRES: their texts are read before the next
    // clear.
    template <class Leaves>
    std::vector<Window> take(Leaves leaves) {
        std::vector<Window> taken;
        std::vector<Window> kept;
        for (const Window& window : windows_) (leaves(window) ? taken : kept).push_back(window);
        windows_ = std::move(kept);
        rehash(slots_.size());
        return taken;
    }
    // Forgets the texts of windows that were taken out.
    void compact();
    // Puts back a window as it stood, with texts that it keeps itself.
    void put(Window window);

  private:
    static std::uint64_t hash_of(const Window& window);
    // Where it stands, or would.
    std::size_t slot_of(const Window& key) const;
    std::string_view kept(std::string_view text);
    void rehash(std::size_t slots);

    const Feed& feed_;
    std::vector<Quantity> quantities_;  // by meter
    std::int64_t offset_micros_ = 0;    // of the local clock within `offset_span_`
    Period offset_span_{Instant::max(), Instant::max()};
    std::vector<Window> windows_;
    std::vector<std::uint32_t> slots_;  // open addressing, at most half full; index + 1, 0: empty
    std::deque<std::string> texts_;     // called and calling numbers
};

}  // namespace farthing::mediation
