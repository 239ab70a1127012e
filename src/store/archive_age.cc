#include "store/archive_age.h"

#include <algorithm>
#include <map>
#include <span>
#include <string>

#include "base/assert.h"
#include "model/outcome.h"
#include "store/column_copy.h"

namespace farthing::store {

namespace {

int start_of(const ArchiveTable& table) {
    FARTHING_ASSERT(table.id == kUsageTable.id || table.id == kRatedTable.id);
    return table.id == kUsageTable.id ? int{usage_column::start} : int{rated_column::start};
}

bool is_usage(const ArchiveTable& table) {
    return table.id == kUsageTable.id;
}

std::vector<std::uint32_t> rows_since(std::span<const std::int64_t> starts, Instant since) {
    std::vector<std::uint32_t> rows;
    for (std::size_t i = 0; i < starts.size(); ++i) {
        if (starts[i] >= since.micros) rows.push_back(static_cast<std::uint32_t>(i));
    }
    return rows;
}

}  // namespace

Result<RowAges> ages_of(const std::filesystem::path& file, const ArchiveTable& table,
                        Instant before) {
    RowAges ages;
    std::map<std::pair<BatchId, SourceId>, DeletedRows> sums;
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table));
    for (int group = 0; group < reader.groups(); ++group) {
        FARTHING_TRY(const auto starts, reader.numbers(group, start_of(table)));
        FARTHING_TRY(const auto batches,
                     reader.numbers(group, is_usage(table) ? int{usage_column::batch}
                                                           : int{rated_column::batch}));
        FARTHING_TRY(const auto others,
                     reader.numbers(group, is_usage(table) ? int{usage_column::source}
                                                           : int{rated_column::charge_atoms}));
        for (std::size_t i = 0; i < starts.size(); ++i) {
            const Instant start{starts[i]};
            if (start >= before) continue;
            const BatchId batch{static_cast<std::uint64_t>(batches[i])};
            const SourceId source{is_usage(table) ? static_cast<std::uint32_t>(others[i]) : 0};
            DeletedRows& sum = sums[{batch, source}];
            sum.records += 1;
            ages.records_before += 1;
            if (!is_usage(table)) sum.atoms += others[i];
            if (!ages.span) ages.span = {start, start};
            ages.span->first = std::min(ages.span->first, start);
            ages.span->second = std::max(ages.span->second, start);
        }
        ages.records_since += static_cast<std::int64_t>(starts.size());
    }
    ages.records_since -= ages.records_before;
    for (auto& [place, sum] : sums) {
        sum.table = table.name;
        std::tie(sum.of, sum.source) = place;
        ages.before.push_back(std::move(sum));
    }
    return ages;
}

Result<ArchiveFile> write_since(const std::filesystem::path& archive, const ArchiveTable& table,
                                const std::filesystem::path& file, Instant since) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table));
    FARTHING_TRY(ParquetWriter writer, ParquetWriter::open(archive, table));
    for (int group = 0; group < reader.groups(); ++group) {
        FARTHING_TRY(const auto starts, reader.numbers(group, start_of(table)));
        const std::vector<std::uint32_t> rows = rows_since(starts, since);
        if (rows.empty()) continue;
        FARTHING_CHECK(writer.begin_group(rows.size()));
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            ColumnValues values;
            FARTHING_CHECK(read_column(reader, group, table, static_cast<int>(i), values));
            FARTHING_CHECK(write_column(writer, table.columns[i], values, rows));
        }
    }
    return writer.finish();
}

Result<std::optional<std::pair<Instant, Instant>>> events_of(const std::filesystem::path& file,
                                                             const ArchiveTable& table) {
    FARTHING_TRY(const ParquetReader reader, ParquetReader::open(file, table));
    std::optional<std::pair<Instant, Instant>> span;
    for (int group = 0; group < reader.groups(); ++group) {
        if (reader.rows(group) == 0) continue;
        // Where the file does not say, it may be anything.
        const auto bounds =
            reader.bounds(group, start_of(table)).value_or(std::pair(INT64_MIN, INT64_MAX));
        if (!span) span = {Instant{bounds.first}, Instant{bounds.second}};
        span->first = std::min(span->first, Instant{bounds.first});
        span->second = std::max(span->second, Instant{bounds.second});
    }
    return span;
}

Result<void> each_aged(const std::filesystem::path& file, Period within,
                       const std::function<void(const AgedRecord&)>& visit) {
    constexpr auto kDuplicate = static_cast<std::int64_t>(Outcome::duplicate);
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, kUsageTable));
    for (int group = 0; group < reader.groups(); ++group) {
        const auto bounds = reader.bounds(group, usage_column::start);
        const bool outside =
            bounds && (bounds->first >= within.end.micros || bounds->second < within.start.micros);
        if (outside) continue;
        FARTHING_TRY(const auto starts, reader.numbers(group, usage_column::start));
        FARTHING_TRY(const auto ends, reader.numbers(group, usage_column::end));
        FARTHING_TRY(const auto outcomes, reader.numbers(group, usage_column::outcome));
        FARTHING_TRY(const auto last, reader.numbers(group, usage_column::last_part));
        FARTHING_TRY(const auto sessions, reader.texts(group, usage_column::session));
        for (std::size_t i = 0; i < starts.size(); ++i) {
            if (!within.contains(Instant{starts[i]}) || outcomes[i] == kDuplicate) continue;
            visit({Instant{starts[i]}, Instant{ends[i]}, hash_in(sessions[i]), last[i] != 0});
        }
    }
    return {};
}

}  // namespace farthing::store
