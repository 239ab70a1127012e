#include "mediation/window_growth.h"

#include <algorithm>

namespace farthing::mediation {

std::uint64_t WindowGrowth::number_of(std::string_view text) {
    text_.assign(text);
    return numbers_.try_emplace(text_, numbers_.size()).first->second;
}

std::optional<std::uint64_t> WindowGrowth::value_of(const UsageChunk& chunk, std::size_t row) {
    using Quantity = Feed::Aggregation::Quantity;
    static_assert(kIdentityKindNames.size() <= 8);
    const auto number = [](std::int64_t value) -> std::optional<std::uint64_t> {
        if (value == 0) return std::nullopt;
        return static_cast<std::uint64_t>(value);
    };
    const auto text = [&](std::string_view value) -> std::optional<std::uint64_t> {
        if (value.empty()) return std::nullopt;
        return number_of(value);
    };
    switch (windows_.quantity_of(chunk.meter[row])) {
        case Quantity::distinct_network: return number(chunk.network[row].value);
        case Quantity::distinct_called: return text(chunk.called[row]);
        case Quantity::distinct_calling: return text(chunk.calling[row]);
        case Quantity::distinct_identity:
            if (chunk.identity[row].empty()) return std::nullopt;
            return number_of(chunk.identity[row]) << 3 |
                   static_cast<std::uint64_t>(chunk.identity_kind[row]);
        case Quantity::distinct_reading_1: return number(chunk.reading[0][row]);
        case Quantity::distinct_reading_2: return number(chunk.reading[1][row]);
        case Quantity::sum:
        case Quantity::count:
        case Quantity::max:
        case Quantity::last: break;
    }
    return std::nullopt;
}

std::optional<std::int64_t> WindowGrowth::growth(const UsageChunk& chunk, std::size_t row) {
    const Window& window = of(chunk, row);
    const std::int64_t more = chunk.quantity[row] - window.growth;
    const WindowFunction function = this->function(window.meter);
    if (function == WindowFunction::max) return std::max<std::int64_t>(0, more);
    if (function == WindowFunction::last) return is_newer(window, chunk, row) ? more : 0;
    const auto value = value_of(chunk, row);
    if (!value || values_.contains({index_of(window), *value})) return 0;
    if (window.growth >= kWindowValuesMax) return std::nullopt;
    return 1;
}

void WindowGrowth::add(const UsageChunk& chunk, std::size_t row) {
    Window& window = of(chunk, row);
    const WindowFunction function = this->function(window.meter);
    if (function == WindowFunction::max) {
        window.growth = std::max(window.growth, chunk.quantity[row]);
    } else if (function == WindowFunction::last) {
        if (is_newer(window, chunk, row)) {
            window.last = windows_.when(chunk.start[row], chunk.end[row]);
            window.growth = chunk.quantity[row];
        }
        window.parts += 1;
    } else if (const auto value = value_of(chunk, row)) {
        if (values_.insert({index_of(window), *value}).second) window.growth += 1;
    }
}

void WindowGrowth::add_charged(Window& window, Instant end, std::int64_t quantity) const {
    const WindowFunction function = this->function(window.meter);
    if (function != WindowFunction::max && function != WindowFunction::last) return;
    window.growth += quantity;
    window.last = window.parts == 0 ? end : std::max(window.last, end);
    window.parts += 1;
}

bool WindowGrowth::is_newer(const Window& window, const UsageChunk& chunk, std::size_t row) const {
    const Instant when = windows_.when(chunk.start[row], chunk.end[row]);
    return Windows::is_newer(window, when, chunk.quantity[row]);
}

}  // namespace farthing::mediation
