#include "store/turns.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "store/store.h"

namespace farthing::store {

namespace {

Result<int> open_file(const std::filesystem::path& file) {
    const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (handle >= 0) return handle;
    return fail(StoreReason::store_unavailable,
                std::string("the lock can't be opened: ") + std::strerror(errno), file.string());
}

constexpr std::chrono::milliseconds kRestMost(100);  // however long the turn was

bool lock(int file, int how) {
    int done = 0;
    do {
        done = ::flock(file, how);
    } while (done != 0 && errno == EINTR);
    return done == 0;
}

}  // namespace

Turns::Turns(int now, int next, int live) : now_(now), next_(next), live_(live) {
    std::random_device chance;
    name_ = (std::uint64_t{chance()} << 32 | chance()) | 1;
}

Result<Turns> Turns::open(const std::filesystem::path& folder) {
    Turns turns(-1, -1, -1);
    FARTHING_TRY(turns.now_, open_file(folder / "turn.lock"));
    FARTHING_TRY(turns.next_, open_file(folder / "next.lock"));
    FARTHING_TRY(turns.live_, open_file(folder / "live.lock"));
    return turns;
}

Turns::Turns(Turns&& other) noexcept
    : now_(std::exchange(other.now_, -1)),
      next_(std::exchange(other.next_, -1)),
      live_(std::exchange(other.live_, -1)),
      charges_live_(std::exchange(other.charges_live_, false)),
      taken_(std::exchange(other.taken_, 0)),
      name_(other.name_),
      others_had_(other.others_had_),
      began_(other.began_),
      rests_till_(other.rests_till_) {}
Turns::~Turns() {
    if (now_ >= 0) ::close(now_);
    if (next_ >= 0) ::close(next_);
    if (live_ >= 0) ::close(live_);
}

Result<void> Turns::take() {
    if (taken_ > 0) {
        taken_ += 1;
        return {};
    }
    std::this_thread::sleep_until(rests_till_);
    const bool done = lock(next_, LOCK_EX) && lock(now_, LOCK_EX) && sign();
    const std::string why = std::strerror(errno);
    (void)lock(next_, LOCK_UN);
    if (!done) {
        (void)lock(now_, LOCK_UN);
        return fail(StoreReason::store_unavailable, "the lock can't be taken: " + why);
    }
    taken_ = 1;
    began_ = std::chrono::steady_clock::now();
    return {};
}

std::uint64_t Turns::last() const {
    std::uint64_t name = 0;
    return ::pread(now_, &name, sizeof name, 0) == sizeof name ? name : 0;
}

bool Turns::sign() {
    if (last() == name_) return true;
    others_had_ = true;
    return ::pwrite(now_, &name_, sizeof name_, 0) == sizeof name_;
}

bool Turns::others_had() const {
    return others_had_ || (!ours() && last() != name_);
}

void Turns::give() {
    FARTHING_ASSERT(taken_ > 0);
    if (--taken_ > 0) return;
    if (!charges_live_ && others_wait() && live()) {
        const Time now = std::chrono::steady_clock::now();
        rests_till_ = now + std::min<Time::duration>(now - began_, kRestMost);
    }
    (void)lock(now_, LOCK_UN);
}

bool Turns::others_wait() {
    if (!lock(next_, LOCK_EX | LOCK_NB)) return true;
    (void)lock(next_, LOCK_UN);
    return false;
}

Result<void> Turns::charge_live() {
    charges_live_ = lock(live_, LOCK_SH);
    if (charges_live_) return {};
    return fail(StoreReason::store_unavailable,
                std::string("the lock can't be taken: ") + std::strerror(errno));
}

bool Turns::live() {
    if (charges_live_ || !lock(live_, LOCK_EX | LOCK_NB)) return true;
    (void)lock(live_, LOCK_UN);
    return false;
}

}  // namespace farthing::store
