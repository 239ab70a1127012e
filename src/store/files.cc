#include "store/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "store/crash_point.h"
#include "store/store.h"

namespace farthing::store {

namespace {

// Unique among the processes and threads that write to one folder.
std::string temporary_name() {
    static std::atomic<unsigned> count = 0;
    return std::to_string(::getpid()) + "-" + std::to_string(++count) +
           std::string(kTemporarySuffix);
}

}  // namespace

bool sync_folder(const std::filesystem::path& folder) {
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return false;
    const bool synced = ::fsync(file) == 0;
    ::close(file);
    return synced;
}

FileWriter::~FileWriter() {
    if (file_ >= 0) ::close(file_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Error FileWriter::failed(std::string_view what) const {
    return error_of(StoreReason::archive_failed, std::string(what) + ": " + std::strerror(errno),
                    temporary_.string());
}

Result<void> FileWriter::create(const std::filesystem::path& folder) {
    folder_ = folder;
    std::error_code code;
    if (std::filesystem::create_directories(folder, code)) (void)sync_folder(folder.parent_path());
    temporary_ = folder / temporary_name();
    crash_point();
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file_ < 0) {
        Error error = failed("can't be made");
        temporary_.clear();
        return fail(std::move(error));
    }
    return {};
}

Result<void> FileWriter::write(std::string_view bytes) {
    hash_.add(bytes);
    size_ += static_cast<std::int64_t>(bytes.size());
    while (!bytes.empty()) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(failed("can't be written"));
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<std::string> FileWriter::keep(std::string_view extension) {
    crash_point();
    if (::fsync(file_) != 0) return fail(failed("can't be synced"));
    crash_point();
    if (::close(std::exchange(file_, -1)) != 0) return fail(failed("can't be closed"));
    std::string hash = hash_.hex();
    const std::filesystem::path target = folder_ / (hash + std::string(extension));
    if (::rename(temporary_.c_str(), target.c_str()) != 0) return fail(failed("can't be renamed"));
    temporary_.clear();
    crash_point();
    if (!sync_folder(folder_)) return fail(failed("folder can't be synced"));
    crash_point();
    return hash;
}

namespace {

std::unexpected<Error> failed_at(const std::filesystem::path& path, std::string_view what) {
    return fail(StoreReason::archive_failed, std::string(what) + ": " + std::strerror(errno),
                path.string());
}

}  // namespace

Result<void> write_synced(const std::filesystem::path& path, std::string_view bytes) {
    std::error_code code;
    const std::filesystem::path folder = path.parent_path();
    if (std::filesystem::create_directories(folder, code)) (void)sync_folder(folder.parent_path());
    crash_point();
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0) return failed_at(path, "can't be made");
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            ::close(file);
            return failed_at(path, "can't be written");
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    crash_point();
    const bool synced = ::fsync(file) == 0;
    if (::close(file) != 0 || !synced) return failed_at(path, "can't be synced");
    crash_point();
    if (!sync_folder(folder)) return failed_at(folder, "can't be synced");
    return {};
}

Result<void> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to) {
    crash_point();
    if (::rename(from.c_str(), to.c_str()) != 0) return failed_at(from, "can't be renamed");
    crash_point();
    if (!sync_folder(to.parent_path())) return failed_at(to.parent_path(), "can't be synced");
    return {};
}

Result<void> replace_synced(const std::filesystem::path& path, std::string_view bytes) {
    const std::filesystem::path fresh = path.string() + std::string(kTemporarySuffix);
    FARTHING_CHECK(write_synced(fresh, bytes));
    return rename_synced(fresh, path);
}

Result<std::string> hash_of_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(StoreReason::archive_damaged, "the file is not there or can't be read",
                    file.string());
    Sha256 hash;
    std::vector<char> buffer(std::size_t{1} << 20);
    while (in) {
        in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
        hash.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
    }
    if (in.bad())
        return fail(StoreReason::archive_damaged, "the file can't be read", file.string());
    return hash.hex();
}

Result<FolderLock> FolderLock::share(const std::filesystem::path& file) {
    const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (handle < 0 || ::flock(handle, LOCK_SH) != 0) return refused(file, handle);
    return FolderLock(handle);
}

Result<std::optional<FolderLock>> FolderLock::alone(const std::filesystem::path& file) {
    const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (handle >= 0 && ::flock(handle, LOCK_EX | LOCK_NB) == 0) return FolderLock(handle);
    if (handle < 0 || errno != EWOULDBLOCK) return refused(file, handle);
    ::close(handle);
    return std::nullopt;
}

std::unexpected<Error> FolderLock::refused(const std::filesystem::path& file, int handle) {
    const std::string why = std::strerror(errno);
    if (handle >= 0) ::close(handle);
    return fail(StoreReason::store_unavailable, "the lock can't be taken: " + why, file.string());
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
FolderLock::~FolderLock() {
    if (file_ >= 0) ::close(file_);
}
bool FolderLock::try_alone() {
    if (::flock(file_, LOCK_EX | LOCK_NB) == 0) return true;
    share_again();  // a refused upgrade also loses the lock that was held
    return false;
}
void FolderLock::share_again() {
    (void)::flock(file_, LOCK_SH);
}

}  // namespace farthing::store
