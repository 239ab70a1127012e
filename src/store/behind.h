// Work that is done behind the one who orders it: on a thread of its own, in the order in which it
// was ordered.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/error.h"

namespace farthing::store {

class Behind {
  public:
    using Task = std::move_only_function<Result<void>()>;

    Behind() = default;
    ~Behind();  // what has not begun is forgotten
    Behind(const Behind&) = delete;
    Behind& operator=(const Behind&) = delete;

    // Waits while kWaiting tasks do; the first call starts the thread. After a task has failed none
    // is begun any more, and this says why.
    Result<void> order(Task task);
    // Waits until all is done; the first failure, if there was one.
    Result<void> finish();
    bool started() const { return thread_.joinable(); }

  private:
    static constexpr std::size_t kWaiting = 1;
    static Result<void> run(Task& task);
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Task> tasks_;
    bool busy_ = false;
    bool stop_ = false;
    std::optional<Error> failure_;
    std::thread thread_;
};

}  // namespace farthing::store
