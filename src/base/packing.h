// Values as bytes and back, for what is stored: numbers as varints of 7 bits, least significant
// first, signed ones zigzag-coded; sums of atoms as their two halves; texts with their length
// before them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/int128.h"

namespace farthing {

class Packer {
  public:
    void whole(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
        bytes_.push_back(static_cast<char>(value));
    }
    void integer(std::int64_t value) {
        whole((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void wide(i128 value) {
        integer(static_cast<std::int64_t>(value >> 64));
        whole(static_cast<std::uint64_t>(value));
    }
    void text(std::string_view value) {
        whole(value.size());
        bytes_ += value;
    }
    void packed(std::string_view bytes) { bytes_ += bytes; }  // by another one
    std::string take() { return std::move(bytes_); }

  private:
    std::string bytes_;
};

// Past the first fault everything reads as zero.
class Unpacker {
  public:
    explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
    std::uint64_t whole() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64 && ok_; shift += 7) {
            if (bytes_.empty()) break;
            const auto byte = static_cast<unsigned char>(bytes_.front());
            bytes_.remove_prefix(1);
            value |= std::uint64_t{byte & 0x7FU} << shift;
            if (byte < 0x80) return value;
        }
        ok_ = false;
        return 0;
    }
    std::int64_t integer() {
        const std::uint64_t value = whole();
        return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
    }
    template <class T>
    T small() {
        const std::uint64_t value = whole();
        ok_ = ok_ && value <= static_cast<std::uint64_t>(T(-1));
        return ok_ ? static_cast<T>(value) : T{};
    }
    i128 wide() {
        const i128 high = integer();
        return high * (i128{1} << 64) + static_cast<i128>(whole());
    }
    std::string text() {
        const std::uint64_t size = whole();
        ok_ = ok_ && size <= bytes_.size();
        if (!ok_) return {};
        std::string value(bytes_.substr(0, size));
        bytes_.remove_prefix(size);
        return value;
    }
    // Each element is a byte at least: no count can ask for more memory than there are bytes.
    std::uint64_t count() {
        const std::uint64_t value = whole();
        ok_ = ok_ && value <= bytes_.size();
        return ok_ ? value : 0;
    }
    void refuse() { ok_ = false; }
    std::string_view rest() const { return bytes_; }
    bool ok() const { return ok_; }
    bool at_end() const { return ok_ && bytes_.empty(); }

  private:
    std::string_view bytes_;
    bool ok_ = true;
};

}  // namespace farthing
