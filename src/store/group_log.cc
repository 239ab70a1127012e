// Format of a file: records, each at a multiple of 8 bytes:
//
//   record := magic(4) size(4) number(8) hash(16) group(size) zeros
//
// Numbers in the machine's order; the hash is XXH3 of number and group.
#include "store/group_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "store/crash_point.h"
#include "store/files.h"
#include "store/store.h"

namespace farthing::store {

namespace {

constexpr std::uint32_t kMagic = 0x31'47'54'46;  // "FTG1"
constexpr std::int64_t kAlign = 8;

struct Header {
    std::uint32_t magic = kMagic;
    std::uint32_t size = 0;
    std::uint64_t number = 0;
    Hash128 hash;
};
static_assert(sizeof(Header) == 32);

Hash128 hash_of(std::uint64_t number, std::string_view group) {
    const Hash128 hash = hash128(group);
    return {mix64(hash.high, number), hash.low};
}

// As much as is there.
Result<std::size_t> read_at(int file, std::int64_t offset, char* to, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        const ssize_t some =
            ::pread(file, to + done, size - done, offset + static_cast<std::int64_t>(done));
        if (some < 0 && errno == EINTR) continue;
        if (some < 0)
            return fail(StoreReason::store_failed,
                        std::string("the log of groups can't be read: ") + std::strerror(errno));
        if (some == 0) break;
        done += static_cast<std::size_t>(some);
    }
    return done;
}

// False: errno tells why not all of it.
bool write_at(int file, std::int64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t some = ::pwrite(file, bytes.data(), bytes.size(), offset);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return false;
        offset += some;
        bytes.remove_prefix(static_cast<std::size_t>(some));
    }
    return true;
}

}  // namespace

GroupLog::GroupLog(const std::filesystem::path& folder)
    : paths_{folder / "groups-0.log", folder / "groups-1.log"} {}

Result<GroupLog> GroupLog::open(const std::filesystem::path& folder) {
    GroupLog log(folder);
    for (const std::uint32_t i : {0U, 1U})
        if (!log.is_open(i) && errno != ENOENT) return fail(log.failed("opened", i));
    return log;
}

GroupLog::~GroupLog() {
    for (const int file : files_) {
        if (file >= 0) ::close(file);
    }
}

GroupLog::GroupLog(GroupLog&& other) noexcept
    : paths_(std::move(other.paths_)), files_(std::exchange(other.files_, {-1, -1})) {}

Error GroupLog::failed(std::string_view what, std::uint32_t file) const {
    const std::string why = std::strerror(errno);
    return error_of(StoreReason::store_unavailable,
                    "the log of groups can't be " + std::string(what) + ": " + why,
                    paths_[file].string());
}

// Another process may have made it since.
bool GroupLog::is_open(std::uint32_t file) {
    if (files_[file] < 0) files_[file] = ::open(paths_[file].c_str(), O_RDWR | O_CLOEXEC);
    return files_[file] >= 0;
}

bool GroupLog::empty() {
    return std::ranges::all_of(std::array{0U, 1U}, [this](std::uint32_t file) {
        struct stat about{};
        return !is_open(file) || (::fstat(files_[file], &about) == 0 && about.st_size == 0);
    });
}

// The files stay, since others have them open.
Result<void> GroupLog::clear() {
    for (const std::uint32_t i : {0U, 1U})
        if (is_open(i) && ::ftruncate(files_[i], 0) != 0) return fail(failed("cut", i));
    return {};
}

