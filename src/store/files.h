// Files that survive a loss of power: written to a temporary name, synced, renamed to their hash,
// folder synced.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/hash.h"

namespace farthing::store {

constexpr std::string_view kTemporarySuffix = ".tmp";

// A file on its way: hashed while it is written, removed unless it was kept.
class FileWriter {
  public:
    FileWriter() = default;
    ~FileWriter();
    FileWriter(const FileWriter&) = delete;
    FileWriter& operator=(const FileWriter&) = delete;

    // A file of a name nobody else uses in `folder`, which is made where it is missing.
    Result<void> create(const std::filesystem::path& folder);
    Result<void> write(std::string_view bytes);
    // Syncs, renames to HASH + `extension`, syncs the folder; gives the hash.
    Result<std::string> keep(std::string_view extension);
    std::int64_t size() const { return size_; }

  private:
    Error failed(std::string_view what) const;
    std::filesystem::path folder_;
    std::filesystem::path temporary_;
    Sha256 hash_;
    std::int64_t size_ = 0;
    int file_ = -1;
};

// A file of that name with that content, on the disk; not whole until this returns.
Result<void> write_synced(const std::filesystem::path& path, std::string_view bytes);
Result<void> rename_synced(const std::filesystem::path& from, const std::filesystem::path& to);
// The old content or the new one, whenever the power fails.
Result<void> replace_synced(const std::filesystem::path& path, std::string_view bytes);

// The names in it are on the disk.
bool sync_folder(const std::filesystem::path& folder);

// SHA-256 of a file's content.
Result<std::string> hash_of_file(const std::filesystem::path& file);

// Held by every open Store: shared while it works, alone while it sweeps.
class FolderLock {
  public:
    static Result<FolderLock> share(const std::filesystem::path& file);
    // Held alone from the start; nullopt where another process holds it.
    static Result<std::optional<FolderLock>> alone(const std::filesystem::path& file);
    ~FolderLock();
    FolderLock(FolderLock&& other) noexcept;
    FolderLock& operator=(FolderLock&&) = delete;
    bool try_alone();
    void share_again();

  private:
    explicit FolderLock(int file) : file_(file) {}
    static std::unexpected<Error> refused(const std::filesystem::path& file, int handle);
    int file_;
};

}  // namespace farthing::store
