// Rates sessions that something may cut: the edges of time bands (EC19, EC20), or a new price where
// the catalog says that it splits a session (EC24). All other records never come here.
#pragma once

#include <vector>

#include "model/outcome.h"
#include "model/usage.h"
#include "rating/mover.h"
#include "rating/resolver.h"
#include "rating/session.h"

namespace farthing::rating {

class CutRater {
  public:
    // Both outlive it.
    CutRater(Resolver& resolver, Mover& mover) : resolver_(resolver), mover_(mover) {}

    // Rates one row, or leaves no trace and says why not.
    SuspenseReason rate(UsageChunk& chunk, std::size_t row, RatedChunk& rated,
                        Perspective perspective, const EarlierParts& earlier);
    // Why it would not be rated, if so; leaves no trace.
    SuspenseReason refusal(UsageChunk& chunk, std::size_t row, Perspective perspective,
                           const EarlierParts& earlier);

  private:
    // Up to some moment of its session: with the record, and with the parts before it alone.
    struct Both {
        std::int64_t with = 0;
        std::int64_t without = 0;
    };
    // What of a session lies between two changes of price.
    struct Stretch {
        bool first = true;
        EarlierParts earlier;
        std::int64_t raw = 0;    // of the record
        std::int64_t whole = 0;  // no part of the session comes to more
        Both rest;               // billable by the first charge, for the stretches after the first
        catalog::Increments steps;
        Instant next;  // where the one after it begins
        Both left;     // billable after it; nothing: it is the last
    };
    struct Planned {
        Move move;
        std::size_t first_part = 0;
        std::size_t parts = 0;
    };

    SuspenseReason walk(UsageChunk& chunk, std::size_t row, RatedChunk* rated,
                        Perspective perspective, const EarlierParts& earlier, bool& free,
                        std::size_t& stretches);
    SuspenseReason plan(const UsageChunk& chunk, std::size_t row, Perspective perspective,
                        bool whole, Stretch& stretch);
    SuspenseReason plan_lane(const UsageChunk& chunk, std::size_t row, std::size_t which,
                             Lane& base, bool whole, Stretch& stretch);
    void stop_at_change(const Lane& base, const catalog::SessionRule& rule, Instant when,
                        bool leads, Both& billable, Stretch& stretch) const;
    SuspenseReason plan_prices(const UsageChunk& chunk, std::size_t row, std::size_t which,
                               Lane& base, std::uint32_t ruling, const SessionUse& with,
                               const SessionUse& without, std::int64_t at_least);
    SuspenseReason plan_price(Lane& base, Lane& lane, Instant when, std::uint32_t price,
                              SessionUse use);
    Lane* lane_of(const UsageChunk& chunk, std::size_t row, std::size_t which, Lane& base,
                  std::uint32_t price, SuspenseReason& why);
    bool below_minimum(const UsageChunk& chunk, std::size_t row, std::size_t which, Lane& base,
                       const Pricing& ruling, const std::vector<SessionPiece>& pieces);
    void make(std::uint32_t row, RatedChunk& rated, bool& free);

    Resolver& resolver_;
    Mover& mover_;
    BandClock clock_;
    std::vector<Lane*> lanes_;
    std::vector<SessionPiece> pieces_;   // of the lane at hand, with the record
    std::vector<SessionPiece> earlier_;  // and without it
    std::vector<DayPart> parts_;
    std::vector<Planned> planned_;
};

}  // namespace farthing::rating
