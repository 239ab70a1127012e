// Readers: what statistics rule out is not read, the filtered columns come first, the rest only
// where rows match.
#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>

#include "base/int128.h"
#include "store/archive.h"
#include "store/column_copy.h"
#include "store/store.h"

namespace farthing::store {

namespace {

// A column's value must lie in [low, high].
struct Condition {
    int column;
    std::int64_t low;
    std::int64_t high;
    const std::vector<SubscriptionId>* among = nullptr;  // and be one of these
    bool holds(std::int64_t value) const {
        if (value < low || value > high) return false;
        return among == nullptr || std::ranges::binary_search(
                                       *among, SubscriptionId{static_cast<std::uint32_t>(value)});
    }
    // Whatever lies within these bounds.
    bool always_holds(std::int64_t least, std::int64_t greatest) const {
        return among == nullptr && low <= least && greatest <= high;
    }
    bool may_hold(std::int64_t least, std::int64_t greatest) const {
        if (least > high || greatest < low) return false;
        if (among == nullptr) return true;
        const auto first = std::ranges::lower_bound(
            *among, SubscriptionId{static_cast<std::uint32_t>(std::max(least, std::int64_t{0}))});
        return first != among->end() && first->value <= greatest;
    }
};

Condition among(int column, const std::vector<SubscriptionId>& subscriptions) {
    return {column, 0, UINT32_MAX, &subscriptions};
}

Condition equals(int column, std::int64_t value) {
    return {column, value, value};
}

bool may_match(const ParquetReader& reader, int group, const std::vector<Condition>& conditions) {
    return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
        const auto bounds = reader.bounds(group, condition.column);
        return !bounds || condition.may_hold(bounds->first, bounds->second);
    });
}

// The rows of a group that meet all conditions, ascending.
Result<std::vector<std::uint32_t>> matches(ParquetReader& reader, int group,
                                           const std::vector<Condition>& conditions) {
    std::vector<std::uint32_t> rows(reader.rows(group));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::uint32_t>(i);
    for (const Condition& condition : conditions) {
        if (rows.empty()) break;
        const auto bounds = reader.bounds(group, condition.column);
        if (bounds && condition.always_holds(bounds->first, bounds->second)) continue;
        FARTHING_TRY(const std::vector<std::int64_t> values,
                     reader.numbers(group, condition.column));
        std::int64_t value = values[rows.front()];
        bool holds = condition.holds(value);  // mostly the next row has the same
        std::erase_if(rows, [&](std::uint32_t row) {
            if (values[row] != value) holds = condition.holds(value = values[row]);
            return !holds;
        });
    }
    return rows;
}

// Calls `each(group, rows)` for every row group with rows that match, until it answers false.
template <class Each>
Result<void> for_matches(ParquetReader& reader, const std::vector<Condition>& conditions,
                         ReadCount* count, Each each) {
    bool read = false;
    if (count != nullptr) count->files += 1;
    for (int group = 0; group < reader.groups(); ++group) {
        if (count != nullptr) count->groups += 1;
        if (!may_match(reader, group, conditions)) continue;
        if (count != nullptr) {
            count->files_read += read ? 0 : 1;
            count->groups_read += 1;
            count->rows_read += static_cast<std::int64_t>(reader.rows(group));
        }
        read = true;
        FARTHING_TRY(const std::vector<std::uint32_t> rows, matches(reader, group, conditions));
        if (rows.empty()) continue;
        FARTHING_TRY(const bool more, each(group, rows));
        if (!more) break;
    }
    return {};
}

// Fills one field of the rows that were just appended to `to`.
template <class Row, class Set>
Result<void> fill(ParquetReader& reader, int group, int column,
                  const std::vector<std::uint32_t>& rows, std::vector<Row>& to, Set set) {
    const std::size_t first = to.size() - rows.size();
    if (const auto value = reader.constant(group, column)) {
        for (std::size_t i = first; i < to.size(); ++i) set(to[i], *value);
        return {};
    }
    FARTHING_TRY(const std::vector<std::int64_t> values, reader.numbers(group, column));
    for (std::size_t i = 0; i < rows.size(); ++i) set(to[first + i], values[rows[i]]);
    return {};
}
// Calls `set` with those of the rows that were just appended that have a text.
template <class Row, class Set>
Result<void> each_text(ParquetReader& reader, int group, int column,
                       const std::vector<std::uint32_t>& rows, std::vector<Row>& to, Set set) {
    const std::size_t first = to.size() - rows.size();
    std::size_t next = 0;
    return reader.each_text(group, column, [&](std::size_t row, std::string_view text) {
        while (next < rows.size() && rows[next] < row) next += 1;
        if (next < rows.size() && rows[next] == row) set(to[first + next], text);
    });
}
template <class Row>
Result<void> fill_text(ParquetReader& reader, int group, int column,
                       const std::vector<std::uint32_t>& rows, std::vector<Row>& to,
                       std::string Row::* field) {
    return each_text(reader, group, column, rows, to,
                     [field](Row& row, std::string_view text) { (row.*field).assign(text); });
}

