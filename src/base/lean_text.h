// A text of eight bytes, for what stands by the million and is mostly empty: what is not, and how
// long it is, lies elsewhere, where it stays until another text is assigned.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace farthing {

class LeanText {
  public:
    LeanText() = default;
    LeanText(std::string_view text) {
        if (text.empty()) return;
        const bool is_long = text.size() >= kLong;
        bytes_ = std::make_unique_for_overwrite<char[]>(text.size() +
                                                        (is_long ? 1 + sizeof(std::size_t) : 1));
        char* at = bytes_.get();
        *at++ = static_cast<char>(is_long ? kLong : text.size());
        if (is_long) {
            const std::size_t size = text.size();
            std::memcpy(std::exchange(at, at + sizeof size), &size, sizeof size);
        }
        std::memcpy(at, text.data(), text.size());
    }
    LeanText(const std::string& text) : LeanText(std::string_view(text)) {}
    LeanText(const char* text) : LeanText(std::string_view(text)) {}
    LeanText(const LeanText& other) : LeanText(std::string_view(other)) {}
    LeanText(LeanText&&) noexcept = default;
    LeanText& operator=(const LeanText& other) { return *this = LeanText(other); }
    LeanText& operator=(LeanText&&) noexcept = default;
    ~LeanText() = default;

    bool empty() const { return bytes_ == nullptr; }
    operator std::string_view() const {
        if (empty()) return {};
        std::size_t size = static_cast<unsigned char>(bytes_[0]);
        if (size < kLong) return {&bytes_[1], size};
        std::memcpy(&size, &bytes_[1], sizeof size);
        return {&bytes_[1 + sizeof size], size};
    }
    friend bool operator==(const LeanText& a, const LeanText& b) {
        return std::string_view(a) == std::string_view(b);
    }

  private:
    static constexpr std::size_t kLong = 255;  // then the size follows

    std::unique_ptr<char[]> bytes_;  // the size in one byte, and the text
};

}  // namespace farthing
