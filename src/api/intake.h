// What waits for the one thread that charges: bounded, put in from any thread, taken out in groups
// that share a commit.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace farthing::api {

template <class Work>
class Intake {
  public:
    // `begins`: is refused first, so that what goes on, and carries usage, has room.
    enum class Kind { begins, goes_on, other };
    using Clock = std::chrono::steady_clock;

    static constexpr std::size_t kGroup = 2'048;       // charges of one commit
    static constexpr std::size_t kWaiting = 4'096;     // more are refused
    static constexpr std::size_t kBeginnings = 3'072;  // then none begins
    static constexpr std::size_t kCrowd = 8;           // charges, after which the next wait
    static constexpr std::size_t kEnough = 256;        // charges that wait for no more

    // `apart`: where charges come in crowds, the groups begin so far apart: most of what a commit
    // costs is the same for a hundred requests as for one, and who is alone waits for nobody.
    explicit Intake(Clock::duration apart) : apart_(apart) {}

    // False: there is no room, and the work is as it was.
    bool put(Work& work, Kind kind) {
        bool wakes = false;
        {
            const std::scoped_lock lock(mutex_);
            const std::size_t room = kind == Kind::begins ? kBeginnings : kWaiting;
            if (ends_ || charges_.size() + others_.size() >= room) return false;
            (kind == Kind::other ? others_ : charges_).push_back(std::move(work));
            wakes = sleeps_ == Sleep::idle || (sleeps_ == Sleep::apart &&
                                               (kind == Kind::other || charges_.size() == kEnough));
        }
        if (wakes) waits_.notify_one();
        return true;
    }

    struct Group {
        std::vector<Work> others;  // to be answered first: they wait for no crowd
        std::vector<Work> charges;
        bool empty() const { return others.empty() && charges.empty(); }
    };
    // Waits for some; empty: it ended, and nothing waits any more.
    Group take() {
        std::unique_lock lock(mutex_);
        sleeps_ = Sleep::idle;
        waits_.wait(lock, [this] { return ends_ || !charges_.empty() || !others_.empty(); });
        sleeps_ = Sleep::apart;
        waits_.wait_until(lock, next_, [this] {
            return ends_ || !others_.empty() || charges_.size() >= kEnough;
        });
        sleeps_ = Sleep::no;
        const Clock::time_point now = Clock::now();
        Group group;
        take_from(others_, others_.size(), group.others);
        if (now >= next_ || charges_.size() >= kEnough || ends_) {
            take_from(charges_, kGroup, group.charges);
            if (group.charges.size() >= kCrowd) next_ = now + apart_;
        }
        return group;
    }

    // Nothing is put in any more; what waits is still to be taken.
    void end() {
        {
            const std::scoped_lock lock(mutex_);
            ends_ = true;
        }
        waits_.notify_one();
    }

  private:
    enum class Sleep { no, idle, apart };

    static void take_from(std::deque<Work>& from, std::size_t most, std::vector<Work>& to) {
        const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(from.size(), most));
        to.assign(std::move_iterator(from.begin()), std::move_iterator(end));
        from.erase(from.begin(), end);
    }

    const Clock::duration apart_;
    std::mutex mutex_;  // of what follows
    std::condition_variable waits_;
    std::deque<Work> charges_;
    std::deque<Work> others_;
    Sleep sleeps_ = Sleep::no;
    Clock::time_point next_;  // group of charges
    bool ends_ = false;
};

}  // namespace farthing::api
