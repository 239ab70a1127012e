// Whether windows may be merged under the prices of a catalog (R12): refused by name where they
// would merge what a price tells apart, since totals must be the same with and without them.
#pragma once

#include "base/error.h"
#include "base/reason.h"
#include "catalog/snapshot.h"
#include "mediation/feed.h"

namespace farthing {

#define FARTHING_WINDOW_REASONS(X)                                                               \
    X(windows_merge_sessions, "a price looks at each record by itself",                          \
      "Price the meter without increments, fee, minimum and grace, or take `aggregate` out of "  \
      "the feed.")                                                                               \
    X(windows_merge_networks, "a price depends on the network, which windows do not keep apart", \
      "Write `by: [network]` in `aggregate`.")                                                   \
    X(windows_merge_numbers, "a price depends on numbers that windows do not keep apart",        \
      "Write `by: [called]` in `aggregate`, and `calling` too where the deck has origins.")      \
    X(windows_cross_prices, "a price changes within a window",                                   \
      "Shorten the window, so that its edges fall on those of the prices.")                      \
    X(windows_cross_days, "windows follow another clock than the days of the catalog",           \
      "Write the catalog's `time_zone` in `aggregate`.")                                         \
    X(windows_merge_limits, "a hard limit is kept record by record",                             \
      "Take the limit out of the plan, or `aggregate` out of the feed.")                         \
    X(windows_of_no_meter, "`quantity` names a service that is no meter of the catalog",         \
      "Mend the name, or add the meter.")                                                        \
    X(windows_count_amounts, "records are counted on a meter that counts no events",             \
      "Count on a meter of events, messages or numbers, or write `sum`.")
FARTHING_REASON_ENUM(WindowReason, FARTHING_WINDOW_REASONS)

}  // namespace farthing

namespace farthing::mediation {

// Whether both make the same windows of the same records.
bool same_windows(const Feed& a, const Feed& b);

// Every reason why that feed's windows do not go with that version; empty: they do, or the feed has
// none.
Errors check_windows(const Feed& feed, const catalog::Version& version);

}  // namespace farthing::mediation