// Most rows have none: a null is the zero hash.
Result<void> fill_hashes(ParquetReader& reader, int group, int column,
                         const std::vector<std::uint32_t>& rows, std::vector<UsageRow>& to,
                         Hash128 UsageRow::* field) {
    return each_text(
        reader, group, column, rows, to,
        [field](UsageRow& row, std::string_view bytes) { row.*field = hash_in(bytes); });
}

// "3:120,4:60": base units by day of the window.
Result<void> fill_days(ParquetReader& reader, int group, const std::vector<std::uint32_t>& rows,
                       std::vector<RatedRow>& to) {
    const auto set = [](RatedRow& row, std::string_view text) {
        const char* at = text.data();
        const char* const end = at + text.size();
        while (at != end) {
            DayPart part;
            const auto day = std::from_chars(at, end, part.day);
            if (day.ec != std::errc{} || day.ptr == end) break;
            const auto quantity = std::from_chars(day.ptr + 1, end, part.billable);
            if (quantity.ec != std::errc{}) break;
            row.days.push_back(part);
            at = quantity.ptr == end ? end : quantity.ptr + 1;
        }
    };
    return each_text(reader, group, rated_column::days, rows, to, set);
}

template <class Row>
struct Field {
    int column;
    void (*set)(Row&, std::int64_t);
};

constexpr auto as32 = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
constexpr auto as64 = [](std::int64_t value) { return static_cast<std::uint64_t>(value); };

