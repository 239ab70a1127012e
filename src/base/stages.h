// Where the processor's time goes while files are imported, by stage.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace farthing {

enum class Stage : std::uint8_t {
    open,     // files: opened, unpacked, hashed
    count,    // and their records counted
    decode,   // scanned, and mapped to columns
    guide,    // validated, owners found, content hashed
    dedup,    // duplicates told
    window,   // micro-events put together
    rate,     // priced, and written into the columns that are archived
    gather,   // what is archived of usage, and control totals
    encode,   // row groups sorted, encoded, compressed, written
    keys,     // new keys sorted and written
    counter,  // postings made of counters, and changed counters packed
    commit,   // written to the store
};
constexpr std::size_t kStages = 12;
std::string_view name_of(Stage stage);   // as above
std::string_view title_of(Stage stage);  // for people

// Nanoseconds of processor time of all threads since the process began.
using StageTimes = std::array<std::int64_t, kStages>;
StageTimes stage_times();

// Counts what its thread spends until its end, less what others count within it. For thousands of
// records at once: to ask costs some 200 ns.
class Timed {
  public:
    explicit Timed(Stage stage);
    ~Timed();
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

  private:
    Stage stage_;
    std::int64_t began_;
    std::int64_t within_ = 0;  // counted by others
    Timed* outer_;
};

}  // namespace farthing
