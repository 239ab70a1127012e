// Collecting: the one place of this room that touches files. Reads a file as received, hashes it,
// unpacks it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/outcome.h"

namespace farthing::mediation {

// A file's content in memory (mapped when plain). Plain, gzip and zstd are told by their first
// bytes, not their name.
class Collected {
  public:
    // `unpacked_max`: more than that is refused (too_large_when_unpacked), so a bomb costs nothing.
    static Result<Collected> open(const std::filesystem::path& path, std::int64_t unpacked_max);
    Collected(Collected&&) noexcept;
    Collected& operator=(Collected&&) noexcept;
    ~Collected();
    std::string_view bytes() const;   // unpacked
    bool unpacked() const;            // they are not those of the file, and all stand in memory
    const std::string& hash() const;  // SHA-256 of the file as received
    std::int64_t size_bytes() const;  // as received
    // Says that what lies before `position` was read: of a mapped file it may leave memory, and
    // comes back when it is read again. A position outside of `bytes` says nothing.
    void read_up_to(const char* position) const;

  private:
    struct State;
    explicit Collected(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace farthing::mediation