constexpr Field<UsageRow> kUsageFields[] = {
    {usage_column::batch, [](UsageRow& r, std::int64_t v) { r.batch = {as64(v)}; }},
    {usage_column::row, [](UsageRow& r, std::int64_t v) { r.row = v; }},
    {usage_column::source, [](UsageRow& r, std::int64_t v) { r.source = {as32(v)}; }},
    {usage_column::line, [](UsageRow& r, std::int64_t v) { r.line = v; }},
    {usage_column::subscription, [](UsageRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
    {usage_column::meter,
     [](UsageRow& r, std::int64_t v) { r.meter = {static_cast<std::uint16_t>(v)}; }},
    {usage_column::start, [](UsageRow& r, std::int64_t v) { r.start = {v}; }},
    {usage_column::end, [](UsageRow& r, std::int64_t v) { r.end = {v}; }},
    {usage_column::quantity, [](UsageRow& r, std::int64_t v) { r.quantity = v; }},
    {usage_column::network, [](UsageRow& r, std::int64_t v) { r.network = {as32(v)}; }},
    {usage_column::reading_1, [](UsageRow& r, std::int64_t v) { r.reading[0] = v; }},
    {usage_column::reading_2, [](UsageRow& r, std::int64_t v) { r.reading[1] = v; }},
    {usage_column::outcome,
     [](UsageRow& r, std::int64_t v) { r.outcome = static_cast<Outcome>(v); }},
    {usage_column::reason,
     [](UsageRow& r, std::int64_t v) { r.reason = static_cast<SuspenseReason>(v); }},
    {usage_column::last_part, [](UsageRow& r, std::int64_t v) { r.last_part = v != 0; }},
    {usage_column::unanswered, [](UsageRow& r, std::int64_t v) { r.unanswered = v != 0; }},
    {usage_column::parts, [](UsageRow& r, std::int64_t v) { r.parts = v; }},
    {usage_column::digest, [](UsageRow& r, std::int64_t v) { r.digest = as64(v); }},
    {usage_column::counted, [](UsageRow& r, std::int64_t v) { r.counted = v; }},
};
constexpr Field<RatedRow> kRatedFields[] = {
    {rated_column::batch, [](RatedRow& r, std::int64_t v) { r.batch = {as64(v)}; }},
    {rated_column::row, [](RatedRow& r, std::int64_t v) { r.row = v; }},
    {rated_column::perspective,
     [](RatedRow& r, std::int64_t v) { r.perspective = static_cast<Perspective>(v); }},
    {rated_column::subscription, [](RatedRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
    {rated_column::payer, [](RatedRow& r, std::int64_t v) { r.payer = {as32(v)}; }},
    {rated_column::component, [](RatedRow& r, std::int64_t v) { r.component = {as32(v)}; }},
    {rated_column::version, [](RatedRow& r, std::int64_t v) { r.version = {as32(v)}; }},
    {rated_column::owner_kind,
     [](RatedRow& r, std::int64_t v) { r.owner_kind = static_cast<OwnerKind>(v); }},
    {rated_column::owner, [](RatedRow& r, std::int64_t v) { r.owner = as32(v); }},
    {rated_column::item, [](RatedRow& r, std::int64_t v) { r.item = as64(v); }},
    {rated_column::window_first,
     [](RatedRow& r, std::int64_t v) { r.window_first = {static_cast<std::int32_t>(v)}; }},
    {rated_column::window_end,
     [](RatedRow& r, std::int64_t v) { r.window_end = {static_cast<std::int32_t>(v)}; }},
    {rated_column::segment_start, [](RatedRow& r, std::int64_t v) { r.segment_start = {v}; }},
    {rated_column::start, [](RatedRow& r, std::int64_t v) { r.start = {v}; }},
    {rated_column::billable, [](RatedRow& r, std::int64_t v) { r.billable = v; }},
    {rated_column::from, [](RatedRow& r, std::int64_t v) { r.from = v; }},
    {rated_column::to, [](RatedRow& r, std::int64_t v) { r.to = v; }},
    {rated_column::charge_atoms, [](RatedRow& r, std::int64_t v) { r.charge_atoms = v; }},
    {rated_column::fee_atoms, [](RatedRow& r, std::int64_t v) { r.fee_atoms = v; }},
    {rated_column::currency,
     [](RatedRow& r, std::int64_t v) {
         r.currency = Currency::numbered(static_cast<std::uint16_t>(v)).value_or(Currency());
     }},
    {rated_column::below,
     [](RatedRow& r, std::int64_t v) { r.below = static_cast<std::int32_t>(v); }},
    {rated_column::below_quantity, [](RatedRow& r, std::int64_t v) { r.below_quantity = v; }},
    {rated_column::fees,
     [](RatedRow& r, std::int64_t v) { r.fees = static_cast<std::int32_t>(v); }},
    {rated_column::taken_back, [](RatedRow& r, std::int64_t v) { r.taken_back = v != 0; }},
    {rated_column::record_batch,
     [](RatedRow& r, std::int64_t v) { r.record_batch = v == 0 ? r.batch : BatchId{as64(v)}; }},
};

template <class Row, std::size_t count>
Result<void> fill_all(ParquetReader& reader, int group, const Field<Row> (&fields)[count],
                      const std::vector<std::uint32_t>& rows, std::vector<Row>& to) {
    to.resize(to.size() + rows.size());
    for (const Field<Row>& field : fields)
        FARTHING_CHECK(fill(reader, group, field.column, rows, to, field.set));
    return {};
}

std::vector<Condition> conditions_of(const UsageFilter& filter) {
    std::vector<Condition> conditions;
    if (filter.subscriptions != nullptr)
        conditions.push_back(among(usage_column::subscription, *filter.subscriptions));
    if (filter.batch) conditions.push_back(equals(usage_column::batch, filter.batch->value));
    if (filter.source) conditions.push_back(equals(usage_column::source, filter.source->value));
    if (filter.row) conditions.push_back(equals(usage_column::row, *filter.row));
    if (filter.subscription)
        conditions.push_back(equals(usage_column::subscription, filter.subscription->value));
    if (filter.start) {
        // Half-open; an end at the least instant leaves nothing before it.
        const std::int64_t last = filter.start->end == Instant::min()
                                      ? Instant::min().micros
                                      : filter.start->end.micros - 1;
        conditions.push_back({usage_column::start, filter.start->start.micros, last});
    }
    if (filter.outcome)
        conditions.push_back(
            equals(usage_column::outcome, static_cast<std::int64_t>(*filter.outcome)));
    if (filter.made_of_parts) {
        conditions.push_back({usage_column::outcome, 0,
                              static_cast<std::int64_t>(Outcome::zero_rated)});  // or rated
        conditions.push_back({usage_column::parts, 1, std::numeric_limits<std::int64_t>::max()});
    }
    return conditions;
}

std::vector<Condition> conditions_of(const RatedFilter& filter) {
    std::vector<Condition> conditions;
    if (filter.subscriptions != nullptr)
        conditions.push_back(among(rated_column::subscription, *filter.subscriptions));
    if (filter.batch) conditions.push_back(equals(rated_column::batch, filter.batch->value));
    if (filter.perspective)
        conditions.push_back(
            equals(rated_column::perspective, static_cast<std::int64_t>(*filter.perspective)));
    if (filter.record_batches)
        conditions.push_back({rated_column::record_batch,
                              static_cast<std::int64_t>(filter.record_batches->first.value),
                              static_cast<std::int64_t>(filter.record_batches->second.value)});
    if (filter.row) conditions.push_back(equals(rated_column::row, *filter.row));
    if (filter.subscription)
        conditions.push_back(equals(rated_column::subscription, filter.subscription->value));
    if (filter.payer) conditions.push_back(equals(rated_column::payer, filter.payer->value));
    if (filter.component)
        conditions.push_back(equals(rated_column::component, filter.component->value));
    if (filter.owner) conditions.push_back(equals(rated_column::owner, *filter.owner));
    if (filter.window_first)
        conditions.push_back(equals(rated_column::window_first, filter.window_first->days));
    return conditions;
}

// The `limit` rows with the largest charges, among those that match.
Result<std::vector<std::uint32_t>> largest(ParquetReader& reader, int group,
                                           std::vector<std::uint32_t> rows, std::size_t limit) {
    FARTHING_TRY(const std::vector<std::int64_t> charges,
                 reader.numbers(group, rated_column::charge_atoms));
    const auto larger = [&](std::uint32_t a, std::uint32_t b) { return charges[a] > charges[b]; };
    std::stable_sort(rows.begin(), rows.end(), larger);
    rows.resize(std::min(rows.size(), limit));
    return rows;
}

Result<i128> sum_of(ParquetReader& reader, int column) {
    i128 sum = 0;  // fewer than 2^63 rows can't overflow it
    for (int group = 0; group < reader.groups(); ++group) {
        FARTHING_TRY(const std::vector<std::int64_t> values, reader.numbers(group, column));
        for (const std::int64_t value : values) sum += value;
    }
    return sum;
}

Result<std::int64_t> sum64(ParquetReader& reader, int column, const std::filesystem::path& file) {
    FARTHING_TRY(const i128 sum, sum_of(reader, column));
    const auto narrow = narrow64(sum);
    if (!narrow)
        return fail(StoreReason::store_failed, "a sum over the file does not fit in 64 bits",
                    file.string());
    return *narrow;
}

}  // namespace

Result<void> each_usage(const std::filesystem::path& file, const UsageFilter& filter,
                        const std::function<void(std::span<UsageRow>)>& visit) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kUsageTable, filter.footers));
    if (filter.start && filter.start->empty()) return {};
    std::vector<UsageRow> found;
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        found.clear();
        FARTHING_CHECK(fill_all(reader, group, kUsageFields, rows, found));
        const auto text = [&](int column, std::string UsageRow::* field) {
            return fill_text(reader, group, column, rows, found, field);
        };
        const auto hash = [&](int column, Hash128 UsageRow::* field) {
            return fill_hashes(reader, group, column, rows, found, field);
        };
        FARTHING_CHECK(text(usage_column::called, &UsageRow::called));
        FARTHING_CHECK(text(usage_column::calling, &UsageRow::calling));
        FARTHING_CHECK(hash(usage_column::session, &UsageRow::session));
        FARTHING_CHECK(text(usage_column::carrier, &UsageRow::carrier));
        FARTHING_CHECK(text(usage_column::identity, &UsageRow::identity));
        if (!filter.only_rated_by) {
            FARTHING_CHECK(text(usage_column::id, &UsageRow::id));
            FARTHING_CHECK(hash(usage_column::key, &UsageRow::key));
        }
        visit(found);
        return true;
    };
    return for_matches(reader, conditions_of(filter), filter.count, take);
}

