#include "store/archive_rewrite.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>

#include "base/assert.h"
#include "store/column_copy.h"

namespace farthing::store {

namespace {

// Rows of a group: few enough that its bounds rule out most customers.
constexpr std::size_t kGroupRows = 1 << 16;

Result<void> read_columns(const std::filesystem::path& file, const ArchiveTable& table,
                          std::vector<ColumnValues>& columns) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table));
    for (int group = 0; group < reader.groups(); ++group) {
        for (std::size_t i = 0; i < columns.size(); ++i)
            FARTHING_CHECK(read_column(reader, group, table, static_cast<int>(i), columns[i]));
    }
    return {};
}

// Old files tell the record's batch by its absence: the row's own.
void name_record_batches(const ArchiveTable& table, std::vector<ColumnValues>& columns) {
    if (table.id != kRatedTable.id) return;
    const auto& batches = columns[rated_column::batch].numbers;
    auto& records = columns[rated_column::record_batch].numbers;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i] == 0) records[i] = batches[i];
    }
}

std::vector<std::uint32_t> sorted_order(const ArchiveTable& table,
                                        const std::vector<ColumnValues>& columns) {
    const bool usage = table.id == kUsageTable.id;
    const int of_who = usage ? int{usage_column::subscription} : int{rated_column::subscription};
    const int of_start = usage ? int{usage_column::start} : int{rated_column::start};
    const auto& who = columns[static_cast<std::size_t>(of_who)].numbers;
    const auto& when = columns[static_cast<std::size_t>(of_start)].numbers;
    std::vector<std::uint32_t> order(who.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
        return who[a] != who[b] ? who[a] < who[b] : when[a] < when[b];
    });
    return order;
}

}  // namespace

Result<ArchiveFile> rewrite_files(const std::filesystem::path& archive, const ArchiveTable& table,
                                  const std::vector<std::filesystem::path>& files) {
    FARTHING_ASSERT(table.id == kUsageTable.id || table.id == kRatedTable.id);
    std::vector<ColumnValues> columns(table.columns.size());
    for (const auto& file : files) FARTHING_CHECK(read_columns(file, table, columns));
    name_record_batches(table, columns);
    const std::vector<std::uint32_t> order = sorted_order(table, columns);
    FARTHING_TRY(ParquetWriter writer, ParquetWriter::open(archive, table));
    for (std::size_t first = 0; first < order.size(); first += kGroupRows) {
        const auto rows =
            std::span(order).subspan(first, std::min(kGroupRows, order.size() - first));
        FARTHING_CHECK(writer.begin_group(rows.size()));
        for (std::size_t i = 0; i < columns.size(); ++i)
            FARTHING_CHECK(write_column(writer, table.columns[i], columns[i], rows));
    }
    return writer.finish();
}

}  // namespace farthing::store
