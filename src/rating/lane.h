// Where the quantity of a record goes: one price of its plan, one counter, one stretch of event
// time.
#pragma once

#include <cstdint>

#include "catalog/snapshot.h"
#include "rating/counters.h"
#include "rating/pricing.h"

namespace farthing::rating {

constexpr std::uint32_t kNone = UINT32_MAX;

struct Lane {
    // By the snapshots alone.
    const catalog::Version* version = nullptr;  // in force
    const catalog::UsageCharge* charge = nullptr;
    const catalog::Deck* deck =
        nullptr;  // of a prefix deck: the row, and so the lane, is found per record
    const catalog::RateRow* row = nullptr;
    bool in_band = false;   // of a time band: reached through the lane of the charge it belongs to
    bool windowed = false;  // its counter is that of an hour or a day
    std::uint32_t latest = kNone;  // of the lane that hours and days are made of: the last one
    CounterKey key;
    DatePeriod window;
    AccountId payer;
    SubscriptionId subscription;
    Period natural;  // event times with that version, payer, window and row

    // By the counter, too: bound by Mover for the event times of `span`.
    Period span{Instant::max(), Instant::max()};
    std::uint32_t counter = kNone;
    std::uint32_t member = kNone;  // of a pool: index into Counter::members
    Instant segment_start;
    VersionNo pinned;  // the segment's version
    const Pricing* pricing = nullptr;
};

}  // namespace farthing::rating