Result<std::vector<UsageRow>> read_usage(const std::filesystem::path& file,
                                         const UsageFilter& filter) {
    std::vector<UsageRow> found;
    FARTHING_CHECK(each_usage(file, filter, [&](std::span<UsageRow> rows) {
        std::ranges::move(rows, std::back_inserter(found));
    }));
    return found;
}

Result<void> each_rated(const std::filesystem::path& file, const RatedFilter& filter,
                        const std::function<void(std::span<RatedRow>)>& visit) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kRatedTable, filter.footers));
    std::vector<RatedRow> found;
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        found.clear();
        FARTHING_CHECK(fill_all(reader, group, kRatedFields, rows, found));
        FARTHING_CHECK(fill_days(reader, group, rows, found));
        visit(found);
        return true;
    };
    return for_matches(reader, conditions_of(filter), filter.count, take);
}

Result<std::vector<RatedRow>> read_rated(const std::filesystem::path& file,
                                         const RatedFilter& filter) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kRatedTable));
    std::vector<RatedRow> found;
    const auto take = [&](int group, std::vector<std::uint32_t> rows) -> Result<bool> {
        if (filter.largest_first) {
            FARTHING_TRY(rows, largest(reader, group, std::move(rows), filter.limit));
        } else {
            rows.resize(std::min(rows.size(), filter.limit - found.size()));
        }
        FARTHING_CHECK(fill_all(reader, group, kRatedFields, rows, found));
        FARTHING_CHECK(fill_days(reader, group, rows, found));
        return filter.largest_first || found.size() < filter.limit;
    };
    FARTHING_CHECK(for_matches(reader, conditions_of(filter), filter.count, take));
    if (filter.largest_first) {
        const auto larger = [](const RatedRow& a, const RatedRow& b) {
            return a.charge_atoms > b.charge_atoms;
        };
        std::stable_sort(found.begin(), found.end(), larger);
        found.resize(std::min(found.size(), filter.limit));
    }
    return found;
}