// Written once, so that a sync finds nothing but the bytes of a group to wait for: no room to be
// given to the file, no length of it to be noted.
Result<void> GroupLog::make() {
    const std::string zeros(1 << 20, '\0');
    for (const std::uint32_t i : {0U, 1U}) {
        if (!is_open(i)) files_[i] = ::open(paths_[i].c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        struct stat about{};
        if (files_[i] < 0 || ::fstat(files_[i], &about) != 0) return fail(failed("made", i));
        for (std::int64_t at = about.st_size; at < kFileBytes;) {
            const std::string_view some =
                std::string_view(zeros).substr(0, static_cast<std::size_t>(kFileBytes - at));
            if (!write_at(files_[i], at, some)) return fail(failed("made", i));
            at += std::ssize(some);
        }
        if (::fsync(files_[i]) != 0) return fail(failed("synced", i));
    }
    if (!sync_folder(paths_[0].parent_path())) return fail(failed("synced", 0));
    return {};
}

std::int64_t GroupLog::in_file(std::size_t size) {
    const auto whole = static_cast<std::int64_t>(sizeof(Header) + size);
    return (whole + kAlign - 1) / kAlign * kAlign;
}

// That group, if it stands there whole.
Result<std::optional<std::string>> GroupLog::read(std::uint32_t file, std::int64_t offset,
                                                  std::uint64_t number) {
    std::optional<std::string> group;
    if (!is_open(file)) return group;
    Header header;
    char bytes[sizeof header];
    FARTHING_TRY(const std::size_t got, read_at(files_[file], offset, bytes, sizeof bytes));
    if (got < sizeof bytes) return group;
    std::memcpy(&header, bytes, sizeof header);
    if (header.magic != kMagic || header.number != number ||
        offset + in_file(header.size) > kFileBytes)
        return group;
    std::string read(header.size, '\0');
    FARTHING_TRY(const std::size_t more,
                 read_at(files_[file], offset + static_cast<std::int64_t>(sizeof header),
                         read.data(), read.size()));
    if (more == read.size() && hash_of(number, read) == header.hash) group = std::move(read);
    return group;
}

Result<std::optional<std::string>> GroupLog::next(LogPlace& place) {
    const std::uint64_t number = place.number + 1;
    std::uint32_t file = place.file;
    std::int64_t offset = place.offset;
    FARTHING_TRY(auto group, read(file, offset, number));
    if (!group) {
        file = 1 - file;
        offset = 0;
        FARTHING_TRY(group, read(file, offset, number));
    }
    if (group) place = {number, file, offset + in_file(group->size())};
    return group;
}

// A group is written when the one before it is on the disk: one that can't be read before one that
// can was lost.
Result<bool> GroupLog::ends(const LogPlace& place) {
    std::string all(kFileBytes, '\0');
    for (const std::uint32_t file : {0U, 1U}) {
        if (!is_open(file)) continue;
        FARTHING_TRY(const std::size_t size, read_at(files_[file], 0, all.data(), all.size()));
        for (std::size_t at = 0; at + sizeof(Header) <= size; at += kAlign) {
            Header header;
            std::memcpy(&header, all.data() + at, sizeof header);
            if (header.magic != kMagic || header.number <= place.number) continue;
            FARTHING_TRY(const auto group,
                         read(file, static_cast<std::int64_t>(at), header.number));
            if (group) return false;
        }
    }
    return true;
}

Result<void> GroupLog::append(LogPlace& place, std::string_view group) {
    FARTHING_ASSERT(fits_at_all(group.size()));
    LogPlace to = place;
    if (!fits(to, group.size())) to = {to.number, 1 - to.file, 0};
    to.number += 1;
    Header header;
    header.size = static_cast<std::uint32_t>(group.size());
    header.number = to.number;
    header.hash = hash_of(to.number, group);
    written_.assign(reinterpret_cast<const char*>(&header), sizeof header);
    written_ += group;
    written_.resize(static_cast<std::size_t>(in_file(group.size())), '\0');
    crash_point();
    if (!write_at(files_[to.file], to.offset, written_)) return fail(failed("written", to.file));
    if (::fdatasync(files_[to.file]) != 0) return fail(failed("synced", to.file));
    crash_point();
    to.offset += in_file(group.size());
    place = to;
    return {};
}

}  // namespace farthing::store
