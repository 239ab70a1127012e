// UTF-8 validity, for text that comes from outside.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace farthing {

// Length in bytes (1..4) of the valid UTF-8 sequence that starts `text`, or 0 when there is none.
// Overlong forms and surrogates are invalid (RFC 3629).
std::size_t utf8_length(std::string_view text);
bool is_utf8(std::string_view text);

// `text` shortened and with control characters and invalid bytes shown as \xNN: for error messages.
std::string printable(std::string_view text, std::size_t length_max = 60);

// The entry of `known` nearest to `typed`, or empty when none is near enough to suggest.
template <class Range>
std::string nearest_name(std::string_view typed, const Range& known);

// Edit distance (insert, delete, replace, swap neighbours).
std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string nearest_name(std::string_view typed, const Range& known) {
    std::string best;
    std::size_t best_distance = typed.size() / 3 + 2;  // further away is no typo
    for (const auto& candidate : known) {
        const std::size_t distance = edit_distance(typed, std::string_view(candidate));
        if (distance < best_distance) {
            best_distance = distance;
            best = std::string(candidate);
        }
    }
    return best;
}

}  // namespace farthing
