#include "store/checkpoints.h"

#include <sqlite3.h>

namespace farthing::store {

namespace {

constexpr int kOften = 4'000;  // pages of 4 KiB, after which they are moved behind
constexpr int kLong = 16'000;  // then the one who commits moves the rest, and the log begins anew

void checkpoint(sqlite3* database) {
    (void)sqlite3_wal_checkpoint_v2(database, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
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
        if (pages < moved_) moved_ = 0;  // it began anew
        rest = pages >= kLong && !works_;
        if (!rest && !works_ && pages - moved_ >= kOften) {
            moved_ = pages;
            due_ = works_ = true;
            waits_.notify_one();
        }
    }
    if (rest) checkpoint(writer);
}

void Checkpoints::run() {
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
        lock.lock();
        works_ = false;
    }
    lock.unlock();
    sqlite3_close_v2(database);
}

}  // namespace farthing::store
