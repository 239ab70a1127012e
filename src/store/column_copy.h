// Columns of archive files as they are read and written again: rows of one file, or of several, in
// another order or some of them only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "store/archive_columns.h"
#include "store/parquet_reader.h"
#include "store/parquet_writer.h"

namespace farthing::store {

// Of a column: its numbers, or its texts.
struct ColumnValues {
    std::vector<std::int64_t> numbers;
    std::vector<std::string> texts;
};

// Adds a row group's values of a column.
Result<void> read_column(ParquetReader& reader, int group, const ArchiveTable& table, int column,
                         ColumnValues& values);
// Those of `rows`, in that order. REQUIRES: a row group of so many rows began.
Result<void> write_column(ParquetWriter& writer, const ArchiveColumn& about,
                          const ColumnValues& values, std::span<const std::uint32_t> rows);

// As columns of bytes keep it: 16 bytes; anything else is the zero hash.
Hash128 hash_in(std::string_view bytes);

}  // namespace farthing::store
