#include "model/rated_usage.h"

#include <algorithm>

namespace farthing {

namespace {
template <class Visit>
void each_column(Visit visit) {
    visit(&RatedChunk::row);
    visit(&RatedChunk::perspective);
    visit(&RatedChunk::subscription);
    visit(&RatedChunk::payer);
    visit(&RatedChunk::component);
    visit(&RatedChunk::version);
    visit(&RatedChunk::owner_kind);
    visit(&RatedChunk::owner);
    visit(&RatedChunk::item);
    visit(&RatedChunk::window_first);
    visit(&RatedChunk::window_end);
    visit(&RatedChunk::segment_start);
    visit(&RatedChunk::billable);
    visit(&RatedChunk::from);
    visit(&RatedChunk::to);
    visit(&RatedChunk::charge_atoms);
    visit(&RatedChunk::fee_atoms);
    visit(&RatedChunk::below);
    visit(&RatedChunk::below_quantity);
    visit(&RatedChunk::when);
    visit(&RatedChunk::fees);
}
}  // namespace

void RatedChunk::clear() {
    each_column([&](auto column) { (this->*column).clear(); });
    days.clear();
    record.clear();
    taken_back.clear();
}
void RatedChunk::reserve(std::size_t rows) {
    each_column([&](auto column) { (this->*column).reserve(rows); });
}
void RatedChunk::truncate(std::size_t rows) {
    each_column([&](auto column) { (this->*column).resize(rows); });
    std::erase_if(days, [rows](const auto& day) { return day.first >= rows; });
    record.resize(std::min(record.size(), rows));
    taken_back.resize(std::min(taken_back.size(), rows));
}
void append(RatedChunk& chunk, const RatedChunk& more) {
    const std::size_t before = chunk.size();
    each_column([&](auto column) {
        (chunk.*column).insert((chunk.*column).end(), (more.*column).begin(), (more.*column).end());
    });
    for (const auto& [of, part] : more.days)
        chunk.days.emplace_back(static_cast<std::uint32_t>(before) + of, part);
    chunk.record.insert(chunk.record.end(), more.record.begin(), more.record.end());
    chunk.taken_back.insert(chunk.taken_back.end(), more.taken_back.begin(), more.taken_back.end());
}
void append(RatedChunk& chunk, const RatedChunk& more, std::uint32_t row) {
    const std::size_t before = chunk.size();
    append(chunk, more);
    for (std::size_t i = before; i < chunk.size(); ++i) {
        if (chunk.row[i] == 0) chunk.row[i] = row;
    }
}

}  // namespace farthing
