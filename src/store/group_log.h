// Groups of charges on the disk before they stand in the tables: what a group of requests came to
// is appended here and synced, then they are answered, and behind them it is moved to the tables
// (applier.h). Two files take turns; one begins anew when all that it has stands in the tables.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace farthing::store {

// Behind the group of that number; groups are numbered from 1, without a gap.
struct LogPlace {
    std::uint64_t number = 0;
    std::uint32_t file = 0;  // 0 or 1
    std::int64_t offset = 0;
    bool operator==(const LogPlace&) const = default;
};

class GroupLog {
  public:
    // Neither file has to be there to be read.
    static Result<GroupLog> open(const std::filesystem::path& folder);
    ~GroupLog();
    GroupLog(GroupLog&& other) noexcept;
    GroupLog& operator=(GroupLog&&) = delete;

    // Whether there is nothing in either file.
    bool empty();
    // REQUIRES: all that is in them stands in the tables, and nobody charges while usage happens.
    Result<void> clear();
    // Makes the files where they are missing, in their full size.
    Result<void> make();
    // The group after `place`, which moves behind it; none: it was the last, or its writing was
    // broken off.
    Result<std::optional<std::string>> next(LogPlace& place);
    // Whether none was written after `place`: what can't be read there is the end, and not damage.
    // Reads both files whole.
    Result<bool> ends(const LogPlace& place);
    static bool fits_at_all(std::size_t size) { return in_file(size) <= kFileBytes; }
    // Or it goes to the other file.
    static bool fits(const LogPlace& place, std::size_t size) {
        return place.offset + in_file(size) <= kFileBytes;
    }
    // Behind `place`, which moves; it is on the disk when this returns. REQUIRES: make(); it
    // fits_at_all; where it does not fit, all of the other file's groups stand in the tables.
    // After a failure of the sync the group may be there or not.
    Result<void> append(LogPlace& place, std::string_view group);

  private:
    static constexpr std::int64_t kFileBytes = std::int64_t{16} << 20;
    static std::int64_t in_file(std::size_t size);
    explicit GroupLog(const std::filesystem::path& folder);
    bool is_open(std::uint32_t file);
    Error failed(std::string_view what, std::uint32_t file) const;
    Result<std::optional<std::string>> read(std::uint32_t file, std::int64_t offset,
                                            std::uint64_t number);

    std::array<std::filesystem::path, 2> paths_;
    std::array<int, 2> files_{-1, -1};
    std::string written_;  // room for the next one
};

}  // namespace farthing::store
