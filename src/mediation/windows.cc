#include "mediation/windows.h"

#include <algorithm>
#include <utility>

namespace farthing::mediation {

namespace {

constexpr std::size_t kSlotsMin = 1024;

bool same(const Window& a, const Window& b) {
    return a.owner == b.owner && a.start == b.start && a.meter == b.meter &&
           a.network == b.network && a.called == b.called && a.calling == b.calling;
}

}  // namespace

Windows::Windows(const Feed& feed, const catalog::Version& meters) : feed_(feed) {
    for (const catalog::Meter& meter : meters.meters) {
        quantities_.resize(std::max(quantities_.size(), std::size_t{meter.id.value} + 1));
        Quantity& quantity = quantities_[meter.id.value] = feed.aggregation.of(meter.name);
        // An edge has counted: what it sends is the number.
        if (feed.sent_by_edge() && quantity == Quantity::count) quantity = Quantity::sum;
    }
}

Instant Windows::window_of(Instant when) {
    const Feed::Aggregation& rules = feed_.aggregation;
    if (!offset_span_.contains(when)) {
        offset_span_ = rules.zone.offset_span(when);
        offset_micros_ = rules.zone.offset_seconds(when) * kMicrosPerSecond;
    }
    const std::int64_t into = (when.micros + offset_micros_) % rules.window_micros;
    return {when.micros - into - (into < 0 ? rules.window_micros : 0)};
}

// No window goes over a change of the clock: one that it begins within begins there.
Instant Windows::charged_at(MeterId meter, Instant part) {
    if (function(meter) != WindowFunction::last) return part;
    const Instant start = window_of(part);
    return std::max(start, offset_span_.start);
}

Period Windows::span(const Window& window) {
    const bool last = function(window.meter) == WindowFunction::last;
    return {charged_at(window.meter, window.first),
            last ? when(window.last, window.end) : std::max(window.last, window.end)};
}

Window Windows::key_of(const UsageChunk& chunk, std::size_t row) {
    const Feed::Aggregation& rules = feed_.aggregation;
    Window key;
    key.owner = chunk.subscription[row];
    key.meter = chunk.meter[row];
    key.start = window_of(chunk.start[row]);
    if (rules.by_network) key.network = chunk.network[row];
    if (rules.by_called) key.called = chunk.called[row];
    if (rules.by_calling) key.calling = chunk.calling[row];
    return key;
}

std::uint64_t Windows::hash_of(const Window& window) {
    std::uint64_t hash = mix64(window.owner.value, static_cast<std::uint64_t>(window.start.micros));
    hash = mix64(hash, (std::uint64_t{window.meter.value} << 32) | window.network.value);
    if (!window.called.empty()) hash = mix64(hash, hash64(window.called));
    if (!window.calling.empty()) hash = mix64(hash, hash64(window.calling) + 1);
    return hash;
}

std::string_view Windows::kept(std::string_view text) {
    if (text.empty()) return {};
    return texts_.emplace_back(text);
}

std::size_t Windows::slot_of(const Window& key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_of(key) & mask;
    while (slots_[at] != 0 && !same(windows_[slots_[at] - 1], key)) at = (at + 1) & mask;
    return at;
}

Window* Windows::find(const Window& key) {
    if (slots_.empty()) return nullptr;
    const std::uint32_t found = slots_[slot_of(key)];
    return found == 0 ? nullptr : &windows_[found - 1];
}

Window& Windows::of(const UsageChunk& chunk, std::size_t row) {
    if (windows_.size() * 2 >= slots_.size()) rehash(std::max(kSlotsMin, slots_.size() * 2));
    Window key = key_of(chunk, row);
    const std::size_t at = slot_of(key);
    if (slots_[at] != 0) return windows_[slots_[at] - 1];
    key.called = kept(key.called);
    key.calling = kept(key.calling);
    windows_.push_back(key);
    slots_[at] = static_cast<std::uint32_t>(windows_.size());
    return windows_.back();
}

void Windows::compact() {
    const std::deque<std::string> before = std::exchange(texts_, {});
    for (Window& window : windows_) {
        window.called = kept(window.called);
        window.calling = kept(window.calling);
    }
}

void Windows::put(Window window) {
    window.called = kept(window.called);
    window.calling = kept(window.calling);
    windows_.push_back(window);
    if (windows_.size() * 2 >= slots_.size()) return rehash(std::max(kSlotsMin, slots_.size() * 2));
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash_of(window) & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(windows_.size());
}

void Windows::add(Window& window, const UsageChunk& chunk, std::size_t row, std::uint64_t hash) {
    const Instant at = chunk.start[row];
    const std::int64_t line = chunk.line[row];
    const bool is_first =
        window.parts == 0 || at < window.first || (at == window.first && line < window.line);
    if (is_first) {
        window.first = at;
        window.line = line;
        for (std::size_t i = 0; i < chunk.reading.size(); ++i)
            window.reading[i] = chunk.reading[i][row];
    }
    window.last = window.parts == 0 ? at : std::max(window.last, at);
    window.end = window.parts == 0 ? chunk.end[row] : std::max(window.end, chunk.end[row]);
    window.parts += 1;
    window.sum += chunk.quantity[row];
    window.digest += hash;
}

void Windows::rehash(std::size_t slots) {
    slots_.assign(slots, 0);
    if (slots == 0) return;
    const std::size_t mask = slots - 1;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
        std::size_t at = hash_of(windows_[i]) & mask;
        while (slots_[at] != 0) at = (at + 1) & mask;
        slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

void Windows::clear() {
    windows_.clear();
    texts_.clear();
    std::ranges::fill(slots_, 0);
}

}  // namespace farthing::mediation
