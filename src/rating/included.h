// How much is included in a counter's window, from when on, and what of it was carried over from
// windows before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "catalog/snapshot.h"
#include "directory/directory.h"
#include "rating/buckets.h"
#include "rating/counters.h"

namespace farthing::rating {

// The counter of that key as it stands; nullptr where nothing was rated in it.
using CounterOf = std::function<const Counter*(const CounterKey&)>;

// What a window left over, and still counts in a later one.
struct Carried {
    Date from;   // the first day of the window that left it
    Date until;  // the first day on which it counts no more
    std::int64_t quantity = 0;
    bool operator==(const Carried&) const = default;
};

struct Included {
    // What is included from a day on, all in all; also where only a bucket begins or ends.
    struct Step {
        Instant at;
        std::uint32_t day = 0;  // of the window, not its first
        std::int64_t whole = 0;
        bool operator==(const Step&) const = default;
    };
    std::int64_t at_start = 0;     // with what was carried
    std::vector<Step> steps;       // by day
    std::int64_t cap = INT64_MAX;  // what each member may use of it
    std::vector<Carried> carried;  // what lapses first comes first
    Buckets buckets;               // as they stand before the window; they cover usage first
    std::int64_t at_end() const { return steps.empty() ? at_start : steps.back().whole; }
    bool capped() const { return cap != INT64_MAX; }
    // One quantity for the whole window: what is beyond depends on the total alone.
    bool simple() const { return steps.empty() && !capped() && buckets.empty(); }
    std::int64_t carried_in() const;
    bool operator==(const Included&) const = default;
};

// By one version of the catalog. `counter_of` gives the counters of earlier windows, for what is
// carried over; nothing is carried without it.
Included included_of(const catalog::Snapshot& catalog, const catalog::Version& version,
                     const directory::Directory& directory, const CounterKey& key,
                     DatePeriod window, const CounterOf& counter_of);

// Whether buckets may cover what the counter of that key counts.
bool has_buckets(const directory::Directory& directory, const CounterKey& key);
// Up to which day they do, or what they leave goes on: Date::min() where there are none.
Date buckets_end(const directory::Directory& directory, const CounterKey& key);
// The owner's buckets as they stand on a day, after what is known to be used until others are
// valid. `key`: of any of its windows.
Buckets buckets_on(const directory::Directory& directory, CounterKey key, Date day,
                   const CounterOf& counter_of);
// The windows of a counter's owner that hold a day of `days`, by their first days.
std::vector<DatePeriod> windows_in(const directory::Directory& directory, const CounterKey& key,
                                   DatePeriod days);

// For how many windows at most what is left lives on, by any version of the charge; 0 for none.
int carries_for(const catalog::Snapshot& catalog, ComponentId component);

// The windows of a counter's owner that begin after `window`, one after the other. Where the payer
// changes to one with another bill day, they overlap.
class LaterWindows {
  public:
    LaterWindows(const directory::Directory& directory, const CounterKey& key);
    // nullopt when there are no more.
    std::optional<DatePeriod> next();
    // How many of them may lie between a window and the one before it that leaves something to it.
    int spare() const;

  private:
    const directory::Directory& directory_;
    CounterKey key_;
    Date day_;
};
}  // namespace farthing::rating
