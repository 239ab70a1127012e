// The first stage (R0): what a session's raw quantity comes to, as one function of it, of when it
// began and of its rule. What it comes to then moves counters.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/instant.h"
#include "catalog/snapshot.h"
#include "model/usage.h"

namespace farthing::rating {

// Which time bands hold an instant, and for how long that and the local day stay so.
class BandClock {
  public:
    struct Held {
        std::uint64_t bands = 0;  // bit i: Version::time_bands[i]
        Period span;
    };
    // Valid until the next call.
    const Held& at(const catalog::Version& version, Instant when);

  private:
    const catalog::Version* version_ = nullptr;
    Held held_{0, {Instant::max(), Instant::max()}};
};

// The billable quantity of a session of `raw` base units: nothing within the grace (EC17), else at
// least `first` once anything is used, then whole `next` (EC12).
constexpr std::int64_t billable(std::int64_t raw, const catalog::Increments& increments) {
    if (raw <= 0) return 0;
    if (raw <= increments.first) return increments.first;
    const std::int64_t beyond = raw - increments.first;
    const std::int64_t steps = (beyond + increments.next - 1) / increments.next;
    return increments.first + steps * increments.next;
}
constexpr std::int64_t billable_of(std::int64_t raw, const catalog::SessionRule& rule) {
    return raw <= rule.grace ? 0 : billable(raw, rule.increments);
}

// Whether a session that was answered, or used something, carries the connection fee (EC14).
constexpr bool carries_fee(std::int64_t raw, bool answered, const catalog::SessionRule& rule) {
    return raw > rule.grace || (raw == 0 && answered && rule.fee_on_answer && rule.grace == 0);
}

// The base units of a session from its start that are priced before `edge`: of those that begin
// before it, or, at blocks, of the increments that do. REQUIRES: start < edge.
std::int64_t units_before(Instant edge, Instant start, std::int64_t unit_micros,
                          catalog::AtEdge at_edge, const catalog::Increments& increments);

// What earlier parts of a record's session came to.
struct EarlierParts {
    bool any = false;
    std::int64_t raw = 0;
    bool answered = false;
    // They have another price than the record: the minimum is settled with them.
    bool elsewhere = false;
    // The record gives all of them back: out of the segment that it moves, which must hold them.
    bool given_back = false;
};
// What came before a record by itself: of less than nothing, as many units as it gives back.
constexpr EarlierParts before_record(std::int64_t raw) {
    return raw < 0 ? EarlierParts{true, -raw, false, false, true} : EarlierParts{};
}

// A stretch of a session in one time band of its charge and on one local day.
struct SessionPiece {
    std::uint32_t price = 0;  // 0: the charge itself; else 1 + the index into its `in_bands`
    Instant start;
    std::int64_t billable = 0;
};
// The microseconds of a base unit of the charge's meter; 0 for meters that don't count time, which
// count at the session's start.
std::int64_t unit_micros(const catalog::Version& version, const catalog::UsageCharge& charge);
// Which price a charge has at `when`.
std::uint32_t price_at(const catalog::Version& version, const catalog::UsageCharge& charge,
                       Instant when, BandClock& clock);
// Cuts what is billable from `start` on at the edges of the charge's bands (EC19, EC20), in order
// of time; false where it is longer than any session. `rule`: of the session's start.
bool cut_at_bands(const catalog::Version& version, const catalog::UsageCharge& charge,
                  const catalog::SessionRule& rule, Instant start, std::int64_t billable,
                  BandClock& clock, std::vector<SessionPiece>& pieces);

}  // namespace farthing::rating
