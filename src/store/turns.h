// Whose turn it is: processes that charge on one data folder, from files or while usage happens,
// take turns, each from what it reads to its commit. Fair: who waits is next, and beside a process
// that charges while usage happens others rest as long as they worked.
#pragma once

#include <chrono>
#include <filesystem>

#include "base/error.h"

namespace farthing::store {

class Turns {
  public:
    static Result<Turns> open(const std::filesystem::path& folder);
    ~Turns();
    Turns(Turns&& other) noexcept;
    Turns& operator=(Turns&&) = delete;

    // Waits for it. Who has it may take it again, and gives it back as often.
    Result<void> take();
    void give();
    // REQUIRES: it is ours.
    bool others_wait();

    // This process charges while usage happens, until it ends.
    Result<void> charge_live();
    // Whether one does.
    bool live();

  private:
    Turns(int now, int next, int live) : now_(now), next_(next), live_(live) {}
    int now_;   // file that is locked by whose turn it is
    int next_;  // and by who is next
    int live_;  // shared by who charges while usage happens
    bool charges_live_ = false;
    int taken_ = 0;
    using Time = std::chrono::steady_clock::time_point;
    Time began_;       // of the turn at hand
    Time rests_till_;  // after the one before, where others waited for its end
};

}  // namespace farthing::store
