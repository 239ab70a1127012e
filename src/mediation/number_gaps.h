// Which numbers of owners did not come: what is missing between the lowest and the highest of each.
// An owner all of whose numbers of a day are below all those of its day before began again: what
// lies between is not missing.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/civil.h"
#include "mediation/dedup.h"
#include "mediation/number_set.h"

namespace farthing::mediation {

class NumberGaps {
  public:
    // REQUIRES: days ascend.
    void add_day(const NumberSet& day);

    struct Gap {
        SubscriptionId owner;
        NumberRun numbers;
        bool operator==(const Gap&) const = default;
    };
    struct Found {
        std::int64_t owners = 0;
        std::int64_t came = 0;  // numbers
        std::int64_t missing = 0;
        std::vector<Gap> gaps;  // by owner
    };
    Found found() const;

  private:
    struct Owner {
        std::vector<NumberRun> runs;     // since it began last, ascending
        std::int64_t lowest_of_day = 0;  // of its last day
        std::vector<NumberRun> gaps;     // from before it began last
    };
    std::unordered_map<std::uint32_t, Owner> owners_;
    std::int64_t came_ = 0;
};

// From the files of the feed's keys, in the order in which they were stored. REQUIRES: the feed
// tells duplicates by numbers.
Result<NumberGaps::Found> number_gaps(const Feed& feed, std::span<const std::string> paths,
                                      const Dedup::Reader& reader);

}  // namespace farthing::mediation
