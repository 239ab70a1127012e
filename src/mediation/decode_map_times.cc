// When the rows of usage began and ended.
#include "mediation/decode_map.h"

namespace farthing::mediation {

namespace {

constexpr std::int64_t kNoDuration = -1;  // it can't be read

}  // namespace

// A row of which a time can't be read has none.
void Mapper::map_times(Rows rows, UsageChunk& chunk) {
    read_times(rows, chunk, false);
    const bool has_end = map_.end != kNoSlot;
    if (has_end) read_times(rows, chunk, true);
    if (map_.duration != kNoSlot) read_durations(rows, chunk);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const LocalReading& start = starts_[i];
        const LocalReading& end = has_end ? ends_[i] : start;
        if (start.kind == LocalReading::Kind::nonexistent || durations_[i] == kNoDuration ||
            end.kind == LocalReading::Kind::nonexistent)
            continue;
        chunk.start[rows[i].row] = start.first;
        chunk.end[rows[i].row] = has_end ? end.first : start.first.plus_micros(durations_[i]);
        if (start.kind == LocalReading::Kind::ambiguous ||
            end.kind == LocalReading::Kind::ambiguous)
            settle_unclear(rows[i], i, chunk);
    }
}

// The repeated hour: start, end and duration together may fit exactly one reading (EC22).
void Mapper::settle_unclear(const Row& one, std::size_t i, UsageChunk& chunk) {
    const LocalReading& start = starts_[i];
    const LocalReading& end = ends_[i];
    const bool at_start = start.kind == LocalReading::Kind::ambiguous;
    if (map_.end != kNoSlot && map_.duration != kNoSlot) {
        int fits = 0;
        Instant from;
        for (int first = 0; first < (at_start ? 2 : 1); ++first) {
            for (int last = 0; last < (end.kind == LocalReading::Kind::ambiguous ? 2 : 1); ++last) {
                const Instant begin = first == 0 ? start.first : start.second;
                const Instant until = last == 0 ? end.first : end.second;
                if (until.micros - begin.micros != durations_[i]) continue;
                fits += 1;
                from = begin;
            }
        }
        if (fits == 1) {
            chunk.start[one.row] = from;
            chunk.end[one.row] = from.plus_micros(durations_[i]);
            return;
        }
    }
    suspend(chunk, one.row, SuspenseReason::ambiguous_time, at_start ? map_.start : map_.end,
            at_start ? time_text(one.fields, map_.start, start_clock_)
                     : time_text(one.fields, map_.end, end_clock_));
}

// A day and a clock in two fields are read as one text; empty when one of them is.
std::string_view Mapper::time_text(const std::string_view* fields, Slot slot, Slot clock) {
    const std::string_view text = trimmed(fields[slot]);
    if (clock == kNoSlot) return text;
    const std::string_view rest = trimmed(fields[clock]);
    if (text.empty() || rest.empty()) return {};
    char* const joined = arena_.take(text.size() + 1 + rest.size());
    char* at = std::ranges::copy(text, joined).out;
    *at++ = ' ';
    return {joined, std::ranges::copy(rest, at).out};
}

// Where a time can't be read, its reading is `nonexistent`.
void Mapper::read_times(Rows rows, UsageChunk& chunk, bool at_end) {
    TimeReader& reader = at_end ? end_reader_ : start_reader_;
    const Slot slot = at_end ? map_.end : map_.start;
    const Slot clock = at_end ? end_clock_ : start_clock_;
    LocalReading* const readings = at_end ? ends_.data() : starts_.data();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string_view text = time_text(rows[i].fields, slot, clock);
        const SuspenseReason why =
            text.empty() ? SuspenseReason::missing_field : reader.read(text, readings[i]);
        if (why == SuspenseReason::none || why == SuspenseReason::ambiguous_time) continue;
        readings[i].kind = LocalReading::Kind::nonexistent;
        suspend(chunk, rows[i].row, why, slot, text);
    }
}

void Mapper::read_durations(Rows rows, UsageChunk& chunk) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string_view text = trimmed(rows[i].fields[map_.duration]);
        durations_[i] = 0;
        const SuspenseReason why = text.empty()
                                       ? SuspenseReason::missing_field
                                       : add_quantity(text, feed_.decimal_point,
                                                      {feed_.duration_micros, 1}, durations_[i]);
        if (why == SuspenseReason::none) continue;
        durations_[i] = kNoDuration;
        suspend(chunk, rows[i].row, why, map_.duration, text);
    }
}

void Mapper::map_time_between(const Service& service, const Row& one, UsageChunk& chunk) {
    const auto& [fields, row] = one;
    LocalReading readings[2];
    for (const bool at_end : {false, true}) {
        const Slot slot = at_end ? service.to : service.from;
        const std::string_view text = trimmed(fields[slot]);
        LocalReading& reading = readings[at_end ? 1 : 0];
        SuspenseReason why =
            text.empty() ? SuspenseReason::missing_field : service.times->read(text, reading);
        if (why == SuspenseReason::bad_time && !corrections_.empty())  // as people write times
            why = TimeReader({TimeRules::Kind::rfc3339, {}}, feed_.zone).read(text, reading);
        if (why != SuspenseReason::none) return suspend(chunk, row, why, slot, text);
    }
    const std::int64_t micros = readings[1].first.micros - readings[0].first.micros;
    const std::int64_t rest = service.unit_micros == 0 ? 1 : micros % service.unit_micros;
    using Fraction = Feed::QuantityRules::Fraction;
    const bool uneven = rest != 0 && service.fraction == Fraction::refuse;
    if (service.unit_micros == 0 || uneven)
        return suspend(chunk, row, SuspenseReason::bad_number, service.to,
                       trimmed(fields[service.to]));
    if (micros < 0)
        return suspend(chunk, row, SuspenseReason::session_reversed, service.to,
                       trimmed(fields[service.to]));
    chunk.quantity[row] =
        micros / service.unit_micros + (rest != 0 && service.fraction == Fraction::up ? 1 : 0);
}

}  // namespace farthing::mediation
