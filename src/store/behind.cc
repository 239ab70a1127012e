#include "store/behind.h"

#include "base/stages.h"

namespace farthing::store {

Behind::~Behind() {
    if (!started()) return;
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
        tasks_.clear();
    }
    changed_.notify_all();
    thread_.join();
}

Result<void> Behind::order(Task task) {
    if (!started()) thread_ = std::thread([this] { work(); });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || tasks_.size() < kWaiting; });
    if (failure_) return fail(*failure_);
    tasks_.push_back(std::move(task));
    lock.unlock();
    changed_.notify_all();
    return {};
}

Result<void> Behind::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_ && tasks_.empty(); });
    if (failure_) return fail(*failure_);
    return {};
}

Result<void> Behind::run(Task& task) {
    const Timed timed(Stage::encode);
    return task();
}

void Behind::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stop_ || !tasks_.empty(); });
        if (stop_) return;
        Task task = std::move(tasks_.front());
        tasks_.pop_front();
        busy_ = true;
        lock.unlock();
        changed_.notify_all();
        Result<void> done = run(task);
        task = {};
        lock.lock();
        busy_ = false;
        if (!done) {
            failure_ = std::move(done).error();
            tasks_.clear();
        }
        changed_.notify_all();
    }
}

}  // namespace farthing::store
