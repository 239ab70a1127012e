// Where the quantity of a record goes: one price of its plan, one counter, one stretch of event
// time.
#pragma once

#include <cstdint>

#include "base/hash.h"
#include "base/prefetch.h"
#include "catalog/snapshot.h"
#include "rating/counters.h"
#include "rating/pricing.h"

namespace farthing::rating {

constexpr std::uint32_t kNone = UINT32_MAX;

// What the lanes of many customers have in common, by the snapshots alone. It stands once, so that
// a lane is one line of the processor's memory.
struct Terms {
    const catalog::Version* version = nullptr;  // in force
    const catalog::UsageCharge* charge = nullptr;
    const catalog::Deck* deck =
        nullptr;  // of a prefix deck: the row, and so the lane, is found per record
    const catalog::RateRow* row = nullptr;
    std::uint64_t item = 0;  // CounterKey
    DatePeriod window;
    Period natural;  // event times with that version, payer, window and row
    Perspective perspective = Perspective::retail;
    OwnerKind owner_kind = OwnerKind::subscription;
    bool in_band = false;   // of a time band: reached through the lane of the charge it belongs to
    bool windowed = false;  // its counter is that of an hour or a day
    bool operator==(const Terms&) const = default;
};

struct Lane {
    const Terms* terms = nullptr;
    std::uint32_t owner = 0;  // CounterKey
    AccountId payer;
    SubscriptionId subscription;
    union {
        // Of a lane that hours and days are made of, which is never bound: the last one.
        std::uint32_t latest = kNone;
        std::uint32_t loads;  // of a bound one: those of the counter, as Mover counts them
    };

    // By the counter, too: bound by Mover for the event times of `span`.
    std::uint32_t counter = kNone;
    std::uint32_t member = kNone;  // of a pool: index into Counter::members
    Period span{Instant::max(), Instant::max()};
    Instant segment_start;
    const Pricing* pricing = nullptr;  // of the segment, whose version is pinned

    CounterKey key() const {
        return {terms->perspective, terms->owner_kind, owner,
                terms->charge->id,  terms->item,       terms->window.first};
    }
};
static_assert(sizeof(Lane) <= kCacheLine);

}  // namespace farthing::rating

template <>
struct std::hash<farthing::rating::Terms> {
    std::size_t operator()(const farthing::rating::Terms& terms) const {
        using farthing::mix64;
        const auto of = [](const void* at) { return reinterpret_cast<std::uintptr_t>(at); };
        std::uint64_t hash = mix64(of(terms.charge), of(terms.row));
        hash = mix64(hash, terms.item);
        hash = mix64(hash, static_cast<std::uint32_t>(terms.window.first.days));
        hash = mix64(hash, static_cast<std::uint64_t>(terms.natural.start.micros));
        return mix64(hash, static_cast<std::uint64_t>(terms.natural.end.micros));
    }
};
