// Moves groups of charges from the log (group_log.h) to the tables, in their order, on a thread of
// its own. What was put and is not moved yet can be asked for.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include "store/group_codec.h"
#include "store/group_log.h"

namespace farthing::store {

struct LoggedGroup {
    LogPlace place;  // behind it
    ChargedGroup group;
};

// Of one transaction, at most.
constexpr std::size_t kGroupsTogether = 32;

class Applier {
  public:
    // Puts them into the tables, all of them or none; those that are there already stay as they
    // are.
    using Apply = std::function<Result<void>(std::span<const LoggedGroup* const>)>;

    // Up to `from` they are there.
    Applier(LogPlace from, Apply apply);
    ~Applier();  // moves what waits, if that can be done
    Applier(const Applier&) = delete;
    Applier& operator=(const Applier&) = delete;

    // Waits until few enough are on their way; fails where they can't be moved.
    Result<void> make_room();
    void put(LoggedGroup group);
    // Waits until all stands in the tables; fails where it can't be moved.
    Result<void> settle();
    LogPlace applied();
    // Others moved the log on: REQUIRES: settled.
    void start_from(LogPlace place);
    // Of those on their way, oldest first.
    template <class Each>
    void each_waiting(Each each) {
        const std::scoped_lock lock(mutex_);
        for (const auto& group : waiting_) each(*group);
    }

  private:
    void run();
    Result<void> wait_for(std::unique_lock<std::mutex>& lock, std::size_t most);

    Apply apply_;
    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    std::deque<std::unique_ptr<const LoggedGroup>> waiting_;
    LogPlace applied_;
    std::optional<Error> failure_;  // of the last attempt
    int wanted_ = 0;                // who waits for the next one
    bool ends_ = false;
    std::thread thread_;
};

}  // namespace farthing::store
