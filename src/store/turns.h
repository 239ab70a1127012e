// Whose turn it is: processes that charge on one data folder, from files or while usage happens,
// take turns, each from what it reads to its commit. Fair: who waits is next, and beside a process
// that charges while usage happens others rest as long as they worked.
#pragma once

#include <chrono>
#include <cstdint>
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
    bool ours() const { return taken_ > 0; }
    // Whether others had a turn since this was last told to forget it, or have it now.
    bool others_had() const;
    void forget_others() { others_had_ = false; }

    // This process charges while usage happens, until it ends.
    Result<void> charge_live();
    // Whether one does.
    bool live();

  private:
    Turns(int now, int next, int live);
    std::uint64_t last() const;
    bool sign();
    int now_;   // file that is locked by whose turn it is
    int next_;  // and by who is next
    int live_;  // shared by who charges while usage happens
    bool charges_live_ = false;
    int taken_ = 0;
    std::uint64_t name_;  // of ours, where the last one who had a turn leaves its name
    bool others_had_ = true;
    using Time = std::chrono::steady_clock::time_point;
    Time began_;       // of the turn at hand
    Time rests_till_;  // after the one before, where others waited for its end
};

}  // namespace farthing::store
