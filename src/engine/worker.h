// A thread that does what it is asked for, one thing after the other. Private to this room.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

namespace farthing::engine {

class Worker {
  public:
    Worker() : thread_([this] { work(); }) {}
    // Waits for what it is at; what it has not begun is forgotten.
    ~Worker() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // What `work` returns, or throws, comes with the future.
    template <class Work>
    std::future<std::invoke_result_t<Work&>> ask(Work work) {
        std::packaged_task<std::invoke_result_t<Work&>()> task(std::move(work));
        auto answer = task.get_future();
        {
            const std::lock_guard lock(mutex_);
            tasks_.emplace_back([task = std::move(task)]() mutable { task(); });
        }
        changed_.notify_one();
        return answer;
    }

  private:
    void work() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [&] { return stop_ || !tasks_.empty(); });
            if (stop_) return;
            auto task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
            task = nullptr;  // with what it captured
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::move_only_function<void()>> tasks_;
    bool stop_ = false;
    std::thread thread_;  // last: it works with what stands above
};

}  // namespace farthing::engine
