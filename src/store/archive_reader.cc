// Readers: what statistics rule out is not read, the filtered columns come first, the rest only
// where rows match.
#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>

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
    if (subscriptions.empty()) return {column, 0, UINT32_MAX, &subscriptions};
    const std::int64_t first = subscriptions.front().value;
    const std::int64_t last = subscriptions.back().value;
    const bool gapless = last - first + 1 == static_cast<std::int64_t>(subscriptions.size());
    return {column, first, last, gapless ? nullptr : &subscriptions};
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
    std::vector<std::uint32_t> rows;
    bool all = true;  // meet what was looked at
    for (const Condition& condition : conditions) {
        const auto bounds = reader.bounds(group, condition.column);
        if (bounds && condition.always_holds(bounds->first, bounds->second)) continue;
        FARTHING_TRY(const std::vector<std::int64_t> values,
                     reader.numbers(group, condition.column));
        if (values.empty()) break;
        std::int64_t value = values.front();
        bool holds = condition.holds(value);  // mostly the next row has the same
        const auto meets = [&](std::uint32_t row) {
            if (values[row] != value) holds = condition.holds(value = values[row]);
            return holds;
        };
        if (all) {
            for (std::uint32_t row = 0; row < values.size(); ++row)
                if (meets(row)) rows.push_back(row);
        } else {
            std::erase_if(rows, std::not_fn(meets));
        }
        all = false;
        if (rows.empty()) return rows;
    }
    if (!all) return rows;
    rows.resize(reader.rows(group));
    std::iota(rows.begin(), rows.end(), 0U);
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

// The `limit` rows with the largest charges, among those that match; ascending.
Result<std::vector<std::uint32_t>> largest(ParquetReader& reader, int group,
                                           std::vector<std::uint32_t> rows, std::size_t limit) {
    FARTHING_TRY(const std::vector<std::int64_t> charges,
                 reader.numbers(group, rated_column::charge_atoms));
    const auto larger = [&](std::uint32_t a, std::uint32_t b) { return charges[a] > charges[b]; };
    std::stable_sort(rows.begin(), rows.end(), larger);
    rows.resize(std::min(rows.size(), limit));
    std::ranges::sort(rows);
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

namespace {

// Calls `visit` with the rows of each row group.
template <class Row, class Filter>
Result<void> each_block(const std::filesystem::path& file, const ArchiveTable& table,
                        const Filter& filter, const std::function<void(ArchiveBlock<Row>)>& visit) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table, filter.footers));
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        FARTHING_TRY(auto block, ArchiveBlock<Row>::read(reader, group, rows, filter.columns));
        visit(std::move(block));
        return true;
    };
    return for_matches(reader, conditions_of(filter), filter.count, take);
}

// Blocks as rows, in the same memory.
template <class Row>
std::function<void(ArchiveBlock<Row>)> as_rows(const std::function<void(std::span<Row>)>& visit) {
    return [&visit, rows = std::vector<Row>()](const ArchiveBlock<Row>& block) mutable {
        rows.clear();
        block.append_to(rows);
        visit(rows);
    };
}

// All rows of a small table.
template <class Row>
Result<std::vector<Row>> read_all(const std::filesystem::path& file, const ArchiveTable& table) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table));
    std::vector<Row> found;
    const auto take = [&](int group, const std::vector<std::uint32_t>& rows) -> Result<bool> {
        FARTHING_TRY(const auto block, ArchiveBlock<Row>::read(reader, group, rows));
        block.append_to(found);
        return true;
    };
    FARTHING_CHECK(for_matches(reader, {}, nullptr, take));
    return found;
}

}  // namespace

Result<void> each_usage_block(const std::filesystem::path& file, const UsageFilter& filter,
                              const std::function<void(UsageBlock)>& visit) {
    if (filter.start && filter.start->empty()) return {};
    return each_block<UsageRow>(file, kUsageTable, filter, visit);
}

Result<void> each_usage(const std::filesystem::path& file, const UsageFilter& filter,
                        const std::function<void(std::span<UsageRow>)>& visit) {
    return each_usage_block(file, filter, as_rows(visit));
}

Result<std::vector<UsageRow>> read_usage(const std::filesystem::path& file,
                                         const UsageFilter& filter) {
    std::vector<UsageRow> found;
    FARTHING_CHECK(each_usage(file, filter, [&](std::span<UsageRow> rows) {
        std::ranges::move(rows, std::back_inserter(found));
    }));
    return found;
}

Result<void> each_rated_block(const std::filesystem::path& file, const RatedFilter& filter,
                              const std::function<void(RatedBlock)>& visit) {
    return each_block<RatedRow>(file, kRatedTable, filter, visit);
}

Result<void> each_rated(const std::filesystem::path& file, const RatedFilter& filter,
                        const std::function<void(std::span<RatedRow>)>& visit) {
    return each_rated_block(file, filter, as_rows(visit));
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
        FARTHING_TRY(const RatedBlock block, RatedBlock::read(reader, group, rows, filter.columns));
        block.append_to(found);
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
    return read_all<SuspendedRow>(file, kSuspendedTable);
}

Result<std::vector<WithdrawnRow>> read_withdrawn(const std::filesystem::path& file) {
    return read_all<WithdrawnRow>(file, kWithdrawnTable);
}

Result<std::vector<SubscriptionsIn>> subscriptions_in(const std::filesystem::path& file,
                                                      Footers& footers) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kRatedTable, &footers));
    std::vector<SubscriptionsIn> groups;
    for (int group = 0; group < reader.groups(); ++group) {
        const auto bounds = reader.bounds(group, rated_column::subscription);
        const auto [first, last] = bounds.value_or(std::pair{0, UINT32_MAX});
        groups.push_back({{static_cast<std::uint32_t>(first)},
                          {static_cast<std::uint32_t>(last)},
                          reader.rows(group)});
    }
    return groups;
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
        for (std::size_t i = 0; i < batches.size(); ++i)
            sums[{static_cast<std::uint64_t>(batches[i])}] += atoms[i];
    }
    return sums;
}

}  // namespace farthing::store