Result<std::vector<SuspendedRow>> read_suspended(const std::filesystem::path& file) {
    constexpr Field<SuspendedRow> kFields[] = {
        {suspended_column::group, [](SuspendedRow& r, std::int64_t v) { r.group = as32(v); }},
        {suspended_column::source, [](SuspendedRow& r, std::int64_t v) { r.source = {as32(v)}; }},
        {suspended_column::line, [](SuspendedRow& r, std::int64_t v) { r.line = v; }},
    };
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kSuspendedTable));
    std::vector<SuspendedRow> found;
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        FARTHING_CHECK(fill_all(reader, group, kFields, rows, found));
        FARTHING_CHECK(
            fill_text(reader, group, suspended_column::raw, rows, found, &SuspendedRow::raw));
        return true;
    };
    FARTHING_CHECK(for_matches(reader, {}, nullptr, take));
    return found;
}

Result<std::vector<WithdrawnRow>> read_withdrawn(const std::filesystem::path& file) {
    constexpr Field<WithdrawnRow> kFields[] = {
        {withdrawn_column::record_batch,
         [](WithdrawnRow& r, std::int64_t v) { r.record.batch = {as64(v)}; }},
        {withdrawn_column::row, [](WithdrawnRow& r, std::int64_t v) { r.record.row = v; }},
        {withdrawn_column::source, [](WithdrawnRow& r, std::int64_t v) { r.source = {as32(v)}; }},
        {withdrawn_column::line, [](WithdrawnRow& r, std::int64_t v) { r.line = v; }},
        {withdrawn_column::subscription,
         [](WithdrawnRow& r, std::int64_t v) { r.subscription = {as32(v)}; }},
        {withdrawn_column::again, [](WithdrawnRow& r, std::int64_t v) { r.again = v != 0; }},
    };
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kWithdrawnTable));
    std::vector<WithdrawnRow> found;
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        FARTHING_CHECK(fill_all(reader, group, kFields, rows, found));
        return true;
    };
    FARTHING_CHECK(for_matches(reader, {}, nullptr, take));
    return found;
}

Result<FileSums> sum_file(const std::filesystem::path& file, std::string_view table) {
    const ArchiveTable* described = archive_table(table);
    if (described == nullptr) {
        return fail(StoreReason::archive_damaged, "there is no archive table " + std::string(table),
                    file.string());
    }
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, *described));
    FileSums sums;
    for (int group = 0; group < reader.groups(); ++group)
        sums.rows += static_cast<std::int64_t>(reader.rows(group));
    if (described->id == kUsageTable.id) {
        FARTHING_TRY(sums.quantity, sum64(reader, usage_column::quantity, file));
    } else if (described->id == kRatedTable.id) {
        FARTHING_TRY(sums.quantity, sum64(reader, rated_column::billable, file));
        FARTHING_TRY(sums.charge_atoms, sum64(reader, rated_column::charge_atoms, file));
    }
    return sums;
}

Result<std::map<BatchId, i128>> charges_by_batch(const std::filesystem::path& file) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kRatedTable));
    std::map<BatchId, i128> sums;
    for (int group = 0; group < reader.groups(); ++group) {
        FARTHING_TRY(const auto batches, reader.numbers(group, rated_column::batch));
        FARTHING_TRY(const auto atoms, reader.numbers(group, rated_column::charge_atoms));
        for (std::size_t i = 0; i < batches.size(); ++i) sums[{as64(batches[i])}] += atoms[i];
    }
    return sums;
}

}  // namespace farthing::store
