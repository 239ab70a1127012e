#include "store/archive_rewrite.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>

#include "base/assert.h"
#include "store/parquet_reader.h"
#include "store/parquet_writer.h"

namespace farthing::store {

namespace {

// Rows of a group: few enough that its bounds rule out most customers.
constexpr std::size_t kGroupRows = 1 << 16;

struct Column {
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
};

bool is_wide(ColumnType type) {
    switch (type) {
        case ColumnType::int64:
        case ColumnType::uint64:
        case ColumnType::timestamp: return true;
        case ColumnType::int32:
        case ColumnType::uint8:
        case ColumnType::uint16:
        case ColumnType::uint32:
        case ColumnType::date:
        case ColumnType::text:
        case ColumnType::bytes: return false;
    }
    return false;
}

template <class Value>
void append(std::vector<Value>& to, std::vector<Value> more) {
    to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Result<void> read_columns(const std::filesystem::path& file, const ArchiveTable& table,
                          std::vector<Column>& columns) {
    FARTHING_TRY(ParquetReader reader, ParquetReader::open(file, table));
    for (int group = 0; group < reader.groups(); ++group) {
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const int index = static_cast<int>(i);
            if (is_text(table.columns[i].type)) {
                FARTHING_TRY(auto texts, reader.texts(group, index));
                append(columns[i].texts, std::move(texts));
            } else {
                FARTHING_TRY(auto numbers, reader.numbers(group, index));
                append(columns[i].numbers, std::move(numbers));
            }
        }
    }
    return {};
}

// Old files tell the record's batch by its absence: the row's own.
void name_record_batches(const ArchiveTable& table, std::vector<Column>& columns) {
    if (table.id != kRatedTable.id) return;
    const auto& batches = columns[rated_column::batch].numbers;
    auto& records = columns[rated_column::record_batch].numbers;
    for (std::size_t i = 0; i < records.size(); ++i) {
        if (records[i] == 0) records[i] = batches[i];
    }
}

std::vector<std::uint32_t> sorted_order(const ArchiveTable& table,
                                        const std::vector<Column>& columns) {
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

Result<void> write_column(ParquetWriter& writer, const ArchiveColumn& about, const Column& column,
                          std::span<const std::uint32_t> rows) {
    if (is_text(about.type)) {
        std::vector<std::string_view> texts;
        bool any = false;
        for (const std::uint32_t row : rows) {
            texts.push_back(column.texts[row]);
            any = any || !texts.back().empty();
        }
        return any ? writer.write(texts) : writer.write_nulls();
    }
    if (is_wide(about.type)) {
        std::vector<std::int64_t> numbers;
        for (const std::uint32_t row : rows) numbers.push_back(column.numbers[row]);
        return writer.write(numbers);
    }
    std::vector<std::int32_t> numbers;
    for (const std::uint32_t row : rows)
        numbers.push_back(static_cast<std::int32_t>(column.numbers[row]));
    return writer.write(numbers);
}

}  // namespace

Result<ArchiveFile> rewrite_files(const std::filesystem::path& archive, const ArchiveTable& table,
                                  const std::vector<std::filesystem::path>& files) {
    FARTHING_ASSERT(table.id == kUsageTable.id || table.id == kRatedTable.id);
    std::vector<Column> columns(table.columns.size());
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
