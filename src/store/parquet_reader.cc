#include "store/parquet_reader.h"

#include <fmt/format.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <span>

#include "store/parquet_schema.h"
#include "store/store.h"

namespace farthing::store {

struct ParquetReader::State {
    std::filesystem::path file;
    ArchiveTable table;
    std::unique_ptr<parquet::ParquetFileReader> reader;
    std::shared_ptr<parquet::FileMetaData> data;
    int columns = 0;  // that the file has
    int group_number = -1;
    std::shared_ptr<parquet::RowGroupReader> group;

    Error damaged(const std::string& why) const {
        return error_of(StoreReason::archive_damaged, why, file.string());
    }
    parquet::ColumnReader& column(int number, int index) {
        if (group_number != number) {
            group = reader->RowGroup(number);
            group_number = number;
        }
        current = group->Column(index);
        return *current;
    }
    std::shared_ptr<parquet::ColumnReader> current;

    // As the file has it: what the table has as int64 may be uint32 in an older file.
    ColumnType type_of(int index) const {
        const ColumnType type = table.columns[static_cast<std::size_t>(index)].type;
        const bool narrow = data->schema()->Column(index)->physical_type() == parquet::Type::INT32;
        return type == ColumnType::int64 && narrow ? ColumnType::uint32 : type;
    }
};

namespace {

// How many of `values` the column gave.
template <class Physical>
std::size_t read_values(parquet::ColumnReader& column,
                        std::span<typename Physical::c_type> values) {
    auto& reader = static_cast<parquet::TypedColumnReader<Physical>&>(column);
    std::size_t done = 0;
    while (done < values.size() && reader.HasNext()) {
        std::int64_t read = 0;
        reader.ReadBatch(static_cast<std::int64_t>(values.size() - done), nullptr, nullptr,
                         values.data() + done, &read);
        done += static_cast<std::size_t>(read);
    }
    return done;
}

bool read_narrow(parquet::ColumnReader& column, std::vector<std::int64_t>& numbers,
                 bool is_unsigned) {
    std::vector<std::int32_t> values(numbers.size());
    if (read_values<parquet::Int32Type>(column, values) < values.size()) return false;
    if (is_unsigned) {
        std::ranges::transform(values, numbers.begin(), [](std::int32_t value) {
            return std::int64_t{static_cast<std::uint32_t>(value)};
        });
    } else {
        std::ranges::copy(values, numbers.begin());
    }
    return true;
}

bool read_texts(parquet::ColumnReader& column, std::size_t all,
                const ParquetReader::EachText& each) {
    constexpr std::size_t kBatch =
        4096;  // byte arrays point into the reader's page: copy before the next batch
    auto& reader = static_cast<parquet::ByteArrayReader&>(column);
    std::vector<std::int16_t> levels(kBatch);
    std::vector<parquet::ByteArray> values(kBatch);
    std::size_t row = 0;
    while (row < all && reader.HasNext()) {
        std::int64_t read = 0;
        const std::int64_t rows =
            reader.ReadBatch(kBatch, levels.data(), nullptr, values.data(), &read);
        if (rows == 0) return false;
        std::size_t value = 0;
        for (std::int64_t i = 0; i < rows && row < all; ++i, ++row) {
            if (levels[static_cast<std::size_t>(i)] == 0) continue;
            const parquet::ByteArray& bytes = values[value++];
            each(row, {reinterpret_cast<const char*>(bytes.ptr), bytes.len});
        }
    }
    return row == all;
}

}  // namespace

ParquetReader::ParquetReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetReader::ParquetReader(ParquetReader&&) noexcept = default;
ParquetReader::~ParquetReader() = default;

Result<ParquetReader> ParquetReader::open(const std::filesystem::path& file,
                                          const ArchiveTable& table, Footers* footers) {
    auto state = std::make_unique<State>();
    state->file = file;
    state->table = table;
    try {
        parquet::ReaderProperties properties;
        properties.set_page_checksum_verification(true);
        const auto known = footers == nullptr ? nullptr : footers->find(file.string());
        state->reader = parquet::ParquetFileReader::OpenFile(
            file.string(), true, properties,
            std::static_pointer_cast<parquet::FileMetaData>(known));
        state->data = state->reader->metadata();
        if (footers != nullptr && known == nullptr)
            footers->keep(file.string(), state->data, state->data->size());
        const int columns = state->data->num_columns();
        state->columns = columns;
        if (columns > static_cast<int>(table.columns.size()) || columns == 0) {
            return fail(state->damaged(fmt::format("it has {} columns, table {} has {}", columns,
                                                   table.name, table.columns.size())));
        }
        // Columns are only ever added or widened: an older file has the first of them.
        for (const ArchiveColumn& column : table.columns.first(static_cast<std::size_t>(columns))) {
            const auto* found = state->data->schema()->Column(static_cast<int>(column.id) - 1);
            const bool same = found->name() == column.name &&
                              found->physical_type() ==
                                  physical_type(state->type_of(static_cast<int>(column.id) - 1));
            if (!same)
                return fail(state->damaged("column " + found->name() + " is not " +
                                           std::string(column.name)));
        }
    } catch (const std::exception& exception) {
        return fail(state->damaged(exception.what()));
    }
    return ParquetReader(std::move(state));
}

int ParquetReader::groups() const {
    return state_->data->num_row_groups();
}
std::size_t ParquetReader::rows(int group) const {
    return static_cast<std::size_t>(state_->data->RowGroup(group)->num_rows());
}

std::optional<std::pair<std::int64_t, std::int64_t>> ParquetReader::bounds(int group,
                                                                           int column) const {
    if (column >= state_->columns) return std::pair{std::int64_t{0}, std::int64_t{0}};
    try {
        const ColumnType type = state_->type_of(column);
        if (type == ColumnType::uint64 || is_text(type))
            return std::nullopt;  // would not compare as signed numbers
        const auto statistics = state_->data->RowGroup(group)->ColumnChunk(column)->statistics();
        if (statistics == nullptr || !statistics->HasMinMax()) return std::nullopt;
        if (physical_type(type) == parquet::Type::INT64) {
            const auto& typed = static_cast<const parquet::Int64Statistics&>(*statistics);
            return std::pair{typed.min(), typed.max()};
        }
        const auto& typed = static_cast<const parquet::Int32Statistics&>(*statistics);
        const auto widened = [&](std::int32_t value) {
            return is_unsigned(type) ? std::int64_t{static_cast<std::uint32_t>(value)}
                                     : std::int64_t{value};
        };
        return std::pair{widened(typed.min()), widened(typed.max())};
    } catch (const std::exception&) {
        return std::nullopt;  // reading the group will tell what is wrong with it
    }
}

std::optional<std::int64_t> ParquetReader::constant(int group, int column) const {
    const auto found = bounds(group, column);
    if (!found || found->first != found->second) return std::nullopt;
    return found->first;
}

Result<std::vector<std::int64_t>> ParquetReader::numbers(int group, int column) {
    std::vector<std::int64_t> values(rows(group));
    if (column >= state_->columns) return values;
    try {
        const ColumnType type = state_->type_of(column);
        parquet::ColumnReader& reader = state_->column(group, column);
        const bool whole = physical_type(type) == parquet::Type::INT64
                               ? read_values<parquet::Int64Type>(reader, values) == values.size()
                               : read_narrow(reader, values, is_unsigned(type));
        if (!whole) return fail(state_->damaged(fmt::format("column {} ends early", column + 1)));
    } catch (const std::exception& exception) {
        return fail(state_->damaged(exception.what()));
    }
    return values;
}

Result<std::vector<std::string>> ParquetReader::texts(int group, int column) {
    std::vector<std::string> values(rows(group));
    FARTHING_CHECK(each_text(
        group, column, [&](std::size_t row, std::string_view text) { values[row].assign(text); }));
    return values;
}

Result<void> ParquetReader::each_text(int group, int column, const EachText& each) {
    if (column >= state_->columns) return {};
    try {
        if (!read_texts(state_->column(group, column), rows(group), each)) {
            return fail(state_->damaged(fmt::format("column {} ends early", column + 1)));
        }
    } catch (const std::exception& exception) {
        return fail(state_->damaged(exception.what()));
    }
    return {};
}

}  // namespace farthing::store
