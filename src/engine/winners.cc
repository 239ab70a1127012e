#include "engine/winners.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/batch.h"
#include "engine/standing.h"
#include "mediation/dedup.h"

namespace farthing::engine {

namespace {

UsageChunk chunk_of_row(const store::UsageRow& row) {
    UsageChunk chunk;
    chunk.in_parts = row.session != Hash128{};
    chunk.resize(1);
    if (chunk.in_parts) {
        chunk.session[0] = row.session;
        chunk.last_part[0] = row.last_part ? 1 : 0;
    }
    chunk.subscription[0] = row.subscription;
    chunk.meter[0] = row.meter;
    chunk.start[0] = row.start;
    chunk.end[0] = row.end;
    chunk.quantity[0] = row.quantity;
    chunk.network[0] = row.network;
    chunk.called[0] = row.called;
    chunk.calling[0] = row.calling;
    for (std::size_t i = 0; i < chunk.reading.size(); ++i) chunk.reading[i][0] = row.reading[i];
    chunk.content[0] = content_hash(chunk, 0);
    return chunk;
}

// Of slots, with the device that reported where it is not the first of its subscription.
std::uint64_t archived_slot_content(const directory::Directory& directory,
                                    const store::UsageRow& row) {
    UsageChunk chunk = chunk_of_row(row);
    name_identity(row.identity, chunk, 0);
    return is_further(directory, chunk, 0) ? mediation::content_with_identity(chunk, 0)
                                           : chunk.content[0];
}

}  // namespace

std::uint64_t archived_content(const store::UsageRow& row) {
    return chunk_of_row(row).content[0];
}

std::uint64_t Winners::key_of(SubscriptionId subscription, std::uint64_t slot) {
    return mix64(mix64(0, subscription.value), slot);
}

// What tells a record from others of its owner and day: its slot, or its number.
template <class ReadingOf>
std::uint64_t Winners::slot_of(Instant start, ReadingOf reading_of) const {
    if (feed_.sequence > 0) return static_cast<std::uint64_t>(reading_of(feed_.sequence - 1));
    std::int64_t slot = start.micros / feed_.slots.micros;
    if (start.micros % feed_.slots.micros < 0) slot -= 1;
    return static_cast<std::uint64_t>(slot);
}

Result<bool> Winners::agrees(const UsageChunk& chunk, std::size_t row) {
    FARTHING_TRY(const Part part, part_of(chunk.start[row]));
    if (part.day != loaded_.day || part.number != loaded_.number) FARTHING_CHECK(load(part));
    const std::uint64_t slot =
        slot_of(chunk.start[row], [&](std::size_t reading) { return chunk.reading[reading][row]; });
    const std::uint64_t key = key_of(chunk.subscription[row], slot);
    const auto found = std::ranges::lower_bound(contents_, key, {}, &Content::first);
    // A slot that is taken but whose winner is not in the archive would be a broken registration.
    FARTHING_ASSERT(found != contents_.end() && found->first == key);
    return found->second == mediation::slot_content(chunk, row);
}

// Who has the same number may have come at any time of the day; who has the same slot, in it.
Result<Winners::Part> Winners::part_of(Instant start) {
    const Date day = TimeZone::utc().date_of(start);
    const Period whole = TimeZone::utc().period_of({day, day.plus_days(1)});
    const auto known = parts_.find(day);
    if (known == parts_.end()) {
        std::int64_t records = 0;
        FARTHING_TRY(const auto files, state_.store->files("usage"));
        for (const auto& file : files)
            if (file.may_hold_events(whole)) records += file.records;
        parts_[day] = feed_.sequence > 0 ? 1 : records / at_once_ + 1;
    }
    const std::int64_t length =
        (whole.end.micros - whole.start.micros + parts_[day] - 1) / parts_[day];
    const std::int64_t of_day = start.micros - whole.start.micros;
    const std::int64_t number =
        feed_.sequence > 0 ? 0 : (of_day - of_day % feed_.slots.micros) / length;
    const Instant from = whole.start.plus_micros(number * length);
    return Part{day, number, {from, std::min(from.plus_micros(length), whole.end)}};
}

Result<void> Winners::load(const Part& part) {
    contents_.clear();
    loaded_ = {};
    const Period whole = TimeZone::utc().period_of({part.day, part.day.plus_days(1)});
    store::UsageFilter filter;
    filter.columns = store::Columns::content;
    filter.start = {part.slots.start,
                    std::min(part.slots.end.plus_micros(feed_.slots.micros), whole.end)};
    FARTHING_TRY(const auto files, state_.store->files("usage"));
    FARTHING_TRY(const auto without, sources_taken_back(state_));
    const auto add = [&](std::span<store::UsageRow> rows) {
        for (const store::UsageRow& row : rows) {
            if (row.outcome == Outcome::duplicate || row.parts > 0) continue;
            if (!row.source || std::ranges::binary_search(without, row.source)) continue;
            const std::uint64_t slot =
                slot_of(row.start, [&](std::size_t at) { return row.reading[at]; });
            contents_.emplace_back(key_of(row.subscription, slot),
                                   feed_.slots.micros > 0
                                       ? archived_slot_content(state_.directory, row)
                                       : archived_content(row));
        }
    };
    for (const auto& file : files) {
        if (!file.may_hold_events(*filter.start)) continue;
        FARTHING_CHECK(store::each_usage(state_.store->archive_folder() / file.path, filter, add));
    }
    std::ranges::stable_sort(contents_, {}, &Content::first);  // the first one is the winner
    const auto rest = std::ranges::unique(contents_, {}, &Content::first);
    contents_.erase(rest.begin(), rest.end());
    loaded_ = part;
    return {};
}

}  // namespace farthing::engine
