// What has to be done as time goes by although nobody asks: on a thread of its own, until it ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace farthing::api {

class Ticker {
  public:
    // `work` tells whether there is more of it: then it goes on at once.
    explicit Ticker(std::function<bool()> work) : work_(std::move(work)) {
        thread_ = std::thread([this] { run(); });
    }
    ~Ticker() { stop(); }
    Ticker(const Ticker&) = delete;
    Ticker& operator=(const Ticker&) = delete;

    void stop() {
        {
            const std::scoped_lock lock(mutex_);
            ends_ = true;
        }
        waits_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

  private:
    static constexpr std::chrono::milliseconds kPause{500};

    void run() {
        std::unique_lock lock(mutex_);
        while (!ends_) {
            lock.unlock();
            const bool more = work_();
            lock.lock();
            if (!more) waits_.wait_for(lock, kPause, [this] { return ends_; });
        }
    }

    std::function<bool()> work_;
    std::mutex mutex_;
    std::condition_variable waits_;
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace farthing::api
