#include "mediation/decode_shape.h"

#include <algorithm>
#include <bit>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace farthing::mediation {

namespace {

constexpr std::size_t kBlock = 32;  // bytes that are looked at together

// What stands for itself within a text: no quote, no escape, no control character, ASCII.
bool is_plain(char c) {
    return c >= ' ' && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\';
}

#if defined(__AVX2__)
__m256i block_at(const char* at) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
// Bit i is set where byte i of both is not the same. REQUIRES: blocks are readable.
std::uint32_t where_different(const char* a, const char* b) {
    return ~static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(block_at(a), block_at(b))));
}
// Likewise where it is not plain.
std::uint32_t where_not_plain(const char* at) {
    const __m256i bytes = block_at(at);
    const __m256i ends = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')),
                                         _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
    const __m256i beyond = _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), bytes);  // signed
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(ends, beyond)));
}
#else
std::uint32_t where_different(const char* a, const char* b) {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kBlock; ++i) mask |= std::uint32_t{a[i] != b[i]} << i;
    return mask;
}
std::uint32_t where_not_plain(const char* at) {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kBlock; ++i) mask |= std::uint32_t{!is_plain(at[i])} << i;
    return mask;
}
#endif

// REQUIRES: `size` bytes and a block more are readable in both.
bool same(const char* a, const char* b, std::size_t size) {
    for (; size > kBlock; a += kBlock, b += kBlock, size -= kBlock) {
        if (where_different(a, b) != 0) return false;
    }
    return static_cast<std::size_t>(std::countr_zero(where_different(a, b))) >= size;
}

// The quote that ends the text at `at`; nullptr where something else comes first.
const char* text_end(const char* at, const char* end) {
    for (; static_cast<std::size_t>(end - at) >= kBlock; at += kBlock) {
        const std::uint32_t found = where_not_plain(at);
        if (found == 0) continue;
        at += std::countr_zero(found);
        return *at == '"' ? at : nullptr;
    }
    return nullptr;
}

bool begins_number(char c) {
    return c == '-' || (c >= '0' && c <= '9');
}
bool in_number(char c) {
    return begins_number(c) || c == '.' || c == 'e' || c == 'E' || c == '+';
}

}  // namespace

struct JsonShape::Value {
    std::string_view text;
    bool quoted = false;
};

// The texts and numbers of a line, names apart; none where a text is not plain.
std::vector<JsonShape::Value> JsonShape::values_of(std::string_view line) {
    std::vector<Value> values;
    char before = ' ';  // the last that is no blank
    for (std::size_t at = 0; at < line.size();) {
        const char c = line[at];
        if (c == '"') {
            const std::size_t end = line.find('"', at + 1);
            if (end == std::string_view::npos) return {};
            const std::string_view text = line.substr(at + 1, end - at - 1);
            if (!std::ranges::all_of(text, is_plain)) return {};
            at = end + 1;
            while (at < line.size() && is_blank(line[at])) at += 1;
            if (at == line.size() || line[at] != ':') values.push_back({text, true});
        } else if (begins_number(c) && (before == ':' || before == ',' || before == '[')) {
            const std::size_t begin = at;
            while (at < line.size() && in_number(line[at])) at += 1;
            values.push_back({line.substr(begin, at - begin), false});
        } else {
            at += 1;
        }
        if (!is_blank(c)) before = c;
    }
    return values;
}

std::optional<JsonShape> JsonShape::of(std::string_view line,
                                       std::span<const std::string_view> fields, Slot unwanted) {
    const std::vector<Value> values = values_of(line);
    if (values.empty()) return std::nullopt;
    JsonShape shape;
    const auto part_before = [&](const char* value, const char* from) {
        Part part;
        part.begin = static_cast<std::uint32_t>(shape.alike_.size());
        part.size = static_cast<std::uint32_t>(value - from);
        shape.alike_.append(from, value);
        return part;
    };
    std::vector<bool> told(fields.size());
    const char* from = line.data();
    for (const Value& value : values) {
        Part part = part_before(value.text.data(), from);
        part.quoted = value.quoted;
        part.slot = unwanted;
        for (Slot slot = 1; slot < unwanted; ++slot) {
            if (fields[slot].data() != value.text.data()) continue;
            if (fields[slot].size() != value.text.size()) return std::nullopt;
            part.slot = slot;
            told[slot] = true;
        }
        shape.parts_.push_back(part);
        from = value.text.data() + value.text.size();
    }
    shape.last_ = part_before(line.data() + line.size(), from);
    shape.alike_.append(kBlock, ' ');
    // What is neither a text nor a number stands in every line.
    for (Slot slot = 1; slot < unwanted; ++slot) {
        if (told[slot] || fields[slot].data() == nullptr) continue;
        const std::string_view text = fields[slot];
        if (text != "true" && text != "false" && !text.empty()) return std::nullopt;
        shape.constants_.emplace_back(slot, text.empty()     ? std::string_view("")
                                            : text == "true" ? std::string_view("true")
                                                             : std::string_view("false"));
    }
    return shape;
}

const char* JsonShape::read(const char* at, const char* end, std::string_view* fields) const {
    const auto has = [&](const Part& part) {
        return static_cast<std::size_t>(end - at) >= part.size + kBlock &&
               same(at, alike_.data() + part.begin, part.size);
    };
    for (const Part& part : parts_) {
        if (!has(part)) return nullptr;
        const char* const begin = at + part.size;
        if (part.quoted) {
            at = text_end(begin, end);
            if (at == nullptr) return nullptr;
        } else {
            if (!begins_number(*begin)) return nullptr;
            for (at = begin + 1; at != end && in_number(*at);) at += 1;
        }
        fields[part.slot] = {begin, at};
    }
    if (!has(last_)) return nullptr;
    at += last_.size;
    const bool ends = *at == '\n' || (*at == '\r' && at[1] == '\n');
    if (!ends) return nullptr;
    for (const auto& [slot, text] : constants_) fields[slot] = text;
    return at;
}

const char* JsonShapes::read(const char* at, const char* end, std::string_view* fields) {
    for (auto shape = known_.begin(); shape != known_.end(); ++shape) {
        std::fill_n(fields, slots_, std::string_view{});
        const char* const line_end = shape->read(at, end, fields);
        if (line_end == nullptr) continue;
        std::rotate(known_.begin(), shape, shape + 1);
        pause_ = 0;
        next_pause_ = 1;
        return line_end;
    }
    return nullptr;
}

void JsonShapes::learn(std::string_view line, const std::string_view* fields) {
    constexpr std::size_t kMost = 4;
    constexpr std::uint32_t kPauseMost = 1024;  // lines
    if (pause_ > 0) {
        pause_ -= 1;
        return;
    }
    pause_ = next_pause_;
    next_pause_ = std::min(next_pause_ * 2, kPauseMost);
    auto shape = JsonShape::of(line, {fields, slots_}, unwanted_);
    if (!shape) return;
    if (known_.size() == kMost) known_.pop_back();
    known_.insert(known_.begin(), std::move(*shape));
}

}  // namespace farthing::mediation
