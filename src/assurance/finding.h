// What the books can't show because they are right: things a person should look at. A finding
// changes no figure and fails no check.
#pragma once

#include "base/reason.h"

namespace farthing {

#define FARTHING_FINDING_REASONS(X)                                                           \
    X(reading_stuck, "a reading stays at one value while those of most other devices change", \
      "Have the device looked at; its usage was charged as it reported it.")                  \
    X(unknown_device, "many records name an identity that no subscription owns",              \
      "Add it with its start date and retry, or have it blocked and drop its records.")       \
    X(total_unusual, "a document is many times the account's earlier ones, or a small part",  \
      "Look at its lines before it is sent; `farthing explain` tells where each comes from.") \
    X(negative_margin, "records are sold below what their carrier charges",                   \
      "Raise the price, or send the destination to another carrier.")                         \
    X(over_cap, "usage of a cycle costs more than the plan's spending cap",                   \
      "Ask the customer or block the device; what was used stays charged.")                   \
    X(near_cap, "usage of a cycle has reached an alert of the plan's spending cap",           \
      "Tell the customer, or raise the cap in the plan.")                                     \
    X(usage_unusual, "usage that the account's earlier documents had not, or much less of",   \
      "Ask the customer or look at the devices before the document is sent.")
FARTHING_REASON_ENUM(FindingReason, FARTHING_FINDING_REASONS)

}  // namespace farthing
