// Fees of accounts that pay before they use: each falls due on a day, and is taken from the balance
// or waits for a top-up while the subscription is suspended (EC71).
#pragma once

#include <compare>
#include <cstdint>

#include "base/civil.h"
#include "base/instant.h"
#include "model/ids.h"

namespace farthing {

struct PrepaidFee {
    AccountId payer;
    SubscriptionId subscription;  // none: a fee of the account
    PlanId plan;
    ComponentId component;
    DatePeriod cycle;  // in which it stands on a document
    Date first;        // of the days that it stands for
    Date due;
    Date until;  // from then on it is not asked for any more; Date::max(): until it is paid

    // Once per due date.
    struct Key {
        SubscriptionId subscription;
        ComponentId component;
        DatePeriod cycle;
        Date first;
        auto operator<=>(const Key&) const = default;
    };
    Key key() const { return {subscription, component, cycle, first}; }
    bool is_waiting_on(Date day) const { return day < until; }
};

// What became of it at a time, never changed: it was taken, or what changed since was; or it was
// not, since the balance did not cover it.
struct FeeMove {
    std::int64_t id = 0;  // given by the store
    PrepaidFee fee;
    Instant at;
    std::int64_t wanted = 0;     // atoms; of a fee that was taken, what it came to on top
    std::int64_t atoms = 0;      // taken; less than nothing: handed back
    std::int64_t available = 0;  // what might be spent before
    EntryId entry = {};          // of the ledger; none: not taken
    bool was_taken() const { return bool{entry}; }
};

// A fee that waits to be covered.
struct UncoveredFee {
    PrepaidFee fee;
    std::int64_t atoms = 0;
};

}  // namespace farthing
