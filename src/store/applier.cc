#include "store/applier.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <vector>

#include "base/assert.h"

namespace farthing::store {

namespace {

constexpr std::size_t kMost = 256;                // groups on their way
constexpr std::chrono::milliseconds kAgain(200);  // after a failure
// Groups that follow each other wait so long for more: most of what a commit costs is the same for
// many, and what two of them change is often on one page.
constexpr std::chrono::milliseconds kGather(2);

}  // namespace

Applier::Applier(LogPlace from, Apply apply) : apply_(std::move(apply)), applied_(from) {
    thread_ = std::thread([this] { run(); });
}

Applier::~Applier() {
    (void)settle();
    {
        const std::scoped_lock lock(mutex_);
        ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

// An attempt that failed before is not the answer: the next one is.
Result<void> Applier::wait_for(std::unique_lock<std::mutex>& lock, std::size_t most) {
    if (waiting_.size() <= most) return {};
    failure_.reset();
    wanted_ += 1;
    changed_.notify_all();
    changed_.wait(lock, [&] { return waiting_.size() <= most || failure_; });
    wanted_ -= 1;
    if (waiting_.size() > most) return fail(*failure_);
    return {};
}

Result<void> Applier::make_room() {
    std::unique_lock lock(mutex_);
    return wait_for(lock, kMost - 1);
}

Result<void> Applier::settle() {
    std::unique_lock lock(mutex_);
    return wait_for(lock, 0);
}

void Applier::put(LoggedGroup group) {
    auto one = std::make_unique<const LoggedGroup>(std::move(group));
    bool wakes = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(std::move(one));
        wakes = waiting_.size() == 1 || waiting_.size() >= kGroupsTogether;
    }
    if (wakes) changed_.notify_all();
}

LogPlace Applier::applied() {
    const std::scoped_lock lock(mutex_);
    return applied_;
}

void Applier::start_from(LogPlace place) {
    const std::scoped_lock lock(mutex_);
    FARTHING_ASSERT(waiting_.empty());
    applied_ = place;
}

void Applier::run() {
    std::unique_lock lock(mutex_);
    std::vector<std::unique_ptr<const LoggedGroup>> gone;  // freed while nobody waits for it
    while (true) {
        changed_.wait(lock, [this] { return !waiting_.empty() || ends_; });
        changed_.wait_for(lock, kGather, [this] {
            return waiting_.size() >= kGroupsTogether || wanted_ > 0 || ends_;
        });
        if (ends_) return;
        std::vector<const LoggedGroup*> some;
        for (std::size_t i = 0; i < std::min(waiting_.size(), kGroupsTogether); ++i)
            some.push_back(waiting_[i].get());
        lock.unlock();
        gone.clear();
        Result<void> done = apply_(some);
        lock.lock();
        if (done) {
            failure_.reset();
            applied_ = some.back()->place;
            const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(some.size());
            std::move(waiting_.begin(), end, std::back_inserter(gone));
            waiting_.erase(waiting_.begin(), end);
        } else {
            failure_ = std::move(done).error();
        }
        changed_.notify_all();
        if (failure_)
            changed_.wait_for(lock, kAgain, [this] { return ends_ || (wanted_ > 0 && !failure_); });
    }
}

}  // namespace farthing::store
