#include "store/checkpoints.h"

#include <sqlite3.h>
#include <sys/resource.h>

namespace farthing::store {

namespace {

constexpr int kOften = 500;       // pages of 4 KiB, after which they are moved behind
constexpr int kLong = 16'000;     // then the log is to begin anew: who commits moves the rest,
constexpr int kFew = 1'000;       // once that is little,
constexpr int kLongest = 64'000;  // or the log that long
constexpr int kNice = 5;          // who commits gets a processor first

void checkpoint(sqlite3* database) {
    (void)sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

// So that who moves the rest, and then waits for the disk, waits for that rest alone.
void sync(sqlite3* database) {
    sqlite3_file* file = nullptr;
    if (sqlite3_file_control(database, nullptr, SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK)
        (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
}

}  // namespace

Checkpoints::Checkpoints(std::filesystem::path file) : file_(std::move(file)) {
    thread_ = std::thread([this] { run(); });
}

Checkpoints::~Checkpoints() {
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    waits_.notify_one();
    thread_.join();
}

void Checkpoints::committed(sqlite3* writer, int pages) {
    bool rest = false;
    {
        const std::scoped_lock lock(mutex_);
        if (pages < moved_) moved_ = tried_ = 0;  // it began anew
        const int left = pages - moved_;
        // A reader that stays keeps the log: then it is not tried at each commit.
        rest = !works_ && pages >= kLong && pages - tried_ >= kFew &&
               (left <= kFew || pages >= kLongest);
        if (rest) tried_ = pages;
        if (!rest && !works_ && (left >= kOften || pages >= kLong)) {
            moved_ = pages;
            due_ = works_ = true;
            waits_.notify_one();
        }
    }
    if (rest) checkpoint(writer);
}

void Checkpoints::run() {
    (void)setpriority(PRIO_PROCESS, 0, kNice);  // of this thread
    sqlite3* database = nullptr;
    if (sqlite3_open_v2(file_.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        nullptr) == SQLITE_OK)
        (void)sqlite3_exec(database, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
    std::unique_lock lock(mutex_);
    while (true) {
        waits_.wait(lock, [this] { return due_ || ends_; });
        if (ends_) break;
        due_ = false;
        lock.unlock();
        checkpoint(database);
        sync(database);
        lock.lock();
        works_ = false;
    }
    lock.unlock();
    sqlite3_close_v2(database);
}

}  // namespace farthing::store
