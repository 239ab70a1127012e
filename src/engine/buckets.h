// Buckets: quantities that customers buy or are given, and that their usage takes from before it
// costs anything.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/civil.h"
#include "model/money.h"
#include "model/rated_usage.h"

namespace farthing::engine {

struct BucketOrder {
    std::string owner;  // a subscription, group or account, by name
    OwnerKind owner_kind = OwnerKind::subscription;
    std::string package;            // by name: of a plan of the owner's
    std::string reference;          // the same counts once
    std::optional<Date> from = {};  // its first day; none: today
    bool given = false;             // nobody pays
    std::string account = {};       // the owner is there or below it; empty: anywhere
};

struct BucketRow {
    std::string id;  // "bkt-3"
    std::string owner;
    std::string package;  // "basic/data-1gb"
    std::string quantity;
    std::string rolled_over;  // came from one that ended
    std::string covered;      // of usage
    std::string remaining;
    Date from;
    Date last;          // the last day on which it is valid
    std::string state;  // "valid", "not yet", "ended"
    Money price;
    std::int64_t remaining_units = 0;
    std::string unit;       // the meter's base unit
    bool repeated = false;  // it was bought before under that reference
};

}  // namespace farthing::engine
