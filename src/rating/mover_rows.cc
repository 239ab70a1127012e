// The rows of rated usage that moves make.
#include <algorithm>

#include "rating/mover.h"

namespace farthing::rating {

void Mover::append(const Lane& lane, const Move& move, std::uint32_t row, RatedChunk& rated) const {
    rated.row.push_back(row);
    rated.perspective.push_back(lane.terms->perspective);
    rated.subscription.push_back(lane.subscription);
    rated.payer.push_back(lane.payer);
    rated.component.push_back(lane.terms->charge->id);
    rated.version.push_back(lane.pricing->version());
    rated.owner_kind.push_back(lane.terms->owner_kind);
    rated.owner.push_back(lane.owner);
    rated.item.push_back(lane.terms->item);
    rated.window_first.push_back(lane.terms->window.first);
    rated.window_end.push_back(lane.terms->window.end);
    rated.segment_start.push_back(lane.segment_start);
    rated.billable.push_back(move.billable);
    rated.from.push_back(move.from);
    rated.to.push_back(move.to);
    rated.charge_atoms.push_back(move.charge);
    rated.fee_atoms.push_back(move.fee);
    rated.below.push_back(static_cast<std::int32_t>(move.adds.below));
    rated.below_quantity.push_back(move.adds.below_quantity);
    rated.when.push_back(row == kNoRow ? lane.segment_start : move.when);
    rated.fees.push_back(static_cast<std::int32_t>(move.adds.fees));
    if (!move.days.empty()) append_days(lane, move, rated);
}

// Of a segment that no record is about to move. `terms` outlive it.
Lane Mover::lane_of(const Counter& counter, const Segment& segment, Terms& terms) {
    Lane lane;
    lane.pricing = &pricing_of(counter, segment);
    terms.charge = &lane.pricing->charge();
    terms.item = counter.key.item;
    terms.window = {counter.key.window_first, counter.window_end};
    terms.perspective = counter.key.perspective;
    terms.owner_kind = counter.key.owner_kind;
    lane.terms = &terms;
    lane.owner = counter.key.owner;
    lane.payer = segment.payer;
    lane.segment_start = segment.start;
    if (counter.key.owner_kind == OwnerKind::subscription) lane.subscription = {counter.key.owner};
    return lane;
}

// A row for what a segment changes without a record.
void Mover::append_for(std::uint32_t number, const Segment& segment, const Move& move,
                       std::uint32_t row, RatedChunk& rated) {
    Terms terms;
    append(lane_of(counters_.at(number), segment, terms), move, row, rated);
}

// Rows that lie on one day, that of their event time, say nothing.
void Mover::append_days(const Lane& lane, const Move& move, RatedChunk& rated) {
    const auto row = static_cast<std::uint32_t>(rated.size() - 1);
    const std::size_t first = rated.days.size();
    for (const DayPart& part : move.days) {
        const auto same =
            std::find_if(rated.days.begin() + static_cast<std::ptrdiff_t>(first), rated.days.end(),
                         [&](const auto& known) { return known.second.day == part.day; });
        if (same == rated.days.end()) {
            rated.days.emplace_back(row, part);
        } else {
            same->second.billable += part.billable;
        }
    }
    std::erase_if(rated.days, [&](const auto& known) {
        return known.first == row && known.second.billable == 0;
    });
    const auto own = static_cast<std::uint32_t>(lane.terms->version->zone.date_of(move.when) -
                                                lane.terms->window.first);
    const bool plain = rated.days.size() == first ||
                       (rated.days.size() == first + 1 && rated.days.back().second.day == own);
    if (plain) rated.days.resize(first);
}

}  // namespace farthing::rating
