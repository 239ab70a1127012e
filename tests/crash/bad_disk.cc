// A disk that goes bad, to be preloaded: it counts what a program asks of files below
// BAD_DISK_FOLDER (writes, syncs, names), and at the BAD_DISK_AT-th thing it does as BAD_DISK says:
//
//   full     this write and all after it fail with ENOSPC, as files and as names
//   error    this call alone fails with EIO
//   short    this write takes half of its bytes and says so
//   power    the power goes: of what was not synced only some is kept (by BAD_DISK_SEED), of bytes
//            and of names alike, and the process is gone
//
// With `power` and no BAD_DISK_AT the power goes after the process has ended well. How many things
// were asked of it is written to the file BAD_DISK_TELL.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

template <class Function>
Function real(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}
const auto real_write = real<ssize_t (*)(int, const void*, size_t)>("write");
const auto real_pwrite = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite64");
const auto real_truncate = real<int (*)(int, off_t)>("ftruncate64");
const auto real_fsync = real<int (*)(int)>("fsync");
const auto real_open = real<int (*)(const char*, int, ...)>("open64");
const auto real_rename = real<int (*)(const char*, const char*)>("rename");
const auto real_unlink = real<int (*)(const char*)>("unlink");

std::string setting(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

using FileId = std::pair<dev_t, ino_t>;

// Bytes that stand at a place only since a write that was not synced.
struct Unsynced {
    off_t offset = 0;
    std::string before;
    std::string after;
    off_t size_before = 0;
    off_t size_after = 0;
};
struct File {
    int handle = -1;  // of the disk's own; never closed, since closing lets locks go
    std::vector<Unsynced> writes;
};
// A name that was made, moved or removed in a folder that was not synced since.
struct Naming {
    FileId folder;
    std::string made;   // to be removed again; empty: none
    std::string lost;   // to be there again…
    std::string stash;  // …from here
};

class Disk {
  public:
    static Disk& the() {
        static Disk* disk = new Disk;  // outlives all that ends
        return *disk;
    }
    bool on() const { return !mode_.empty(); }
    bool holds(const std::string& path) const { return on() && path.starts_with(folder_); }
    bool holds(int file) { return on() && holds(path_of(file)); }
    static std::string path_of(int file) {
        char path[PATH_MAX];
        const std::string link = "/proc/self/fd/" + std::to_string(file);
        const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
        return size <= 0 ? "" : std::string(path, static_cast<std::size_t>(size));
    }

    enum class Does { works, fails, half };
    // What becomes of the next thing that is asked. Does not come back when the power goes.
    Does next(bool takes_room, bool is_write) {
        count_ += 1;
        const bool now = count_ == at_;
        if (mode_ == "full" && at_ > 0 && count_ >= at_ && takes_room) {
            errno = ENOSPC;
            return Does::fails;
        }
        if (mode_ == "error" && now) {
            errno = EIO;
            return Does::fails;
        }
        if (mode_ == "short" && now && is_write) return Does::half;
        if (mode_ == "power" && now) {
            lose();
            ::kill(::getpid(), SIGKILL);
        }
        return Does::works;
    }

    void note_write(int file, off_t offset, const void* bytes, std::size_t size, off_t cut_to) {
        if (mode_ != "power") return;
        File& noted = file_of(file);
        if (noted.handle < 0) return;
        Unsynced one;
        struct stat about{};
        ::fstat(noted.handle, &about);
        one.offset = offset;
        one.size_before = about.st_size;
        if (bytes != nullptr) one.after.assign(static_cast<const char*>(bytes), size);
        one.size_after =
            bytes != nullptr ? std::max(about.st_size, offset + static_cast<off_t>(size)) : cut_to;
        const off_t touched = bytes != nullptr ? static_cast<off_t>(size)
                                               : std::max<off_t>(0, about.st_size - cut_to);
        one.before.resize(static_cast<std::size_t>(touched));
        const ssize_t there = ::pread(noted.handle, one.before.data(), one.before.size(), offset);
        one.before.resize(there < 0 ? 0 : static_cast<std::size_t>(there));
        noted.writes.push_back(std::move(one));
    }
    void synced(int file) {
        struct stat about{};
        ::fstat(file, &about);
        const FileId id{about.st_dev, about.st_ino};
        const auto noted = files_.find(id);
        if (noted != files_.end()) noted->second.writes.clear();
        for (auto one = names_.begin(); one != names_.end();) {
            if (one->folder != id) {
                ++one;
                continue;
            }
            if (!one->stash.empty()) real_unlink(one->stash.c_str());
            one = names_.erase(one);
        }
    }
    void note_name(const std::string& made, const std::string& lost) {
        if (mode_ != "power") return;
        const std::string& path = made.empty() ? lost : made;
        struct stat about{};
        ::stat(path.substr(0, path.rfind('/')).c_str(), &about);
        Naming naming{{about.st_dev, about.st_ino}, made, lost, {}};
        if (!lost.empty()) {
            naming.stash = lost + ".stash" + std::to_string(stashes_++);
            ::link(lost.c_str(), naming.stash.c_str());
        }
        names_.push_back(std::move(naming));
    }

    // What was not synced is undone, and some of it done again.
    void lose() {
        std::mt19937 chance(static_cast<unsigned>(std::atoi(setting("BAD_DISK_SEED").c_str())));
        for (auto& [id, file] : files_) {
            for (auto one = file.writes.rbegin(); one != file.writes.rend(); ++one)
                put(file.handle, one->offset, one->before, one->size_before);
            for (const Unsynced& one : file.writes) {
                if (chance() % 2 == 0) put(file.handle, one.offset, one.after, one.size_after);
            }
        }
        // Names of one folder are kept up to some one and lost from there.
        std::map<FileId, bool> kept;
        std::vector<const Naming*> undone;
        for (const Naming& naming : names_) {
            bool& keeps = kept.try_emplace(naming.folder, true).first->second;
            keeps = keeps && chance() % 2 == 0;
            if (!keeps) undone.push_back(&naming);
        }
        for (auto one = undone.rbegin(); one != undone.rend(); ++one) {
            if (!(*one)->made.empty()) real_unlink((*one)->made.c_str());
            if (!(*one)->stash.empty()) ::link((*one)->stash.c_str(), (*one)->lost.c_str());
        }
        forget_names();
    }
    void end() {
        if (mode_ == "power" && at_ == 0) lose();
        forget_names();
        const std::string tell = setting("BAD_DISK_TELL");
        if (tell.empty()) return;
        const int file = real_open(tell.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
        const std::string count = std::to_string(count_);
        (void)!real_write(file, count.data(), count.size());
    }

    std::recursive_mutex mutex;

  private:
    void forget_names() {
        for (const Naming& naming : names_) {
            if (!naming.stash.empty()) real_unlink(naming.stash.c_str());
        }
        names_.clear();
    }
    static void put(int file, off_t offset, const std::string& bytes, off_t size) {
        (void)!real_pwrite(file, bytes.data(), bytes.size(), offset);
        (void)!real_truncate(file, size);
    }
    File& file_of(int handle) {
        struct stat about{};
        ::fstat(handle, &about);
        File& file = files_[{about.st_dev, about.st_ino}];
        if (file.handle < 0) {
            const std::string link = "/proc/self/fd/" + std::to_string(handle);
            file.handle = real_open(link.c_str(), O_RDWR | O_CLOEXEC);
        }
        return file;
    }

    const std::string mode_ = setting("BAD_DISK");
    const std::string folder_ = setting("BAD_DISK_FOLDER");
    const long at_ = std::atol(setting("BAD_DISK_AT").c_str());
    long count_ = 0;
    int stashes_ = 0;
    std::map<FileId, File> files_;
    std::vector<Naming> names_;
};

ssize_t write_at(int file, const void* bytes, size_t size, const off_t* offset) {
    const auto write = [&](size_t some) {
        return offset == nullptr ? real_write(file, bytes, some)
                                 : real_pwrite(file, bytes, some, *offset);
    };
    Disk& disk = Disk::the();
    if (!disk.on() || !disk.holds(file)) return write(size);
    const std::lock_guard lock(disk.mutex);
    const Disk::Does does = disk.next(true, true);
    if (does == Disk::Does::fails) return -1;
    if (does == Disk::Does::half && size > 1) size /= 2;
    const off_t at = offset == nullptr ? ::lseek(file, 0, SEEK_CUR) : *offset;
    disk.note_write(file, at, bytes, size, 0);
    return write(size);
}

int open_at(const char* path, int flags, unsigned mode) {
    Disk& disk = Disk::the();
    if ((flags & O_CREAT) == 0 || !disk.holds(std::string(path)) || ::access(path, F_OK) == 0)
        return real_open(path, flags, mode);
    const std::lock_guard lock(disk.mutex);
    if (disk.next(true, false) == Disk::Does::fails) return -1;
    disk.note_name(path, {});
    return real_open(path, flags, mode);
}

int sync_file(int file) {
    Disk& disk = Disk::the();
    if (!disk.on() || !disk.holds(file)) return real_fsync(file);
    const std::lock_guard lock(disk.mutex);
    if (disk.next(false, false) == Disk::Does::fails) return -1;
    disk.synced(file);
    return 0;  // nothing here outlives the test: the real one would only cost time
}

int cut_file(int file, off_t size) {
    Disk& disk = Disk::the();
    if (!disk.on() || !disk.holds(file)) return real_truncate(file, size);
    const std::lock_guard lock(disk.mutex);
    if (disk.next(true, false) == Disk::Does::fails) return -1;
    disk.note_write(file, size, nullptr, 0, size);
    return real_truncate(file, size);
}

[[gnu::destructor]] void at_the_end() {
    const std::lock_guard lock(Disk::the().mutex);
    Disk::the().end();
}

}  // namespace

extern "C" {

ssize_t write(int file, const void* bytes, size_t size) {
    return write_at(file, bytes, size, nullptr);
}
ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
    return write_at(file, bytes, size, &offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t size, off_t offset) {
    return write_at(file, bytes, size, &offset);
}
int fsync(int file) {
    return sync_file(file);
}
int fdatasync(int file) {
    return sync_file(file);
}
int ftruncate(int file, off_t size) noexcept {
    return cut_file(file, size);
}
int ftruncate64(int file, off_t size) noexcept {
    return cut_file(file, size);
}

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const unsigned mode = va_arg(rest, unsigned);
    va_end(rest);
    return open_at(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const unsigned mode = va_arg(rest, unsigned);
    va_end(rest);
    return open_at(path, flags, mode);
}

int rename(const char* from, const char* to) noexcept {
    Disk& disk = Disk::the();
    if (!disk.holds(std::string(to))) return real_rename(from, to);
    const std::lock_guard lock(disk.mutex);
    if (disk.next(true, false) == Disk::Does::fails) return -1;
    disk.note_name(::access(to, F_OK) == 0 ? "" : to, from);
    return real_rename(from, to);
}
int unlink(const char* path) noexcept {
    Disk& disk = Disk::the();
    if (!disk.holds(std::string(path))) return real_unlink(path);
    const std::lock_guard lock(disk.mutex);
    if (disk.next(false, false) == Disk::Does::fails) return -1;
    disk.note_name({}, path);
    return real_unlink(path);
}
}
