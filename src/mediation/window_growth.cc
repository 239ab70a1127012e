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
        case Quantity::max: break;
    }
    return std::nullopt;
}

std::optional<std::int64_t> WindowGrowth::growth(const UsageChunk& chunk, std::size_t row) {
    const Window& window = of(chunk, row);
    if (function(window.meter) == WindowFunction::max)
        return std::max<std::int64_t>(0, chunk.quantity[row] - window.growth);
    const auto value = value_of(chunk, row);
    if (!value || values_.contains({index_of(window), *value})) return 0;
    if (window.growth >= kWindowValuesMax) return std::nullopt;
    return 1;
}

void WindowGrowth::add(const UsageChunk& chunk, std::size_t row) {
    Window& window = of(chunk, row);
    if (function(window.meter) == WindowFunction::max) {
        window.growth = std::max(window.growth, chunk.quantity[row]);
    } else if (const auto value = value_of(chunk, row)) {
        if (values_.insert({index_of(window), *value}).second) window.growth += 1;
    }
}

}  // namespace farthing::mediation
