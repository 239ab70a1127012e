// A file that is written fast: numbers into one large buffer, the buffer to the system.
#pragma once

#include <charconv>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/instant.h"

namespace farthing::cli {

// Where a folder of generated files stands: only their records, on standard output.
inline bool is_output(const std::filesystem::path& folder) {
    return folder == "-";
}

class GeneratedFile {
  public:
    GeneratedFile();
    ~GeneratedFile();
    GeneratedFile(const GeneratedFile&) = delete;
    GeneratedFile& operator=(const GeneratedFile&) = delete;

    // Makes the folders above it too. In the folder "-" all files are standard output.
    Result<void> open(const std::filesystem::path& path);
    // Whether the stream that was opened is empty: it then wants its header.
    bool begins() const { return !to_output_ || !continues_; }
    // REQUIRES: a piece of text is shorter than 4 KiB.
    void add(std::string_view text) {
        if (used_ + kMargin > kBuffer) flush();
        std::memcpy(buffer_.get() + used_, text.data(), text.size());
        used_ += text.size();
    }
    void add(std::int64_t number) {
        if (used_ + kMargin > kBuffer) flush();
        char* const at = buffer_.get() + used_;
        used_ += static_cast<std::size_t>(std::to_chars(at, at + 24, number).ptr - at);
    }
    // `number` with leading zeros. REQUIRES: 0 <= number < 10^width, width <= 20.
    void add_padded(std::int64_t number, int width) {
        if (used_ + kMargin > kBuffer) flush();
        char* at = buffer_.get() + used_ + width;
        for (int i = 0; i < width; ++i, number /= 10) *--at = static_cast<char>('0' + number % 10);
        used_ += static_cast<std::size_t>(width);
    }
    // A moment on the clock, "2026-01-05 10:00:00".
    void add_clock(Instant at);
    Result<void> close();

  private:
    static constexpr std::size_t kBuffer = std::size_t{1} << 20;
    static constexpr std::size_t kMargin = 4096;
    void flush();
    std::unique_ptr<char[]> buffer_;
    std::size_t used_ = 0;
    int file_ = -1;
    bool failed_ = false;
    bool to_output_ = false;
    bool continues_ = false;  // standard output, when it has had a file already
    std::filesystem::path path_;
    std::int64_t day_ = INT64_MIN;  // whose date is day_text_
    std::string day_text_;
};

// Deterministic numbers for invented data (splitmix64).
class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    // 0 … below - 1. REQUIRES: below > 0.
    std::int64_t below(std::int64_t below) {
        state_ += 0x9e3779b97f4a7c15ull;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
        return static_cast<std::int64_t>((z ^ (z >> 31)) % static_cast<std::uint64_t>(below));
    }

  private:
    std::uint64_t state_;
};

}  // namespace farthing::cli
