#include "model/rated_usage.h"

namespace farthing {

namespace {
template <class Visit>
void each_column(RatedChunk& chunk, Visit visit) {
    visit(chunk.row);
    visit(chunk.perspective);
    visit(chunk.subscription);
    visit(chunk.payer);
    visit(chunk.component);
    visit(chunk.version);
    visit(chunk.owner_kind);
    visit(chunk.owner);
    visit(chunk.item);
    visit(chunk.window_first);
    visit(chunk.window_end);
    visit(chunk.segment_start);
    visit(chunk.billable);
    visit(chunk.from);
    visit(chunk.to);
    visit(chunk.charge_atoms);
    visit(chunk.fee_atoms);
    visit(chunk.below);
    visit(chunk.below_quantity);
    visit(chunk.when);
    visit(chunk.fees);
}
}  // namespace

void RatedChunk::clear() {
    each_column(*this, [](auto& column) { column.clear(); });
    days.clear();
    record.clear();
    taken_back.clear();
}
void RatedChunk::reserve(std::size_t rows) {
    each_column(*this, [&](auto& column) { column.reserve(rows); });
}

}  // namespace farthing
