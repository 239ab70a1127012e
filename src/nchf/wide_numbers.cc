#include "nchf/wide_numbers.h"

#include <charconv>
#include <cstddef>
#include <cstdint>

namespace farthing::nchf {

namespace {

std::size_t digits_at(std::string_view text, std::size_t at) {
    const std::size_t end = text.find_first_not_of("0123456789", at);
    return (end == std::string_view::npos ? text.size() : end) - at;
}

// The number with which the text begins; empty: it begins with none.
std::string_view number_of(std::string_view text) {
    std::size_t size = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = digits_at(text, size);
    if (whole == 0 || (whole > 1 && text[size] == '0')) return {};
    size += whole;
    if (text.substr(size).starts_with('.')) {
        const std::size_t part = digits_at(text, size + 1);
        if (part == 0) return {};
        size += 1 + part;
    }
    if (size == text.size() || (text[size] != 'e' && text[size] != 'E'))
        return text.substr(0, size);
    size += 1;
    if (size < text.size() && (text[size] == '+' || text[size] == '-')) size += 1;
    const std::size_t exponent = digits_at(text, size);
    return exponent == 0 ? std::string_view() : text.substr(0, size + exponent);
}

// No field is read as a number with a point or an exponent: whether those fit is not asked.
bool is_wide(std::string_view number) {
    if (number.find_first_of(".eE") != std::string_view::npos) return true;
    const char* const end = number.data() + number.size();
    std::uint64_t whole = 0;
    std::int64_t less = 0;
    const auto read = number.front() == '-' ? std::from_chars(number.data(), end, less)
                                            : std::from_chars(number.data(), end, whole);
    return read.ec != std::errc();
}

// With its quotes; to the end where it has none.
std::size_t text_size(std::string_view text) {
    for (std::size_t at = 1; at < text.size(); ++at) {
        if (text[at] == '\\') {
            at += 1;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    return text.size();
}

}  // namespace

std::string with_wide_numbers_as_lists(std::string_view json) {
    std::string out;
    out.reserve(json.size() + 64);
    while (!json.empty()) {
        std::string_view part = json.substr(0, 1);
        if (part == "\"") {
            part = json.substr(0, text_size(json));
        } else if (const auto number = number_of(json); !number.empty()) {
            part = number;
            if (is_wide(part)) {
                out.append("[\"").append(part).append("\"]");
                json.remove_prefix(part.size());
                continue;
            }
        }
        out += part;
        json.remove_prefix(part.size());
    }
    return out;
}

}  // namespace farthing::nchf
